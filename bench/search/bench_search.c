// SPDX-License-Identifier: Apache-2.0
// The text index, measured. One program for all steps, so that `bench/search/run` can time each in a process
// of its own:
//
//   bench_search fill CATALOG RECORDS.jsonl COUNT   a ledger of COUNT records made from the given ones
//   bench_search index INDEX CATALOG                follows the ledger; prints records, seconds, bytes
//   bench_search feed INDEX RECORDS.jsonl COUNT TIMES   an index of COUNT records without a ledger; its
//   segment
//                                                  is named TIMES times, and whoever asks copies it as often
//   bench_search ask INDEX QUERIES.txt ROUNDS       prints times of answers with count and facets
//   bench_search dump CATALOG                      the same records as tab-separated text, for the peers
//   bench_search judge INDEX QUERIES.tsv            prints the ranked ids of each judged query
//   bench_search show INDEX QUERY                   prints the first answers, for people
#include "base/clock.h"
#include "base/file.h"
#include "search/index.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LINES_MAX_BYTES = 64 * 1024 * 1024, BATCH = 5000, JUDGED_LIMIT = 100, QUERIES_MAX = 20000 };

static int give_up(const Err *err)
{
    fprintf(stderr, "bench_search: %s\n", err->text);
    return 2;
}

static bool read_file(const char *path, Arena *a, Str *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = file_open(AT_FDCWD, path, err);
    return fd >= 0 && file_read_all(fd, LINES_MAX_BYTES, a, ret, err);
}

static long peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// Memory that is the program's own; the mapped index is page cache, which the system takes back when it needs
// it.
static long anonymous_kb(void)
{
    CLEANUP(fd_closep) int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    char text[8192] = {0};
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    const char *at = n > 0 ? strstr(text, "RssAnon:") : NULL;
    return at ? strtol(at + 8, NULL, 10) : 0;
}

// ---- making a ledger

static void add_term(Arena *a, RecordTerm **items, size_t *count, size_t *capacity, Str text)
{
    if (text.n)
        *arena_push(a, items, count, capacity) = (RecordTerm){.text = text};
}

static void add_texts(Arena *a, RecordText **items, size_t *count, size_t *capacity, const Json *list)
{
    for (size_t i = 0; list && i < list->count; i++)
        *arena_push(a, items, count, capacity) = (RecordText){
            .lang = json_text(&list->items[i], S("lang")), .text = json_text(&list->items[i], S("text"))};
}

static void add_text(Arena *a, RecordText **items, size_t *count, size_t *capacity, Str text)
{
    if (text.n)
        *arena_push(a, items, count, capacity) = (RecordText){.text = text};
}

#define LIST(list) &(list).items, &(list).count, &(list).capacity

static Record read_record(Arena *a, const Json *j)
{
    Record r = {.id = json_text(j, S("id")), .lang = json_text(j, S("lang"))};
    add_texts(a, LIST(r.titles), json_list(j, S("titles")));
    const Json *makers = json_list(j, S("makers")), *sorts = json_list(j, S("makers_inverted"));
    for (size_t i = 0; makers && i < makers->count; i++)
        *arena_push(a, &r.makers.items, &r.makers.count, &r.makers.capacity) =
            (RecordMaker){.name = makers->items[i].text,
                .sort = sorts && i < sorts->count ? sorts->items[i].text : (Str){0}};
    const Json *earliest = json_find(j, S("date_earliest")), *latest = json_find(j, S("date_latest"));
    Str date = json_text(j, S("date_text"));
    if (date.n || earliest)
        *arena_push(a, &r.dates.items, &r.dates.count, &r.dates.capacity) = (RecordDate){.text = date,
            .has_years = earliest && latest,
            .earliest = earliest ? (int)earliest->integer : 0,
            .latest = latest ? (int)latest->integer : 0};
    add_term(a, LIST(r.materials), json_text(j, S("medium")));
    add_term(a, LIST(r.classification), json_text(j, S("classification")));
    add_term(a, LIST(r.places), json_text(j, S("place")));
    const Json *subjects = json_list(j, S("subjects"));
    for (size_t i = 0; subjects && i < subjects->count; i++)
        add_term(a, LIST(r.subjects), subjects->items[i].text);
    add_text(a, LIST(r.dimensions), json_text(j, S("dimensions")));
    add_text(a, LIST(r.provenance), json_text(j, S("provenance")));
    r.accession = json_text(j, S("accession"));
    r.collection = json_text(j, S("collection"));
    r.credit = json_text(j, S("credit"));
    r.licence = json_text(j, S("licence"));
    r.rights = record_rights_uri(r.licence);
    if (json_text(j, S("image")).n)
        *arena_push(a, &r.media.items, &r.media.count, &r.media.capacity) =
            (RecordMedia){.id = arena_printf(a, FMT_STR ":1", ARG_STR(r.id)),
                .number = 1,
                .path = S("media/1/picture.jpg"),
                .format = S("image/jpeg"),
                .sha512 = sha512_hex(a, &(Sha512){{0}}),
                .width_px = 100,
                .height_px = 100};
    return r;
}

