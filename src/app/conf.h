// SPDX-License-Identifier: Apache-2.0
// app/conf: museum.conf, one `key = value` a line, '#' begins a comment. Every key is optional; conf_template
// is the file that `init` writes and documents them all.
#pragma once

#include "base/base.h"
#include "rights/rights.h"

enum { CONF_MAX_BYTES = 256 * 1024 };

typedef struct {
    Str name, intro, language;
    Str listen, public_url;
    bool trust_proxy;
    Terms access;
    int workers;           // caged children and other heavy work at once; 0: one per core
    int child_memory_mb;   // 0: what the cage thinks right
    int tile_quality;      // 0: what the cage thinks right
    bool zoom_from_master; // level 0 of JPEG masters is not stored but cut from them
    bool webp_tiles;       // tiles are stored as WebP, too
    int64_t pixels_max;    // 0: likewise
    int side_max_px;       // longest side of a rendered picture; 0: what tile thinks right
    int render_memory_mb;  // of all renders together; 0: likewise
    int upload_max_mb;
    int fixity_days;    // the vault is read through every so many days; 0: never
    int fixity_rate_mb; // a second
    Str second_vault;   // folder or s3://bucket/prefix of a copy; empty: none
    int second_days;    // it is brought up to date every so many days; 0: only by hand
    Str s3_endpoint, s3_region, s3_keys, s3_ca_file;
    Str model_library, model_file; // of the museum's own neural model; empty: none
    float model_mean[3], model_deviation[3];
    int model_memory_mb; // 0: what the model room thinks right
} Conf;

Conf conf_default(void);
// Reads the file's text; texts in ret borrow from it. ERR_INVALID names the line.
bool conf_parse(Str text, Conf *ret, Err *err) MUST_CHECK;

typedef struct {
    Str name, intro, language, listen, access;
} ConfAnswers;
// The file that `init` writes: the answers filled in, every other key commented out with its default.
Str conf_template(Arena *a, const ConfAnswers *answers);
