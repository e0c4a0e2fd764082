// SPDX-License-Identifier: Apache-2.0
// store/s3_answer: the XML that S3 answers with, read by libxml2 without network, entities or a document
// type. Bytes of a stranger: everything has a limit. Pure.
#pragma once

#include "base/base.h"

enum { S3_ANSWER_MAX_BYTES = 8 * 1024 * 1024, S3_KEY_MAX_BYTES = 1024, S3_KEYS_MAX = 10000 };

typedef struct {
    Str key;     // of an object, or a folder with its '/' at the end
    Str etag;    // without quotes; empty for a folder
    Str version; // of a list of versions; upload id, of a list of uploads
    uint64_t size_bytes;
    bool folder;
    bool marker; // of a list of versions: that the key was deleted
} S3Entry;

typedef struct {
    S3Entry *entries; // in the order of the answer
    size_t count;
    bool more; // there are more behind the last
    Str next_key, next_version;
} S3Page;

// ListBucketResult, ListVersionsResult or ListMultipartUploadsResult. ERR_CORRUPT, ERR_LIMIT.
bool s3_answer_page(Str xml, Arena *a, S3Page *ret, Err *err) MUST_CHECK;

// The text of the first element of that name below the root, "" if there is none; false if it is not XML.
// root: what the outermost element is called ("Error", "CompleteMultipartUploadResult").
bool s3_answer_text(Str xml, Arena *a, const char *name, Str *ret, Str *ret_root);
