// SPDX-License-Identifier: Apache-2.0
// store/s3_sign: AWS Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html) in the form that S3 asks for:
// the path is percent-encoded once and never tidied. Pure: no clock, no socket.
#pragma once

#include "base/base.h"

typedef struct {
    Str access_key, secret_key;
    Str session_token; // of keys that expire; empty: none
} S3Keys;

typedef struct {
    Str name, value;
} S3Pair;

typedef struct {
    Str method;          // "PUT"
    Str path;            // as it is meant, not encoded: "/bucket/a b.tif"
    const S3Pair *query; // not encoded, in any order
    size_t query_count;
    const S3Pair *headers; // every header to be signed, names in lower case, in any order; "host" among them
    size_t headers_count;
    Str payload_sha256;  // hex; the same as in x-amz-content-sha256
    Str region, service; // "s3"
    int64_t time_ms;     // the same as in x-amz-date
} S3Signing;

typedef struct {
    Str path, query;   // as they must stand in the request line; query without '?', empty if there is none
    Str authorization; // value of the header
} S3Signed;

S3Signed s3_sign(const S3Keys *keys, const S3Signing *what, Arena *a);
Str s3_date(Arena *a, int64_t time_ms); // "20130524T000000Z", for x-amz-date
