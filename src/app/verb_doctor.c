// SPDX-License-Identifier: Apache-2.0
// doctor: one line a question, and what to do where the answer is bad. Changes nothing.
#include "app/index.h"
#include "app/term.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "preserve/fixity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { OUTPUT_MAX_BYTES = 1024 * 1024, FREE_WARN_MB = 1024, MB = 1000 * 1000 };

typedef enum { WELL, WORRYING, BAD } Finding;

typedef struct {
    bool json;
    Buf lines;
    JsonWriter writer;
    Finding worst;
} Doctor;

static void say(Doctor *d, Finding finding, const char *question, const char *format, ...) PRINTF_LIKE(4, 5);

static void say(Doctor *d, Finding finding, const char *question, const char *format, ...)
{
    static const char *const names[] = {"well", "worrying", "bad"};
    static const char *const marks[] = {"ok   ", "hm   ", "BAD  "};
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    d->worst = MAX_OF(d->worst, finding);
    if (!d->json) {
        printf("%s%-10s %s\n", marks[finding], question, text);
        return;
    }
    json_put_map(&d->writer);
    json_put_member(&d->writer, S("question"), str_from(question));
    json_put_member(&d->writer, S("finding"), str_from(names[finding]));
    json_put_member(&d->writer, S("text"), str_from(text));
    json_put_map_end(&d->writer);
}

static void look_at_disk(Doctor *d, const Home *home)
{
    struct statvfs fs;
    if (fstatvfs(home->dir, &fs) != 0)
        return;
    uint64_t free_mb = (uint64_t)fs.f_bavail * fs.f_frsize / MB;
    say(d, free_mb < FREE_WARN_MB ? WORRYING : WELL, "disk", "%llu MB free%s", (unsigned long long)free_mb,
        free_mb < FREE_WARN_MB ? ": soon too little to take in more" : "");
    if (fs.f_flag & ST_RDONLY)
        say(d, BAD, "disk", "it can only be read: nothing can be taken in");
}

static void look_at_vault(Doctor *d, const Home *home)
{
    Err err = {0};
    Str *ids;
    size_t count;
    if (!store_unfinished(home->store, home->arena, &ids, &count, &err))
        say(d, err.kind == ERR_BUSY ? WELL : BAD, "vault", "%s", err.text);
    else if (count)
        say(d, WORRYING, "vault",
            "%zu objects were being written when the program died; the next ingest or serve finishes them",
            count);
    else
        say(d, WELL, "vault", "nothing unfinished; `vitrine verify` reads every byte");
}

// What the last reading of every byte found.
static void look_at_fixity(Doctor *d, const Home *home, bool second)
{
    static const int64_t day_ms = 24LL * 3600 * 1000;
    const char *question = second ? "copy" : "bytes";
    Err err = {0};
    FixityDamage damage;
    FixityResult last = {0};
    if (second && home->conf.second_vault.n == 0) {
        say(d, WORRYING, question, "museum.conf names no second vault: what is lost here is lost");
        return;
    }
    if (!fixity_damage(home->path, second, (Str){0}, home->arena, &damage, &err)) {
        say(d, BAD, question, "%s", err.text);
        return;
    }
    if (damage.objects > 0) {
        say(d, BAD, question,
            "%llu objects are damaged, one of them " FMT_STR "; preserve/%squarantine.txt has all; %s",
            (unsigned long long)damage.objects,
            ARG_STR(term_safe(home->arena, str_slice(damage.first, 0, 100))), second ? "second-" : "",
            second ? "vitrine verify --mend --other WHERE" : "vitrine verify --copy WHERE");
        return;
    }
    if (!fixity_last(home->path, second, &last, &err)) {
        say(d, WELL, question, "not read through yet; a running server does it");
        return;
    }
    int64_t days = (clock_now_ms() - last.ended_ms) / day_ms;
    bool late = home->conf.fixity_days > 0 && days > 2 * home->conf.fixity_days;
    say(d, late ? WORRYING : WELL, question, "all read and compared %lld days ago, %llu objects%s",
        (long long)days, (unsigned long long)last.objects,
        late ? ": too long ago; is the server running?" : "");
}

