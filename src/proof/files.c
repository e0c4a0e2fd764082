// SPDX-License-Identifier: Apache-2.0
// The log as static files (C2SP tlog-tiles). Whoever has fetched them all can check everything without us.
#include "proof/int.h"

typedef struct {
    bool entries;
    int level;
    int64_t n;
    int width;
} TilePath;

static bool three_digits(Str s, int64_t *n)
{
    int value;
    if (s.n != 3 || s.p[0] < '0' || s.p[0] > '9' || !str_to_int(s, 0, 999, &value))
        return false;
    *n = *n * 1000 + value;
    return *n <= INT64_MAX / (1000 * TREE_TILE_WIDTH);
}

// "x001/x234/067" is 1234067; with ".p/5" behind it the first five of that tile.
static bool parse_number(Str rest, TilePath *ret)
{
    Str piece, width;
    ret->n = 0;
    ret->width = TREE_TILE_WIDTH;
    bool first = true;
    while (str_starts(rest, S("x"))) {
        if (!str_cut(rest, '/', &piece, &rest) || !three_digits(str_slice(piece, 1, piece.n), &ret->n))
            return false;
        if (first && ret->n == 0)
            return false; // one way to write a number
        first = false;
    }
    if (str_cut(rest, '/', &piece, &width)) {
        if (!str_ends(piece, S(".p")) || width.n == 0 || width.p[0] == '0' ||
            !str_to_int(width, 1, TREE_TILE_WIDTH - 1, &ret->width))
            return false;
        rest = str_slice(piece, 0, piece.n - 2);
    }
    return three_digits(rest, &ret->n);
}

static bool parse_tile(Str path, TilePath *ret)
{
    Str level, rest;
    *ret = (TilePath){0};
    if (!str_starts(path, S("tile/")) || !str_cut(str_slice(path, 5, path.n), '/', &level, &rest))
        return false;
    ret->entries = str_eq(level, S("entries"));
    if (!ret->entries && (level.n != 1 || !str_to_int(level, 0, 7, &ret->level)))
        return false;
    return parse_number(rest, ret);
}

// Entries one behind the other, each with its length before it (two bytes, high one first).
static bool bundle(Catalog *c, const TilePath *tile, Arena *a, Str *ret, Err *err)
{
    enum { BUNDLE_MAX_BYTES = TREE_TILE_WIDTH * (65535 + 2) };
    CLEANUP(buf_free) Buf out = buf_with_max(BUNDLE_MAX_BYTES);
    CLEANUP(arena_closep) Arena *each = arena_open();
    for (int i = 0; i < tile->width; i++, arena_reset(each)) {
        Str entry;
        if (!catalog_tree_entry(c, tile->n * TREE_TILE_WIDTH + i, each, &entry, err))
            return false;
        assert(entry.n <= UINT16_MAX);
        buf_add_char(&out, (char)(entry.n >> 8));
        buf_add_char(&out, (char)(entry.n & 0xff));
        buf_add(&out, entry);
    }
    return buf_into(&out, a, ret, err);
}

bool proof_file(Catalog *c, const ProofKey *key, Str path, Arena *a, ProofFile *ret, Err *err)
{
    TilePath tile;
    Str bytes;
    if (str_eq(path, S("checkpoint"))) {
        if (!proof_head_write(c, key, -1, a, &bytes, err))
            return false;
        *ret = (ProofFile){S("text/plain; charset=utf-8"), bytes, false};
        return true;
    }
    if (str_eq(path, S("key"))) {
        bytes = proof_verifier_text(a, &key->verifier);
        *ret =
            (ProofFile){S("text/plain; charset=utf-8"), arena_printf(a, FMT_STR "\n", ARG_STR(bytes)), false};
        return true;
    }
    if (!parse_tile(path, &tile))
        return err_set(err, ERR_NOT_FOUND, "the log has no file of that name");
    bool fine = tile.entries ? bundle(c, &tile, a, &bytes, err)
                             : catalog_tree_tile(c, tile.level, tile.n, tile.width, a, &bytes, err);
    if (fine)
        *ret = (ProofFile){S("application/octet-stream"), bytes, true};
    return fine;
}
