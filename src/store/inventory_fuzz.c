// SPDX-License-Identifier: Apache-2.0
// Inventories are foreign bytes: whatever comes, no path that leads out of the object may get past the
// reader.
#include "store/int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    StoreInventory inventory;
    Sha512 digest;
    Str text = {(const char *)data, size};
    if (store_sidecar_parse(text, &digest) && size < 2 * SHA512_BYTES)
        abort();
    if (!store_inventory_parse(text, a, &inventory, &err))
        return 0;
    for (size_t i = 0; i < inventory.contents_count; i++)
        if (!store_path_good(inventory.contents[i].path) || inventory.contents[i].path.p[0] != 'v')
            abort();
    for (int version = 1; version <= inventory.head; version++) {
        StoreState *states;
        size_t count;
        if (!store_inventory_state(&inventory, version, a, &states, &count, &err))
            continue;
        for (size_t i = 0; i < count; i++)
            if (!store_path_good(states[i].path) || !store_inventory_find(&inventory, &states[i].digest))
                abort();
    }
    return 0;
}
