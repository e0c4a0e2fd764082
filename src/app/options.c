// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

static const Option *find(const Option *options, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(str_from(options[i].name), name))
            return &options[i];
    return NULL;
}

static bool set(const Option *option, const char *value, Err *err)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->to = true;
        return true;
    case OPTION_TEXT:
        *(const char **)option->to = value;
        return true;
    case OPTION_NUMBER:
        return str_to_int64(str_from(value), (int64_t *)option->to) ||
               err_set(err, ERR_INVALID, "--%s wants a number, not \"%s\"", option->name, value);
    }
    return true;
}

// One option at argv[*at]; moves *at onto the value if that is a word of its own.
static bool take(const Option *options, size_t count, int argc, char **argv, int *at, Err *err)
{
    Str word = str_from(argv[*at]), name = str_slice(word, 2, word.n), value = {0};
    bool joined = str_cut(name, '=', &name, &value);
    const Option *option = find(options, count, name);
    if (!option)
        return err_set(err, ERR_INVALID, "there is no option --" FMT_STR, ARG_STR(name));
    if (option->kind == OPTION_FLAG)
        return joined ? err_set(err, ERR_INVALID, "--%s takes no value", option->name)
                      : set(option, NULL, err);
    if (joined)
        return set(option, value.p, err); // the value ends where the word ends, with a NUL
    if (*at + 1 >= argc)
        return err_set(err, ERR_INVALID, "--%s wants %s", option->name, option->value_name);
    return set(option, argv[++*at], err);
}

bool options_parse(const Option *options, size_t count, int argc, char **argv, Rest *ret, Err *err)
{
    int kept = 0;
    bool only_words = false;
    for (int i = 0; i < argc; i++) {
        Str word = str_from(argv[i]);
        if (only_words || !str_starts(word, S("-")) || word.n == 1)
            argv[kept++] = argv[i];
        else if (word.n == 2 && word.p[1] == '-')
            only_words = true;
        else if (!str_starts(word, S("--")))
            return err_set(err, ERR_INVALID, "there is no option %s", argv[i]);
        else if (!take(options, count, argc, argv, &i, err))
            return false;
    }
    *ret = (Rest){.words = (const char *const *)argv, .words_count = kept};
    return true;
}

void options_help(const Option *options, size_t count, Buf *out)
{
    for (size_t i = 0; i < count; i++) {
        const Option *o = &options[i];
        char left[64];
        CLEANUP(buf_free) Buf name = buf_with_max(sizeof(left));
        buf_printf(&name, "--%s%s%s", o->name, o->value_name ? " " : "", o->value_name ? o->value_name : "");
        buf_printf(out, "  %-24.*s  %s\n", ARG_STR(buf_str(&name)), o->help);
    }
}
