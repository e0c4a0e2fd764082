// SPDX-License-Identifier: Apache-2.0
// chain: works linked by a shared motif. A disposable follower of the visual index: every picture that comes
// into it is asked against it once, whole, and what was found is an edge: two pictures, the part that agrees
// on each, how sure. Delete the file and it is made again. Never wrong, at worst late.
//
// A picture that leaves the index (hidden works stay, deleted and withdrawn ones go) takes its edges along at
// the next chain_follow, also out of the file. Who may see what is asked twice: here by the rank that the
// visual index has, and by the site once more for every work it shows.
#pragma once

#include "base/base.h"
#include "visual/visual.h"

typedef struct Chain Chain;

// dir: folder of the visual index; the file there is `chains`. writer: whoever writes the visual index, and
// nobody else; a file that cannot be used is begun anew. A reader sees what chain_refresh found. Any thread.
Chain *chain_open(const char *dir, bool writer, Err *err) MUST_CHECK;
void chain_close(Chain *c);
bool chain_erase(const char *dir, Err *err) MUST_CHECK; // for rebuild; nobody may have it open

// The whole picture with this id, at most VISUAL_SIDE_MAX_PX a side. ERR_NOT_FOUND: not now; it is tried
// again when the index has changed.
typedef struct {
    void *ctx;
    bool (*picture)(void *ctx, Str image_id, Arena *a, Picture *ret, Err *err);
} ChainSource;

// Brings the graph to the state of the index: what is gone goes first, then at most `pictures_max` pictures
// are asked, each an index question (some 0.1 s of CPU at 100,000 pictures). ret_waiting: how many are left.
// Writer only, one thread.
bool chain_follow(Chain *c, Visual *v, const ChainSource *source, int pictures_max, const volatile bool *stop,
    int64_t *ret_waiting, Err *err) MUST_CHECK;

// For a reader, now and then: takes in what the writer has published since, and who may see it as `v` knows.
// One thread.
bool chain_refresh(Chain *c, Visual *v, Err *err) MUST_CHECK;

typedef struct {
    int64_t pictures, edges; // asked; found
    int64_t waiting;         // known, not asked yet
    int64_t sequence; // of the ledger, up to which everything is linked; while some wait, the last such
    int64_t bytes;    // of the file
} ChainCounts;
ChainCounts chain_counts(Chain *c);

// ---- asking. Any thread; answers are in the arena.

enum { CHAIN_LINKS_MAX = 48, CHAIN_MOTIFS_MAX = 200, CHAIN_MOTIF_ENDS_MAX = 100 };

// A part of a picture; fractions of it.
typedef struct {
    Str object_id, image_id;
    double left, top, width, height;
} ChainEnd;

typedef struct {
    ChainEnd here, there;
    double score; // as VisualHit.score
    int points;   // that agree
    bool negative, mirrored;
    bool whole; // most of both pictures: the same picture rather than a motif
} ChainLink;

// From one work to others, the best link to each, surest first, at most CHAIN_LINKS_MAX. None if the visitor
// may not see its pictures.
void chain_links(Chain *c, Str object_id, ViewerRole role, Arena *a, ChainLink **ret, size_t *ret_count);

// A motif: parts of pictures that are linked to each other, directly or through others of them.
typedef struct {
    ChainEnd *ends; // one for each work, the best linked first, at most CHAIN_MOTIF_ENDS_MAX
    size_t count;
} ChainMotif;

// The motif on this spot (fractions) of this picture, however few works it is on: the one with most works of
// those that meet there. False: there is none on at least `works_min` works.
bool chain_motif_at(
    Chain *c, ViewerRole role, Str image_id, double x, double y, size_t works_min, Arena *a, ChainMotif *ret);
// Motifs on at least `works_min` works that this role may see, those on most works first, at most `max` and
// CHAIN_MOTIFS_MAX. Links through works that the role may not see do not count. Put together once and kept;
// while pictures wait to be asked, links that were just found may be missing.
void chain_motifs(
    Chain *c, ViewerRole role, size_t works_min, size_t max, Arena *a, ChainMotif **ret, size_t *ret_count);
