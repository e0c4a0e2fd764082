// SPDX-License-Identifier: Apache-2.0
// The certificate: what was read, when, and one digest for the whole vault, signed with Ed25519 (RFC 8032).
// The signed document is JSON; a page (HTML) and a sheet (PDF) beside it show the same facts. An auditor
// checks the signature with OpenSSL and the digest with find, sort and sha512sum; both say how, and
// tools/check-certificate does it.
#include "preserve/certificate.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "preserve/fixity.h"
#include "preserve/markup.h"
#include "preserve/pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERTIFICATE_MAX_BYTES = 64 * 1024, LIST_MAX_BYTES = 4 * 1024 * 1024 };

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
    CLEANUP(arena_closep) Arena *a = arena_open();
    memcpy(der, head, sizeof(head));
    memcpy(der + sizeof(head), key->public, sizeof(key->public));
    Str pem = arena_printf(a, "-----BEGIN PUBLIC KEY-----\n" FMT_STR "\n-----END PUBLIC KEY-----\n",
        ARG_STR(base64_text(a, (Str){(const char *)der, sizeof(der)})));
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

// ---- for people: the same facts on a page and on paper

typedef struct {
    const char *label;
    Str value;
} Fact;

enum { FACTS = 10 };

static void gather_facts(Arena *a, Str museum, const FixityResult *r, const Key *key, Fact ret[FACTS])
{
    const Fact facts[FACTS] = {{"Museum", museum}, {"Began", time_rfc3339(a, r->started_ms)},
        {"Ended", time_rfc3339(a, r->ended_ms)},
        {"Objects", arena_printf(a, "%llu", (unsigned long long)r->objects)},
        {"Files", arena_printf(a, "%llu", (unsigned long long)r->files)},
        {"Bytes", arena_printf(a, "%llu", (unsigned long long)r->bytes)},
        {"Problems found", arena_printf(a, "%llu", (unsigned long long)r->damaged)},
        {"Files mended", arena_printf(a, "%llu", (unsigned long long)r->mended)},
        {"Objects still damaged", arena_printf(a, "%llu", (unsigned long long)r->lost)},
        {"Public key (Ed25519)", hex_from_bytes(a, key->public, sizeof(key->public))}};
    memcpy(ret, facts, sizeof(facts));
}

#define CLAIM "Every file in the vault was read and compared with the SHA-512 that is noted for it."
#define HOW_SIGNED "The signature lies beside this document. With OpenSSL 3:"
#define HOW_VAULT "The vault, as long as nothing was added since. In its folder, this"
#define HOW_INVENTORIES "Each inventory names the SHA-512 of each file of its object."
#define VAULT_COMMAND                                                                                        \
    "find . -mindepth 2 -maxdepth 2 -type d -not -path './extensions/*' | LC_ALL=C sort | "                  \
    "while read -r d; do sha512sum \"$d/inventory.json\"; done | sha512sum"

static Str signature_command(Arena *a, Str month)
{
    return arena_printf(a,
        "openssl pkeyutl -verify -pubin -inkey ../key.pub.pem -rawin -in " FMT_STR ".json -sigfile " FMT_STR
        ".json.sig",
        ARG_STR(month), ARG_STR(month));
}

static const char PAGE_HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>%s</title>\n"
    "<style>:root{color-scheme:light dark}body{font:1rem/1.5 Georgia,serif;max-width:44rem;margin:2rem "
    "auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{text-align:left;padding:.2rem 1.5rem .2rem 0;vertical-align:top;"
    "overflow-wrap:anywhere}td{min-width:9rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}</"
    "style>\n<h1>%s</h1>\n";

static void put_command(Buf *out, const char *before, Str command)
{
    buf_printf(out, "<p>%s</p>\n<pre>", before);
    markup_text(out, command);
    buf_add(out, S("</pre>\n"));
}

static Str certificate_html(Arena *a, Str month, const Fact facts[FACTS], const Sha512 *vault)
{
    CLEANUP(buf_free) Buf out = buf_with_max(CERTIFICATE_MAX_BYTES);
    Err err = {0};
    Str text = {0};
    buf_printf(&out, PAGE_HEAD, "Fixity certificate", "Fixity certificate");
    buf_add(&out, S("<p>" CLAIM "</p>\n<table>\n"));
    for (int i = 0; i < FACTS; i++) {
        buf_printf(&out, "<tr><th>%s<td>", facts[i].label);
        markup_text(&out, facts[i].value);
        buf_add_char(&out, '\n');
    }
    buf_add(&out, S("</table>\n<h2>How to check this without the program that wrote it</h2>\n"));
    put_command(&out, HOW_SIGNED, signature_command(a, month));
    put_command(&out, HOW_VAULT, S(VAULT_COMMAND));
    put_command(&out, "prints", sha512_hex(a, vault));
    buf_printf(&out,
        "<p>" HOW_INVENTORIES "</p>\n<p>As a document for signing and sending: <a href=\"" FMT_STR
        ".json\">JSON</a>, <a href=\"" FMT_STR ".json.sig\">signature</a>, <a href=\"" FMT_STR
        ".pdf\">PDF</a>. <a href=\"index.html\">All certificates</a></p>\n</html>\n",
        ARG_STR(month), ARG_STR(month), ARG_STR(month));
    return buf_into(&out, a, &text, &err) ? text : (Str){0};
}

