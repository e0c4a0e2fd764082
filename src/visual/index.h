// SPDX-License-Identifier: Apache-2.0
// visual/index: what is behind a Visual: its files and the shelf made of them. Of this room alone.
//
// head, little end first: "VISHEAD2" | vocabulary 4 | segments 4 | next segment 4 | late 4 | sequence 8
//   | for each segment: number 4, pictures 4 | for each segment: ranks 4 x pictures
//   | for each late object: bytes 4, id | SHA-256 of all before
#pragma once

#include "visual/lookup.h"
#include "visual/vectors.h"
#include "visual/visual.h"

#include <pthread.h>

typedef struct {
    uint32_t number; // of its file
    Segment *segment;
    Forms *forms;    // of the same pictures
    int32_t *ranks;  // as stored: of each picture, RANK_GONE or RANK_DEFAULT
    int32_t *counts; // what that means now (index_refresh_shelf)
} IndexPart;

enum { RANK_DEFAULT = RANK_GONE + 1 }; // the record says nothing: museum.conf's default counts

// Objects with a picture that could not be looked at yet, in order of trying again.
typedef struct {
    Str *ids; // each its own memory
    size_t count, capacity;
} LateList;

enum { SPARE_EXTRACTORS = 2 };

struct Visual {
    int dir, lock_fd; // lock_fd: -1 for a reader
    Words *words;
    Arena *own_words;       // holds the museum's own vocabulary, or NULL
    pthread_rwlock_t guard; // readers ask; the writer changes what follows
    IndexPart parts[SHELF_PARTS_MAX];
    int parts_count;
    uint32_t next_number;
    int64_t sequence;
    int default_rank;         // of records that say nothing
    int64_t marks_max;        // of all pictures; what is less is used for more marks a picture
    uint32_t lines_quick_max; // as VISUAL_LINES_QUICK_MAX
    LateList late;
    Shelf shelf;
    pthread_mutex_t spare_guard;
    Extractor *spare[SPARE_EXTRACTORS]; // their scratch is large: kept from question to question
    int spare_count;
    VisualModel model;  // dimensions 0: none
    Vectors *vectors;   // NULL: none; under the guard
    uint64_t head_mark; // of the head that was read, to see that there is another (readers)
};

enum { INDEX_MARKS_MAX = 20 * 1000 * 1000 }; // 280 MB

enum { INDEX_LATE_MAX = 1000 * 1000, INDEX_HEAD_MAX_BYTES = 1 << 30 };

// follow.c: the whole picture, as small as this room looks at it.
bool index_render_small(Pyramid *p, Arena *a, Picture *ret, Err *err) MUST_CHECK;

// liken.c: what the model made of a picture of the index; of one asked with (the guard not held). values
// NULL: nothing.
Vector liken_known(const Visual *v, const Segment *s, uint32_t picture);
Vector liken_asked(Visual *v, Picture picture, Arena *a);
// Vectors of pictures that are gone leave the file. The guard held for writing.
bool liken_purge(Visual *v, Err *err) MUST_CHECK;
// Likeness by look and by vector together, 0 .. 1.
double liken(const Visual *v, double look, Vector asked, Vector known);

// An extractor to work with; give it back. Any thread.
Extractor *index_take_extractor(Visual *v);
void index_give_extractor(Visual *v, Extractor *e);

// Before asking: a reader sees what the writer has published since. The guard is not held.
void index_refresh(Visual *v);

// All that follow need the guard held for writing (or nobody else there).
void index_refresh_shelf(Visual *v);
bool index_read_head(Visual *v, Err *err) MUST_CHECK; // replaces everything; ERR_NOT_FOUND, ERR_CORRUPT
bool index_write_head(Visual *v, Err *err) MUST_CHECK;
void index_clear(Visual *v);
// Has another head been written than the one that was read?
bool index_is_old(const Visual *v);
void late_add(LateList *list, Str id); // not twice in a row
void late_clear(LateList *list);

// The weakest tier of marks that pictures have, if there are so many pictures: a small collection has room
// for more of each. 0 for a large one, whatever marks_max.
int index_tier(const Visual *v, int64_t pictures);
// Adds a segment file with these pictures (ranks beside them), merges small segments and makes one of those
// anew that have more marks than there is room for now. The head is not written.
bool index_add(Visual *v, const Entry *entries, const int32_t *ranks, int count, Err *err) MUST_CHECK;
// Writes anew the segments that hold pictures which are gone. The head is not written.
bool index_purge(Visual *v, Err *err) MUST_CHECK;
// Removes files of segments that the head does not name.
void index_sweep(Visual *v, uint32_t from);