static void look_at_catalog(Doctor *d, const Home *home)
{
    Err err = {0};
    int64_t objects, images, head = catalog_head(home->catalog, &err);
    if (head < 0 || !catalog_count(home->catalog, &objects, &images, &err))
        say(d, BAD, "catalogue", "%s; make it again with: vitrine -C %s rebuild", err.text, home->path);
    else
        say(d, WELL, "catalogue", "%lld objects, %lld pictures, %lld changes in the ledger",
            (long long)objects, (long long)images, (long long)head);
}

static void look_at_index(Doctor *d, const Home *home)
{
    Err err = {0};
    int64_t head = catalog_head(home->catalog, &err);
    Search *search = search_open(index_dir(home), false, &err);
    if (!search && err.kind == ERR_NOT_FOUND && head == 0) {
        say(d, WELL, "index", "there is nothing to find yet");
        return;
    }
    if (!search) {
        say(d, WORRYING, "index", "%s; the next ingest or serve makes it",
            err.kind == ERR_NOT_FOUND ? "there is none" : err.text);
        return;
    }
    int64_t behind = head - search_sequence(search);
    search_close(search);
    if (behind > 0)
        say(d, WORRYING, "index", "%lld changes behind; a running server catches up by itself",
            (long long)behind);
    else
        say(d, WELL, "index", "knows everything");
}

static void look_at_derived(Doctor *d, const Home *home)
{
    Err err = {0};
    uint64_t files, bytes;
    int64_t objects, images;
    if (!derived_size(home->derived, &files, &bytes, &err) ||
        !catalog_count(home->catalog, &objects, &images, &err))
        say(d, BAD, "pictures", "%s", err.text);
    else
        say(d, WELL, "pictures", "%llu pyramids, " FMT_STR, (unsigned long long)files,
            ARG_STR(term_bytes(home->arena, bytes)));
}

// A picture of one pixel through the cage: does the child start on this machine?
static void look_at_cage(Doctor *d, Home *home)
{
    static const unsigned char one_pixel[] = {'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 0xFF,
        0xFF, 0xFF, 0, 0, 0, ',', 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 'D', 1, 0, ';'};
    Err err = {0};
    ImageFacts facts;
    char name[] = "/tmp/vitrine-doctor-XXXXXX";
    CLEANUP(fd_closep) int fd = mkstemp(name);
    if (fd < 0)
        return;
    unlink(name);
    if (!file_write_all(fd, (Str){(const char *)one_pixel, sizeof(one_pixel)}, &err) ||
        !home_open_cage(home, &err) || !cage_probe(home->cage, 0, fd, &facts, &err))
        say(d, BAD, "cage", "pictures cannot be decoded: %s", err.text);
    else
        say(d, WELL, "cage", "pictures are decoded in a process of their own");
}

static int finish(Doctor *d)
{
    if (d->json) {
        json_put_list_end(&d->writer);
        printf(FMT_STR "\n", ARG_STR(buf_str(&d->lines)));
    }
    buf_free(&d->lines);
    return d->worst == BAD ? EXIT_TROUBLE : EXIT_GOOD;
}

int verb_doctor(const Call *call)
{
    bool json = false;
    const Option options[] = {{"json", OPTION_FLAG, NULL, "print the findings as JSON", &json}};
    Rest rest;
    int code = verb_options(call, "doctor", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count > 0)
        return verb_misused("doctor", "\"%s\" is one word too many", rest.words[0]);
    Doctor d = {.json = json, .lines = buf_with_max(OUTPUT_MAX_BYTES)};
    d.writer = json_writer(&d.lines);
    if (json)
        json_put_list(&d.writer);
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_WORK, &home, &err)) {
        say(&d, BAD, "museum", "%s", err.text);
        return finish(&d);
    }
    say(&d, WELL, "museum", FMT_STR ", in %s", ARG_STR(home.conf.name), home.path);
    look_at_disk(&d, &home);
    look_at_vault(&d, &home);
    look_at_fixity(&d, &home, false);
    look_at_fixity(&d, &home, true);
    look_at_catalog(&d, &home);
    look_at_index(&d, &home);
    look_at_derived(&d, &home);
    look_at_cage(&d, &home);
    home_close(&home);
    return finish(&d);
}
