// SPDX-License-Identifier: Apache-2.0
// visual/words: the alphabet of features. A vocabulary of 128 x 128 words, made once by k-means
// (tools/train_vocabulary), turns 128 numbers into a word and 64 bits that say where around the word's middle
// the feature lies (Hamming embedding, Jegou et al. 2008). Two features are alike if they share a word and
// most of the bits.
#pragma once

#include "visual/feature.h"

enum {
    WORDS_ROOTS = 128,
    WORDS_BRANCHES = 128,
    WORDS_COUNT = WORDS_ROOTS * WORDS_BRANCHES,
    WORDS_NEAREST_MAX = 4,
    WORDS_HEADER_BYTES = 16,
    WORDS_FILE_BYTES = WORDS_HEADER_BYTES + (WORDS_ROOTS + WORDS_COUNT) * FEATURE_DIMENSIONS,
};

typedef struct Words Words;

typedef struct {
    uint16_t word;
    int32_t
        away; // squared distance of the feature from the middle of the word, as a difference to the nearest
    uint64_t bits;
} WordMark;

// bytes: a vocabulary file, borrowed for as long as it is open; empty: the one built in. ERR_CORRUPT. Once
// open, any thread.
Words *words_open(Str bytes, Err *err) MUST_CHECK;
void words_close(Words *w);
// Changes with every training; an index made with another vocabulary is of no use.
uint32_t words_version(const Words *w);

// Of 128 groups of words, how many are looked through: with 10 the nearest word is missed about once in 60,
// with 5 about once in 25.
enum { WORDS_PROBES_SURE = 10, WORDS_PROBES_QUICK = 5 };
// The `count` nearest words, nearest first (1 .. WORDS_NEAREST_MAX).
void words_nearest(const Words *w, const uint8_t *values, int probes, int count, WordMark *ret);

// Makes a vocabulary file of WORDS_FILE_BYTES from many features (FEATURE_DIMENSIONS bytes each). Always the
// same for the same features. ERR_INVALID with fewer than WORDS_COUNT features. Minutes for millions.
bool words_train(const uint8_t *values, size_t count, int rounds, uint8_t *ret_file, Err *err) MUST_CHECK;
