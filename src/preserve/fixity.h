// SPDX-License-Identifier: Apache-2.0
// preserve/fixity: is every byte still what it was? Reads the vault through, goes on where it stopped, mends
// from a second vault, keeps a list of what is lost, and signs a certificate that can be checked without this
// program.
//
//   home/preserve/fixity.json       the last run, or the one that is half done
//                 quarantine.txt    "id <tab> what is wrong", a line each; gone when all is well
//                 second.json, second-quarantine.txt   the same of the second vault
//                 key, key.pub.pem  Ed25519, made at first use
//                 certificates/2026-11.json  .json.sig (64 bytes)  .html  .pdf  and index.html, by date
#pragma once

#include "base/base.h"
#include "store/store.h"

typedef struct {
    const char *home;
    bool second; // store is the second vault: its state is kept apart
    Store *store;
    Store *copy; // to mend from, or NULL: the second vault, or for that one ours
    int threads;
    uint64_t rate_bytes; // a second; 0: as fast as it goes
    bool resume;         // go on with a run that was stopped; else begin anew
    const volatile bool *stop;
    StoreReport *report;     // each problem, mended or not; may be NULL
    StoreProgress *progress; // may be NULL
    void *ctx;
} FixityAsk;

typedef struct {
    bool complete; // not stopped
    int64_t started_ms, ended_ms;
    uint64_t objects, files, bytes;
    uint64_t damaged; // problems found
    uint64_t mended;  // files put right from the copy
    uint64_t lost;    // objects still damaged: in quarantine
} FixityResult;

bool fixity_run(const FixityAsk *ask, FixityResult *ret, Err *err) MUST_CHECK;
// The last complete run; ERR_NOT_FOUND if there never was one. For pages, metrics and the schedule.
bool fixity_last(const char *home, bool second, FixityResult *ret, Err *err) MUST_CHECK;
// What is damaged now, as far as readings have found: also those of a run that is half done. Nothing: 0
// objects.
typedef struct {
    uint64_t objects;
    Str first; // id of one of them, in the arena
    Str about; // what is wrong with the object that was asked for; empty: nothing is known
} FixityDamage;
bool fixity_damage(
    const char *home, bool second, Str object_id, Arena *a, FixityDamage *ret, Err *err) MUST_CHECK;
// Is it time for the next? True if none was completed in the last `every_ms`, or one is half done.
bool fixity_is_due(const char *home, bool second, int64_t every_ms, int64_t now_ms);
// What serve does now and then: a slow run if one is due, and (of ours) a certificate when it is complete.
bool fixity_tend(const FixityAsk *ask, Str museum, int64_t every_ms, int64_t now_ms, Err *err) MUST_CHECK;

// Writes certificates/<year>-<month>.* about a complete run. ERR_INVALID if it was not complete.
bool fixity_certify(const char *home, Store *store, Str museum, const FixityResult *result, Arena *a,
    Str *ret_path, Err *err) MUST_CHECK;