// What it is, what it is made of, where and when come from other records here and there, so that records have
// as many different rows of facet values as they do in a real museum.
static void vary_facts(Arena *a, Record *r, const Record *other, const Record *third, uint64_t seed)
{
    if (seed % 4 == 1)
        r->materials = other->materials;
    if (seed % 5 == 2)
        r->places = third->places;
    if (seed % 7 == 3)
        r->classification = other->classification;
    if (r->dates.count && r->dates.items[0].has_years && seed % 3) {
        RecordDate *date = arena_new(a, RecordDate);
        int years = (int)(seed / 7 % 61) - 30;
        *date = r->dates.items[0];
        date->earliest += years;
        date->latest += years;
        date->text = date->earliest == date->latest ? arena_printf(a, "%d", date->earliest)
                                                    : arena_printf(a, "%d-%d", date->earliest, date->latest);
        r->dates.items = date;
        r->dates.count = 1;
    }
}

// Record `number` of a collection that grows from the given ones: each round takes words of titles, makers
// and dates from other records, so that words and names grow in number as they do in a real museum.
static Record vary(Arena *a, const Record *records, size_t count, size_t number)
{
    Record r = records[number % count];
    size_t round = number / count;
    if (round == 0)
        return r;
    uint64_t seed = (number * 0x9E3779B97F4A7C15ull) >> 11;
    const Record *other = &records[seed % count], *third = &records[(seed / count) % count];
    r.id = arena_printf(a, FMT_STR "-%zu", ARG_STR(r.id), round);
    if (r.media.count) {
        RecordMedia *media = arena_new(a, RecordMedia);
        *media = r.media.items[0];
        media->id = arena_printf(a, FMT_STR ":1", ARG_STR(r.id));
        r.media.items = media;
    }
    r.accession = arena_printf(a, "%zu.%zu.%zu", 1900 + seed % 120, (size_t)(seed >> 8) % 400, number % 997);
    RecordText *titles = arena_array(a, RecordText, r.titles.count);
    for (size_t i = 0; i < r.titles.count; i++) {
        titles[i] = r.titles.items[i];
        Str more = other->titles.count ? other->titles.items[0].text : S("");
        bool same_script = (unsigned char)titles[i].text.p[0] < 0x80;
        if (more.n > 60 || more.n == 0 || ((unsigned char)more.p[0] < 0x80) != same_script)
            more = arena_printf(a, "%zu", round);
        titles[i].text = arena_printf(
            a, FMT_STR "%s" FMT_STR, ARG_STR(titles[i].text), same_script ? ", " : "　", ARG_STR(more));
    }
    r.titles.items = titles;
    if (third->makers.count && seed % 3 == 0) {
        RecordMaker *maker = arena_new(a, RecordMaker);
        *maker = third->makers.items[0];
        maker->name = arena_printf(
            a, FMT_STR " %c%c", ARG_STR(maker->name), (char)('A' + round % 26), (char)('a' + seed % 26));
        maker->sort = maker->name;
        r.makers.items = maker;
        r.makers.count = 1;
    }
    vary_facts(a, &r, other, third, seed);
    return r;
}

static bool put(CatalogBatch *b, const Record *r, Arena *a, Err *err)
{
    CatalogPut p = {
        .sequence = catalog_batch_next_sequence(b), .object_id = r->id, .version = 1, .record = r};
    return record_json(r, (RecordLedger){catalog_batch_change_set(b), p.sequence}, a, &p.json, err) &&
           catalog_batch_put(b, &p, err);
}

