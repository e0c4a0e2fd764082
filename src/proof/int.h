// SPDX-License-Identifier: Apache-2.0
// proof, inside.
#pragma once

#include "proof/proof.h"

#include <stdlib.h>

void key_sign(const ProofKey *key, Str text, unsigned char signature[64]);
bool key_signed(const ProofVerifier *v, Str text, const unsigned char signature[64]);
Str base64_from_bytes(Arena *a, const void *bytes, size_t count);
bool base64_to_bytes(Str text, void *to, size_t count); // exactly that many
