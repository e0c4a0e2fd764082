// SPDX-License-Identifier: Apache-2.0
// base/digest: SHA-512 and SHA-256 (FIPS 180-4) by OpenSSL. Digests are values; hex is lower case.
#pragma once

#include "base/base.h"

enum { SHA512_BYTES = 64, SHA256_BYTES = 32 };

typedef struct {
    unsigned char bytes[SHA512_BYTES];
} Sha512;

typedef struct {
    unsigned char bytes[SHA256_BYTES];
} Sha256;

Sha512 sha512_of(Str bytes);
Sha256 sha256_of(Str bytes);

// In pieces. finish also closes; close alone gives up. One thread at a time.
typedef struct Sha512Stream Sha512Stream;
Sha512Stream *sha512_open(void);
void sha512_add(Sha512Stream *s, Str bytes);
Sha512 sha512_finish(Sha512Stream *s);
void sha512_closep(Sha512Stream **s); // for CLEANUP; a finished one must be set to NULL by the caller

// The digest of everything from the start of the file, read in pieces. ERR_IO.
bool sha512_of_file(int fd, Sha512 *ret, uint64_t *ret_bytes, Err *err) MUST_CHECK;

Str hex_from_bytes(Arena *a, const void *bytes, size_t count);
// Exactly `count` bytes from twice as many hex digits of either case.
bool hex_to_bytes(Str hex, void *to, size_t count);
Str sha512_hex(Arena *a, const Sha512 *digest);
bool sha512_from_hex(Str hex, Sha512 *ret);
bool sha512_eq(const Sha512 *a, const Sha512 *b);
