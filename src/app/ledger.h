// SPDX-License-Identifier: Apache-2.0
// app/ledger: what the home keeps of the ledger beside the catalogue.
//
//   ledger.key   secret key that signs the heads of the log; made when first needed, readable by its owner
//   alone checkpoint   the last signed head: what the museum has promised. It outlives the catalogue, so that
//   a rebuilt
//                one, or an older backup, is found out if it holds less or other than was promised.
#pragma once

#include "app/home.h"
#include "app/verbs.h"
#include "proof/proof.h"

bool ledger_key(const Home *home, ProofKey *ret, Err *err) MUST_CHECK;
// Compares the ledger with the checkpoint and, if it holds, signs and keeps the newest head. ERR_CORRUPT
// names what was promised and is not there; the old checkpoint then stays.
bool ledger_promise(const Home *home, Err *err) MUST_CHECK;
// Before verbs that write: is the ledger at least what was promised? ERR_CORRUPT with what to do if not: an
// older catalogue would give numbers out twice.
bool ledger_before_change(const Home *home, Err *err) MUST_CHECK;
// After verbs that write: what is new can be searched, and is promised.
bool ledger_after_change(const Home *home, const Call *call, Err *err) MUST_CHECK;
Str ledger_user(Arena *a); // who is at the keyboard
