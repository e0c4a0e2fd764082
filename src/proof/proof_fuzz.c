// SPDX-License-Identifier: Apache-2.0
// Heads and keys come from outside; whatever they are, reading them ends well.
#include "proof/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size};
    Err err = {0};
    ProofVerifier verifier = {.name = "museum"};
    ProofHead head;
    ProofKey key;
    (void)!proof_head_read(text, &verifier, &head, &err);
    (void)!proof_key_read(text, &key, &err);
    if (proof_verifier_read(text, &verifier, &err)) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        ProofVerifier again;
        assert(proof_verifier_read(proof_verifier_text(a, &verifier), &again, &err));
        assert(memcmp(&verifier, &again, sizeof(again)) == 0);
    }
    return 0;
}
