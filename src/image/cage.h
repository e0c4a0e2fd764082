// SPDX-License-Identifier: Apache-2.0
// image/cage: foreign bytes are decoded in a caged child process (program vitrine-cage: libvips and friends),
// which reads only the descriptor it is given and writes only the descriptor it is given: seccomp allow-list,
// Landlock, no network, memory and time limits. A child serves many files; one that crashes, hangs or eats
// too much is killed, the file is refused with a reason, and the next file gets a fresh child.
#pragma once

#include "base/base.h"

typedef struct {
    int children_max;     // 0: one per core
    int memory_max_mb;    // of one child, 0: 224
    int time_max_s;       // for one file, 0: 120 + 1 per megapixel
    int64_t pixels_max;   // width * height, 0: 10^10
    int quality;          // of tiles, 0: 85
    int tile_px;          // 0: 256
    int nice;             // of children, 0: as the caller; for work that gives way to all else
    bool cut_from_master; // leave level 0 out where it can be cut from the master (pyramid_is_cut)
} CageConfig;

typedef struct Cage Cage;

// Any thread; calls beyond children_max wait for a child. Children start when first needed.
Cage *cage_open(const CageConfig *config, Err *err) MUST_CHECK;
void cage_close(Cage *cage);

// What a picture is, after EXIF orientation has been applied.
typedef struct {
    int width_px, height_px;
    int pages;  // 1, or more for a file of several pictures (TIFF, HEIF, PDF); cage_derive takes page 0
    int frames; // 1, or more for a film (GIF, WebP): its first frame is the picture
    int bits;   // per sample in the master: 1, 8, 16, 32
    bool alpha;
    char format[32]; // MIME type found in the bytes, never from the name: "image/jpeg"
    char colour[32]; // what the master holds: "srgb", "grey", "cmyk", "lab", "icc:Display P3"
} ImageFacts;

// Decodes everything once and writes the pyramid file (see image/pyramid.h) to `to`, an empty file open for
// writing. ERR_CORRUPT: broken or truncated; ERR_UNSUPPORTED: not a picture we read; ERR_LIMIT: over pixels,
// memory or time. The text says what is wrong with the file in words for a report.
bool cage_derive(Cage *cage, int from, int to, ImageFacts *ret, Err *err) MUST_CHECK;
// The same for one picture of a file of several: page 0 .. ImageFacts.pages - 1. ERR_INVALID beyond.
bool cage_derive_page(Cage *cage, int page, int from, int to, ImageFacts *ret, Err *err) MUST_CHECK;
// A region of a master's own samples, made smaller if out_... says so; for what an 8-bit pyramid cannot hold.
typedef enum { SAMPLE_U8, SAMPLE_U16, SAMPLE_U32, SAMPLE_F32, SAMPLE_KINDS } SampleKind;
typedef enum { SAMPLES_GREY, SAMPLES_RGB, SAMPLES_CMYK, SAMPLES_OTHER, SAMPLES_COLOURS } SamplesColour;
enum { SAMPLES_CHANNELS_MAX = 32, SAMPLES_PROFILE_MAX_BYTES = 4 << 20 };

typedef struct {
    int page;
    int left_px, top_px, width_px, height_px; // of the picture as it stands upright
    int out_width_px, out_height_px;          // not more than the region
    int64_t bytes_max;                        // of samples: ERR_LIMIT beyond
} CageCut;

typedef struct {
    SampleKind kind;
    SamplesColour colour;
    int channels; // with alpha, which is the last
    bool alpha;
    int profile_bytes; // of the ICC profile, 0: none
} CageSamples;

// Writes to `to`, an empty file: the samples in the byte order of this machine, row by row, then the profile.
// Costs as much as decoding the master down to the region's end. ERR_UNSUPPORTED: samples of another kind.
bool cage_cut(Cage *cage, const CageCut *cut, int from, int to, CageSamples *ret, Err *err) MUST_CHECK;
typedef struct {
    int side_px, least_px;
} CageSmallSides;
typedef struct {
    int width_px, height_px;
} CageSmall;

// A picture that is only looked at, not kept: writes RGB, 8 bits, sRGB, upright, row after row without gaps
// to `to`, an empty file. Its longer side is side_px at most; least_px will do where a decoder is faster
// then. `ret` still tells the size of the file's picture, ret_small what was written.
bool cage_small(Cage *cage, int from, int to, CageSmallSides sides, ImageFacts *ret, CageSmall *ret_small,
    Err *err) MUST_CHECK;
// Only looks: size and kind, from header bytes.
bool cage_probe(Cage *cage, int page, int from, ImageFacts *ret, Err *err) MUST_CHECK;
