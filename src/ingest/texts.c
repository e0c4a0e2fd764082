// SPDX-License-Identifier: Apache-2.0
#include "ingest/texts.h"

#include "ingest/pairing.h"

#include <stdlib.h>

static Str name_of(Str path)
{
    Str head, name = path;
    (void)str_cut_last(path, '/', &head, &name);
    return name;
}

static Str folder_of(Str path)
{
    return str_slice(path, 0, path.n - name_of(path).n);
}

bool texts_add(DeliveryTexts *t, int root, Str path, Str shown, Arena *a)
{
    DeliveryText text = {.root = root, .path = path, .folder = folder_of(path), .shown = shown};
    if (!written_named(name_of(path), &text.kind, &text.stem, &text.lang))
        return false;
    *arena_push(a, &t->items, &t->count, &t->capacity) = text;
    return true;
}

void texts_add_xml(DeliveryTexts *t, int root, Str path, Str shown, Arena *a)
{
    *arena_push(a, &t->items, &t->count, &t->capacity) = (DeliveryText){.root = root,
        .path = path,
        .folder = folder_of(path),
        .shown = shown,
        .kind = WRITTEN_XML,
        .stem = pairing_stem(path),
        .lang = S("")};
}

static int compare(const DeliveryText *x, Str key, const DeliveryText *y, Str other)
{
    int order = str_compare(key, other);
    return order ? order : x->root != y->root ? (x->root < y->root ? -1 : 1) : str_compare(x->path, y->path);
}

typedef struct {
    DeliveryText text;
    Str key;
} Keyed;

static int by_key(const void *x, const void *y)
{
    const Keyed *a = x, *b = y;
    return compare(&a->text, a->key, &b->text, b->key);
}

static size_t first_with(const DeliveryTexts *t, Str key)
{
    size_t from = 0, to = t->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (str_compare(t->keys[middle], key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool lies_beside(const DeliveryText *text, const DeliveryPicture *picture)
{
    return text->root == picture->root && str_eq(text->folder, folder_of(picture->path)) &&
           str_eq_nocase(text->stem, pairing_stem(picture->path));
}

void texts_settle(DeliveryTexts *t, const DeliveryPicture *pictures, size_t count, Arena *a)
{
    if (t->count == 0)
        return;
    Keyed *keyed = arena_array(a, Keyed, t->count);
    for (size_t i = 0; i < t->count; i++)
        keyed[i] = (Keyed){t->items[i], pairing_key(a, t->items[i].stem)};
    qsort(keyed, t->count, sizeof(*keyed), by_key);
    t->keys = arena_array(a, Str, t->count);
    for (size_t i = 0; i < t->count; i++) {
        t->items[i] = keyed[i].text;
        t->keys[i] = keyed[i].key;
    }
    for (size_t i = 0; i < count; i++) {
        Str key = pairing_key(a, pairing_stem(pictures[i].path));
        for (size_t k = first_with(t, key); k < t->count && str_eq(t->keys[k], key); k++)
            t->items[k].beside |= lies_beside(&t->items[k], &pictures[i]);
    }
}

size_t texts_beside(DeliveryTexts *t, const DeliveryPicture *picture, Arena *a, DeliveryText ***ret)
{
    size_t count = 0, capacity = 0;
    *ret = NULL;
    if (t->count == 0)
        return 0;
    Str key = pairing_key(a, pairing_stem(picture->path));
    for (size_t k = first_with(t, key); k < t->count && str_eq(t->keys[k], key); k++)
        if (lies_beside(&t->items[k], picture))
            *arena_push(a, ret, &count, &capacity) = &t->items[k];
    return count;
}

static void add_called(
    DeliveryTexts *t, Str key, Arena *a, DeliveryText ***list, size_t *count, size_t *capacity)
{
    for (size_t k = first_with(t, key); key.n && k < t->count && str_eq(t->keys[k], key); k++)
        if (!t->items[k].beside)
            *arena_push(a, list, count, capacity) = &t->items[k];
}

size_t texts_called(DeliveryTexts *t, Str id, Str accession, Arena *a, DeliveryText ***ret)
{
    size_t count = 0, capacity = 0;
    *ret = NULL;
    if (t->count == 0)
        return 0;
    Str by_id = pairing_key(a, id), by_accession = pairing_key(a, accession);
    add_called(t, by_id, a, ret, &count, &capacity);
    if (!str_eq(by_id, by_accession))
        add_called(t, by_accession, a, ret, &count, &capacity);
    return count;
}
