// SPDX-License-Identifier: Apache-2.0
// visual/vectors: what the museum's own model (room model) made of the pictures of the index: a vector each.
// One file that grows row by row; a row that a kill cut off is dropped and made again. Vectors of another
// model: begun anew.
//
// vectors, little end first: "VISVECT1" | model 8 | dimensions 4 | zeros 12
//   | rows: picture 8, master 8, scale 4 (float), check 4, values (int8 each; times scale)
#pragma once

#include "base/base.h"

typedef struct Vectors Vectors;

enum { VECTORS_DIMENSIONS_MAX = 4096, VECTORS_MAX = 8 * 1000 * 1000 };

// A vector as it is kept: of length 1, to within a part in 127 of its largest value.
typedef struct {
    const int8_t *values;
    float scale; // 0: the model could make nothing of the picture
} Vector;

// dir: the index folder, not taken. writer: makes the file if there is none or it is another model's; a
// reader gets ERR_NOT_FOUND then. Shared by whoever guards the index.
Vectors *vectors_open(int dir, uint64_t model, int dimensions, bool writer, Err *err) MUST_CHECK;
void vectors_close(Vectors *v); // NULL is fine
int vectors_dimensions(const Vectors *v);
size_t vectors_count(const Vectors *v);

// picture: hash of its id; master: first bytes of the digest of what it was made from. NULL values: not
// there.
Vector vectors_find(const Vectors *v, uint64_t picture, uint64_t master);
// Writer only. vector: `dimensions` floats of length 1, or NULL for a picture the model could make nothing
// of. On the disk with vectors_sync, or when the system likes; ERR_LIMIT over VECTORS_MAX.
bool vectors_add(Vectors *v, uint64_t picture, uint64_t master, const float *vector, Err *err) MUST_CHECK;
bool vectors_sync(Vectors *v, Err *err) MUST_CHECK;
// Writer only: those that are not wanted leave the file too. Killed in the middle: the rest is made again.
bool vectors_purge(Vectors *v, int dir, bool (*wanted)(void *ctx, uint64_t picture, uint64_t master),
    void *ctx, Err *err) MUST_CHECK;

// Cosine, -1 .. 1.
float vectors_likeness(const Vectors *v, Vector a, Vector b);
// The form in which a vector can be compared; in the arena.
Vector vectors_pack(const float *vector, int dimensions, Arena *a);
