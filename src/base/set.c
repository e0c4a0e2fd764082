// SPDX-License-Identifier: Apache-2.0
#include "base/set.h"

#include "base/tally.h"

StrSet str_set(Arena *a, size_t max)
{
    size_t size = 16;
    while (size < max * 2)
        size *= 2;
    return (StrSet){.slots = arena_array(a, Str, size), .mask = size - 1};
}

// Free slots have no pointer; a text without bytes may have none either, and is kept as one that has.
static Str *slot_of(const StrSet *set, Str text)
{
    size_t at = (size_t)(tally_hash(text) >> 20) & set->mask;
    while (set->slots[at].p != NULL && !str_eq(set->slots[at], text))
        at = (at + 1) & set->mask;
    return &set->slots[at];
}

bool str_set_add(StrSet *set, Str text)
{
    Str *slot = slot_of(set, text);
    if (slot->p != NULL)
        return false;
    assert(set->count < set->mask);
    set->count++;
    *slot = text.n ? text : S("");
    return true;
}

bool str_set_has(const StrSet *set, Str text)
{
    return slot_of(set, text)->p != NULL;
}

StrSet str_set_of(Arena *a, const Str *texts, size_t count)
{
    StrSet set = str_set(a, count);
    for (size_t i = 0; i < count; i++)
        (void)str_set_add(&set, texts[i]);
    return set;
}
