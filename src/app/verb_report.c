// SPDX-License-Identifier: Apache-2.0
// report: what was forgotten, as counts, as a list behind each, and the formats that lie in the vault. For
// people, for scripts (--json) and for spreadsheets (--csv).
#include "app/second.h"
#include "app/term.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/json.h"
#include "preserve/forgotten.h"
#include "preserve/markup.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 1024 * 1024, KINDS_MAX = 256 };

typedef enum { AS_TEXT, AS_JSON, AS_CSV } Form;

typedef struct {
    Form form;
    Buf line;
    int64_t listed;
    struct {
        uint64_t files, bytes;
    } kinds[KINDS_MAX]; // of format.kind
} Report;

static void flush_line(Report *r)
{
    fwrite(r->line.p, 1, r->line.n, stdout);
    buf_clear(&r->line);
}

// ---- a list

static void list_head(Report *r, Forgotten what)
{
    if (r->form == AS_JSON)
        printf("{\"report\":\"" FMT_STR "\",\"list\":[", ARG_STR(forgotten_name(what)));
    else if (r->form == AS_CSV)
        fputs("\xef\xbb\xbfid,title,why\r\n", stdout);
}

static void put_json(Report *r, Str id, Str title, Str detail)
{
    JsonWriter w = json_writer(&r->line);
    buf_add(&r->line, r->listed ? S(",\n") : S("\n"));
    json_put_map(&w);
    json_put_member(&w, S("id"), id);
    json_put_member(&w, S("title"), title);
    json_put_member_if(&w, S("why"), detail);
    json_put_map_end(&w);
}

static void put_csv(Report *r, const Str *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&r->line, ',');
        markup_csv(&r->line, cells[i]);
    }
    buf_add(&r->line, S("\r\n"));
}

static void put_text(Report *r, const Str *cells, size_t count)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&r->line, '\t');
        buf_add(&r->line, term_safe(a, cells[i]));
    }
    buf_add_char(&r->line, '\n');
}

static bool on_listed(void *ctx, Str id, Str title, Str detail)
{
    Report *r = ctx;
    const Str cells[] = {id, title, detail};
    switch (r->form) {
    case AS_JSON:
        put_json(r, id, title, detail);
        break;
    case AS_CSV:
        put_csv(r, cells, 3);
        break;
    case AS_TEXT:
        put_text(r, cells, detail.n ? 3 : 2);
        break;
    }
    flush_line(r);
    r->listed++;
    return true;
}

static bool list(Report *r, const ForgottenHouse *house, Forgotten what, const Call *call, Err *err)
{
    ForgottenSum sum;
    ForgottenAsk ask = {.what = what, .list = on_listed, .ctx = r, .stop = call->stop};
    list_head(r, what);
    if (!forgotten_report(house, &ask, &sum, err))
        return false;
    if (r->form == AS_JSON)
        printf("\n],\"count\":%lld,\"objects\":%lld}\n", (long long)sum.counts[what], (long long)sum.objects);
    return true;
}

// ---- counts

static Str since_of(const ForgottenHouse *house, Arena *a)
{
    return house->opened ? time_rfc3339(a, tally_since_ms(house->opened)) : (Str){0};
}

static void counts_json(Report *r, const ForgottenHouse *house, const ForgottenSum *sum, Arena *a)
{
    JsonWriter w = json_writer(&r->line);
    json_put_map(&w);
    json_put_member_int(&w, S("objects"), sum->objects);
    for (int i = 0; i < FORGOTTEN_COUNT; i++)
        json_put_member_int(&w, forgotten_name((Forgotten)i), sum->counts[i]);
    json_put_member_if(&w, S("counting_opened_since"), since_of(house, a));
    json_put_member_bool(&w, S("second_vault"), house->copy != NULL);
    json_put_map_end(&w);
    buf_add_char(&r->line, '\n');
    flush_line(r);
}

