// SPDX-License-Identifier: Apache-2.0
// preserve/ocfl, inside: ocfl.c looks at folders and files, ocfl_inventory.c at what inventories say.
#pragma once

#include "base/json.h"
#include "preserve/ocfl.h"

enum { OCFL_INVENTORY_MAX_BYTES = 64 * 1024 * 1024, OCFL_VALUES_MAX = 500000, OCFL_PATH_MAX_BYTES = 4096 };

// One run over one object.
typedef struct {
    Arena *arena;
    OcflReport *report;
    void *ctx;
    OcflSum *sum;
    Str where;
} OcflLook;

void ocfl_tell(OcflLook *look, const char *code, const char *format, ...) PRINTF_LIKE(3, 4);

typedef struct {
    Str path;   // content path or logical path
    Str digest; // as written
} OcflEntry;

typedef struct {
    const Json *tree;
    Str name; // for the report: "inventory.json", "v1/inventory.json"
    Str id, algorithm, content_folder;
    int spec;            // 10 or 11
    int head;            // 0 if it has none
    int width;           // digits of zero-padded version names; 0: not padded
    OcflEntry *manifest; // by path
    size_t manifest_count;
} OcflInventory;

// Reads and reports everything that can be wrong inside one inventory. False if it is no inventory at all.
bool ocfl_inventory_check(OcflLook *look, Str name, Str json, int declared_spec, OcflInventory *ret);
Str ocfl_version_name(Arena *a, const OcflInventory *inventory, int version);
const Json *ocfl_version(const OcflInventory *inventory, Arena *a, int version);
// The files of one version's state, by logical path; false if it has no proper state.
bool ocfl_state(const OcflInventory *inventory, Arena *a, int version, OcflEntry **ret, size_t *ret_count);
const OcflEntry *ocfl_find(const OcflEntry *entries, size_t count, Str path);
bool ocfl_is_uri(Str text);
// Do two inventories say the same of one version (E066, W011)?
void ocfl_versions_agree(OcflLook *look, const OcflInventory *root, const OcflInventory *old, int version);