static bool read_records(const char *from, Arena *kept, Record **ret, size_t *ret_count, Err *err)
{
    Str lines, line;
    size_t capacity = 0;
    *ret = NULL;
    *ret_count = 0;
    if (!read_file(from, kept, &lines, err))
        return false;
    while (str_next(&lines, '\n', &line)) {
        const Json *tree = json_parse(line, kept, err);
        if (!tree)
            return false;
        *arena_push(kept, ret, ret_count, &capacity) = read_record(kept, tree);
    }
    return true;
}

static bool fill(const char *where, const char *from, size_t want, Err *err)
{
    CLEANUP(arena_closep) Arena *kept = arena_open();
    CLEANUP(arena_closep) Arena *a = arena_open();
    Record *records;
    size_t count;
    if (!read_records(from, kept, &records, &count, err))
        return false;
    Catalog *c = catalog_open(where, true, err);
    bool good = c != NULL;
    int64_t set = 0;
    const CatalogWho who = {.agent = S("bench"), .reason = S("measure"), .time_ms = 1795168800000};
    for (size_t done = 0; good && done < want;) {
        CatalogBatch *b = catalog_batch_open(c, set, &who, err);
        good = b != NULL;
        for (size_t i = 0; good && i < BATCH && done < want; i++, done++) {
            arena_reset(a);
            Record r = vary(a, records, count, done);
            good = put(b, &r, a, err);
        }
        good = good && catalog_batch_commit(b, err);
        set = b ? catalog_batch_change_set(b) : 0;
        catalog_batch_close(b);
    }
    catalog_close(c);
    return good;
}

// ---- indexing

static bool index_all(const char *dir, const char *catalog, Err *err)
{
    const volatile bool stop = false;
    Catalog *c = catalog_open(catalog, false, err);
    if (!c)
        return false;
    catalog_default_terms(c, (Terms){.access = ACCESS_FULL});
    Search *s = search_open(dir, true, err);
    int64_t sequence, begin = clock_mono_us(), cpu = clock_cpu_us();
    bool good = s && search_follow(s, c, &stop, &sequence, err);
    if (good)
        printf("%lld\t%.2f\t%.2f\t%ld\n", (long long)sequence, (double)(clock_mono_us() - begin) / 1e6,
            (double)(clock_cpu_us() - cpu) / 1e6, peak_kb());
    search_close(s);
    catalog_close(c);
    return good;
}

// ---- an index without a ledger, for sizes whose ledger would take hours

enum { FEED_TOGETHER = 250000, FEED_PARTS_MAX = 8 };

static bool feed_segment(
    int dir, const Record *records, size_t count, size_t from, size_t to, const char *name, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    View *views[FEED_PARTS_MAX];
    size_t parts = 0;
    bool good = true;
    for (size_t i = from; good && i < to && parts < FEED_PARTS_MAX; parts += good) {
        char part[48];
        Builder *b = builder_open();
        for (size_t k = 0; k < FEED_TOGETHER && i < to; k++, i++) {
            arena_reset(a);
            Record r = vary(a, records, count, i);
            CatalogVersion v = {.sequence = (int64_t)i + 1, .object_id = r.id, .version = 1};
            document_add(b, &v, &r, vocabulary_keep(), a);
        }
        snprintf(part, sizeof(part), "part-%zu", parts);
        good = builder_write(b, dir, part, err);
        builder_close(b);
        Segment *segment = good ? segment_map(dir, part, err) : NULL;
        views[parts] = segment ? view_make(segment, NULL, "", -1) : NULL;
        good = segment != NULL;
    }
    good = good && merge_segments(views, parts, dir, name, err);
    for (size_t i = 0; i < parts; i++) {
        good = good && file_remove(dir, segment_name(views[i]->segment), err);
        view_drop(views[i]);
    }
    return good;
}

// A segment of `want` records made from the given ones, and `times` names for it in the index: files of their
// own if somebody copies them, as bench/search/run does.
static bool feed(const char *where, const char *from, size_t want, size_t times, Err *err)
{
    CLEANUP(arena_closep) Arena *kept = arena_open();
    Record *records;
    size_t count;
    if (!read_records(from, kept, &records, &count, err) || !dir_make(AT_FDCWD, where, err))
        return false;
    CLEANUP(fd_closep) int dir = dir_open(AT_FDCWD, where, err);
    int64_t begin = clock_mono_us(), cpu = clock_cpu_us();
    if (dir < 0 || !feed_segment(dir, records, count, 0, want, "seg-1-0", err))
        return false;
    Manifest m = {.generation = 1,
        .sequence = (int64_t)(want * times),
        .default_rank = rights_terms_rank((Terms){.access = ACCESS_FULL}),
        .segments = arena_array(kept, ManifestSegment, times),
        .count = times};
    snprintf(m.digest, sizeof(m.digest), "%s", vocabulary_digest(vocabulary_keep()));
    for (size_t i = 0; i < times; i++)
        snprintf(m.segments[i].name, sizeof(m.segments[i].name), "seg-%zu-0", i + 1);
    printf("%zu\t%.2f\t%.2f\t%ld\n", want, (double)(clock_mono_us() - begin) / 1e6,
        (double)(clock_cpu_us() - cpu) / 1e6, peak_kb());
    return current_write(dir, &m, err);
}

