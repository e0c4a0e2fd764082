// SPDX-License-Identifier: Apache-2.0
// place/int: the table of names. Of this room alone.
#pragma once

#include "place/place.h"

typedef struct {
    PlaceKind kind;
    bool kept;       // off the map
    char country[2]; // "--": of none
    double latitude, longitude;
    double km;
    double weight; // thousands of people, a capital's four times; 0: not known
    Str name;
} Entry;

// Names as text_key makes them.
typedef struct {
    Str key;
    uint32_t entry;
} Name;

typedef struct {
    Entry *entries;
    size_t entries_count, entries_capacity;
    Name *names; // sorted by key
    size_t names_count, names_capacity;
} Register;

struct Places {
    Arena *arena;
    Register shipped, own;
};

void register_add_name(Register *t, Str key, uint32_t entry);
uint32_t register_add(Register *t, const Entry *entry);
void register_sort(Register *t);
void register_free(Register *t);
// Entries with this key, at most `max`, each once.
int register_find(const Register *t, Str key, const Entry **ret, int max);

bool place_read_degrees(Str text, double most, double *ret);
