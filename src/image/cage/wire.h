// SPDX-License-Identifier: Apache-2.0
// image/cage/wire: what the program and its caged child say to each other over a socket pair (SOCK_SEQPACKET,
// one struct a message; both ends are the same build on the same machine). A question travels with its
// descriptors.
//
//   program                                child
//   CageQuestion + [from] or [from, to] ->
//                                       <- CageAnswer CAGE_SEEN    size known: the clock may be set (derive
//                                       only)
//                                       <- CageAnswer CAGE_DONE or CAGE_FAILED
//
// The program believes nothing it reads here without checking it.
#pragma once

#include "image/cage.h"

enum { CAGE_SOCKET_FD = 3, CAGE_PIXELS_PER_BYTE_MAX = 256, CAGE_PIXELS_FREE = 100 * 1000 * 1000 };
#define CAGE_PIXELS_MAX INT64_C(10000000000)

typedef enum { CAGE_PROBE, CAGE_DERIVE, CAGE_CUT, CAGE_SMALL } CageJob;

typedef struct {
    uint32_t job;
    int32_t quality, tile_px, page;
    int32_t side_px, least_px; // of CAGE_SMALL
    int32_t cut;               // derive: level 0 may be left out
    int64_t pixels_max;
    CageCut region; // of CAGE_CUT
} CageQuestion;

typedef enum { CAGE_READY, CAGE_SEEN, CAGE_DONE, CAGE_FAILED } CageWord;

typedef struct {
    uint32_t word;
    uint32_t kind; // ErrKind of CAGE_FAILED
    ImageFacts facts;
    CageSamples samples; // of a cut
    CageSmall small;     // of CAGE_SMALL
    char text[ERR_TEXT_MAX];
} CageAnswer;