// ---- asking

static int by_number(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

static bool ask_all(const char *dir, const char *queries, int rounds, Err *err)
{
    CLEANUP(arena_closep) Arena *kept = arena_open();
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str text, line, *list = NULL;
    size_t count = 0, capacity = 0;
    if (!read_file(queries, kept, &text, err))
        return false;
    while (str_next(&text, '\n', &line) && count < QUERIES_MAX)
        *arena_push(kept, &list, &count, &capacity) = line;
    Search *s = search_open(dir, false, err);
    int64_t *times = arena_array(kept, int64_t, count * (size_t)rounds), total = 0;
    int64_t *cpus = arena_array(kept, int64_t, count * (size_t)rounds);
    bool good = s != NULL, verbose = getenv("BENCH_SLOW") != NULL;
    for (size_t i = 0; good && i < count * (size_t)rounds; i++) {
        SearchAsk ask = {.q = list[i % count], .limit = 20, .facets = true};
        SearchAnswer answer;
        arena_reset(a);
        int64_t begin = clock_mono_us(), cpu = clock_cpu_us();
        good = search_ask(s, &ask, a, &answer, err);
        times[i] = clock_mono_us() - begin;
        cpus[i] = clock_cpu_us() - cpu; // what a machine with nothing else to do would need
        total += good ? answer.total : 0;
        if (verbose && times[i] > 3000)
            fprintf(stderr, "%lld us, %lld found: " FMT_STR "\n", (long long)times[i],
                (long long)answer.total, ARG_STR(ask.q));
    }
    search_close(s);
    if (!good || count == 0)
        return good;
    size_t n = count * (size_t)rounds;
    qsort(times, n, sizeof(*times), by_number);
    qsort(cpus, n, sizeof(*cpus), by_number);
    printf("%zu\t%.3f\t%.3f\t%.3f\t%.3f\t%.0f\t%ld\n", n, (double)times[n / 2] / 1e3,
        (double)times[n * 99 / 100] / 1e3, (double)cpus[n / 2] / 1e3, (double)cpus[n * 99 / 100] / 1e3,
        (double)total / (double)n, anonymous_kb());
    return true;
}

static void put_cell(Str text, char end)
{
    for (size_t i = 0; i < text.n; i++)
        putchar((unsigned char)text.p[i] < ' ' || text.p[i] == '\\' ? ' ' : text.p[i]);
    putchar(end);
}

static void dump_record(const Record *r, Arena *a)
{
    Str body = arena_printf(a, FMT_STR " " FMT_STR " " FMT_STR, ARG_STR(r->accession), ARG_STR(r->credit),
        ARG_STR(r->collection));
#define MORE(list, member)                                                                                   \
    for (size_t i = 0; i < r->list.count; i++)                                                               \
    body = arena_printf(a, FMT_STR " " FMT_STR, ARG_STR(body), ARG_STR(r->list.items[i].member))
    MORE(makers, name);
    MORE(materials, text);
    MORE(places, text);
    MORE(subjects, text);
    MORE(dates, text);
    MORE(provenance, text);
    MORE(dimensions, text);
    MORE(classification, text);
    Str title = S("");
    for (size_t i = 0; i < r->titles.count; i++)
        title = arena_printf(a, FMT_STR " " FMT_STR, ARG_STR(title), ARG_STR(r->titles.items[i].text));
    put_cell(r->id, '\t');
    put_cell(title, '\t');
    put_cell(body, '\t');
    put_cell(r->classification.count ? r->classification.items[0].text : S(""), '\t');
    put_cell(r->collection, '\t');
    put_cell(r->makers.count ? r->makers.items[0].name : S(""), '\t');
    bool dated = r->dates.count && r->dates.items[0].has_years;
    put_cell(dated ? arena_printf(a, "%d", (r->dates.items[0].earliest - 1) / 100 + 1) : S(""), '\n');
}

static bool dump(const char *catalog, Err *err)
{
    Catalog *c = catalog_open(catalog, false, err);
    bool good = c != NULL;
    CatalogVersion *versions;
    size_t count = 1;
    for (int64_t after = 0; good && count > 0;) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        good = catalog_follow(c, after, 1000, a, &versions, &count, err);
        for (size_t i = 0; good && i < count; i++) {
            Record r;
            const Json *tree = json_parse(versions[i].json, a, err);
            good = tree && record_parse(tree, a, &r, err);
            if (good)
                dump_record(&r, a);
            after = versions[i].sequence;
        }
    }
    catalog_close(c);
    return good;
}

