// SPDX-License-Identifier: Apache-2.0
// store/s3, inside: s3.c asks and is answered, s3_put.c sends, s3_erase.c takes away.
#pragma once

#include "store/s3.h"

typedef struct {
    Str method;
    Str key; // empty: the bucket itself
    const S3Pair *query;
    size_t query_count;
    S3Pair header; // one more; the name is empty if there is none
    // What is sent: bytes, or `count` bytes of a file from `from`.
    Str bytes;
    int fd; // -1: bytes
    uint64_t from, count;
    Str payload_sha256; // hex; empty: made from bytes
    // Where the body of a good answer goes, in pieces; NULL: into Answer.body.
    S3Take *take;
    void *ctx;
    uint64_t taken;  // goes on here: bytes that were handed over, from the start of the object
    int attempts;    // 0: as many as usual
    bool last_words; // also when stopped
} S3Request;

typedef struct {
    int status;
    Str body;            // in the arena
    Str etag;            // without quotes
    Str sha512;          // x-amz-meta-sha512
    bool etag_is_no_md5; // the server encrypts in a way that its ETag tells nothing
    uint64_t length;     // Content-Length
} S3Answer;

bool s3_request(S3 *s, S3Request *request, Arena *a, S3Answer *ret, Err *err) MUST_CHECK;
