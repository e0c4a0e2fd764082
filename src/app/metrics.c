// SPDX-License-Identifier: Apache-2.0
#include "app/metrics.h"
#include "base/clock.h"
#include "base/file.h"
#include "preserve/fixity.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

static const char *const ROUTE_NAMES[ROUTES] = {"image", "page", "api", "other"};
static const int64_t BUCKETS_US[] = {100, 1000, 5000, 25000, 100000, 500000, 2000000};

enum { STATUS_CLASSES = 6, BUCKETS = COUNT_OF(BUCKETS_US) };

static atomic_uint_least64_t requests[ROUTES][STATUS_CLASSES];
static atomic_uint_least64_t sent[ROUTES];
static atomic_uint_least64_t slower_than[ROUTES]
                                        [BUCKETS + 1]; // [i]: took at most BUCKETS_US[i]; last: longer
static atomic_uint_least64_t duration_us_sum[ROUTES];

Route route_of(Str path)
{
    if (str_starts(path, S("/iiif/2/")) || str_starts(path, S("/iiif/3/")))
        return ROUTE_TILE;
    if (str_starts(path, S("/api/")) || str_starts(path, S("/iiif/")))
        return ROUTE_API;
    if (str_starts(path, S("/static/")) || str_starts(path, S("/log/")) || str_eq(path, S("/healthz")) ||
        str_eq(path, S("/metrics")))
        return ROUTE_OTHER;
    return ROUTE_PAGE;
}

void metrics_count(Route route, int status, uint64_t sent_bytes, int64_t took_us)
{
    size_t bucket = 0;
    int class = status / 100;
    if (class < 0 || class >= STATUS_CLASSES)
        class = 0;
    while (bucket < BUCKETS && took_us > BUCKETS_US[bucket])
        bucket++;
    atomic_fetch_add_explicit(&requests[route][class], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&sent[route], sent_bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&slower_than[route][bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(
        &duration_us_sum[route], (uint64_t)MAX_OF(took_us, (int64_t)0), memory_order_relaxed);
}

static void put(Buf *out, const char *name, const char *kind, const char *help, int64_t value)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %lld\n", name, help, name, kind, name, (long long)value);
}

static void put_requests(Buf *out)
{
    buf_add(
        out, S("# HELP vitrine_requests_total Requests answered.\n# TYPE vitrine_requests_total counter\n"));
    for (int r = 0; r < ROUTES; r++)
        for (int c = 1; c < STATUS_CLASSES; c++)
            buf_printf(out, "vitrine_requests_total{route=\"%s\",status=\"%dxx\"} %llu\n", ROUTE_NAMES[r], c,
                (unsigned long long)requests[r][c]);
    buf_add(out, S("# HELP vitrine_sent_bytes_total Bytes of bodies sent.\n# TYPE vitrine_sent_bytes_total "
                   "counter\n"));
    for (int r = 0; r < ROUTES; r++)
        buf_printf(out, "vitrine_sent_bytes_total{route=\"%s\"} %llu\n", ROUTE_NAMES[r],
            (unsigned long long)sent[r]);
}

static void put_durations(Buf *out)
{
    buf_add(out, S("# HELP vitrine_request_seconds Time from request to answer.\n"
                   "# TYPE vitrine_request_seconds histogram\n"));
    for (int r = 0; r < ROUTES; r++) {
        unsigned long long count = 0;
        for (size_t b = 0; b < BUCKETS; b++) {
            count += slower_than[r][b];
            buf_printf(out, "vitrine_request_seconds_bucket{route=\"%s\",le=\"%g\"} %llu\n", ROUTE_NAMES[r],
                (double)BUCKETS_US[b] / 1e6, count);
        }
        count += slower_than[r][BUCKETS];
        buf_printf(
            out, "vitrine_request_seconds_bucket{route=\"%s\",le=\"+Inf\"} %llu\n", ROUTE_NAMES[r], count);
        buf_printf(out, "vitrine_request_seconds_sum{route=\"%s\"} %.6f\n", ROUTE_NAMES[r],
            (double)duration_us_sum[r] / 1e6);
        buf_printf(out, "vitrine_request_seconds_count{route=\"%s\"} %llu\n", ROUTE_NAMES[r], count);
    }
}

static void put_crowd(const HttpCounts *http, Buf *out)
{
    put(out, "vitrine_connections_turned_away_total", "counter", "Connections beyond the number, told so.",
        (int64_t)http->turned_away);
    put(out, "vitrine_connections_made_room_total", "counter", "Idle or slow connections closed for others.",
        (int64_t)http->made_room);
    put(out, "vitrine_bodies_refused_total", "counter", "Uploads for which there was no room.",
        (int64_t)http->bodies_refused);
    put(out, "vitrine_bodies_late_total", "counter", "Uploads so slow that they made room for others.",
        (int64_t)http->bodies_late);
}

// Second number of /proc/self/statm: resident pages.
static int64_t resident_bytes(void)
{
    char text[128];
    CLEANUP(fd_closep) int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof(text));
    Str rest = {text, got > 0 ? (size_t)got : 0}, piece;
    int64_t pages = 0;
    if (str_next(&rest, ' ', &piece) && str_next(&rest, ' ', &piece))
        (void)str_to_int64(piece, &pages);
    return pages * sysconf(_SC_PAGESIZE);
}

