// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { READ_BYTES = 256 * 1024 };

// OpenSSL 3 looks an algorithm up at each use unless it is fetched once (measured: the look-up costs more
// than the hash of a short text).
static EVP_MD *md512, *md256;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    md512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    md256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!md512 || !md256)
        abort();
}

static void digest(const EVP_MD *md, Str bytes, unsigned char *to)
{
    if (!EVP_Digest(bytes.p, bytes.n, to, NULL, md, NULL))
        abort();
}

Sha512 sha512_of(Str bytes)
{
    Sha512 result;
    pthread_once(&fetch_once, fetch);
    digest(md512, bytes, result.bytes);
    return result;
}

Sha256 sha256_of(Str bytes)
{
    Sha256 result;
    pthread_once(&fetch_once, fetch);
    digest(md256, bytes, result.bytes);
    return result;
}

struct Sha512Stream {
    EVP_MD_CTX *context;
};

Sha512Stream *sha512_open(void)
{
    pthread_once(&fetch_once, fetch);
    Sha512Stream *s = mem_alloc(sizeof(*s));
    s->context = EVP_MD_CTX_new();
    if (!s->context || !EVP_DigestInit_ex2(s->context, md512, NULL))
        abort();
    return s;
}

void sha512_add(Sha512Stream *s, Str bytes)
{
    if (!EVP_DigestUpdate(s->context, bytes.p, bytes.n))
        abort();
}

Sha512 sha512_finish(Sha512Stream *s)
{
    Sha512 result;
    if (!EVP_DigestFinal_ex(s->context, result.bytes, NULL))
        abort();
    sha512_closep(&s);
    return result;
}

void sha512_closep(Sha512Stream **s)
{
    if (!*s)
        return;
    EVP_MD_CTX_free((*s)->context);
    free(*s);
    *s = NULL;
}

bool sha512_of_file(int fd, Sha512 *ret, uint64_t *ret_bytes, Err *err)
{
    CLEANUP(sha512_closep) Sha512Stream *s = sha512_open();
    char *block = mem_alloc(READ_BYTES);
    uint64_t offset = 0;
    ssize_t got;
    while ((got = pread(fd, block, READ_BYTES, (off_t)offset)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            break;
        sha512_add(s, (Str){block, (size_t)got});
        offset += (uint64_t)got;
    }
    free(block);
    if (got < 0)
        return err_errno(err, "reading at byte %llu", (unsigned long long)offset);
    *ret = sha512_finish(s);
    s = NULL;
    *ret_bytes = offset;
    return true;
}

Str hex_from_bytes(Arena *a, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    char *text = arena_alloc(a, count * 2);
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[from[i] >> 4];
        text[2 * i + 1] = digits[from[i] & 15];
    }
    return (Str){text, count * 2};
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_to_bytes(Str hex, void *to, size_t count)
{
    unsigned char *bytes = to;
    if (hex.n != count * 2)
        return false;
    for (size_t i = 0; i < hex.n; i++)
        if (hex_value(hex.p[i]) < 0)
            return false;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (unsigned char)(hex_value(hex.p[2 * i]) * 16 + hex_value(hex.p[2 * i + 1]));
    return true;
}

Str sha512_hex(Arena *a, const Sha512 *digest)
{
    return hex_from_bytes(a, digest->bytes, SHA512_BYTES);
}

bool sha512_from_hex(Str hex, Sha512 *ret)
{
    return hex_to_bytes(hex, ret->bytes, SHA512_BYTES);
}

bool sha512_eq(const Sha512 *a, const Sha512 *b)
{
    return memcmp(a->bytes, b->bytes, SHA512_BYTES) == 0;
}
