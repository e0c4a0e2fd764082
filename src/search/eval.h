// SPDX-License-Identifier: Apache-2.0
// What the two ways of finding records share. eval.c makes lists and asks the frequent parts of a question
// only about the records of the rare ones; dense.c goes through a segment window by window, for questions
// that many records meet. Both find the same records with the same scores.
#pragma once

#include "search/query.h"

enum { POSITIONS_ASKED_MAX = 512 };

// At most how many records of the view.
size_t eval_docs_max(const Node *node, const Snapshot *n, size_t view);
// The kids of an AND but for NOTs, rarest first; how many.
size_t eval_order(const Node *node, const Snapshot *n, size_t view, Arena *a, const Node ***ret);
// Does the present record have the term in one of these fields? May be asked once a record.
bool eval_in_fields(Postings *p, uint32_t fields, const Segment *segment, Field *ret);
bool eval_in_years(const Node *node, int earliest, int latest, float *ret_score);

// The records that may have a phrase, ascending, and whether they do.
typedef struct Phrase Phrase;
Phrase *phrase_open(const Node *node, const Snapshot *n, size_t view, Arena *a); // NULL: none has
uint32_t phrase_candidate(Phrase *f, uint32_t from);                             // >= from; DOC_NONE: no more
bool phrase_holds(Phrase *f, uint32_t doc, float *ret_score, Field *ret_field);  // of ascending candidates

// dense.c: a tree laid out for one view. One thread each.
enum { WINDOW_DOCS = 8192, WINDOW_WORDS = WINDOW_DOCS / 64 };

typedef struct Dense Dense;
Dense *dense_open(const Node *node, const Snapshot *n, size_t view, Arena *a);
// The records from .. from + WINDOW_DOCS - 1; from: a multiple of WINDOW_DOCS, ascending between calls. The
// answer is valid until the next call: a bit a record, and scores of those that have one.
void dense_window(Dense *d, uint32_t from, const uint64_t **ret_bits, const float **ret_scores);
// About how many nanoseconds the view costs, in the cheaper way; ret_windows: that is window by window.
double eval_cost(const Node *node, const Snapshot *n, size_t view, bool *ret_windows);