// How the vaults are: numbers only, no names, since whoever reaches this page may read it.
static void put_vaults(const Home *home, Buf *out)
{
    static const char *const names[] = {"own", "second"};
    CLEANUP(arena_closep) Arena *a = arena_open();
    buf_add(out, S("# HELP vitrine_vault_damaged_objects Objects known to be damaged or missing in a vault.\n"
                   "# TYPE vitrine_vault_damaged_objects gauge\n"));
    for (int second = 0; second < 2; second++) {
        Err err = {0};
        FixityDamage damage;
        if (fixity_damage(home->path, second, (Str){0}, a, &damage, &err))
            buf_printf(out, "vitrine_vault_damaged_objects{vault=\"%s\"} %llu\n", names[second],
                (unsigned long long)damage.objects);
    }
    buf_add(out, S("# HELP vitrine_vault_read_timestamp_seconds When every byte was last read and compared; "
                   "0: never.\n"
                   "# TYPE vitrine_vault_read_timestamp_seconds gauge\n"));
    for (int second = 0; second < 2; second++) {
        Err err = {0};
        FixityResult last = {0};
        (void)!fixity_last(home->path, second, &last, &err);
        buf_printf(out, "vitrine_vault_read_timestamp_seconds{vault=\"%s\"} %lld\n", names[second],
            (long long)(last.ended_ms / 1000));
    }
}

// What visitors may know of: anybody can read these lines, so a hidden object is in no count.
static void put_works(Index *index, Buf *out)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    SearchAnswer all = {0};
    int64_t pictured = 0;
    Search *search = index_keep(index);
    if (!search || !search_ask(search, &(SearchAsk){.role = VIEWER_PUBLIC, .facets = true}, a, &all, &err))
        all = (SearchAnswer){0};
    index_drop(index, search);
    for (size_t i = 0; i < all.facets_count; i++)
        for (size_t k = 0; str_eq(all.facets[i].name, S("has")) && k < all.facets[i].count; k++)
            pictured += str_eq(all.facets[i].values[k].value, S("image")) ? all.facets[i].values[k].count : 0;
    put(out, "vitrine_objects", "gauge", "Objects that visitors may find.", all.total);
    put(out, "vitrine_objects_pictured", "gauge", "Of these, with pictures.", pictured);
}

void metrics_write(const Home *home, Index *index, Sight *sight, const HttpCounts *http, Buf *out)
{
    Err err = {0};
    int64_t head = catalog_head(home->catalog, &err), known = index_sequence(index);
    put_requests(out);
    put_durations(out);
    put_crowd(http, out);
    put_works(index, out);
    put(out, "vitrine_ledger_sequence", "gauge", "Last number of the ledger.", head);
    put(out, "vitrine_index_sequence", "gauge", "Ledger number up to which the text index knows everything.",
        known);
    put(out, "vitrine_index_behind", "gauge", "Changes the text index has not taken in yet.",
        MAX_OF(head - known, (int64_t)0));
    put(out, "vitrine_visual_behind", "gauge",
        "Changes and pictures that the visual index and the links have not taken in yet.",
        sight_behind(sight));
    put_vaults(home, out);
    put(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
    buf_printf(out,
        "# HELP process_cpu_seconds_total Processor time.\n# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total %.3f\n",
        (double)clock_cpu_us() / 1e6);
}
