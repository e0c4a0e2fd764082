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
    had->page = now->page;
    had->format = now->format;
    had->sha512 = now->sha512;
    had->size_bytes = now->size_bytes;
    had->width_px = now->width_px;
    had->height_px = now->height_px;
}

// ---- which file of the object a delivered one is

typedef struct {
    const RecordMediaList *before;
    const RecordMedia *delivered;
    size_t count;
    int *number;        // of delivered[i] in the object; 0: not known yet
    size_t *first_page; // of delivered[i]: where the pages of its file begin in `delivered`
    bool *twice;        // the same file once more
} Merge;

static bool number_used(const Merge *m, int number)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->number[i] == number)
            return true;
    return false;
}

// Pages of one file come one after the other; the same bytes again later are the same file delivered twice.
static void find_files(Merge *m)
{
    for (size_t i = 0; i < m->count; i++) {
        m->first_page[i] = i;
        if (i > 0 && str_eq(m->delivered[i - 1].sha512, m->delivered[i].sha512) &&
            m->delivered[i].page > m->delivered[i - 1].page) {
            m->first_page[i] = m->first_page[i - 1];
            m->twice[i] = m->twice[i - 1];
            continue;
        }
        for (size_t j = 0; j < i && !m->twice[i]; j++)
            m->twice[i] = m->first_page[j] == j && str_eq(m->delivered[j].sha512, m->delivered[i].sha512);
    }
}

typedef bool SameFile(const RecordMedia *before, const RecordMedia *delivered);

static bool same_bytes(const RecordMedia *before, const RecordMedia *delivered)
{
    return str_eq(before->sha512, delivered->sha512);
}

static bool same_name(const RecordMedia *before, const RecordMedia *delivered)
{
    return str_eq(before->name, delivered->name);
}

static void find_numbers(Merge *m, SameFile *same)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->first_page[i] != i) {
            m->number[i] = m->number[m->first_page[i]];
            continue;
        }
        for (size_t at = 0; at < m->before->count && m->number[i] == 0 && !m->twice[i]; at++)
            if (same(&m->before->items[at], &m->delivered[i]) && !number_used(m, m->before->items[at].number))
                m->number[i] = m->before->items[at].number;
    }
}

// ---- the list

static bool is_page(const RecordMedia *media, int number, int page)
{
    return media->number == number && MAX_OF(media->page, 1) == MAX_OF(page, 1);
}

static const RecordMedia *find_page(const RecordMediaList *list, int number, int page)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_page(&list->items[i], number, page))
            return &list->items[i];
    return NULL;
}

static const RecordMedia *find_file(const RecordMediaList *list, int number)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].number == number)
            return &list->items[i];
    return NULL;
}

static RecordMedia merged(Str object_id, const Merge *m, size_t i, Arena *a)
{
    const RecordMedia *now = &m->delivered[i], *had = find_page(m->before, m->number[i], now->page);
    const RecordMedia *file = find_file(m->before, m->number[i]);
    RecordMedia media = had ? *had : *now;
    if (had)
        refresh(&media, now);
    if (had)
        return media;
    media.number = m->number[i];
    media.id = arena_printf(a, FMT_STR ":%d", ARG_STR(object_id), media.number);
    if (media.page > 1)
        media.id = arena_printf(a, FMT_STR "-%d", ARG_STR(media.id), media.page);
    media.name = file ? file->name : media.name;
    media.path =
        file ? file->path
             : arena_printf(a, "media/%d/" FMT_STR, media.number, ARG_STR(media_file_name(media.name, a)));
    return media;
}

// Does a picture that was not delivered stay? Not as a page of a file whose bytes are others now.
static bool stays(const Merge *m, const RecordMedia *had)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->number[i] == had->number &&
            (is_page(had, m->number[i], m->delivered[i].page) || !same_bytes(had, &m->delivered[i])))
            return false;
    return true;
}

void media_merge(Str object_id, const RecordMediaList *before, const RecordMedia *delivered, size_t count,
    Arena *a, RecordMediaList *ret, bool *ret_new)
{
    RecordMediaList list = {0};
    int number = next_number(before);
    Merge m = {.before = before,
        .delivered = delivered,
        .count = count,
        .number = arena_array(a, int, count + 1),
        .first_page = arena_array(a, size_t, count + 1),
        .twice = arena_array(a, bool, count + 1)};
    // By bytes first: a file that was renamed is still the same, even if another now has its name.
    find_files(&m);
    find_numbers(&m, same_bytes);
    find_numbers(&m, same_name);
    for (size_t i = 0; i < count; i++) {
        const RecordMedia *file = find_file(before, m.number[i]);
        ret_new[i] = !m.twice[i] && !(file && same_bytes(file, &delivered[i]));
        if (m.twice[i])
            continue;
        if (m.number[i] == 0)
            m.number[i] = m.first_page[i] == i ? number++ : m.number[m.first_page[i]];
        *arena_push(a, &list.items, &list.count, &list.capacity) = merged(object_id, &m, i, a);
    }
    for (size_t at = 0; at < before->count; at++)
        if (stays(&m, &before->items[at]))
            *arena_push(a, &list.items, &list.count, &list.capacity) = before->items[at];
    *ret = list;
}
