// SPDX-License-Identifier: Apache-2.0
// store/s3: a bucket behind the S3 protocol, by libcurl and our own signer. Knows keys and bytes, and nothing
// of vaults. Any thread; connections are kept.
//
// Each request is tried again after what passes by itself (no connection, 5xx, SlowDown, a cut body, an
// answer that cannot be right), with growing pauses; a download goes on where it was cut. What is sent
// carries its SHA-256 in the signature, so a server cannot keep other bytes and say that all is well; the MD5
// that it answers (ETag) is compared as well. Nothing is sent unencrypted, except to this machine itself.
#pragma once

#include "base/base.h"
#include "base/digest.h"
#include "store/s3_answer.h"
#include "store/s3_sign.h"

typedef struct S3 S3;

typedef struct {
    Str endpoint; // "https://s3.example.org", "http://127.0.0.1:7480"; "{bucket}" in it stands for the bucket
    Str region;   // "us-east-1"
    Str bucket;
    Str ca_file; // certificates to trust instead of the system's; empty: the system's
    S3Keys keys;
    const volatile bool *stop; // NULL, or set when it should end soon: ERR_BUSY then
} S3Config;

// Speaks to nobody yet. ERR_INVALID for what cannot be an endpoint or a bucket. Texts are copied.
S3 *s3_open(const S3Config *config, Err *err) MUST_CHECK;
void s3_close(S3 *s); // NULL is fine; wipes the keys

// The errors of all that follows: ERR_NOT_FOUND (no such key or bucket), ERR_DENIED, ERR_BUSY (stopped),
// ERR_IO.

// Hands the object over in pieces, in order.
typedef bool S3Take(void *ctx, Str bytes, Err *err);
bool s3_get(S3 *s, Str key, S3Take *take, void *ctx, Err *err) MUST_CHECK;

typedef struct {
    uint64_t size_bytes;
    Str etag;
    Str sha512; // hex, as it was told when the object was put; empty if it was not
} S3Head;
bool s3_head(S3 *s, Str key, Arena *a, S3Head *ret, Err *err) MUST_CHECK;

// One page of the keys that begin with `prefix` and stand behind `after` (empty: from the start), by their
// bytes. folders: what lies below a '/' behind the prefix is one entry.
bool s3_list(S3 *s, Str prefix, Str after, bool folders, Arena *a, S3Page *ret, Err *err) MUST_CHECK;

bool s3_put(S3 *s, Str key, Str bytes, Err *err) MUST_CHECK;
// A file of any size, read twice and never kept in memory: beyond S3_SINGLE_MAX_BYTES in parts. ERR_CORRUPT,
// and nothing is there, if it is not what `want` says.
bool s3_put_file(S3 *s, Str key, int fd, const Sha512 *want, Err *err) MUST_CHECK;
enum { S3_SINGLE_MAX_BYTES = 64 * 1024 * 1024 };

bool s3_delete(S3 *s, Str key, Err *err) MUST_CHECK; // fine if it is not there
// In a bucket that keeps old versions: all of them below the prefix, and the notes of what was deleted. What
// is there now stays.
bool s3_erase_old(S3 *s, Str prefix, Err *err) MUST_CHECK;
// Gives up the parts that killed uploads left, which cost money and are in no list of objects.
bool s3_abort_uploads(S3 *s, Str prefix, uint64_t *ret_count, Err *err) MUST_CHECK;
