// SPDX-License-Identifier: Apache-2.0
#include "app/home.h"
#include "app/verbs.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ANSWER_MAX_BYTES = 500 };

// Asks until the answer is good; the empty line takes what is offered. False at the end of the input.
static bool ask(Arena *a, const char *question, Str offered, bool (*good)(Str answer, Err *err), Str *ret)
{
    char line[ANSWER_MAX_BYTES + 2];
    for (;;) {
        printf("%s [" FMT_STR "]: ", question, ARG_STR(offered));
        fflush(stdout);
        if (!fgets(line, sizeof(line), stdin))
            return false;
        Str answer = str_trim(str_from(line));
        Err err = {0};
        if (answer.n == 0)
            answer = offered;
        if (good(answer, &err)) {
            *ret = arena_copy(a, answer);
            return true;
        }
        printf("  %s\n", err.text);
    }
}

static bool good_text(Str answer, Err *err)
{
    return utf8_valid(answer, NULL) || err_set(err, ERR_INVALID, "Please use letters of any script (UTF-8).");
}

static bool good_language(Str answer, Err *err)
{
    bool good = answer.n >= 2 && answer.n <= 35;
    for (size_t i = 0; i < answer.n; i++) {
        char c = answer.p[i];
        good =
            good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-');
    }
    return good || err_set(err, ERR_INVALID, "Please give a language code such as en, zh-Hans, de, fr, ja.");
}

static bool good_access(Str answer, Err *err)
{
    Terms terms;
    return rights_terms_parse(answer, &terms, err);
}

static bool good_reach(Str answer, Err *err)
{
    return str_eq_nocase(answer, S("computer")) || str_eq_nocase(answer, S("network")) ||
           err_set(err, ERR_INVALID, "Please answer computer or network.");
}

static bool ask_all(Arena *a, ConfAnswers *answers)
{
    Str reach;
    puts("Four questions; Enter takes the answer in brackets. All can be changed later in museum.conf.\n");
    if (!ask(a, "1. What is the museum called?", answers->name, good_text, &answers->name) ||
        !ask(a, "2. In which language are most of your texts (en, zh-Hans, de, ...)?", answers->language,
            good_language, &answers->language) ||
        !ask(a,
            "3. What may visitors see, where a record does not say:\n"
            "   full (all), a number (pictures up to so many pixels), record (texts only), none?",
            answers->access, good_access, &answers->access) ||
        !ask(a,
            "4. Show it on this computer only, or to phones and others in your network (computer, network)?",
            S("computer"), good_reach, &reach))
        return false;
    if (str_eq_nocase(reach, S("network")))
        answers->listen = S("0.0.0.0:8080");
    return true;
}

int verb_init(const Call *call)
{
    bool yes = false;
    const char *name = "My museum", *language = "en", *access = "full", *listen = "127.0.0.1:8080",
               *intro = "";
    const Option options[] = {
        {"yes", OPTION_FLAG, NULL, "ask nothing, take the defaults", &yes},
        {"name", OPTION_TEXT, "TEXT", "what the museum is called", &name},
        {"intro", OPTION_TEXT, "TEXT", "a sentence for the first page", &intro},
        {"language", OPTION_TEXT, "CODE", "of the museum's texts: en, zh-Hans, ...", &language},
        {"access", OPTION_TEXT, "WHAT", "none, record, a side in pixels, or full", &access},
        {"listen", OPTION_TEXT, "ADDR:PORT", "where `serve` will listen", &listen},
    };
    Rest rest;
    int code = verb_options(call, "init", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count > 0)
        return verb_misused("init", "\"%s\" is one word too many", rest.words[0]);
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    ConfAnswers answers = {.name = str_from(name),
        .intro = str_from(intro),
        .language = str_from(language),
        .listen = str_from(listen),
        .access = str_from(access)};
    if (!good_text(answers.name, &err) || !good_text(answers.intro, &err) ||
        !good_language(answers.language, &err) || !good_access(answers.access, &err))
        return verb_misused("init", "%s", err.text);
    if (!yes && isatty(STDIN_FILENO) && !ask_all(a, &answers)) {
        fputs("\nvitrine: nothing was made\n", stderr);
        return EXIT_TROUBLE;
    }
    if (!home_make(call->home, &answers, &err))
        return verb_failed(&err);
    printf("Made a museum in %s. Now:\n"
           "  vitrine -C %s ingest FOLDER     takes in your records and pictures\n"
           "  vitrine -C %s serve             shows them\n",
        call->home, call->home, call->home);
    return EXIT_GOOD;
}
