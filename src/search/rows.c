// SPDX-License-Identifier: Apache-2.0
// Numbers for rows of facet values: a row that was seen before has its number already.
#include "search/int.h"

#include <stdlib.h>

// Beyond these new rows get a number without being remembered: the file grows a little, the memory does not.
enum {
    REMEMBERED_MAX = 1 << 19,
    REMEMBERED_VALUES_MAX = 1 << 21,
    SLOTS_FIRST = 1 << 10,
    VALUES_FIRST = 1 << 12
};

struct RowTable {
    uint32_t *slots; // row + 1
    size_t slots_size;
    uint32_t *ends; // behind the values of each remembered row
    size_t ends_capacity;
    uint32_t *values;
    size_t values_count, values_capacity;
    uint32_t remembered, count;
};

RowTable *row_table_open(void)
{
    RowTable *t = mem_alloc(sizeof(RowTable));
    t->slots_size = SLOTS_FIRST;
    t->slots = mem_alloc(t->slots_size * sizeof(*t->slots));
    t->values_capacity = VALUES_FIRST;
    t->values = mem_grow(NULL, t->values_capacity, sizeof(*t->values));
    return t;
}

void row_table_close(RowTable *t)
{
    if (!t)
        return;
    free(t->slots);
    free(t->ends);
    free(t->values);
    free(t);
}

uint32_t row_table_count(const RowTable *t)
{
    return t->count;
}

static size_t hash_row(const uint32_t *values, size_t count)
{
    uint64_t h = count;
    for (size_t i = 0; i < count; i++) {
        h = (h ^ values[i]) * 0xFF51AFD7ED558CCDull;
        h ^= h >> 32;
    }
    return (size_t)h;
}

static const uint32_t *row_of(const RowTable *t, uint32_t row, size_t *ret_count)
{
    uint32_t from = row ? t->ends[row - 1] : 0;
    *ret_count = t->ends[row] - from;
    return t->values + from;
}

static size_t slot_of(const RowTable *t, const uint32_t *values, size_t count)
{
    size_t at = hash_row(values, count) & (t->slots_size - 1), n;
    for (; t->slots[at]; at = (at + 1) & (t->slots_size - 1)) {
        const uint32_t *row = row_of(t, t->slots[at] - 1, &n);
        if (n == count && memcmp(row, values, n * sizeof(*row)) == 0)
            break;
    }
    return at;
}

static void grow_slots(RowTable *t)
{
    free(t->slots);
    t->slots_size *= 2;
    t->slots = mem_alloc(t->slots_size * sizeof(*t->slots));
    for (uint32_t row = 0; row < t->remembered; row++) {
        size_t count;
        const uint32_t *values = row_of(t, row, &count);
        t->slots[slot_of(t, values, count)] = row + 1;
    }
}

static void remember(RowTable *t, const uint32_t *values, size_t count, size_t slot)
{
    while (t->values_count + count + 1 > t->values_capacity) {
        t->values_capacity *= 2;
        t->values = mem_grow(t->values, t->values_capacity, sizeof(*t->values));
    }
    if (t->remembered == t->ends_capacity) {
        t->ends_capacity = t->ends_capacity ? t->ends_capacity * 2 : 1024;
        t->ends = mem_grow(t->ends, t->ends_capacity, sizeof(*t->ends));
    }
    memcpy(t->values + t->values_count, values, count * sizeof(*values));
    t->values_count += count;
    t->ends[t->remembered++] = (uint32_t)t->values_count;
    t->slots[slot] = t->remembered;
    if ((size_t)t->remembered * 2 > t->slots_size)
        grow_slots(t);
}

uint32_t row_table_number(RowTable *t, const uint32_t *values, size_t count, bool *ret_new)
{
    size_t slot = slot_of(t, values, count);
    *ret_new = !t->slots[slot];
    if (!*ret_new)
        return t->slots[slot] - 1;
    // Remembered rows have the numbers from 0 on, as long as none was forgotten.
    if (t->count == t->remembered && t->remembered < REMEMBERED_MAX &&
        t->values_count + count <= REMEMBERED_VALUES_MAX)
        remember(t, values, count, slot);
    return t->count++;
}
