// SPDX-License-Identifier: Apache-2.0
// proof, inside.
#pragma once

#include "base/base64.h"
#include "proof/proof.h"

#include <stdlib.h>

void key_sign(const ProofKey *key, Str text, unsigned char signature[64]);
bool key_signed(const ProofVerifier *v, Str text, const unsigned char signature[64]);
