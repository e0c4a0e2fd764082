// SPDX-License-Identifier: Apache-2.0
// Withdrawal by law. The vault forgets first (atomically, with a journal), then the ledger; killed between
// the two, ingest_recover finds withdrawn.json in the vault and the ledger forgets as well.
#include "revise/int.h"

static bool check_withdrawable(
    Catalog *c, Str object_id, Arena *a, CatalogVersion **ret, size_t *ret_count, Err *err)
{
    if (!catalog_list_versions(c, object_id, a, ret, ret_count, err))
        return false;
    if (*ret_count == 0)
        return err_set(err, ERR_NOT_FOUND, "no object " FMT_STR, ARG_STR(object_id));
    if ((*ret)[*ret_count - 1].withdrawn)
        return err_set(err, ERR_INVALID, "object " FMT_STR " is withdrawn already", ARG_STR(object_id));
    return true;
}

// With the turn to write in hand: erases in the vault and enters what stays.
static bool erase(
    const ReviseHouse *house, Str object_id, const CatalogWho *who, CatalogBatch *ledger, Arena *a, Err *err)
{
    const StoreNote note = {.created_ms = who->time_ms, .message = who->reason, .user_name = who->agent};
    RecordLedger at = {catalog_batch_change_set(ledger), catalog_batch_next_sequence(ledger)};
    Str json;
    if (!catalog_withdrawn_json(house->catalog, object_id, at, who, a, &json, err))
        return false;
    StoreBatch *vault = store_erase_open(house->store, object_id, &note, S(STORE_WITHDRAWN_FILE), json, err);
    if (!vault)
        return false;
    bool good = catalog_batch_restore_withdrawn(ledger, json, err) && catalog_batch_commit(ledger, err);
    if (good)
        store_batch_close(vault);
    else
        store_batch_leave(vault);
    return good;
}

// The pictures made from the masters that are gone, unless another object has the same master.
static bool forget_pictures(
    const ReviseHouse *house, const CatalogVersion *versions, size_t count, Arena *a, Err *err)
{
    for (size_t i = 0; i < count; i++) {
        Record record;
        const Json *tree = versions[i].json.n ? json_parse(versions[i].json, a, err) : NULL;
        if (!versions[i].json.n)
            continue;
        if (!tree || !record_parse(tree, a, &record, err))
            return false;
        for (size_t m = 0; m < record.media.count; m++) {
            Sha512 master;
            bool used;
            if (!sha512_from_hex(record.media.items[m].sha512, &master) ||
                !catalog_master_used(house->catalog, &master, &used, err) ||
                (!used && !derived_erase(house->derived, &master, err)))
                return false;
        }
    }
    return true;
}

bool revise_withdraw(
    const ReviseHouse *house, Str object_id, const CatalogWho *who, ReviseCounts *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogVersion *versions;
    size_t count;
    CatalogBatch *ledger = catalog_batch_open(house->catalog, 0, who, err);
    if (!ledger)
        return false;
    bool good = check_withdrawable(house->catalog, object_id, a, &versions, &count, err) &&
                erase(house, object_id, who, ledger, a, err);
    int64_t change_set = catalog_batch_change_set(ledger);
    catalog_batch_close(ledger);
    if (!good || !forget_pictures(house, versions, count, a, err) || !catalog_wipe(house->catalog, err) ||
        !catalog_change_set_close(house->catalog, change_set, err))
        return false;
    *ret = (ReviseCounts){.change_set = change_set};
    ret->outcomes[REVISE_GONE] = 1;
    return true;
}
