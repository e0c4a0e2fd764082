// SPDX-License-Identifier: Apache-2.0
// proof: the ledger shown to people who do not trust us. Signed heads of the hash tree, its tiles as static
// files, and for one version of one object a document that anybody can check without this program
// (tools/check-proof).
//
// Forms are those of C2SP: signed-note, tlog-checkpoint, tlog-tiles (c2sp.org). A head is signed with
// Ed25519, which gives the same bytes for the same head, so a signature tells nothing but that it is ours.
// docs/ledger.md has it all.
#pragma once

#include "base/base.h"
#include "catalog/tree.h"

enum { PROOF_KEY_MAX_BYTES = 512, PROOF_NOTE_MAX_BYTES = 16 * 1024 };

// ---- keys

typedef struct {
    char name[128]; // also the origin of the log; no blanks and no '+'
    unsigned char id[4];
    unsigned char bytes[32];
} ProofVerifier;

typedef struct {
    ProofVerifier verifier;
    unsigned char secret[64];
} ProofKey;

// A new key as the one line of text that is kept in the museum's home, readable by its owner alone.
bool proof_key_make(Str name, Arena *a, Str *ret_secret, Err *err) MUST_CHECK;
bool proof_key_read(Str secret, ProofKey *ret, Err *err) MUST_CHECK;
// "name+c7f2...+base64": what others need to check us, and may be printed on paper.
Str proof_verifier_text(Arena *a, const ProofVerifier *verifier);
bool proof_verifier_read(Str text, ProofVerifier *ret, Err *err) MUST_CHECK;

// ---- heads

typedef struct {
    int64_t size;
    Sha256 root;
} ProofHead;

// The signed head of the log with `size` leaves; -1: of all there are.
bool proof_head_write(Catalog *c, const ProofKey *key, int64_t size, Arena *a, Str *ret, Err *err) MUST_CHECK;
// ERR_INVALID unless it is a head, signed by that key.
bool proof_head_read(Str note, const ProofVerifier *verifier, ProofHead *ret, Err *err) MUST_CHECK;
// Does the ledger still begin with what that head promised? ERR_CORRUPT if something was rewritten or
// dropped.
bool proof_head_check(Catalog *c, const ProofHead *head, Err *err) MUST_CHECK;

// ---- files and documents

// What lies at `path` below /log/: "checkpoint", "key", "tile/0/x001/067", "tile/0/000.p/5",
// "tile/entries/000". ERR_NOT_FOUND.
typedef struct {
    Str type; // MIME
    Str bytes;
    bool for_ever; // the same for all time, and may be cached so
} ProofFile;
bool proof_file(Catalog *c, const ProofKey *key, Str path, Arena *a, ProofFile *ret, Err *err) MUST_CHECK;

// The document that shows a version of an object to stand in the log. since: size of an earlier head from
// which the log must be shown to have grown, 0 for none. ERR_BUSY if the version's change set is not closed
// yet.
bool proof_object(Catalog *c, const ProofKey *key, Str object_id, int version, int64_t since, Arena *a,
    Str *ret, Err *err) MUST_CHECK;
