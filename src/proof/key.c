// SPDX-License-Identifier: Apache-2.0
// Keys in the text form of C2SP signed-note: "name+id+base64(0x01 || public key)"; the secret one has
// "PRIVATE+KEY+" before it and the seed instead. The id is the beginning of sha256(name || "\n" || 0x01 ||
// key).
#include "base/clock.h"
#include "proof/int.h"

#include <sodium.h>

enum { ALGORITHM_ED25519 = 1, SEED_BYTES = 32, PUBLIC_BYTES = 32 };

static bool name_is_fine(Str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == '+' || (unsigned char)name.p[i] >= 0x7f)
            return false;
    return name.n > 0 && name.n < sizeof(((ProofVerifier *)NULL)->name);
}

static void verifier_fill(ProofVerifier *v, Str name, const unsigned char *public_key)
{
    CLEANUP(buf_free) Buf b = buf_with_max(PROOF_KEY_MAX_BYTES);
    *v = (ProofVerifier){0};
    memcpy(v->name, name.p, name.n);
    memcpy(v->bytes, public_key, PUBLIC_BYTES);
    buf_add(&b, name);
    buf_add_char(&b, '\n');
    buf_add_char(&b, ALGORITHM_ED25519);
    buf_add_bytes(&b, public_key, PUBLIC_BYTES);
    Sha256 id = sha256_of(buf_str(&b));
    memcpy(v->id, id.bytes, sizeof(v->id));
}

static bool sodium_ready(Err *err)
{
    return sodium_init() >= 0 || err_set(err, ERR_UNSUPPORTED, "the signature library does not start");
}

static Str key_text(Arena *a, const char *before, const ProofVerifier *v, const unsigned char *bytes)
{
    unsigned char marked[1 + SEED_BYTES] = {ALGORITHM_ED25519};
    memcpy(marked + 1, bytes, SEED_BYTES);
    Str id = hex_from_bytes(a, v->id, sizeof(v->id));
    Str body = base64_text(a, (Str){(const char *)marked, sizeof(marked)});
    return arena_printf(a, "%s%s+" FMT_STR "+" FMT_STR, before, v->name, ARG_STR(id), ARG_STR(body));
}

static const char SECRET[] = "PRIVATE+KEY+";

bool proof_key_make(Str name, Arena *a, Str *ret_secret, Err *err)
{
    unsigned char seed[SEED_BYTES], public_key[PUBLIC_BYTES], secret[crypto_sign_SECRETKEYBYTES];
    ProofVerifier v;
    if (!name_is_fine(name))
        return err_set(
            err, ERR_INVALID, "the name of a key has no blanks, no '+' and at most 127 characters");
    if (!sodium_ready(err))
        return false;
    random_bytes(seed, sizeof(seed));
    crypto_sign_seed_keypair(public_key, secret, seed);
    verifier_fill(&v, name, public_key);
    *ret_secret = key_text(a, SECRET, &v, seed);
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(secret, sizeof(secret));
    return true;
}

// "name+id+base64", to 32 bytes. The id is compared by the caller, who knows the public key.
static bool split_key(Str text, Str *ret_name, unsigned char id[4], unsigned char bytes[32])
{
    unsigned char marked[1 + SEED_BYTES];
    Str id_text, body;
    if (!str_cut(str_trim(text), '+', ret_name, &body) || !str_cut(body, '+', &id_text, &body) ||
        !name_is_fine(*ret_name) || !hex_to_bytes(id_text, id, 4) ||
        !base64_into(body, marked, sizeof(marked)) || marked[0] != ALGORITHM_ED25519)
        return false;
    memcpy(bytes, marked + 1, SEED_BYTES);
    return true;
}

bool proof_key_read(Str secret, ProofKey *ret, Err *err)
{
    unsigned char id[4], seed[SEED_BYTES], public_key[PUBLIC_BYTES];
    Str name, before = str_from(SECRET);
    ProofKey key = {0};
    secret = str_trim(secret);
    if (!sodium_ready(err))
        return false;
    if (!str_starts(secret, before) || !split_key(str_slice(secret, before.n, secret.n), &name, id, seed))
        return err_set(err, ERR_INVALID, "this is no secret key");
    crypto_sign_seed_keypair(public_key, key.secret, seed);
    verifier_fill(&key.verifier, name, public_key);
    sodium_memzero(seed, sizeof(seed));
    if (memcmp(id, key.verifier.id, sizeof(id)) != 0)
        return err_set(err, ERR_INVALID, "the secret key is damaged");
    *ret = key;
    return true;
}

Str proof_verifier_text(Arena *a, const ProofVerifier *verifier)
{
    return key_text(a, "", verifier, verifier->bytes);
}

bool proof_verifier_read(Str text, ProofVerifier *ret, Err *err)
{
    unsigned char id[4], public_key[PUBLIC_BYTES];
    Str name;
    ProofVerifier v;
    if (!split_key(text, &name, id, public_key))
        return err_set(err, ERR_INVALID, "this is no public key");
    verifier_fill(&v, name, public_key);
    if (memcmp(id, v.id, sizeof(id)) != 0)
        return err_set(err, ERR_INVALID, "the public key is damaged");
    *ret = v;
    return true;
}

void key_sign(const ProofKey *key, Str text, unsigned char signature[64])
{
    if (crypto_sign_detached(signature, NULL, (const unsigned char *)text.p, text.n, key->secret) != 0)
        abort(); // cannot happen for Ed25519
}

bool key_signed(const ProofVerifier *v, Str text, const unsigned char signature[64])
{
    return crypto_sign_verify_detached(signature, (const unsigned char *)text.p, text.n, v->bytes) == 0;
}
