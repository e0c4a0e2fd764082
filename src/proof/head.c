// SPDX-License-Identifier: Apache-2.0
// A head as C2SP tlog-checkpoint: three lines of text, an empty one, and a line for each signature.
//
//   museum-4f2a
//   1204
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//   - museum-4f2a
//   Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//
// (The dash is an em dash, U+2014.)
#include "proof/int.h"

static const char DASH[] = "\xe2\x80\x94 ";
enum { SIGNATURE_BYTES = 64 };

bool proof_head_write(Catalog *c, const ProofKey *key, int64_t size, Arena *a, Str *ret, Err *err)
{
    Sha256 root;
    if ((size < 0 && !catalog_tree_size(c, &size, err)) || !catalog_tree_root(c, size, &root, err))
        return false;
    Str root_text = base64_text(a, (Str){(const char *)root.bytes, SHA256_BYTES});
    Str text =
        arena_printf(a, "%s\n%lld\n" FMT_STR "\n", key->verifier.name, (long long)size, ARG_STR(root_text));
    unsigned char marked[4 + SIGNATURE_BYTES];
    memcpy(marked, key->verifier.id, 4);
    key_sign(key, text, marked + 4);
    Str signature = base64_text(a, (Str){(const char *)marked, sizeof(marked)});
    *ret = arena_printf(
        a, FMT_STR "\n%s%s " FMT_STR "\n", ARG_STR(text), DASH, key->verifier.name, ARG_STR(signature));
    return true;
}

// Is one of the lines behind the text a good signature by this key? Others may have signed as well.
static bool has_signature(Str lines, Str text, const ProofVerifier *v)
{
    Str line, name, body;
    while (str_next(&lines, '\n', &line)) {
        unsigned char marked[4 + SIGNATURE_BYTES];
        if (!str_starts(line, str_from(DASH)) ||
            !str_cut(str_slice(line, sizeof(DASH) - 1, line.n), ' ', &name, &body))
            continue;
        if (str_eq(name, str_from(v->name)) && base64_into(body, marked, sizeof(marked)) &&
            memcmp(marked, v->id, 4) == 0 && key_signed(v, text, marked + 4))
            return true;
    }
    return false;
}

bool proof_head_read(Str note, const ProofVerifier *verifier, ProofHead *ret, Err *err)
{
    Str origin, size, root, rest;
    size_t end;
    ProofHead head;
    if (note.n > PROOF_NOTE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "a signed head has at most %d bytes", PROOF_NOTE_MAX_BYTES);
    if (!str_find(note, S("\n\n"), &end))
        return err_set(err, ERR_INVALID, "this is no signed head");
    Str text = str_slice(note, 0, end + 1);
    if (!str_cut(text, '\n', &origin, &rest) || !str_cut(rest, '\n', &size, &rest) ||
        !str_cut(rest, '\n', &root, &rest) || !str_to_int64(size, &head.size) || head.size < 0 ||
        (size.n > 1 && (size.p[0] == '0' || size.p[0] == '-')) ||
        !base64_into(root, head.root.bytes, SHA256_BYTES))
        return err_set(err, ERR_INVALID, "this is no signed head");
    if (!str_eq(origin, str_from(verifier->name)))
        return err_set(
            err, ERR_INVALID, "the head is of another log: " FMT_STR, ARG_STR(str_slice(origin, 0, 100)));
    if (!has_signature(str_slice(note, end + 2, note.n), text, verifier))
        return err_set(err, ERR_INVALID, "the head is not signed by %s", verifier->name);
    *ret = head;
    return true;
}

bool proof_head_check(Catalog *c, const ProofHead *head, Err *err)
{
    int64_t size;
    Sha256 root;
    if (!catalog_tree_size(c, &size, err))
        return false;
    if (size < head->size)
        return err_set(err, ERR_CORRUPT, "the log had %lld change sets and now has %lld: something is gone",
            (long long)head->size, (long long)size);
    if (!catalog_tree_root(c, head->size, &root, err))
        return false;
    return memcmp(root.bytes, head->root.bytes, SHA256_BYTES) == 0 ||
           err_set(err, ERR_CORRUPT,
               "the first %lld change sets are not what was signed: something was rewritten",
               (long long)head->size);
}
