// SPDX-License-Identifier: Apache-2.0
#include "app/report.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // problems come from several threads

void report_open(Report *r, bool json)
{
    *r = (Report){
        .term = term_open(STDERR_FILENO), .json = json, .lines = buf_with_max(REPORT_JSON_MAX_BYTES)};
}

static const char *level_name(IngestLevel level)
{
    switch (level) {
    case INGEST_NOTE:
        return "note";
    case INGEST_WARNING:
        return "warning";
    case INGEST_REFUSED:
        return "refused";
    }
    return "?";
}

static void put_json(Report *r, const IngestProblem *p)
{
    JsonWriter w = json_writer(&r->lines);
    if (r->lines.n)
        buf_add_char(&r->lines, ',');
    json_put_map(&w);
    json_put_member(&w, S("level"), str_from(level_name(p->level)));
    json_put_member(&w, S("file"), p->file);
    if (p->row)
        json_put_member_int(&w, S("row"), p->row);
    json_put_member_if(&w, S("cell"), p->cell);
    json_put_member(&w, S("text"), p->text);
    json_put_map_end(&w);
}

static void show(Report *r, const IngestProblem *p)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str where = term_safe(a, p->file);
    if (p->row)
        where = arena_printf(a, FMT_STR ", row %lld", ARG_STR(where), (long long)p->row);
    if (p->cell.n)
        where = arena_printf(a, FMT_STR ", " FMT_STR, ARG_STR(where), ARG_STR(term_safe(a, p->cell)));
    term_line(&r->term, "%-8s " FMT_STR ": " FMT_STR, level_name(p->level), ARG_STR(where),
        ARG_STR(term_safe(a, p->text)));
}

static void on_problem(void *ctx, const IngestProblem *problem)
{
    Report *r = ctx;
    pthread_mutex_lock(&lock);
    r->problems += problem->level == INGEST_REFUSED;
    r->warnings += problem->level == INGEST_WARNING;
    if (r->json)
        put_json(r, problem);
    else
        show(r, problem);
    pthread_mutex_unlock(&lock);
}

static void on_progress(void *ctx, const IngestCounts *c)
{
    Report *r = ctx;
    CLEANUP(arena_closep) Arena *a = arena_open();
    pthread_mutex_lock(&lock);
    Str what =
        arena_printf(a, "%lld records, %lld pictures", (long long)c->records_seen, (long long)c->images_seen);
    if (c->bytes_total > 0)
        term_progress(&r->term, what, c->bytes_read / 1000, c->bytes_total / 1000, S("kB"));
    else
        term_progress(&r->term, what, c->records_seen + c->images_seen, -1, S("items"));
    pthread_mutex_unlock(&lock);
}

IngestListener report_listener(Report *r)
{
    return (IngestListener){.ctx = r, .problem = on_problem, .progress = on_progress};
}

static void sum_json(Report *r, const IngestCounts *c, bool check)
{
    CLEANUP(buf_free) Buf out = buf_with_max(REPORT_JSON_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member_bool(&w, S("check"), check);
    json_put_name(&w, S("records"));
    json_put_map(&w);
    json_put_member_int(&w, S("seen"), c->records_seen);
    json_put_member_int(&w, S("new"), c->records_new);
    json_put_member_int(&w, S("changed"), c->records_changed);
    json_put_member_int(&w, S("same"), c->records_same);
    json_put_member_int(&w, S("refused"), c->records_refused);
    json_put_map_end(&w);
    json_put_name(&w, S("images"));
    json_put_map(&w);
    json_put_member_int(&w, S("seen"), c->images_seen);
    json_put_member_int(&w, S("new"), c->images_new);
    json_put_member_int(&w, S("same"), c->images_same);
    json_put_member_int(&w, S("refused"), c->images_refused);
    json_put_map_end(&w);
    json_put_member_int(&w, S("change_set"), c->change_set);
    json_put_name(&w, S("problems"));
    json_put_list(&w);
    if (r->lines.n)
        json_put_raw(&w, buf_str(&r->lines));
    json_put_list_end(&w);
    json_put_map_end(&w);
    printf(FMT_STR "\n", ARG_STR(buf_str(&out)));
}

bool report_done(Report *r, const IngestCounts *c, const char *verb, bool check)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    term_done(&r->term);
    if (r->json) {
        sum_json(r, c, check);
        return r->problems == 0;
    }
    Str time = term_duration(a, clock_mono_us() - r->term.started_us);
    printf("%s in " FMT_STR ": %lld records (%lld new, %lld changed, %lld unchanged, %lld refused), "
           "%lld pictures (%lld new, %lld unchanged, %lld refused)\n",
        verb, ARG_STR(time), (long long)c->records_seen, (long long)c->records_new,
        (long long)c->records_changed, (long long)c->records_same, (long long)c->records_refused,
        (long long)c->images_seen, (long long)c->images_new, (long long)c->images_same,
        (long long)c->images_refused);
    if (r->problems || r->warnings)
        printf("%lld refused, %lld warnings: see the lines above\n", (long long)r->problems,
            (long long)r->warnings);
    return r->problems == 0;
}

void report_close(Report *r)
{
    buf_free(&r->lines);
}
