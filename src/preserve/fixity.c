// SPDX-License-Identifier: Apache-2.0
#include "preserve/fixity.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "preserve/certificate.h"

#include <fcntl.h>
#include <unistd.h>

enum { STATE_MAX_BYTES = 64 * 1024, QUARANTINE_MAX_BYTES = 64 * 1024 * 1024, DAMAGED_MAX = 1000000 };

typedef struct {
    const FixityAsk *ask;
    int folder;               // home/preserve
    FixityResult before, now; // before: of the part that an earlier, stopped run did
    Arena *arena;
    Str *damaged; // ids
    size_t damaged_count, damaged_capacity;
    Buf quarantine;
    Str mark;
    bool kept; // every state was written
    Err why;
} Run;

int fixity_folder(const char *home_path, Err *err)
{
    CLEANUP(fd_closep) int home = dir_open(AT_FDCWD, home_path, err);
    if (home < 0 || !dir_make(home, "preserve/certificates", err))
        return -1;
    return dir_open(home, "preserve", err);
}

// ---- the state on disk

static void put_result(JsonWriter *w, const FixityResult *r)
{
    json_put_member_int(w, S("started_ms"), r->started_ms);
    json_put_member_int(w, S("ended_ms"), r->ended_ms);
    json_put_member_int(w, S("objects"), (int64_t)r->objects);
    json_put_member_int(w, S("files"), (int64_t)r->files);
    json_put_member_int(w, S("bytes"), (int64_t)r->bytes);
    json_put_member_int(w, S("damaged"), (int64_t)r->damaged);
    json_put_member_int(w, S("mended"), (int64_t)r->mended);
    json_put_member_int(w, S("lost"), (int64_t)r->lost);
}

static FixityResult read_result(const Json *map)
{
    return (FixityResult){.started_ms = json_int(map, S("started_ms"), 0),
        .ended_ms = json_int(map, S("ended_ms"), 0),
        .objects = (uint64_t)json_int(map, S("objects"), 0),
        .files = (uint64_t)json_int(map, S("files"), 0),
        .bytes = (uint64_t)json_int(map, S("bytes"), 0),
        .damaged = (uint64_t)json_int(map, S("damaged"), 0),
        .mended = (uint64_t)json_int(map, S("mended"), 0),
        .lost = (uint64_t)json_int(map, S("lost"), 0)};
}

static const char *state_name(bool second)
{
    return second ? "second.json" : "fixity.json";
}

static const char *quarantine_name(bool second)
{
    return second ? "second-quarantine.txt" : "quarantine.txt";
}

static const Json *read_state(int folder, bool second, Arena *a, Err *err)
{
    Str text;
    CLEANUP(fd_closep) int fd = file_open(folder, state_name(second), err);
    return fd >= 0 && file_read_all(fd, STATE_MAX_BYTES, a, &text, err) ? json_parse(text, a, err) : NULL;
}

