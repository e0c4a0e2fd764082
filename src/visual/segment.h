// SPDX-License-Identifier: Apache-2.0
// visual/segment: some thousand pictures of the index in one file that never changes: what each picture is
// and where each word occurs. Written whole, then only mapped. About 14 bytes a mark.
//
//   SegmentHead | SegmentPicture[pictures] | codes[4][pictures] | SketchLook[pictures]
//   | starts[WORDS_COUNT + 1] | bits[2 x marks] | places[marks] | bases[marks / 64 + 1] | steps[marks]
//   | tiers[marks / 4 + 1], unless all are 0 | names
//
// The marks of word w are numbers starts[w] .. starts[w+1]-1, in order of their picture. Of their 64 bits
// all low halves of a word come first, then all high ones, from bits[2 * starts[w]] on: the low ones tell of
// nearly all marks that they are too far, the high ones are read for the rest only. A step
// is how many pictures further this mark lies; STEP_ON means: go on that many, there is no mark here. Of
// every 64th mark a base says at which picture its list had arrived before it.
#pragma once

#include "visual/form.h"
#include "visual/sketch.h"
#include "visual/words.h"

enum {
    SEGMENT_PICTURES_MAX = 16384,
    SEGMENT_MARKS_MAX = 7000 * 1000, // a merge holds one segment in memory: 97 MB
    SEGMENT_NAME_MAX_BYTES = 1200,
    MARKS_MAX = 1500, // of one picture
    MARKS_TIERS = 3,
    STEP_ON = 255,
    BASE_EVERY = 64,  // marks
    PLACE_ONE = 1023, // coordinates run from 0 to this along the longer side
};

// How many marks a picture has of a tier and the stronger ones.
static const int marks_of_tier[MARKS_TIERS] = {425, 850, MARKS_MAX};

// Place of a mark: x, y (10 bits each), size (5 bits, a quarter of an octave each), angle (7 bits).
typedef struct {
    float x, y;  // 0 .. PLACE_ONE along the longer side of the picture
    float sigma; // in the same unit
    float angle; // radians
} Spot;
uint32_t place_pack(Spot spot);
Spot place_unpack(uint32_t place);

typedef struct {
    uint16_t word;
    uint64_t bits;
    uint32_t place;
} Mark;

// What a picture is in the index.
typedef struct {
    Str object_id, image_id;
    uint64_t master; // first bytes of the master's digest: other bytes, another picture
    int width_px, height_px;
    Sketch sketch;
    const Mark *marks; // strongest first
    int marks_count;
    const Form *form; // goes to the file of forms beside the segment (forms.h); NULL: of no lines
} Entry;

typedef struct {
    uint32_t name_at;
    uint16_t object_bytes, image_bytes;
    uint64_t master;
    int32_t width_px, height_px;
    uint32_t marks;
    uint32_t plain; // 1: the code says nothing
} SegmentPicture;

typedef struct Segment Segment;
struct Segment {
    uint32_t pictures, marks;
    int tier; // the weakest that is there
    const SegmentPicture *picture;
    const uint64_t *codes[4]; // 64 bits of each picture in a plane of their own
    const SketchLook *looks;
    const uint32_t *starts;
    const uint32_t *bits;
    const uint32_t *places;
    const uint16_t *bases;
    const uint8_t *steps;
    const uint8_t *tiers; // NULL: all are 0
    const char *names;
    const void *map;
    size_t map_bytes;
};

// The bytes of a segment with these pictures. Free with free(). In order of the entries.
char *visual_segment_make(const Entry *entries, int count, uint32_t vocabulary, size_t *ret_bytes);
// One segment from several, without the pictures for which keep[segment][picture] is false and without marks
// of a weaker tier than this. NULL if no picture is left.
char *visual_segment_merge(const Segment *const *segments, const bool *const *keep, int count, int tier,
    uint32_t vocabulary, size_t *ret_bytes);

// Maps the file (the descriptor stays the caller's) and checks every number that is followed later.
// ERR_CORRUPT.
Segment *visual_segment_open(int fd, uint32_t vocabulary, Err *err) MUST_CHECK;
void visual_segment_close(Segment *s);
// The picture of a mark whose list begins at `start`; SEGMENT_NO_PICTURE where a step goes on.
enum { SEGMENT_NO_PICTURE = SEGMENT_PICTURES_MAX };
uint32_t visual_segment_picture_at(const Segment *s, uint32_t start, uint32_t at);
int visual_segment_tier(const Segment *s, uint32_t mark);
SketchCode visual_segment_code(const Segment *s, uint32_t picture);
Str visual_segment_object(const Segment *s, uint32_t picture);
Str visual_segment_image(const Segment *s, uint32_t picture);
