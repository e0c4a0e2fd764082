// SPDX-License-Identifier: Apache-2.0
#include "preserve/anydigest.h"

#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024, AT_ONCE_MAX = 8 };

typedef struct {
    const char *name;
    const char *openssl; // NULL: BLAKE2b by libsodium, which knows its shorter forms
    size_t bytes;
} Kind;

static const Kind kinds[] = {{"md5", "MD5", 16}, {"sha1", "SHA1", 20}, {"sha224", "SHA224", 28},
    {"sha256", "SHA256", 32}, {"sha384", "SHA384", 48}, {"sha512", "SHA512", 64},
    {"sha512/256", "SHA512-256", 32}, {"blake2b-160", NULL, 20}, {"blake2b-256", NULL, 32},
    {"blake2b-384", NULL, 48}, {"blake2b-512", NULL, 64}};

static const Kind *find_kind(Str algorithm)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_eq(algorithm, str_from(kinds[i].name)))
            return &kinds[i];
    return NULL;
}

size_t anydigest_bytes(Str algorithm)
{
    const Kind *kind = find_kind(algorithm);
    return kind ? kind->bytes : 0;
}

typedef struct {
    const Kind *kind;
    EVP_MD_CTX *evp;
    crypto_generichash_state blake;
} Running;

static bool begin(Running *r, Str algorithm, Err *err)
{
    *r = (Running){.kind = find_kind(algorithm)};
    if (!r->kind)
        return err_set(
            err, ERR_UNSUPPORTED, "the digest algorithm " FMT_STR, ARG_STR(str_slice(algorithm, 0, 40)));
    if (!r->kind->openssl)
        return crypto_generichash_init(&r->blake, NULL, 0, r->kind->bytes) == 0 ||
               err_set(err, ERR_UNSUPPORTED, "%s", r->kind->name);
    r->evp = EVP_MD_CTX_new();
    EVP_MD *md = EVP_MD_fetch(NULL, r->kind->openssl, NULL);
    bool good = r->evp && md && EVP_DigestInit_ex2(r->evp, md, NULL);
    EVP_MD_free(md); // the context keeps it
    if (good)
        return true;
    EVP_MD_CTX_free(r->evp);
    return err_set(err, ERR_UNSUPPORTED, "%s is switched off in this OpenSSL", r->kind->name);
}

static void add(Running *r, const void *bytes, size_t count)
{
    bool good = r->evp ? EVP_DigestUpdate(r->evp, bytes, count)
                       : crypto_generichash_update(&r->blake, bytes, count) == 0;
    if (!good)
        abort();
}

static AnyDigest finish(Running *r)
{
    AnyDigest digest = {.count = r->kind->bytes};
    bool good = r->evp ? EVP_DigestFinal_ex(r->evp, digest.bytes, NULL)
                       : crypto_generichash_final(&r->blake, digest.bytes, digest.count) == 0;
    if (!good)
        abort();
    EVP_MD_CTX_free(r->evp);
    return digest;
}

static bool read_through(int fd, Running *running, size_t count, uint64_t *ret_bytes, Err *err)
{
    char *block = mem_alloc(BLOCK_BYTES);
    uint64_t offset = 0;
    ssize_t got;
    while ((got = pread(fd, block, BLOCK_BYTES, (off_t)offset)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        for (size_t i = 0; i < count; i++)
            add(&running[i], block, (size_t)got);
        offset += (uint64_t)got;
    }
    free(block);
    *ret_bytes = offset;
    return got == 0 || err_errno(err, "reading at byte %llu", (unsigned long long)offset);
}

bool anydigests_of_file(
    int fd, const Str *algorithms, size_t count, AnyDigest *ret, uint64_t *ret_bytes, Err *err)
{
    Running running[AT_ONCE_MAX];
    size_t begun = 0;
    assert(count <= AT_ONCE_MAX);
    while (begun < count && begin(&running[begun], algorithms[begun], err))
        begun++;
    bool good = begun == count && read_through(fd, running, count, ret_bytes, err);
    for (size_t i = 0; i < begun; i++) {
        AnyDigest digest = finish(&running[i]);
        if (good)
            ret[i] = digest;
    }
    return good;
}

bool anydigest_of_file(int fd, Str algorithm, AnyDigest *ret, Err *err)
{
    uint64_t bytes;
    return anydigests_of_file(fd, &algorithm, 1, ret, &bytes, err);
}

bool anydigest_of(Str bytes, Str algorithm, AnyDigest *ret, Err *err)
{
    Running running;
    if (!begin(&running, algorithm, err))
        return false;
    add(&running, bytes.p, bytes.n);
    *ret = finish(&running);
    return true;
}

bool anydigest_is(const AnyDigest *digest, Str hex)
{
    unsigned char want[64];
    return hex_to_bytes(hex, want, digest->count) && memcmp(want, digest->bytes, digest->count) == 0;
}
