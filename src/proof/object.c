// SPDX-License-Identifier: Apache-2.0
// The document that shows one version of one object to stand in the log. Everything in it can be checked with
// SHA-256, Ed25519 and the museum's public key; tools/check-proof does so in 200 lines.
#include "proof/int.h"

enum { DOCUMENT_MAX_BYTES = 256 * 1024 };

static void put_path(JsonWriter *w, Str name, const MerklePath *path, Arena *a)
{
    json_put_name(w, name);
    json_put_list(w);
    for (size_t i = 0; i < path->count; i++)
        json_put_text(w, base64_text(a, (Str){(const char *)path->hashes[i].bytes, SHA256_BYTES}));
    json_put_list_end(w);
}

// That the log with `since` leaves is the beginning of the one with `size`.
static bool put_growth(
    Catalog *c, const ProofKey *key, int64_t since, int64_t size, Arena *a, JsonWriter *w, Err *err)
{
    MerklePath path;
    Str head;
    if (!catalog_tree_consistency(c, since, size, &path, err) ||
        !proof_head_write(c, key, since, a, &head, err))
        return false;
    json_put_name(w, S("grown_from"));
    json_put_map(w);
    json_put_member(w, S("checkpoint"), head);
    put_path(w, S("path"), &path, a);
    json_put_map_end(w);
    return true;
}

bool proof_object(
    Catalog *c, const ProofKey *key, Str object_id, int version, int64_t since, Arena *a, Str *ret, Err *err)
{
    CatalogProof p;
    Str head;
    if (!catalog_tree_prove(c, object_id, version, 0, a, &p, err) ||
        !proof_head_write(c, key, p.size, a, &head, err))
        return false;
    CLEANUP(buf_free) Buf out = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member(&w, S("format"), S("vitrine-proof 1"));
    json_put_member(&w, S("version_entry"), p.version_entry);
    json_put_member_int(&w, S("version_place"), p.place);
    put_path(&w, S("version_path"), &p.version_path, a);
    json_put_member(&w, S("change_set_entry"), p.set_entry);
    json_put_member_int(&w, S("leaf"), p.leaf);
    put_path(&w, S("log_path"), &p.log_path, a);
    json_put_member(&w, S("checkpoint"), head);
    json_put_member(&w, S("key"), proof_verifier_text(a, &key->verifier));
    if (since > 0 && !put_growth(c, key, since, p.size, a, &w, err))
        return false;
    json_put_map_end(&w);
    buf_add_char(&out, '\n');
    return buf_into(&out, a, ret, err);
}
