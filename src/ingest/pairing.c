// SPDX-License-Identifier: Apache-2.0
#include "ingest/pairing.h"

#include "base/utf8.h"

Str pairing_key(Arena *a, Str name)
{
    char *to = arena_alloc(a, name.n + 1);
    size_t count = 0;
    bool gap = false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool counts = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
        if (!counts) {
            gap = count > 0;
            continue;
        }
        if (gap)
            to[count++] = '-';
        gap = false;
        to[count++] = c;
    }
    return (Str){to, count};
}

Str pairing_stem(Str file_name)
{
    Str head, tail;
    if (str_cut_last(file_name, '/', &head, &tail))
        file_name = tail;
    if (str_cut_last(file_name, '.', &head, &tail) && head.n && tail.n <= 5)
        file_name = head;
    return file_name;
}

static bool is_view_word(Str s)
{
    static const char *const WORDS[] = {"recto", "verso", "front", "back", "rear", "left", "right", "top",
        "bottom", "side", "detail", "det", "r", "v", "vorne", "hinten", "正面", "背面", "侧面", "側面",
        "局部"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (str_eq_nocase(s, str_from(WORDS[i])))
            return true;
    return false;
}

static bool is_view(Str s)
{
    bool digits = s.n >= 1 && s.n <= 4;
    for (size_t i = 0; i < s.n && digits; i++)
        digits = s.p[i] >= '0' && s.p[i] <= '9';
    bool letter = s.n == 1 && (s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z';
    return digits || letter || is_view_word(s);
}

bool pairing_cut_view(Str stem, Str *ret_base)
{
    if (str_ends(stem, S(")"))) {
        Str head, tail;
        if (!str_cut_last(str_slice(stem, 0, stem.n - 1), '(', &head, &tail) || !is_view(tail))
            return false;
        *ret_base = str_trim(head);
        return ret_base->n > 0;
    }
    size_t at = stem.n;
    while (at > 0 && stem.p[at - 1] != '_' && stem.p[at - 1] != '-' && stem.p[at - 1] != ' ')
        at--;
    if (at < 2 || !is_view(str_slice(stem, at, stem.n)))
        return false;
    Str base = str_slice(stem, 0, at - 1);
    while (base.n && (base.p[base.n - 1] == '_' || base.p[base.n - 1] == '-' || base.p[base.n - 1] == ' '))
        base.n--;
    if (base.n)
        *ret_base = base;
    return base.n > 0;
}

bool pairing_is_picture(Str file_name)
{
    static const char *const KINDS[] = {"jpg", "jpeg", "jpe", "png", "tif", "tiff", "webp", "gif", "heic",
        "heif", "avif", "jp2", "j2k", "jxl", "bmp", "ppm", "pgm", "dng"};
    Str head, tail;
    if (!str_cut_last(file_name, '.', &head, &tail))
        return false;
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        if (str_eq_nocase(tail, str_from(KINDS[i])))
            return true;
    return pairing_is_document(file_name);
}

bool pairing_is_document(Str file_name)
{
    Str head, tail;
    return str_cut_last(file_name, '.', &head, &tail) && str_eq_nocase(tail, S("pdf"));
}

bool pairing_path(Str named, Arena *a, Str *ret_path, bool *ret_bare, Err *err)
{
    Str path = arena_copy(a, named), piece;
    char *p = arena_alloc(a, named.n + 1);
    size_t count = 0;
    for (size_t i = 0; i < path.n; i++)
        p[i] = path.p[i] == '\\' ? '/' : path.p[i];
    path = (Str){p, path.n};
    *ret_bare = false;
    if (path.n == 0 || memchr(path.p, '\0', path.n) || path.n > 4000)
        return err_set(err, ERR_INVALID, "this is not the name of a file");
    for (Str rest = path; str_next(&rest, '/', &piece);)
        if (str_eq(piece, S("..")))
            return err_set(
                err, ERR_INVALID, "the name climbs out of the delivery with \"..\"; it was not followed");
    if (path.n > 2 && path.p[1] == ':' && path.p[2] == '/') {
        Str head;
        *ret_bare = str_cut_last(path, '/', &head, ret_path) && ret_path->n > 0;
        return *ret_bare || err_set(err, ERR_INVALID, "this names a folder, not a file");
    }
    if (path.p[0] == '/')
        return err_set(err, ERR_INVALID,
            "the name begins at the root of the disk; name files as they lie in the delivery");
    char *clean = arena_alloc(a, path.n + 1);
    for (Str rest = path; str_next(&rest, '/', &piece);) {
        if (piece.n == 0 || str_eq(piece, S(".")))
            continue;
        if (count)
            clean[count++] = '/';
        memcpy(clean + count, piece.p, piece.n);
        count += piece.n;
    }
    *ret_path = (Str){clean, count};
    return count > 0 || err_set(err, ERR_INVALID, "this names a folder, not a file");
}
