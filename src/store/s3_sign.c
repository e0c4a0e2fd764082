// SPDX-License-Identifier: Apache-2.0
#include "store/s3_sign.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/utf8.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

enum { CANONICAL_MAX_BYTES = 256 * 1024, DAY_BYTES = 8 };

#define ALGORITHM "AWS4-HMAC-SHA256"

// "2013-05-24T00:00:00Z" without its punctuation.
Str s3_date(Arena *a, int64_t time_ms)
{
    Str t = time_rfc3339(a, time_ms);
    return arena_printf(a, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", t.p, t.p + 5, t.p + 8, t.p + 11, t.p + 14, t.p + 17);
}

static Sha256 hmac(Str key, Str text)
{
    Sha256 mac;
    unsigned int n = sizeof(mac.bytes);
    if (!HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n, mac.bytes, &n))
        abort();
    return mac;
}

static Str mac_str(const Sha256 *mac)
{
    return (Str){(const char *)mac->bytes, sizeof(mac->bytes)};
}

// The key of one day, region and service; what it is made from is wiped.
static Sha256 signing_key(const S3Keys *keys, Str day, const S3Signing *what, Arena *a)
{
    Str first = arena_printf(a, "AWS4" FMT_STR, ARG_STR(keys->secret_key));
    Sha256 mac = hmac(first, day);
    OPENSSL_cleanse((void *)(uintptr_t)first.p, first.n);
    mac = hmac(mac_str(&mac), what->region);
    mac = hmac(mac_str(&mac), what->service);
    return hmac(mac_str(&mac), S("aws4_request"));
}

static int compare_pairs(const void *a, const void *b)
{
    const S3Pair *x = a, *y = b;
    int order = str_compare(x->name, y->name);
    return order ? order : str_compare(x->value, y->value);
}

static S3Pair *sorted(const S3Pair *pairs, size_t count, bool encode, Arena *a)
{
    S3Pair *copy = arena_array(a, S3Pair, count + 1);
    for (size_t i = 0; i < count; i++)
        copy[i] =
            encode ? (S3Pair){uri_encode(a, pairs[i].name, ""), uri_encode(a, pairs[i].value, "")} : pairs[i];
    if (count)
        qsort(copy, count, sizeof(*copy), compare_pairs);
    return copy;
}

static Str query_text(const S3Signing *what, Arena *a)
{
    CLEANUP(buf_free) Buf out = buf_with_max(CANONICAL_MAX_BYTES);
    S3Pair *pairs = sorted(what->query, what->query_count, true, a);
    for (size_t i = 0; i < what->query_count; i++)
        buf_printf(
            &out, "%s" FMT_STR "=" FMT_STR, i ? "&" : "", ARG_STR(pairs[i].name), ARG_STR(pairs[i].value));
    return arena_copy(a, buf_str(&out));
}

// Runs of spaces in a value count as one.
static void add_value(Buf *out, Str value)
{
    value = str_trim(value);
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] != ' ' || value.p[i - 1] != ' ')
            buf_add_char(out, value.p[i]);
}

// Returns "host;range;x-amz-date".
static Str add_headers(Buf *canonical, const S3Signing *what, Arena *a)
{
    S3Pair *pairs = sorted(what->headers, what->headers_count, false, a);
    Str *names = arena_array(a, Str, what->headers_count + 1);
    for (size_t i = 0; i < what->headers_count; i++) {
        names[i] = pairs[i].name;
        buf_printf(canonical, FMT_STR ":", ARG_STR(pairs[i].name));
        add_value(canonical, pairs[i].value);
        buf_add_char(canonical, '\n');
    }
    return arena_join(a, names, what->headers_count, S(";"));
}

S3Signed s3_sign(const S3Keys *keys, const S3Signing *what, Arena *a)
{
    CLEANUP(buf_free) Buf canonical = buf_with_max(CANONICAL_MAX_BYTES);
    S3Signed signed_ = {.path = uri_encode(a, what->path, "/"), .query = query_text(what, a)};
    buf_printf(&canonical, FMT_STR "\n" FMT_STR "\n" FMT_STR "\n", ARG_STR(what->method),
        ARG_STR(signed_.path), ARG_STR(signed_.query));
    Str names = add_headers(&canonical, what, a);
    buf_printf(&canonical, "\n" FMT_STR "\n" FMT_STR, ARG_STR(names), ARG_STR(what->payload_sha256));

    Str date = s3_date(a, what->time_ms), day = str_slice(date, 0, DAY_BYTES);
    Str scope = arena_printf(a, FMT_STR "/" FMT_STR "/" FMT_STR "/aws4_request", ARG_STR(day),
        ARG_STR(what->region), ARG_STR(what->service));
    Sha256 digest = sha256_of(buf_str(&canonical)), key = signing_key(keys, day, what, a);
    Str to_sign = arena_printf(a, ALGORITHM "\n" FMT_STR "\n" FMT_STR "\n" FMT_STR, ARG_STR(date),
        ARG_STR(scope), ARG_STR(hex_from_bytes(a, digest.bytes, sizeof(digest.bytes))));
    Sha256 signature = hmac(mac_str(&key), to_sign);
    OPENSSL_cleanse(&key, sizeof(key));
    signed_.authorization = arena_printf(a,
        ALGORITHM " Credential=" FMT_STR "/" FMT_STR ", SignedHeaders=" FMT_STR ", Signature=" FMT_STR,
        ARG_STR(keys->access_key), ARG_STR(scope), ARG_STR(names),
        ARG_STR(hex_from_bytes(a, signature.bytes, sizeof(signature.bytes))));
    return signed_;
}
