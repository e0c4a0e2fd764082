// SPDX-License-Identifier: Apache-2.0
// Sending. What goes out is read twice: once for its digests, which are signed, and once on its way; so
// memory does not grow with the file, and a file that changes in between is refused by the server.
#include "base/file.h"
#include "store/s3_int.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 256 * 1024,
    PART_BYTES = 32 * 1024 * 1024,
    PARTS_MAX = 9000, // the protocol allows 10,000
    MB = 1024 * 1024,
    MD5_BYTES = 16,
    WRONG_ETAG_TRIES = 3,
};

typedef struct {
    unsigned char md5[MD5_BYTES];
    Str md5_hex, sha256_hex;
} Sums;

static EVP_MD_CTX *begin(const EVP_MD *md)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, md, NULL))
        abort();
    return context;
}

static void add(EVP_MD_CTX *context, Str bytes)
{
    if (!EVP_DigestUpdate(context, bytes.p, bytes.n))
        abort();
}

static void end(EVP_MD_CTX *context, unsigned char *to)
{
    if (!EVP_DigestFinal_ex(context, to, NULL))
        abort();
    EVP_MD_CTX_free(context);
}

static void name_sums(Sums *sums, const unsigned char *sha256, Arena *a)
{
    sums->md5_hex = hex_from_bytes(a, sums->md5, sizeof(sums->md5));
    sums->sha256_hex = hex_from_bytes(a, sha256, SHA256_BYTES);
}

// Of `count` bytes from `from`; they are added to `whole` as well.
static bool sum_file(
    int fd, uint64_t from, uint64_t count, Sha512Stream *whole, Arena *a, Sums *ret, Err *err)
{
    EVP_MD_CTX *md5 = begin(EVP_md5()), *sha256 = begin(EVP_sha256());
    unsigned char digest[SHA256_BYTES];
    char *block = mem_grow(NULL, 1, BLOCK_BYTES);
    bool good = true;
    for (uint64_t at = 0; good && at < count;) {
        Str piece = {block, (size_t)MIN_OF((uint64_t)BLOCK_BYTES, count - at)};
        good = file_read_at(fd, block, piece.n, from + at, err);
        if (!good)
            break;
        add(md5, piece);
        add(sha256, piece);
        sha512_add(whole, piece);
        at += piece.n;
    }
    free(block);
    end(md5, ret->md5);
    end(sha256, digest);
    name_sums(ret, digest, a);
    return good;
}

static Sums sum_bytes(Str bytes, Arena *a)
{
    Sums sums;
    unsigned char digest[SHA256_BYTES];
    EVP_MD_CTX *md5 = begin(EVP_md5()), *sha256 = begin(EVP_sha256());
    add(md5, bytes);
    add(sha256, bytes);
    end(md5, sums.md5);
    end(sha256, digest);
    name_sums(&sums, digest, a);
    return sums;
}

// Does the server have what we sent? The signature says so already; this also finds a server that lies.
static bool keeps(const S3Answer *answer, Str md5_hex)
{
    return answer->etag_is_no_md5 || answer->etag.n < 32 || str_eq_nocase(answer->etag, md5_hex);
}

static bool send_checked(S3 *s, S3Request *r, Str md5_hex, Arena *a, Err *err)
{
    for (int i = 0; i < WRONG_ETAG_TRIES; i++) {
        S3Answer answer;
        if (!s3_request(s, r, a, &answer, err))
            return false;
        if (keeps(&answer, md5_hex))
            return true;
    }
    return err_set(err, ERR_IO, FMT_STR ": the S3 server says that it keeps something else (ETag)",
        ARG_STR(str_slice(r->key, 0, 200)));
}

bool s3_put(S3 *s, Str key, Str bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Sums sums = sum_bytes(bytes, a);
    S3Request r = {
        .method = S("PUT"), .key = key, .bytes = bytes, .fd = -1, .payload_sha256 = sums.sha256_hex};
    return send_checked(s, &r, sums.md5_hex, a, err);
}

static bool is_wanted(Sha512Stream **whole, const Sha512 *want, Err *err)
{
    Sha512 have = sha512_finish(*whole);
    *whole = NULL;
    return sha512_eq(&have, want) ||
           err_set(err, ERR_CORRUPT, "it is damaged: its SHA-512 is not the one noted");
}

static bool put_single(S3 *s, Str key, int fd, uint64_t size, const Sha512 *want, Arena *a, Err *err)
{
    CLEANUP(sha512_closep) Sha512Stream *whole = sha512_open();
    Sums sums;
    if (!sum_file(fd, 0, size, whole, a, &sums, err) || !is_wanted(&whole, want, err))
        return false;
    S3Request r = {.method = S("PUT"),
        .key = key,
        .fd = fd,
        .count = size,
        .payload_sha256 = sums.sha256_hex,
        .header = {S("x-amz-meta-sha512"), sha512_hex(a, want)}};
    return send_checked(s, &r, sums.md5_hex, a, err);
}

// ---- in parts

typedef struct {
    S3 *s;
    Str key, upload_id;
    int fd;
    uint64_t size, part_bytes;
    Sha512Stream *whole;
    Arena *arena;
    Buf list; // the XML that ends it
    EVP_MD_CTX *md5_of_md5s;
    int parts;
} Multi;

