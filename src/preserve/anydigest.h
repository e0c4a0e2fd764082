// SPDX-License-Identifier: Apache-2.0
// preserve/anydigest: the digest algorithms that other people's packages use. base/digest has those that are
// ours.
#pragma once

#include "base/base.h"

// md5, sha1, sha224, sha256, sha384, sha512, sha512/256, blake2b-160, -256, -384, -512; 0 if we do not know
// it.
size_t anydigest_bytes(Str algorithm);

typedef struct {
    unsigned char bytes[64];
    size_t count;
} AnyDigest;

// Of the whole file. ERR_UNSUPPORTED, ERR_IO.
bool anydigest_of_file(int fd, Str algorithm, AnyDigest *ret, Err *err) MUST_CHECK;
bool anydigest_of(Str bytes, Str algorithm, AnyDigest *ret, Err *err) MUST_CHECK;
// Several at once, reading the file once.
bool anydigests_of_file(
    int fd, const Str *algorithms, size_t count, AnyDigest *ret, uint64_t *ret_bytes, Err *err) MUST_CHECK;
bool anydigest_is(const AnyDigest *digest, Str hex); // hex of either case
