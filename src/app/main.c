// SPDX-License-Identifier: Apache-2.0
// app/main: finds the verb and runs it.
#include "app/verbs.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const Verb VERBS[] = {
    {"init", "", "make a new museum (asks four questions)", NULL, verb_init},
    {"ingest", "PATH...", "take in records and pictures",
        "PATH is a table (.csv, .tsv), a file of JSON lines (.jsonl), a picture, or a folder of any of "
        "these.\n"
        "Run it again after an interruption: it goes on where it stopped and takes nothing in twice.",
        verb_ingest},
    {"serve", "", "show the museum to visitors", NULL, verb_serve},
    {"search", "WORDS...", "find objects", NULL, verb_search},
    {"look", "[PICTURE]", "find objects by a photograph, a detail, a look or colours",
        "The picture stays where it is and is not kept. Each hit says how likely it is right and where in "
        "its picture.",
        verb_look},
    {"kit", "IMAGE", "make tile, few colours, curves and sticker of a part of a picture",
        "IMAGE is the picture's id (as in its address). The files say inside themselves what they are of,\n"
        "whose, and how they may be used; what may not be changed is refused.",
        verb_kit},
    {"changes", "[OBJECT]", "list change sets, or what happened to one object", NULL, verb_changes},
    {"undo", "CHANGESET", "take back everything one change set did",
        "Each object gets the content it had before, as a new version; deletions come back. What somebody "
        "edited\n"
        "since is listed and left alone. The undo is a change set itself and can be undone.",
        verb_undo},
    {"delete", "OBJECT...", "show objects no longer (their past stays, and undo brings them back)", NULL,
        verb_delete},
    {"withdraw", "OBJECT", "erase an object in all its versions, because the law asks for it",
        "What stays is that it was there, who withdrew it and why, and the digests on which proofs rest.\n"
        "This is the only verb that cannot be undone.",
        verb_withdraw},
    {"prove", "OBJECT", "show that the ledger holds an object, to people who do not trust it",
        "Writes a JSON document that tools/check-proof checks without this program.", verb_prove},
    {"report", "[NAME]", "count what was forgotten: never opened, no backup, no rights ...",
        "With a NAME: the list behind a count: id, title and why. \"formats\" lists the file formats in the "
        "vault\n"
        "with the risk that no program will read them one day.",
        verb_report},
    {"verify", "", "read every byte in the vault and compare",
        "With --structure PATH: judge any OCFL storage root or object, without a museum. --resume, --rate, "
        "--copy\n"
        "and --certificate read the vault through in pieces or slowly, mend it from a copy, and sign the "
        "result.\n--other reads a second vault through instead.",
        verb_verify},
    {"export", "WHERE", "take the whole museum away", "Started again, it goes on where it stopped.",
        verb_export},
    {"import", "WHERE", "bring back what export made",
        "The package is checked first; what is here already is left alone. Then run rebuild.", verb_import},
    {"rebuild", "", "make catalogue, index and pyramids anew from the vault",
        "Nobody else may be at work in the museum meanwhile; the old catalogue stays until the new one is "
        "whole.",
        verb_rebuild},
    {"doctor", "", "look whether all is well", NULL, verb_doctor},
    {"version", "", "say which Vitrine this is", NULL, verb_version},
    {"help", "[VERB]", "this, or more about a verb", NULL, verb_help},
};

static volatile bool stop;

static void on_signal(int number)
{
    (void)number;
    stop = true;
}

const Verb *verb_find(Str name)
{
    for (size_t i = 0; i < COUNT_OF(VERBS); i++)
        if (str_eq(str_from(VERBS[i].name), name))
            return &VERBS[i];
    return NULL;
}

int verb_options(const Call *call, const char *verb, const Option *options, size_t count, Rest *ret)
{
    for (int i = 0; i < call->argc; i++) {
        if (str_eq(str_from(call->argv[i]), S("--")))
            break;
        if (!str_eq(str_from(call->argv[i]), S("--help")))
            continue;
        const Verb *v = verb_find(str_from(verb));
        assert(v);
        CLEANUP(buf_free) Buf out = buf_with_max(16 * 1024);
        options_help(options, count, &out);
        printf("vitrine [-C HOME] %s %s%s\n\n%c%s.\n", verb, count ? "[OPTIONS] " : "", v->words,
            v->summary[0] - 'a' + 'A', v->summary + 1);
        if (v->help)
            printf("%s\n", v->help);
        if (count)
            printf("\n" FMT_STR, ARG_STR(buf_str(&out)));
        return EXIT_GOOD;
    }
    Err err = {0};
    if (options_parse(options, count, call->argc, call->argv, ret, &err))
        return -1;
    return verb_misused(verb, "%s", err.text);
}

int verb_failed(const Err *err)
{
    fprintf(stderr, "vitrine: %s\n", err->text);
    return EXIT_TROUBLE;
}

int verb_misused(const char *verb, const char *format, ...)
{
    va_list args;
    fputs("vitrine: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "; see: vitrine %s --help\n", verb);
    return EXIT_USAGE;
}

int verb_version(const Call *call)
{
    (void)call;
    printf("vitrine %s\n", VITRINE_VERSION);
    return EXIT_GOOD;
}

int verb_help(const Call *call)
{
    if (call->argc > 0) {
        const Verb *verb = verb_find(str_from(call->argv[0]));
        if (!verb)
            return verb_misused("help", "there is no verb \"%s\"", call->argv[0]);
        if (verb->run == verb_help || verb->run == verb_version) {
            printf("vitrine %s %s\n\n%s.\n", verb->name, verb->words, verb->summary);
            return EXIT_GOOD;
        }
        char help[] = "--help";
        char *argv[] = {help, NULL};
        return verb->run(&(Call){.home = call->home, .argc = 1, .argv = argv, .stop = call->stop});
    }
    puts("vitrine [-C HOME] VERB ...: a whole digital museum. HOME is the museum's folder (here, if not "
         "said).\n");
    for (size_t i = 0; i < COUNT_OF(VERBS); i++)
        printf("  %-8s %-10s %s\n", VERBS[i].name, VERBS[i].words, VERBS[i].summary);
    puts("\nBegin with:  vitrine -C my-museum init");
    puts("More about a verb:  vitrine VERB --help");
    return EXIT_GOOD;
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);

    const char *home = getenv("VITRINE_HOME");
    int at = 1;
    while (at + 1 < argc && str_eq(str_from(argv[at]), S("-C"))) {
        home = argv[at + 1];
        at += 2;
    }
    Call call = {.home = home && *home ? home : ".",
        .argc = MAX_OF(argc - at - 1, 0),
        .argv = argv + MIN_OF(at + 1, argc),
        .stop = &stop};
    Str name = at < argc ? str_from(argv[at]) : S("help");
    if (str_eq(name, S("--help")) || str_eq(name, S("-h")))
        name = S("help");
    if (str_eq(name, S("--version")))
        name = S("version");
    const Verb *verb = verb_find(name);
    if (!verb)
        return verb_misused("help", "there is no verb \"" FMT_STR "\"", ARG_STR(name));
    int code = verb->run(&call);
    if (fflush(stdout) != 0 && code == EXIT_GOOD) {
        fputs("vitrine: could not write the answer\n", stderr);
        code = EXIT_TROUBLE;
    }
    return code;
}
