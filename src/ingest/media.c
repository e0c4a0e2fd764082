// SPDX-License-Identifier: Apache-2.0
#include "ingest/media.h"

#include "base/utf8.h"

enum { FILE_NAME_MAX_BYTES = 160 };

Str media_file_name(Str name, Arena *a)
{
    Str head, tail, extension = {0};
    uint32_t c;
    if (str_cut_last(name, '/', &head, &tail))
        name = tail;
    CLEANUP(buf_free) Buf out = buf_with_max(4 * 1024);
    for (Str rest = utf8_head(name, 1000); utf8_next(&rest, &c);)
        utf8_add(&out, c < ' ' || c == 0x7f || c == '/' || c == '\\' ? '_' : c);
    Str clean = buf_str(&out);
    if (str_cut_last(clean, '.', &head, &tail) && tail.n && tail.n <= 8)
        extension = arena_printf(a, "." FMT_STR, ARG_STR(tail)), clean = head;
    while (clean.n && clean.p[0] == '.')
        clean = str_slice(clean, 1, clean.n);
    clean = utf8_head(clean, FILE_NAME_MAX_BYTES - 10);
    return arena_printf(
        a, "%s" FMT_STR FMT_STR, clean.n == 0 ? "picture" : "", ARG_STR(clean), ARG_STR(extension));
}

static bool find_by_bytes(const RecordMediaList *list, Str sha512, size_t *ret)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(list->items[i].sha512, sha512))
            return *ret = i, true;
    return false;
}

static int next_number(const RecordMediaList *list)
{
    int highest = 0;
    for (size_t i = 0; i < list->count; i++)
        highest = MAX_OF(highest, list->items[i].number);
    return highest + 1;
}

// Facts and words that the delivery brings; where it has no words, those there were stay.
static void refresh(RecordMedia *had, const RecordMedia *now)
{
    if (now->label.n) {
        had->label = now->label;
        had->label_lang = now->label_lang;
    }
    if (now->rights.n)
        had->rights = now->rights;
    had->format = now->format;
    had->sha512 = now->sha512;
    had->size_bytes = now->size_bytes;
    had->width_px = now->width_px;
    had->height_px = now->height_px;
}

void media_merge(Str object_id, const RecordMediaList *before, const RecordMedia *delivered, size_t count,
    Arena *a, RecordMediaList *ret, bool *ret_new)
{
    enum { NOT_YET = -1, TWICE = -2 };
    int number = next_number(before);
    RecordMediaList list = {0};
    bool *taken = arena_array(a, bool, before->count + 1);
    int64_t *match = arena_array(a, int64_t, count + 1);
    // By bytes first: a file that was renamed is still the same picture, even if another now has its name.
    for (size_t i = 0; i < count; i++) {
        size_t at;
        match[i] = NOT_YET;
        for (size_t j = 0; j < i; j++)
            if (str_eq(delivered[j].sha512, delivered[i].sha512))
                match[i] = TWICE;
        if (match[i] == NOT_YET && find_by_bytes(before, delivered[i].sha512, &at)) {
            match[i] = (int64_t)at;
            taken[at] = true;
        }
    }
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; match[i] == NOT_YET && at < before->count; at++)
            if (!taken[at] && str_eq(before->items[at].name, delivered[i].name)) {
                match[i] = (int64_t)at;
                taken[at] = true;
            }
    for (size_t i = 0; i < count; i++) {
        ret_new[i] = match[i] == NOT_YET;
        if (match[i] == TWICE)
            continue;
        RecordMedia media = delivered[i];
        if (match[i] >= 0) {
            media = before->items[match[i]];
            ret_new[i] = !str_eq(media.sha512, delivered[i].sha512);
            refresh(&media, &delivered[i]);
        } else {
            media.number = number++;
            media.id = arena_printf(a, FMT_STR ":%d", ARG_STR(object_id), media.number);
            media.path =
                arena_printf(a, "media/%d/" FMT_STR, media.number, ARG_STR(media_file_name(media.name, a)));
        }
        *arena_push(a, &list.items, &list.count, &list.capacity) = media;
    }
    for (size_t at = 0; at < before->count; at++)
        if (!taken[at])
            *arena_push(a, &list.items, &list.count, &list.capacity) = before->items[at];
    *ret = list;
}