static bool certificate_pdf(
    Arena *a, Str museum, Str month, const Fact facts[FACTS], const Sha512 *vault, Str *ret, Err *err)
{
    PdfLine lines[FACTS + 10] = {{PDF_HEADING, {0}, S("Fixity certificate")}, {PDF_TEXT, {0}, S(CLAIM)}};
    size_t count = 2;
    for (int i = 0; i < FACTS; i++)
        lines[count++] = (PdfLine){PDF_ROW, str_from(facts[i].label), facts[i].value};
    const PdfLine how[] = {{PDF_SUBHEADING, {0}, S("How to check this without the program that wrote it")},
        {PDF_TEXT, {0}, S(HOW_SIGNED)}, {PDF_FIXED, {0}, signature_command(a, month)},
        {PDF_TEXT, {0}, S(HOW_VAULT)}, {PDF_FIXED, {0}, S(VAULT_COMMAND)}, {PDF_TEXT, {0}, S("prints")},
        {PDF_FIXED, {0}, sha512_hex(a, vault)}, {PDF_TEXT, {0}, S(HOW_INVENTORIES)}};
    memcpy(lines + count, how, sizeof(how));
    return pdf_write(S("Fixity certificate"), museum, lines, count + COUNT_OF(how), a, ret, err);
}

// ---- the list

static int newest_first(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_compare(*y, *x);
}

static void list_one(Buf *out, int folder, Str name, Arena *a)
{
    Err err = {0};
    Str text, month = str_slice(name, 0, name.n - 5);
    CLEANUP(fd_closep) int fd = file_open(folder, arena_cstr(a, name), &err);
    const Json *c = fd >= 0 && file_read_all(fd, CERTIFICATE_MAX_BYTES, a, &text, &err)
                        ? json_parse(text, a, &err)
                        : NULL;
    if (!c)
        return;
    buf_add(out, S("<tr><td>"));
    markup_text(out, str_slice(json_text(c, S("ended")), 0, 10));
    buf_printf(out, "<td>%lld<td>%lld<td>%lld<td>%lld", (long long)json_int(c, S("objects"), 0),
        (long long)json_int(c, S("bytes"), 0), (long long)json_int(c, S("problems"), 0),
        (long long)json_int(c, S("objectsStillDamaged"), 0));
    static const char *const kinds[] = {".html", ".pdf", ".json", ".json.sig"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        buf_printf(out, "%s<a href=\"", i ? " " : "<td>");
        markup_text(out, month);
        buf_printf(out, "%s\">%s</a>", kinds[i], kinds[i] + 1);
    }
    buf_add_char(out, '\n');
}

// index.html: every certificate by its date, newest first.
static bool write_list(int folder, Str museum, Arena *a, Err *err)
{
    Str *names;
    size_t count;
    CLEANUP(buf_free) Buf out = buf_with_max(LIST_MAX_BYTES);
    if (!dir_files(folder, a, &names, &count, err))
        return false;
    if (count)
        qsort(names, count, sizeof(*names), newest_first);
    buf_printf(&out, PAGE_HEAD, "Fixity certificates", "Fixity certificates");
    buf_add(&out, S("<p>"));
    markup_text(&out, museum);
    buf_add(&out,
        S("</p>\n<table>\n<tr><th>Date<th>Objects<th>Bytes<th>Problems<th>Still damaged<th>Documents\n"));
    for (size_t i = 0; i < count; i++)
        if (str_ends(names[i], S(".json")))
            list_one(&out, folder, names[i], a);
    buf_add(&out, S("</table>\n</html>\n"));
    return file_replace(folder, "index.html", buf_str(&out), true, err);
}

// ---- signing

static bool write_one(int folder, Str month, const char *kind, Str bytes, Arena *a, Err *err)
{
    return file_replace(folder, arena_printf(a, FMT_STR "%s", ARG_STR(month), kind).p, bytes, true, err);
}

bool fixity_certify(
    const char *home, Store *store, Str museum, const FixityResult *result, Arena *a, Str *ret_path, Err *err)
{
    Sha512 vault;
    uint64_t objects;
    Key key;
    Fact facts[FACTS];
    unsigned char signature[crypto_sign_BYTES];
    if (!result->complete)
        return err_set(err, ERR_INVALID, "a run that was stopped gives no certificate");
    CLEANUP(fd_closep) int folder = fixity_folder(home, err);
    CLEANUP(fd_closep) int certificates = folder < 0 ? -1 : dir_open(folder, "certificates", err);
    if (certificates < 0 || !find_key(folder, &key, err) || !store_fingerprint(store, &vault, &objects, err))
        return false;
    Str month = str_slice(time_rfc3339(a, result->ended_ms), 0, 7), pdf;
    Str json = certificate_json(a, museum, result, &vault, objects, &key);
    crypto_sign_detached(signature, NULL, (const unsigned char *)json.p, json.n, key.secret);
    sodium_memzero(key.secret, sizeof(key.secret));
    gather_facts(a, museum, result, &key, facts);
    if (!certificate_pdf(a, museum, month, facts, &vault, &pdf, err) ||
        !write_one(certificates, month, ".json", json, a, err) ||
        !write_one(
            certificates, month, ".json.sig", (Str){(const char *)signature, sizeof(signature)}, a, err) ||
        !write_one(certificates, month, ".html", certificate_html(a, month, facts, &vault), a, err) ||
        !write_one(certificates, month, ".pdf", pdf, a, err) || !write_list(certificates, museum, a, err))
        return false;
    *ret_path = arena_printf(a, "preserve/certificates/" FMT_STR ".json", ARG_STR(month));
    return true;
}
