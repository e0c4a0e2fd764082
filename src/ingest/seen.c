// SPDX-License-Identifier: Apache-2.0
// Open addressing over the first 128 bits of the id's SHA-256: nobody can make two ids that collide.
#include "ingest/seen.h"

#include "base/digest.h"

#include <stdlib.h>

typedef struct SeenEntry {
    uint64_t hash[2]; // both 0: free
    SeenAt at;
} SeenEntry;

void seen_free(Seen *s)
{
    free(s->entries);
    *s = (Seen){0};
}

static SeenEntry *place_of(SeenEntry *entries, size_t capacity, const uint64_t hash[2])
{
    size_t i = hash[0] & (capacity - 1);
    while ((entries[i].hash[0] | entries[i].hash[1]) != 0 &&
           (entries[i].hash[0] != hash[0] || entries[i].hash[1] != hash[1]))
        i = (i + 1) & (capacity - 1);
    return &entries[i];
}

static void grow(Seen *s)
{
    size_t capacity = s->capacity ? s->capacity * 2 : 1024;
    SeenEntry *entries = mem_alloc(capacity * sizeof(SeenEntry));
    for (size_t i = 0; i < s->capacity; i++)
        if ((s->entries[i].hash[0] | s->entries[i].hash[1]) != 0)
            *place_of(entries, capacity, s->entries[i].hash) = s->entries[i];
    free(s->entries);
    s->entries = entries;
    s->capacity = capacity;
}

bool seen_add(Seen *s, Str id, SeenAt at, SeenAt *ret_before)
{
    if (s->count * 4 >= s->capacity * 3)
        grow(s);
    Sha256 digest = sha256_of(id);
    uint64_t hash[2];
    memcpy(hash, digest.bytes, sizeof(hash));
    SeenEntry *entry = place_of(s->entries, s->capacity, hash);
    if ((entry->hash[0] | entry->hash[1]) != 0)
        return *ret_before = entry->at, false;
    memcpy(entry->hash, hash, sizeof(hash));
    entry->at = at;
    s->count++;
    return true;
}
