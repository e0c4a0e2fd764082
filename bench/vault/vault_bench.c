// SPDX-License-Identifier: Apache-2.0
// How fast the vault takes small objects in, hands them out and reads itself through:
//   vault_bench FOLDER [OBJECTS [BYTES EACH [OBJECTS A BATCH]]]
#include "base/clock.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

typedef struct {
    int64_t wall_us, cpu_us;
} Moment;

static Moment now(void)
{
    return (Moment){clock_mono_us(), clock_cpu_us()};
}

static void show(const char *what, Moment from, int count)
{
    Moment to = now();
    double wall = (double)(to.wall_us - from.wall_us), cpu = (double)(to.cpu_us - from.cpu_us);
    printf("%-28s %8.0f a second, %6.1f us of processor each, %.2f s\n", what, count / wall * 1e6,
        cpu / count, wall / 1e6);
}

static _Noreturn void stop(const char *what, const Err *err)
{
    fprintf(stderr, "%s: %s\n", what, err->text);
    exit(1);
}

static void add(Store *store, int from, int to, const char *bytes, size_t size, Arena *a)
{
    Err err = {0};
    StoreNote note = {
        1770000000000, S("taken in from records.csv"), S("bench"), S("mailto:bench@example.org")};
    StoreBatch *batch = store_batch_open(store, &err);
    for (int i = from; batch && i < to; i++) {
        arena_reset(a);
        Str id = arena_printf(a, "museum:%07d", i);
        Str record =
            arena_printf(a, "{\"id\":\"" FMT_STR "\",\"text\":\"%.*s\"}\n", ARG_STR(id), (int)size, bytes);
        StoreDraft *draft = store_draft_open(batch, id, &err);
        if (!draft || !store_draft_put(draft, S("record.json"), record, &err) ||
            !store_draft_done(draft, &note, &err))
            stop("adding", &err);
    }
    if (!batch || !store_batch_publish(batch, &err))
        stop("publishing", &err);
    store_batch_close(batch);
}

typedef struct {
    Store *store;
    Arena *arena;
    int count;
} Reader;

static bool read_one(void *ctx, Str id, Str problem, Err *err)
{
    Reader *r = ctx;
    Str bytes;
    arena_reset(r->arena);
    r->count++;
    return problem.n == 0 && store_read(r->store, id, 0, S("record.json"), 1 << 20, r->arena, &bytes, err);
}

int main(int argc, char **argv)
{
    Err err = {0};
    int objects = argc > 2 ? atoi(argv[2]) : 10000, batch = argc > 4 ? atoi(argv[4]) : 1000;
    size_t size = argc > 3 ? (size_t)atoi(argv[3]) : 1500;
    if (argc < 2 || objects < 1 || batch < 1 || size > 1 << 20) {
        fprintf(stderr, "usage: vault_bench FOLDER [OBJECTS [BYTES EACH [OBJECTS A BATCH]]]\n");
        return 2;
    }
    CLEANUP(arena_closep) Arena *a = arena_open();
    char *bytes = mem_alloc(size);
    memset(bytes, 'x', size);
    Store *store = store_open(argv[1], true, &err);
    if (!store)
        stop("opening", &err);
    Moment from = now();
    for (int i = 0; i < objects; i += batch)
        add(store, i, MIN_OF(i + batch, objects), bytes, size, a);
    show("new objects", from, objects);
    from = now();
    Reader reader = {store, a, 0};
    if (!store_each(store, read_one, &reader, &err))
        stop("reading", &err);
    show("each object and its record", from, reader.count);
    StoreVerified sums;
    from = now();
    if (!store_verify(store, 2, NULL, NULL, NULL, &sums, &err) || sums.damaged)
        stop("verifying", &err);
    show("objects verified", from, (int)sums.objects);
    from = now();
    for (int i = 0; i < objects / 10; i += batch)
        add(store, i, MIN_OF(i + batch, objects / 10), bytes, size - 1, a);
    show("second versions", from, objects / 10);
    store_close(store);
    free(bytes);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("peak memory %ld KB\n", use.ru_maxrss);
    return 0;
}