static bool judge(const char *dir, const char *queries, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str text, line;
    if (!read_file(queries, a, &text, err))
        return false;
    Search *s = search_open(dir, false, err);
    bool good = s != NULL;
    while (good && str_next(&text, '\n', &line)) {
        Str id, type, lang, q, rest;
        if (!str_cut(line, '\t', &id, &rest) || !str_cut(rest, '\t', &type, &rest) ||
            !str_cut(rest, '\t', &lang, &rest) || !str_cut(rest, '\t', &q, &rest) || str_eq(id, S("query")))
            continue;
        SearchAsk ask = {.q = q, .limit = JUDGED_LIMIT};
        SearchAnswer answer;
        good = search_ask(s, &ask, a, &answer, err);
        if (!good)
            break;
        printf(FMT_STR, ARG_STR(id));
        for (size_t i = 0; i < answer.hits_count; i++)
            printf("\t" FMT_STR, ARG_STR(answer.hits[i].object_id));
        printf("\n");
    }
    search_close(s);
    return good;
}

static bool show(const char *dir, const char *q, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Search *s = search_open(dir, false, err);
    SearchAsk ask = {.q = str_from(q), .limit = 15, .facets = true};
    SearchAnswer answer;
    if (!s || !search_ask(s, &ask, a, &answer, err))
        return false;
    printf("%lld found, corrected \"" FMT_STR "\", next " FMT_STR "\n", (long long)answer.total,
        ARG_STR(answer.corrected), ARG_STR(answer.next));
    for (size_t i = 0; i < answer.hits_count; i++)
        printf("  %.4f " FMT_STR " (" FMT_STR ")\n", answer.hits[i].score, ARG_STR(answer.hits[i].object_id),
            ARG_STR(answer.hits[i].why));
    for (size_t i = 0; i < answer.facets_count; i++) {
        printf(FMT_STR " %lld:", ARG_STR(answer.facets[i].name), (long long)answer.facets[i].distinct);
        for (size_t k = 0; k < answer.facets[i].count && k < 6; k++)
            printf(" " FMT_STR "=%lld", ARG_STR(answer.facets[i].values[k].label),
                (long long)answer.facets[i].values[k].count);
        printf("\n");
    }
    search_close(s);
    return true;
}

int main(int argc, char **argv)
{
    Err err = {0};
    bool good = false;
    const char *step = argc > 1 ? argv[1] : "";
    if (strcmp(step, "fill") == 0 && argc == 5)
        good = fill(argv[2], argv[3], strtoul(argv[4], NULL, 10), &err);
    else if (strcmp(step, "index") == 0 && argc == 4)
        good = index_all(argv[2], argv[3], &err);
    else if (strcmp(step, "feed") == 0 && argc == 6)
        good = feed(argv[2], argv[3], strtoul(argv[4], NULL, 10), strtoul(argv[5], NULL, 10), &err);
    else if (strcmp(step, "ask") == 0 && argc == 5)
        good = ask_all(argv[2], argv[3], atoi(argv[4]), &err);
    else if (strcmp(step, "dump") == 0 && argc == 3)
        good = dump(argv[2], &err);
    else if (strcmp(step, "judge") == 0 && argc == 4)
        good = judge(argv[2], argv[3], &err);
    else if (strcmp(step, "show") == 0 && argc == 4)
        good = show(argv[2], argv[3], &err);
    else
        return fprintf(stderr, "usage: bench_search fill|index|feed|ask|dump|judge|show ...\n"), 2;
    return good ? 0 : give_up(&err);
}
