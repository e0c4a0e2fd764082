// SPDX-License-Identifier: Apache-2.0
// app/verbs: the words of the command line. A verb is a row of the table in main.c and a function here; it
// gets the words after its name and returns the exit code: 0 all is well, 1 something was refused, damaged or
// failed, 2 asked wrongly.
#pragma once

#include "app/options.h"
#include "base/base.h"

enum { EXIT_GOOD = 0, EXIT_TROUBLE = 1, EXIT_USAGE = 2 };

typedef struct {
    const char *home; // -C
    int argc;
    char **argv;         // after the verb
    volatile bool *stop; // set when the user or the system asks us to end
} Call;

typedef struct {
    const char *name;
    const char *words;   // "PATH..."; what may follow
    const char *summary; // one line
    const char *help;    // a few lines more, or NULL
    int (*run)(const Call *call);
} Verb;

const Verb *verb_find(Str name);
// For verbs: parses the options, answers --help. Returns -1 to go on, else the exit code to return with.
int verb_options(const Call *call, const char *verb, const Option *options, size_t count, Rest *ret);
// Prints "vitrine: text" and returns EXIT_TROUBLE (or EXIT_USAGE for ERR_INVALID if `usage`).
int verb_failed(const Err *err);
int verb_misused(const char *verb, const char *format, ...) PRINTF_LIKE(2, 3);

int verb_init(const Call *call);
int verb_ingest(const Call *call);
int verb_serve(const Call *call);
int verb_search(const Call *call);
int verb_look(const Call *call);
int verb_kit(const Call *call);
int verb_changes(const Call *call);
int verb_undo(const Call *call);
int verb_delete(const Call *call);
int verb_withdraw(const Call *call);
int verb_prove(const Call *call);
int verb_report(const Call *call);
int verb_verify(const Call *call);
int verb_export(const Call *call);
int verb_import(const Call *call);
int verb_rebuild(const Call *call);
int verb_doctor(const Call *call);
int verb_version(const Call *call);
int verb_help(const Call *call);
