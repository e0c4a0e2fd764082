// SPDX-License-Identifier: Apache-2.0
// Differences between two versions, as a person would tell them. Works on the JSON, so that members we have
// no field for are told as well.
#include "catalog/record.h"

typedef struct {
    Arena *arena;
    RECORD_LIST(RecordDifference) list;
    Err *err;
    bool failed;
} Diff;

// A text as itself, anything else as JSON; nothing for NULL.
static Str shown(Diff *d, const Json *value)
{
    Str text = {0};
    if (!value)
        return text;
    if (value->kind == JSON_IS_TEXT)
        return value->text;
    CLEANUP(buf_free) Buf out = buf_with_max(2 * RECORD_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_tree(&w, value);
    d->failed = !buf_into(&out, d->arena, &text, d->err) || d->failed;
    return text;
}

static bool same(Diff *d, const Json *x, const Json *y)
{
    return (!x && !y) || (x && y && x->kind == y->kind && str_eq(shown(d, x), shown(d, y)));
}

static void add(Diff *d, Str member, Str lang, const Json *before, const Json *after)
{
    *arena_push(d->arena, &d->list.items, &d->list.count, &d->list.capacity) =
        (RecordDifference){member, lang, shown(d, before), shown(d, after)};
}

static bool is_list(const Json *value)
{
    return !value || value->kind == JSON_IS_LIST;
}

// Those items of `list` that the other one has not, counting doubles.
static const Json **missing(Diff *d, const Json *list, const Json *other, size_t *ret_count)
{
    size_t count = list ? list->count : 0, others = other ? other->count : 0;
    const Json **left = arena_array(d->arena, const Json *, count + 1);
    bool *used = arena_array(d->arena, bool, others + 1);
    *ret_count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < others && (used[k] || !same(d, &list->items[i], &other->items[k])))
            k++;
        if (k < others)
            used[k] = true;
        else
            left[(*ret_count)++] = &list->items[i];
    }
    return left;
}

// Removed items meet added ones in order: that is most often one item edited.
static void diff_list(Diff *d, Str member, Str lang, const Json *before, const Json *after)
{
    enum { ITEMS_MAX = 500 }; // every item meets every other one
    if (same(d, before, after))
        return;
    if ((before && before->count > ITEMS_MAX) || (after && after->count > ITEMS_MAX)) {
        add(d, member, lang, before, after);
        return;
    }
    size_t gone_count, new_count;
    const Json **gone = missing(d, before, after, &gone_count), **new = missing(d, after, before, &new_count);
    if (gone_count == 0 && new_count == 0)
        add(d, member, lang, before, after); // only the order
    for (size_t i = 0; i < MAX_OF(gone_count, new_count); i++)
        add(d, member, lang, i < gone_count ? gone[i] : NULL, i < new_count ? new[i] : NULL);
}

static bool is_language_map(const Json *value)
{
    if (!value)
        return true;
    for (size_t i = 0; value->kind == JSON_IS_MAP && i < value->count; i++)
        if (value->items[i].kind != JSON_IS_LIST)
            return false;
    return value->kind == JSON_IS_MAP;
}

static void diff_map(Diff *d, Str member, const Json *before, const Json *after)
{
    for (size_t i = 0; before && i < before->count; i++)
        diff_list(d, member, before->names[i], &before->items[i], json_find(after, before->names[i]));
    for (size_t i = 0; after && i < after->count; i++)
        if (!json_find(before, after->names[i]))
            diff_list(d, member, after->names[i], NULL, &after->items[i]);
}

static void diff_member(Diff *d, Str member, const Json *before, const Json *after)
{
    if (same(d, before, after))
        return;
    if (is_language_map(before) && is_language_map(after))
        diff_map(d, member, before, after);
    else if (is_list(before) && is_list(after))
        diff_list(d, member, (Str){0}, before, after);
    else
        add(d, member, (Str){0}, before, after);
}

bool record_diff(
    const Json *before, const Json *after, Arena *a, RecordDifference **ret, size_t *ret_count, Err *err)
{
    Diff d = {.arena = a, .err = err};
    before = before && before->kind == JSON_IS_MAP ? before : NULL;
    after = after && after->kind == JSON_IS_MAP ? after : NULL;
    for (size_t i = 0; before && i < before->count; i++)
        if (!str_eq(before->names[i], S("ledger")))
            diff_member(&d, before->names[i], &before->items[i], json_find(after, before->names[i]));
    for (size_t i = 0; after && i < after->count; i++)
        if (!str_eq(after->names[i], S("ledger")) && !json_find(before, after->names[i]))
            diff_member(&d, after->names[i], NULL, &after->items[i]);
    *ret = d.list.items;
    *ret_count = d.list.count;
    return !d.failed;
}