static bool begin_parts(Multi *m, const Sha512 *want, Err *err)
{
    S3Answer answer;
    Str root;
    const S3Pair query[] = {{S("uploads"), S("")}};
    S3Request r = {.method = S("POST"),
        .key = m->key,
        .query = query,
        .query_count = 1,
        .fd = -1,
        .header = {S("x-amz-meta-sha512"), sha512_hex(m->arena, want)}};
    if (!s3_request(m->s, &r, m->arena, &answer, err))
        return false;
    return (s3_answer_text(answer.body, m->arena, "UploadId", &m->upload_id, &root) && m->upload_id.n) ||
           err_set(err, ERR_CORRUPT, "the S3 server began no upload");
}

static bool send_part(Multi *m, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Sums sums;
    uint64_t from = (uint64_t)m->parts * m->part_bytes, count = MIN_OF(m->part_bytes, m->size - from);
    const S3Pair query[] = {
        {S("partNumber"), arena_printf(a, "%d", m->parts + 1)}, {S("uploadId"), m->upload_id}};
    if (!sum_file(m->fd, from, count, m->whole, a, &sums, err))
        return false;
    S3Request r = {.method = S("PUT"),
        .key = m->key,
        .query = query,
        .query_count = 2,
        .fd = m->fd,
        .from = from,
        .count = count,
        .payload_sha256 = sums.sha256_hex};
    if (!send_checked(m->s, &r, sums.md5_hex, a, err))
        return false;
    m->parts++;
    buf_printf(&m->list, "<Part><PartNumber>%d</PartNumber><ETag>\"" FMT_STR "\"</ETag></Part>", m->parts,
        ARG_STR(sums.md5_hex));
    add(m->md5_of_md5s, (Str){(const char *)sums.md5, sizeof(sums.md5)});
    return true;
}

// Ended twice (the first answer was lost), an upload is no longer known: then the object tells.
static bool is_there(Multi *m, const Sha512 *want)
{
    S3Head head;
    Err ignored = {0};
    return s3_head(m->s, m->key, m->arena, &head, &ignored) && head.size_bytes == m->size &&
           str_eq_nocase(head.sha512, sha512_hex(m->arena, want));
}

// The server may say 200 first and find out afterwards that it could not.
static bool end_parts(Multi *m, const Sha512 *want, Err *err)
{
    unsigned char md5[MD5_BYTES];
    end(m->md5_of_md5s, md5);
    m->md5_of_md5s = NULL;
    Str expected =
        arena_printf(m->arena, FMT_STR "-%d", ARG_STR(hex_from_bytes(m->arena, md5, sizeof(md5))), m->parts);
    buf_add(&m->list, S("</CompleteMultipartUpload>"));
    const S3Pair query[] = {{S("uploadId"), m->upload_id}};
    for (int i = 0; i < WRONG_ETAG_TRIES; i++) {
        S3Answer answer;
        Str etag, root;
        Err why = {0};
        S3Request r = {.method = S("POST"),
            .key = m->key,
            .query = query,
            .query_count = 1,
            .bytes = buf_str(&m->list),
            .fd = -1};
        if (!s3_request(m->s, &r, m->arena, &answer, &why)) {
            if (why.kind == ERR_NOT_FOUND && is_there(m, want))
                return true;
            *err = why;
            return false;
        }
        if (!s3_answer_text(answer.body, m->arena, "ETag", &etag, &root) || str_eq(root, S("Error")))
            continue;
        if (etag.n >= 2 && etag.p[0] == '"')
            etag = str_slice(etag, 1, etag.n - 1);
        answer.etag = etag;
        return keeps(&answer, expected) ||
               err_set(err, ERR_IO, FMT_STR ": the S3 server says that it keeps something else (ETag)",
                   ARG_STR(str_slice(m->key, 0, 200)));
    }
    return err_set(err, ERR_IO, FMT_STR ": the S3 server could not put the parts together",
        ARG_STR(str_slice(m->key, 0, 200)));
}

static void give_up(Multi *m)
{
    S3Answer answer;
    Err ignored = {0};
    const S3Pair query[] = {{S("uploadId"), m->upload_id}};
    S3Request r = {.method = S("DELETE"),
        .key = m->key,
        .query = query,
        .query_count = 1,
        .fd = -1,
        .attempts = 1,
        .last_words = true};
    if (!s3_request(m->s, &r, m->arena, &answer, &ignored))
        return; // the next run finds it: s3_abort_uploads
}

static bool put_parts(S3 *s, Str key, int fd, uint64_t size, const Sha512 *want, Arena *a, Err *err)
{
    uint64_t part = MAX_OF((uint64_t)PART_BYTES, (size / PARTS_MAX / MB + 1) * MB);
    CLEANUP(sha512_closep) Sha512Stream *whole = sha512_open();
    Multi m = {.s = s, .key = key, .fd = fd, .size = size, .part_bytes = part, .whole = whole, .arena = a};
    if (!begin_parts(&m, want, err))
        return false;
    m.list = buf_with_max(PARTS_MAX * 128);
    m.md5_of_md5s = begin(EVP_md5());
    buf_add(&m.list, S("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"));
    bool good = true;
    while (good && (uint64_t)m.parts * part < size)
        good = send_part(&m, err);
    good = good && is_wanted(&whole, want, err) && end_parts(&m, want, err);
    EVP_MD_CTX_free(m.md5_of_md5s);
    buf_free(&m.list);
    if (!good)
        give_up(&m);
    return good;
}

bool s3_put_file(S3 *s, Str key, int fd, const Sha512 *want, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    uint64_t size;
    if (!file_size(fd, &size, err))
        return false;
    return size <= S3_SINGLE_MAX_BYTES ? put_single(s, key, fd, size, want, a, err)
                                       : put_parts(s, key, fd, size, want, a, err);
}
