// SPDX-License-Identifier: Apache-2.0
// Words of the index within one or two edits (insert, leave out, change, swap neighbours) of a word. The
// words are in order, so the rows of the edit table are shared between neighbours, and a beginning that is
// too far off already is stepped over with all that begin so.
#include "base/utf8.h"
#include "search/query.h"

#include <stdlib.h>

enum { CHARS_MAX = 32, LOOKED_AT_MAX = 60000 };

typedef struct {
    uint32_t word[CHARS_MAX];
    int length, distance_max;
    unsigned char rows[CHARS_MAX + 3][CHARS_MAX + 1]; // rows[i]: after i characters of the candidate
    uint32_t chars[CHARS_MAX + 2];                    // of the candidate
    size_t ends[CHARS_MAX + 3];                       // bytes of the first i characters
    char bytes[TERM_MAX_BYTES];
    int depth; // rows that are right for `bytes`
    Near *found;
    size_t count, max;
    Arena *a;
} Walk;

static int to_chars(Str text, uint32_t *chars, size_t *ends, int max)
{
    Str rest = text;
    int n = 0;
    while (n < max && utf8_next(&rest, &chars[n])) {
        n++;
        if (ends)
            ends[n] = (size_t)(rest.p - text.p);
    }
    return rest.n ? max + 1 : n;
}

// Fills the row for candidate character i (from 0) and returns its smallest cell.
static int fill_row(Walk *w, int i)
{
    const unsigned char *above = w->rows[i];
    unsigned char *row = w->rows[i + 1];
    int least = row[0] = (unsigned char)(i + 1);
    for (int k = 1; k <= w->length; k++) {
        bool same = w->chars[i] == w->word[k - 1];
        int cell = MIN_OF(above[k] + 1, row[k - 1] + 1);
        cell = MIN_OF(cell, above[k - 1] + !same);
        if (i > 0 && k > 1 && w->chars[i] == w->word[k - 2] && w->chars[i - 1] == w->word[k - 1])
            cell = MIN_OF(cell, w->rows[i - 1][k - 2] + 1);
        row[k] = (unsigned char)cell;
        least = MIN_OF(least, cell);
    }
    return least;
}

static bool better(const Near *x, const Near *y)
{
    return x->distance != y->distance ? x->distance < y->distance : x->docs > y->docs;
}

static void note(Walk *w, Str word, int distance, uint64_t docs)
{
    for (size_t i = 0; i < w->count; i++)
        if (str_eq(w->found[i].word, word)) { // from another segment
            w->found[i].docs += docs;
            return;
        }
    Near near = {.distance = distance, .docs = docs};
    if (w->count == w->max && !better(&near, &w->found[w->count - 1]))
        return;
    near.word = arena_copy(w->a, word);
    size_t at = w->count < w->max ? w->count++ : w->max - 1;
    for (; at > 0 && better(&near, &w->found[at - 1]); at--)
        w->found[at] = w->found[at - 1];
    w->found[at] = near;
}

// Looks at one word. False, and how many bytes were already too much, if nothing that begins so can be near.
static bool look(Walk *w, Str word, uint64_t docs, size_t *ret_bytes)
{
    int shared = 0;
    while (shared < w->depth && w->ends[shared + 1] <= word.n &&
           memcmp(w->bytes, word.p, w->ends[shared + 1]) == 0)
        shared++;
    int n = to_chars(word, w->chars, w->ends, CHARS_MAX);
    memcpy(w->bytes, word.p, word.n);
    w->depth = MIN_OF(shared, n);
    if (n > w->length + w->distance_max + 1)
        n = w->length + w->distance_max + 1;
    for (int i = shared; i < n && i < CHARS_MAX; i++) {
        int least = fill_row(w, i);
        w->depth = i + 1;
        if (least > w->distance_max) {
            *ret_bytes = w->ends[i + 1];
            return false;
        }
    }
    if (n == to_chars(word, w->chars, NULL, CHARS_MAX) && w->rows[n][w->length] <= w->distance_max &&
        w->rows[n][w->length] > 0)
        note(w, word, w->rows[n][w->length], docs);
    return true;
}

static void walk(Walk *w, const Segment *segment, Str from, Str stop)
{
    TermCursor c = term_cursor(segment);
    Str term;
    size_t too_far;
    w->depth = 0;
    term_seek(&c, from);
    for (int i = 0; i < LOOKED_AT_MAX && term_next(&c, &term); i++) {
        if (term.p[0] != TERM_WORD || (stop.n && str_compare(term, stop) >= 0))
            return;
        if (look(w, str_slice(term, 1, term.n), c.term.docs, &too_far) || too_far > 3)
            continue;
        char next[TERM_MAX_BYTES + 1];
        memcpy(next, term.p, too_far + 1);
        next[too_far + 1] = (char)0xFF;
        term_seek(&c, (Str){next, too_far + 2});
    }
}

// The first letter is seldom wrong, but when it is, it stands second or should not be there.
static void look_up_head(Walk *w, const Snapshot *n, Str word, size_t first, size_t second)
{
    char term[TERM_MAX_BYTES];
    if (word.n + 1 > sizeof(term) || first + second >= word.n)
        return;
    for (int swapped = 0; swapped < 2; swapped++) {
        size_t size = 1;
        term[0] = TERM_WORD;
        memcpy(term + size, word.p + first, second);
        size += second;
        if (swapped) {
            memcpy(term + size, word.p, first);
            size += first;
        }
        memcpy(term + size, word.p + first + second, word.n - first - second);
        size += word.n - first - second;
        for (size_t i = 0; i < n->count; i++) {
            Term found;
            if (segment_term(n->views[i]->segment, (Str){term, size}, &found))
                note(w, (Str){term + 1, size - 1}, 1, found.docs);
        }
    }
}

size_t fuzzy_find(const Snapshot *n, Str word, int distance_max, Near *ret, size_t max, Arena *a)
{
    Walk *w = arena_new(a, Walk);
    *w = (Walk){.found = ret, .max = max, .a = a, .distance_max = distance_max};
    w->length = to_chars(word, w->word, NULL, CHARS_MAX);
    if (w->length > CHARS_MAX - 4 || w->length < 2)
        return 0;
    for (int k = 0; k <= w->length; k++)
        w->rows[0][k] = (unsigned char)k;
    char from[8] = {TERM_WORD}, stop[8] = {TERM_WORD};
    Str rest = word;
    uint32_t first;
    utf8_next(&rest, &first);
    size_t head = (size_t)(rest.p - word.p);
    memcpy(from + 1, word.p, head);
    memcpy(stop + 1, word.p, head);
    stop[head + 1] = (char)0xFF;
    size_t second = utf8_length_at(word, head);
    look_up_head(w, n, word, head, second);
    for (size_t i = 0; i < n->count; i++)
        walk(w, n->views[i]->segment, (Str){from, head + 1}, (Str){stop, head + 2});
    if (w->count || first >= 0x80)
        return w->count;
    w->distance_max = 1;
    for (size_t i = 0; i < n->count; i++)
        walk(w, n->views[i]->segment, S("wa"), S("w\x7f"));
    return w->count;
}
