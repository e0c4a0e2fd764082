// SPDX-License-Identifier: Apache-2.0
// Where an object lies and what it is called there.
#include "base/file.h"
#include "base/utf8.h"
#include "store/place.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAYOUT "0003-hash-and-id-n-tuple-storage-layout"
#define LAYOUT_DIGEST "0004-hashed-n-tuple-storage-layout"
#define URN "urn:vitrine:"

enum { LAYOUT_MAX_BYTES = 64 * 1024, NAME_MAX_BYTES = 100 };

static const char declaration[] = "ocfl_1.1\n";

// One level of 4096 folders: at 10 million objects 2,400 in each, and a small museum does not pay three
// folders for every object (docs/decisions/030-vault-layout.md has the figures).
static const char layout_json[] =
    "{\"extension\":\"" LAYOUT
    "\",\"description\":\"An object lies in a folder named by its id, percent-encoded, "
    "below one of 4096 folders named by the first three digits of the SHA-512 of the id.\"}\n";
static const char config_json[] = "{\"extensionName\":\"" LAYOUT
                                  "\",\"digestAlgorithm\":\"sha512\",\"tupleSize\":3,\"numberOfTuples\":1}\n";

// Is everything in the folder something that store_root_make itself puts there?
static bool only_ours(int vault, Arena *a, Err *err)
{
    Str *names;
    size_t count;
    if (!store_names(vault, ".", a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!str_eq(names[i], S("extensions")) && !str_starts(names[i], S("ocfl_layout.json")) &&
            !str_starts(names[i], S("0=ocfl_1.1")))
            return err_set(
                err, ERR_CORRUPT, "vault/ is not an OCFL 1.1 storage root: it has no file 0=ocfl_1.1");
    return true;
}

bool store_root_make(int home, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (!dir_make(home, "vault/extensions/" LAYOUT, err))
        return false;
    CLEANUP(fd_closep) int vault = dir_open(home, "vault", err);
    if (vault < 0 || !only_ours(vault, a, err))
        return false;
    CLEANUP(fd_closep) int extension = dir_open(vault, "extensions/" LAYOUT, err);
    // The declaration comes last: a folder that has it has everything.
    bool made = extension >= 0 && file_replace(extension, "config.json", str_from(config_json), false, err) &&
                file_replace(vault, "ocfl_layout.json", str_from(layout_json), false, err) &&
                (store_io->flush(vault) == 0 || err_errno(err, "flushing the new vault")) &&
                file_replace(vault, "0=ocfl_1.1", str_from(declaration), false, err);
    return made && (store_io->flush(vault) == 0 || err_errno(err, "flushing the new vault"));
}

static const Json *read_json(Store *s, const char *path, Arena *a, Err *err)
{
    Str text;
    return place_read_all(s, path, LAYOUT_MAX_BYTES, a, &text, err) ? json_parse(text, a, err) : NULL;
}

bool store_layout_read(Store *s, StoreLayout *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str declared;
    Err why = {0};
    if (!place_read_all(s, "0=ocfl_1.1", LAYOUT_MAX_BYTES, a, &declared, &why)) {
        if (place_is_about_the_way(s, &why)) {
            *err = why;
            return false;
        }
        return err_set(err, s->bucket ? ERR_NOT_FOUND : ERR_CORRUPT,
            "%s is not an OCFL 1.1 storage root: it has no file 0=ocfl_1.1",
            s->bucket ? "the bucket" : "vault/");
    }
    const Json *layout = read_json(s, "ocfl_layout.json", a, err);
    if (!layout)
        return false;
    bool named = str_eq(json_text(layout, S("extension")), S(LAYOUT));
    if (!named && !str_eq(json_text(layout, S("extension")), S(LAYOUT_DIGEST)))
        return err_set(err, ERR_UNSUPPORTED, "the vault has another storage layout than " LAYOUT);
    const Json *config = read_json(
        s, named ? "extensions/" LAYOUT "/config.json" : "extensions/" LAYOUT_DIGEST "/config.json", a, err);
    if (!config)
        return false;
    Str algorithm = json_text(config, S("digestAlgorithm"));
    int64_t bytes = json_int(config, S("tupleSize"), 3), tuples = json_int(config, S("numberOfTuples"), 3);
    bool sha256 = algorithm.n == 0 || str_eq(algorithm, S("sha256")); // the default of both
    int64_t hex_bytes = sha256 ? 2 * SHA256_BYTES : 2 * SHA512_BYTES;
    if (!sha256 && !str_eq(algorithm, S("sha512")))
        return err_set(err, ERR_UNSUPPORTED, "the vault's layout uses " FMT_STR, ARG_STR(algorithm));
    if (bytes < 0 || tuples < 0 || bytes > 32 || tuples > 32 || (bytes == 0) != (tuples == 0) ||
        bytes * tuples >= hex_bytes)
        return err_set(err, ERR_CORRUPT, "the vault's layout has a tuple size that makes no sense");
    *ret = (StoreLayout){.named = named,
        .sha256 = sha256,
        .tuple_bytes = (int)bytes,
        .tuples = (int)tuples,
        .short_root = json_bool(config, S("shortObjectRoot"), false)};
    return true;
}

// Lower-case hex of the id's digest; returns its length.
static size_t digest_name(const StoreLayout *layout, Str uri, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[SHA512_BYTES];
    size_t count = layout->sha256 ? SHA256_BYTES : SHA512_BYTES;
    if (layout->sha256)
        memcpy(bytes, sha256_of(uri).bytes, count);
    else
        memcpy(bytes, sha512_of(uri).bytes, count);
    for (size_t i = 0; i < count; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    return 2 * count;
}

// 0003: the id with everything but letters, digits, '-' and '_' percent-encoded in lower case; of a long one
// the first hundred characters, '-' and the digest. Returns the length.
static size_t encoded_name(Str uri, const char *hex, size_t hex_bytes, char *to)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (size_t i = 0; i < uri.n; i++) {
        unsigned char c = (unsigned char)uri.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_';
        char piece[3] = {(char)c, 0, 0};
        if (!plain)
            memcpy(piece, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
        for (size_t j = 0; j < (plain ? 1u : 3u); j++) {
            if (n == NAME_MAX_BYTES) {
                to[n++] = '-';
                memcpy(to + n, hex, hex_bytes);
                return n + hex_bytes;
            }
            to[n++] = piece[j];
        }
    }
    return n;
}

void store_folder_of(const StoreLayout *layout, Str uri, StoreFolder *ret)
{
    char hex[2 * SHA512_BYTES];
    size_t n = digest_name(layout, uri, hex), at = 0, tuple_bytes = (size_t)layout->tuple_bytes;
    for (int i = 0; i < layout->tuples; i++) {
        memcpy(ret->path + at, hex + (size_t)i * tuple_bytes, tuple_bytes);
        at += tuple_bytes;
        ret->path[at++] = '/';
    }
    ret->name = ret->path + at;
    if (layout->named) {
        at += encoded_name(uri, hex, n, ret->path + at);
    } else {
        size_t skip = layout->short_root ? (size_t)layout->tuples * tuple_bytes : 0;
        memcpy(ret->path + at, hex + skip, n - skip);
        at += n - skip;
    }
    ret->path[at] = '\0';
}

Str store_uri_of(Arena *a, Str object_id)
{
    Str encoded = uri_encode(a, object_id, ":");
    char *p = arena_alloc(a, sizeof(URN) - 1 + encoded.n);
    memcpy(p, URN, sizeof(URN) - 1);
    memcpy(p + sizeof(URN) - 1, encoded.p, encoded.n);
    return (Str){p, sizeof(URN) - 1 + encoded.n};
}

Str store_id_of(Arena *a, Str uri)
{
    Err err = {0};
    Str id;
    if (!str_starts(uri, S(URN)) ||
        !uri_decode(a, str_slice(uri, sizeof(URN) - 1, uri.n), false, &id, &err) || !store_id_check(id, &err))
        return uri;
    return id;
}

bool store_id_check(Str object_id, Err *err)
{
    if (object_id.n == 0)
        return err_set(err, ERR_INVALID, "the id is empty");
    if (object_id.n > STORE_ID_MAX_BYTES)
        return err_set(
            err, ERR_LIMIT, "the id has %zu bytes, the limit is %d", object_id.n, STORE_ID_MAX_BYTES);
    if (memchr(object_id.p, '\0', object_id.n) || !utf8_valid(object_id, NULL))
        return err_set(err, ERR_INVALID, "the id is not UTF-8 text");
    return true;
}

bool store_path_good(Str path)
{
    if (path.n == 0 || path.n > STORE_PATH_MAX_BYTES || path.p[path.n - 1] == '/' ||
        memchr(path.p, '\0', path.n) || !utf8_valid(path, NULL))
        return false;
    for (Str rest = path, part; str_next(&rest, '/', &part);)
        if (part.n == 0 || str_eq(part, S(".")) || str_eq(part, S("..")))
            return false;
    return true;
}
