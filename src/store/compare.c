// SPDX-License-Identifier: Apache-2.0
// One object in two vaults: is it the same, is one older, was it withdrawn by law in one of them?
#include "store/int.h"

static bool same_text(const Json *a, const Json *b)
{
    CLEANUP(buf_free)
    Buf x = buf_with_max(STORE_INVENTORY_MAX_BYTES), y = buf_with_max(STORE_INVENTORY_MAX_BYTES);
    JsonWriter xw = json_writer(&x), yw = json_writer(&y);
    if (!a || !b)
        return a == b;
    json_put_tree(&xw, a);
    json_put_tree(&yw, b);
    return !x.full && !y.full && str_eq(buf_str(&x), buf_str(&y));
}

bool store_is_withdrawn(const StoreInventory *inventory)
{
    if (inventory->contents_count != 1 || inventory->head < 2)
        return false;
    for (int i = 1; i <= inventory->head; i++) {
        const Json *state = json_find(store_inventory_version(inventory, i), S("state"));
        if (!state || state->kind != JSON_IS_MAP || state->count != 1)
            return false;
        const Json *paths = &state->items[0];
        if (paths->kind != JSON_IS_LIST || paths->count != 1 || paths->items[0].kind != JSON_IS_TEXT ||
            !str_eq(paths->items[0].text, S(STORE_WITHDRAWN_FILE)))
            return false;
    }
    return true;
}

// Erasing keeps of each version when, who and why (erase.c): only then is it the same object's end.
static bool is_end_of(const StoreInventory *withdrawn, const StoreInventory *object)
{
    static const char *const kept[] = {"created", "message", "user"};
    if (!store_is_withdrawn(withdrawn) || withdrawn->head <= object->head)
        return false;
    for (int i = 1; i <= object->head; i++)
        for (size_t k = 0; k < COUNT_OF(kept); k++)
            if (!same_text(json_find(store_inventory_version(withdrawn, i), str_from(kept[k])),
                    json_find(store_inventory_version(object, i), str_from(kept[k]))))
                return false;
    return true;
}

bool store_compare(
    const StoreInventory *here, const StoreInventory *there, bool withdrawals, StoreRelation *ret, Err *err)
{
    if (withdrawals && !store_is_withdrawn(here) && is_end_of(there, here)) {
        *ret = STORE_WITHDRAWN;
        return true;
    }
    for (int i = 1; i <= MIN_OF(here->head, there->head); i++)
        if (!same_text(store_inventory_version(here, i), store_inventory_version(there, i)))
            return err_set(err, ERR_BUSY, "its version %d is another in the two vaults", i);
    if (here->head > there->head)
        return err_set(err, ERR_BUSY, "it is older there: version %d, here %d", there->head, here->head);
    *ret = here->head == there->head ? STORE_SAME : STORE_OLDER;
    return true;
}