static void counts_text(const ForgottenHouse *house, const ForgottenSum *sum, Arena *a)
{
    printf("%8lld objects, of which\n", (long long)sum->objects);
    for (int i = 0; i < FORGOTTEN_COUNT; i++) {
        printf("%8lld " FMT_STR, (long long)sum->counts[i], ARG_STR(forgotten_name((Forgotten)i)));
        if (i == FORGOTTEN_NEVER_OPENED && house->opened)
            printf("   (counted since " FMT_STR ")", ARG_STR(str_slice(since_of(house, a), 0, 10)));
        else if (i == FORGOTTEN_NEVER_OPENED)
            fputs("   (the museum was never served, so nothing was counted)", stdout);
        else if (i == FORGOTTEN_NO_BACKUP && !house->copy)
            fputs("   (museum.conf names no second vault)", stdout);
        putchar('\n');
    }
    puts("A list:  vitrine report NAME        File formats:  vitrine report formats");
}

static void counts_csv(Report *r, const ForgottenSum *sum, Arena *a)
{
    fputs("report,objects\r\n", stdout);
    for (int i = 0; i < FORGOTTEN_COUNT; i++) {
        const Str cells[] = {
            forgotten_name((Forgotten)i), arena_printf(a, "%lld", (long long)sum->counts[i])};
        put_csv(r, cells, 2);
    }
    flush_line(r);
}

static bool count(Report *r, const ForgottenHouse *house, const Call *call, Err *err)
{
    ForgottenSum sum;
    CLEANUP(arena_closep) Arena *a = arena_open();
    ForgottenAsk ask = {.what = FORGOTTEN_COUNT, .stop = call->stop};
    if (!forgotten_report(house, &ask, &sum, err))
        return false;
    switch (r->form) {
    case AS_JSON:
        counts_json(r, house, &sum, a);
        break;
    case AS_CSV:
        counts_csv(r, &sum, a);
        break;
    case AS_TEXT:
        counts_text(house, &sum, a);
        break;
    }
    return true;
}

// ---- formats

static void on_file(void *ctx, Str object_id, const StoreFile *file, const Format *format)
{
    Report *r = ctx;
    (void)object_id;
    if (format->kind < KINDS_MAX) {
        r->kinds[format->kind].files++;
        r->kinds[format->kind].bytes += file->size_bytes;
    }
}

static void put_format(Report *r, const Format *f, Arena *a)
{
    uint64_t files = r->kinds[f->kind].files, bytes = r->kinds[f->kind].bytes;
    const Str cells[] = {arena_printf(a, "%llu", (unsigned long long)files),
        arena_printf(a, "%llu", (unsigned long long)bytes), f->name, f->mime, f->pronom,
        format_risk_name(f->risk), f->reason};
    if (r->form == AS_CSV) {
        put_csv(r, cells, COUNT_OF(cells));
    } else if (r->form == AS_TEXT) {
        buf_printf(&r->line, "%8llu  %-8s " FMT_STR "%s" FMT_STR "%s" FMT_STR "\n", (unsigned long long)files,
            format_risk_name(f->risk).p, ARG_STR(f->name), f->pronom.n ? ", " : "", ARG_STR(f->pronom),
            f->reason.n ? ": " : "", ARG_STR(f->reason));
    } else {
        JsonWriter w = json_writer(&r->line);
        buf_add(&r->line, r->listed ? S(",\n") : S("\n"));
        json_put_map(&w);
        json_put_member_int(&w, S("files"), (int64_t)files);
        json_put_member_int(&w, S("bytes"), (int64_t)bytes);
        json_put_member(&w, S("name"), f->name);
        json_put_member(&w, S("mime"), f->mime);
        json_put_member_if(&w, S("pronom"), f->pronom);
        json_put_member(&w, S("risk"), format_risk_name(f->risk));
        json_put_member_if(&w, S("reason"), f->reason);
        json_put_map_end(&w);
    }
    flush_line(r);
    r->listed++;
}

