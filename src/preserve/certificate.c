// SPDX-License-Identifier: Apache-2.0
// The certificate: what was read, when, and one digest for the whole vault, signed with Ed25519 (RFC 8032).
// An auditor checks the signature with OpenSSL and the digest with find, sort and sha512sum; the HTML page
// says how.
#include "preserve/certificate.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "preserve/fixity.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERTIFICATE_MAX_BYTES = 64 * 1024 };

// ---- the key

typedef struct {
    unsigned char secret[crypto_sign_SECRETKEYBYTES], public[crypto_sign_PUBLICKEYBYTES];
} Key;

// SubjectPublicKeyInfo of RFC 8410: a fixed head, then the 32 bytes.
static bool write_public(int folder, const Key *key, Err *err)
{
    static const unsigned char head[] = {
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    unsigned char der[sizeof(head) + crypto_sign_PUBLICKEYBYTES];
    char base64[128];
    CLEANUP(arena_closep) Arena *a = arena_open();
    memcpy(der, head, sizeof(head));
    memcpy(der + sizeof(head), key->public, sizeof(key->public));
    sodium_bin2base64(base64, sizeof(base64), der, sizeof(der), sodium_base64_VARIANT_ORIGINAL);
    Str pem = arena_printf(a, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", base64);
    return file_replace(folder, "key.pub.pem", pem, true, err);
}

static bool make_key(int folder, Key *ret, Err *err)
{
    unsigned char seed[crypto_sign_SEEDBYTES];
    random_bytes(seed, sizeof(seed));
    crypto_sign_seed_keypair(ret->public, ret->secret, seed);
    CLEANUP(fd_closep) int fd = openat(folder, "key", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "making the signing key");
    return file_write_all(fd, (Str){(const char *)seed, sizeof(seed)}, err) &&
           (fsync(fd) == 0 || err_errno(err, "flushing the signing key")) && write_public(folder, ret, err);
}

static bool find_key(int folder, Key *ret, Err *err)
{
    unsigned char seed[crypto_sign_SEEDBYTES];
    Err why = {0};
    if (sodium_init() < 0)
        return err_set(err, ERR_UNSUPPORTED, "libsodium does not start");
    CLEANUP(fd_closep) int fd = file_open(folder, "key", &why);
    if (fd < 0 && why.kind == ERR_NOT_FOUND)
        return make_key(folder, ret, err);
    if (fd < 0 || !file_read_at(fd, seed, sizeof(seed), 0, &why)) {
        *err = why;
        return false;
    }
    crypto_sign_seed_keypair(ret->public, ret->secret, seed);
    return write_public(folder, ret, err);
}

// ---- the text

static Str certificate_json(
    Arena *a, Str museum, const FixityResult *r, const Sha512 *vault, uint64_t objects, const Key *key)
{
    CLEANUP(buf_free) Buf out = buf_with_max(CERTIFICATE_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    Err err = {0};
    Str text = {0};
    json_put_map(&w);
    json_put_member(&w, S("type"), S("vitrine fixity certificate 1"));
    json_put_member(&w, S("museum"), museum);
    json_put_member(&w, S("began"), time_rfc3339(a, r->started_ms));
    json_put_member(&w, S("ended"), time_rfc3339(a, r->ended_ms));
    json_put_member_int(&w, S("objects"), (int64_t)r->objects);
    json_put_member_int(&w, S("files"), (int64_t)r->files);
    json_put_member_int(&w, S("bytes"), (int64_t)r->bytes);
    json_put_member_int(&w, S("problems"), (int64_t)r->damaged);
    json_put_member_int(&w, S("filesMended"), (int64_t)r->mended);
    json_put_member_int(&w, S("objectsStillDamaged"), (int64_t)r->lost);
    json_put_member_int(&w, S("inventories"), (int64_t)objects);
    json_put_member(&w, S("vaultSha512"), sha512_hex(a, vault));
    json_put_member(&w, S("publicKeyEd25519"), hex_from_bytes(a, key->public, sizeof(key->public)));
    json_put_map_end(&w);
    buf_add_char(&out, '\n');
    return buf_into(&out, a, &text, &err) ? text : (Str){0};
}

static void add_escaped(Buf *out, Str text)
{
    for (size_t i = 0; i < text.n; i++)
        switch (text.p[i]) {
        case '<':
            buf_add(out, S("&lt;"));
            break;
        case '>':
            buf_add(out, S("&gt;"));
            break;
        case '&':
            buf_add(out, S("&amp;"));
            break;
        default:
            buf_add_char(out, text.p[i]);
        }
}

static Str certificate_html(Arena *a, Str museum, Str month, const FixityResult *r, const Sha512 *vault)
{
    CLEANUP(buf_free) Buf out = buf_with_max(CERTIFICATE_MAX_BYTES);
    Err err = {0};
    Str text = {0};
    buf_add(&out,
        S("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Fixity certificate</title>\n"
          "<style>body{font:1rem/1.5 Georgia,serif;max-width:44rem;margin:4rem auto;padding:0 1rem}"
          "td,th{text-align:left;padding:.2rem 1.5rem .2rem 0;vertical-align:top}"
          "pre{white-space:pre-wrap;overflow-wrap:anywhere}</style>\n<h1>Fixity certificate</h1>\n<p>"));
    add_escaped(&out, museum);
    buf_printf(&out,
        ": every file in the vault was read and compared with the SHA-512 noted for it.</p>\n<table>\n");
    buf_printf(&out, "<tr><th>Began<td>" FMT_STR "<tr><th>Ended<td>" FMT_STR "\n",
        ARG_STR(time_rfc3339(a, r->started_ms)), ARG_STR(time_rfc3339(a, r->ended_ms)));
    buf_printf(&out, "<tr><th>Objects<td>%llu<tr><th>Files<td>%llu<tr><th>Bytes<td>%llu\n",
        (unsigned long long)r->objects, (unsigned long long)r->files, (unsigned long long)r->bytes);
    buf_printf(&out,
        "<tr><th>Problems found<td>%llu<tr><th>Files mended from the copy<td>%llu<tr><th>Objects still "
        "damaged<td>%llu\n</table>\n",
        (unsigned long long)r->damaged, (unsigned long long)r->mended, (unsigned long long)r->lost);
    buf_add(&out, S("<h2>How to check this without the program that wrote it</h2>\n<p>The signature, beside "
                    "this page:</p>\n<pre>"));
    buf_printf(&out,
        "openssl pkeyutl -verify -pubin -inkey ../key.pub.pem -rawin -in " FMT_STR ".json -sigfile " FMT_STR
        ".json.sig</pre>\n",
        ARG_STR(month), ARG_STR(month));
    buf_add(&out, S("<p>The vault, as long as nothing was added since. In its folder</p>\n<pre>find . "
                    "-mindepth 2 -maxdepth 2 -type d "
                    "-not -path './extensions/*' | LC_ALL=C sort | while read -r d; do sha512sum "
                    "\"$d/inventory.json\"; done | "
                    "sha512sum</pre>\n<p>prints</p>\n<pre>"));
    buf_add(&out, sha512_hex(a, vault));
    buf_add(
        &out, S("</pre>\n<p>Each inventory names the SHA-512 of each file of its object.</p>\n</html>\n"));
    return buf_into(&out, a, &text, &err) ? text : (Str){0};
}

bool fixity_certify(
    const char *home, Store *store, Str museum, const FixityResult *result, Arena *a, Str *ret_path, Err *err)
{
    Sha512 vault;
    uint64_t objects;
    Key key;
    unsigned char signature[crypto_sign_BYTES];
    if (!result->complete)
        return err_set(err, ERR_INVALID, "a run that was stopped gives no certificate");
    CLEANUP(fd_closep) int folder = fixity_folder(home, err);
    CLEANUP(fd_closep) int certificates = folder < 0 ? -1 : dir_open(folder, "certificates", err);
    if (certificates < 0 || !find_key(folder, &key, err) || !store_fingerprint(store, &vault, &objects, err))
        return false;
    Str month = str_slice(time_rfc3339(a, result->ended_ms), 0, 7);
    Str json = certificate_json(a, museum, result, &vault, objects, &key);
    Str html = certificate_html(a, museum, month, result, &vault);
    crypto_sign_detached(signature, NULL, (const unsigned char *)json.p, json.n, key.secret);
    sodium_memzero(key.secret, sizeof(key.secret));
    const char *json_name = arena_printf(a, FMT_STR ".json", ARG_STR(month)).p;
    const char *sig_name = arena_printf(a, FMT_STR ".json.sig", ARG_STR(month)).p;
    const char *html_name = arena_printf(a, FMT_STR ".html", ARG_STR(month)).p;
    if (!file_replace(certificates, json_name, json, true, err) ||
        !file_replace(certificates, sig_name, (Str){(const char *)signature, sizeof(signature)}, true, err) ||
        !file_replace(certificates, html_name, html, true, err))
        return false;
    *ret_path = arena_printf(a, "preserve/certificates/" FMT_STR ".json", ARG_STR(month));
    return true;
}