// `last` stays what it was until a run is complete; `half` is there while one is not.
static bool write_state(
    int folder, bool second, const FixityResult *last, const FixityResult *half, Str mark, Err *err)
{
    CLEANUP(buf_free) Buf out = buf_with_max(STATE_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    if (last && last->ended_ms) {
        json_put_name(&w, S("last"));
        json_put_map(&w);
        put_result(&w, last);
        json_put_map_end(&w);
    }
    if (half) {
        json_put_name(&w, S("half"));
        json_put_map(&w);
        put_result(&w, half);
        json_put_member(&w, S("mark"), mark);
        json_put_map_end(&w);
    }
    json_put_map_end(&w);
    return file_replace(folder, state_name(second), buf_str(&out), true, err);
}

// ---- a run

static void on_problem(void *ctx, Str id, Str problem)
{
    Run *run = ctx;
    bool again = run->damaged_count && str_eq(run->damaged[run->damaged_count - 1], id);
    if (!again && run->damaged_count < DAMAGED_MAX)
        *arena_push(run->arena, &run->damaged, &run->damaged_count, &run->damaged_capacity) =
            arena_copy(run->arena, id);
    buf_add(&run->quarantine, id);
    buf_add_char(&run->quarantine, '\t');
    buf_add(&run->quarantine, problem);
    buf_add_char(&run->quarantine, '\n');
    if (run->ask->report)
        run->ask->report(run->ask->ctx, id, problem);
}

static void on_progress(void *ctx, const StoreVerified *so_far)
{
    Run *run = ctx;
    if (run->ask->progress)
        run->ask->progress(run->ask->ctx, so_far);
}

static void add_sums(Run *run, const StoreVerified *sums)
{
    run->now.objects = run->before.objects + sums->objects;
    run->now.files = run->before.files + sums->files;
    run->now.bytes = run->before.bytes + sums->bytes;
    run->now.damaged = run->before.damaged + sums->damaged;
}

// What is damaged is counted as lost in a half-done state, until the end has tried to mend it.
static void on_mark(void *ctx, Str folder, const StoreVerified *so_far)
{
    Run *run = ctx;
    Arena *a = run->arena;
    Err err = {0};
    FixityResult last = {0};
    add_sums(run, so_far);
    const Json *state = read_state(run->folder, run->ask->second, a, &err);
    if (state)
        last = read_result(json_find(state, S("last")));
    run->mark = arena_copy(a, folder);
    if (run->kept && !write_state(run->folder, run->ask->second, &last, &run->now, folder, &run->why))
        run->kept = false;
    if (run->kept && run->quarantine.n &&
        !file_replace(
            run->folder, quarantine_name(run->ask->second), buf_str(&run->quarantine), true, &run->why))
        run->kept = false;
}

// An object counts as mended if it verifies afterwards; the others stay in quarantine.
static void mend_all(Run *run)
{
    for (size_t i = 0; run->ask->copy && i < run->damaged_count; i++) {
        StoreMended sums;
        Err why = {0};
        if (!store_mend(run->ask->store, run->ask->copy, run->damaged[i], &sums, &why)) {
            if (run->ask->report)
                run->ask->report(run->ask->ctx, run->damaged[i], str_from(why.text));
            continue;
        }
        run->now.mended += (uint64_t)sums.mended;
    }
}

typedef struct {
    Buf *out;
    uint64_t objects;
    Str last;
    Arena *arena;
} Rest;

static void note_rest(void *ctx, Str id, Str problem)
{
    Rest *rest = ctx;
    if (!str_eq(rest->last, id))
        rest->objects++;
    rest->last = arena_copy(rest->arena, id);
    buf_add(rest->out, id);
    buf_add_char(rest->out, '\t');
    buf_add(rest->out, problem);
    buf_add_char(rest->out, '\n');
}

// Looks at the damaged objects once more and writes down what is still wrong.
static bool quarantine(Run *run, Err *err)
{
    Rest rest = {&run->quarantine, 0, {0}, run->arena};
    buf_clear(&run->quarantine);
    for (size_t i = 0; i < run->damaged_count; i++)
        if (!store_verify_object(run->ask->store, run->damaged[i], note_rest, &rest, err))
            return false;
    run->now.lost = rest.objects;
    if (run->quarantine.n)
        return file_replace(
            run->folder, quarantine_name(run->ask->second), buf_str(&run->quarantine), true, err);
    unlinkat(run->folder, quarantine_name(run->ask->second), 0);
    return true;
}

static bool finish(Run *run, const StoreVerified *sums, Err *err)
{
    add_sums(run, sums);
    if (!run->kept) {
        *err = run->why;
        return false;
    }
    run->now.complete = !(run->ask->stop && *run->ask->stop);
    if (!run->now.complete)
        return true; // the marks have kept what was done
    mend_all(run);
    run->now.ended_ms = clock_now_ms();
    return quarantine(run, err) && write_state(run->folder, run->ask->second, &run->now, NULL, (Str){0}, err);
}

// The ids that an earlier part of this run found damaged.
static bool take_up_quarantine(Run *run, Err *err)
{
    Str text, line, id, problem;
    Err why = {0};
    CLEANUP(fd_closep) int fd = file_open(run->folder, quarantine_name(run->ask->second), &why);
    if (fd < 0)
        return true;
    if (!file_read_all(fd, QUARANTINE_MAX_BYTES, run->arena, &text, err))
        return false;
    buf_add(&run->quarantine, text);
    while (str_next(&text, '\n', &line))
        if (str_cut_last(line, '\t', &id, &problem) && run->damaged_count < DAMAGED_MAX &&
            !(run->damaged_count && str_eq(run->damaged[run->damaged_count - 1], id)))
            *arena_push(run->arena, &run->damaged, &run->damaged_count, &run->damaged_capacity) = id;
    return true;
}

static bool begin(Run *run, Err *err)
{
    Err why = {0};
    run->now.started_ms = clock_now_ms();
    const Json *state = run->ask->resume ? read_state(run->folder, run->ask->second, run->arena, &why) : NULL;
    const Json *half = json_find(state, S("half"));
    if (half) {
        run->before = run->now = read_result(half);
        run->mark = json_text(half, S("mark"));
    }
    return !half || take_up_quarantine(run, err);
}

bool fixity_run(const FixityAsk *ask, FixityResult *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int folder = fixity_folder(ask->home, err);
    Run run = {.ask = ask,
        .folder = folder,
        .arena = a,
        .kept = true,
        .quarantine = buf_with_max(QUARANTINE_MAX_BYTES)};
    StoreVerified sums;
    bool good = folder >= 0 && begin(&run, err);
    StoreVerifyAsk verify = {.threads = ask->threads,
        .rate_bytes = ask->rate_bytes,
        .after = run.mark,
        .stop = ask->stop,
        .report = on_problem,
        .progress = on_progress,
        .mark = on_mark,
        .ctx = &run};
    good = good && store_verify_some(ask->store, &verify, &sums, err) && finish(&run, &sums, err);
    buf_free(&run.quarantine);
    if (good)
        *ret = run.now;
    return good;
}

// ---- between runs

// For those who only look: nothing is made.
static int look_folder(const char *home_path, Err *err)
{
    CLEANUP(fd_closep) int home = dir_open(AT_FDCWD, home_path, err);
    return home < 0 ? -1 : dir_open(home, "preserve", err);
}

bool fixity_last(const char *home, bool second, FixityResult *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int folder = look_folder(home, err);
    const Json *state = folder >= 0 ? read_state(folder, second, a, err) : NULL;
    const Json *last = json_find(state, S("last"));
    if (!state)
        return false;
    if (!last)
        return err_set(err, ERR_NOT_FOUND, "the vault was never read through");
    *ret = read_result(last);
    ret->complete = true;
    return true;
}

bool fixity_damage(const char *home, bool second, Str object_id, Arena *a, FixityDamage *ret, Err *err)
{
    Str text, line, id, problem, last = {0};
    Err why = {0};
    CLEANUP(fd_closep) int folder = look_folder(home, &why);
    CLEANUP(fd_closep) int fd = folder < 0 ? -1 : file_open(folder, quarantine_name(second), &why);
    *ret = (FixityDamage){0};
    if (fd < 0 && why.kind == ERR_NOT_FOUND)
        return true;
    if (fd < 0)
        return err_set(err, why.kind, "%s", why.text);
    if (!file_read_all(fd, QUARANTINE_MAX_BYTES, a, &text, err))
        return false;
    while (str_next(&text, '\n', &line)) {
        if (!str_cut_last(line, '\t', &id, &problem))
            continue;
        ret->objects += !str_eq(id, last);
        last = id;
        if (!ret->first.n)
            ret->first = id;
        if (!ret->about.n && str_eq(id, object_id))
            ret->about = problem;
    }
    return true;
}

bool fixity_is_due(const char *home, bool second, int64_t every_ms, int64_t now_ms)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CLEANUP(fd_closep) int folder = look_folder(home, &err);
    const Json *state = folder >= 0 ? read_state(folder, second, a, &err) : NULL;
    return json_find(state, S("half")) ||
           json_int(json_find(state, S("last")), S("ended_ms"), 0) + every_ms <= now_ms;
}

bool fixity_tend(const FixityAsk *ask, Str museum, int64_t every_ms, int64_t now_ms, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    FixityAsk slowly = *ask;
    FixityResult result;
    Str path;
    if (!fixity_is_due(ask->home, ask->second, every_ms, now_ms))
        return true;
    slowly.resume = true;
    if (!fixity_run(&slowly, &result, err))
        return false;
    return ask->second || !result.complete ||
           fixity_certify(ask->home, ask->store, museum, &result, a, &path, err);
}