// Those at risk first.
static bool formats(Report *r, const ForgottenHouse *house, bool known, const Call *call, Err *err)
{
    ForgottenSum sum;
    CLEANUP(arena_closep) Arena *a = arena_open();
    ForgottenAsk ask = {.what = FORGOTTEN_FORMAT_AT_RISK, .file = on_file, .ctx = r, .stop = call->stop};
    if (!known && !forgotten_report(house, &ask, &sum, err))
        return false;
    if (r->form == AS_JSON)
        fputs("[", stdout);
    else if (r->form == AS_CSV)
        fputs("\xef\xbb\xbf"
              "files,bytes,name,mime,pronom,risk,reason\r\n",
            stdout);
    for (int risk = FORMAT_AT_RISK; risk >= FORMAT_LASTING; risk--) {
        Format f;
        for (int kind = 0; kind < KINDS_MAX && format_known(kind, &f); kind++)
            if ((int)f.risk == risk && (known || r->kinds[kind].files))
                put_format(r, &f, a);
    }
    if (r->form == AS_JSON)
        puts("\n]");
    return true;
}

// ---- the verb

// What is not there is left out, and said: a report about the rest is better than none.
static void open_house(const Home *home, const volatile bool *stop, ForgottenHouse *ret)
{
    Err err = {0};
    *ret = (ForgottenHouse){.catalog = home->catalog, .store = home->store};
    ret->opened = tally_read(home->dir, HOME_OPENED, &err);
    if (!ret->opened && err.kind != ERR_NOT_FOUND)
        fprintf(stderr, "vitrine: %s\n", err.text);
    if (!home->conf.second_vault.n)
        return;
    ret->copy = second_open(home, home->conf.second_vault, false, stop, &err);
    if (!ret->copy)
        fprintf(stderr, "vitrine: the second vault: %s\n", err.text);
}

static bool run(Report *r, Home *home, const Rest *rest, bool known, const Call *call, Err *err)
{
    ForgottenHouse house;
    Forgotten what = FORGOTTEN_COUNT;
    Str name = rest->words_count ? str_from(rest->words[0]) : (Str){0};
    open_house(home, call->stop, &house);
    bool good = str_eq(name, S("formats"))     ? formats(r, &house, known, call, err)
                : forgotten_parse(name, &what) ? list(r, &house, what, call, err)
                                               : count(r, &house, call, err);
    store_close(house.copy);
    tally_close(house.opened);
    return good;
}

int verb_report(const Call *call)
{
    bool json = false, csv = false, known = false;
    const Option options[] = {
        {"json", OPTION_FLAG, NULL, "print it as JSON", &json},
        {"csv", OPTION_FLAG, NULL, "print it for a spreadsheet", &csv},
        {"known", OPTION_FLAG, NULL, "with formats: all that we know, not only those in the vault", &known},
    };
    Rest rest;
    Forgotten what;
    int code = verb_options(call, "report", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    bool is_formats = rest.words_count && str_eq(str_from(rest.words[0]), S("formats"));
    if (rest.words_count > 1 ||
        (rest.words_count && !is_formats && !forgotten_parse(str_from(rest.words[0]), &what)))
        return verb_misused("report", "there is no report \"%s\"", rest.words[0]);
    if ((json && csv) || (known && !is_formats))
        return verb_misused("report", "these options do not go together");
    Home home;
    Err err = {0};
    Report *report = mem_alloc(sizeof(*report));
    report->form = json ? AS_JSON : csv ? AS_CSV : AS_TEXT;
    report->line = buf_with_max(LINE_MAX_BYTES);
    bool good = home_open(call->home, HOME_WORK, &home, &err);
    if (good) {
        good = run(report, &home, &rest, known, call, &err);
        home_close(&home);
    }
    buf_free(&report->line);
    free(report);
    return good ? EXIT_GOOD : verb_failed(&err);
}
