// SPDX-License-Identifier: Apache-2.0
// app/options: the words after a verb. Each verb lists its options in a table; the same table writes its
// --help.
#pragma once

#include "base/base.h"

typedef enum { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER } OptionKind;

typedef struct {
    const char *name; // "listen" for --listen
    OptionKind kind;
    const char *value_name; // "ADDR:PORT"; NULL for flags
    const char *help;
    void *to; // bool, const char * or int64_t
} Option;

typedef struct {
    const char *const *words; // what is not an option
    int words_count;
} Rest;

// Sorts argv (after the verb) in place into options and the rest; "--" ends the options, --name=value and
// --name value are the same. ERR_INVALID says which word is wrong.
bool options_parse(
    const Option *options, size_t count, int argc, char **argv, Rest *ret, Err *err) MUST_CHECK;
void options_help(const Option *options, size_t count, Buf *out);
