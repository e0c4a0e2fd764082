// SPDX-License-Identifier: Apache-2.0
// The engine of bench/look, driven over stdin by bench/look/measure.py. Pictures are grey (PGM, P5) or of
// colours (PPM, P6), 8 bits. One command a line:
//   add FILE              a picture into the collection
//   marks N               pictures that are added from now on have so many at most
//   pseudo N              N pictures of random features of those, one bit in eight flipped
//   build FOLDER          the index, as files in that folder             -> pictures, bytes
//   open FOLDER           the index that lies there                      -> pictures, bytes
//   query FILE N          the N best                  -> hits, features, CPU us of features and of index;
//                         then N lines: picture score order 8 corners
//   link FILE N F         the same as links of works are found (src/chain): the picture with number N, which
//                         is not to find itself, with at most F features
//                         -> hits, features, CPU us of features and of index; then picture score spots
//   drawn FILE N          the N best by lines   -> hits, CPU us; then N lines: picture score 8 corners
//   form FILE             adds a picture of which there are lines only     -> CPU us
//   features FILE         only looks                                       -> features, CPU us
//   grey FILE             -> CPU us of making it grey (best of 5), in how many greys it is asked, 1 if it is
//                         kept by colour
//   code FILE             its 256-bit code           -> CPU us (best of 5), 1 if too plain, 4 numbers
//   codes N               looks for one among N random codes
//                         -> wall us of one thread, of two (best of 9), how many were near
#include "base/clock.h"
#include "visual/drawn.h"
#include "visual/kernel.h"
#include "visual/lookup.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PICTURES_MAX = 1000 * 1000, LINE_MAX_BYTES = 4096 };

static Words *words;
static Extractor *extractor;
static Entry *entries;
static Form *forms; // of the entries
static int entries_count, entries_capacity;
static int marks_max = 425; // of a picture that is added
static Shelf shelf;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "look_bench: %s\n", what);
    exit(1);
}

static Entry *new_entry(int marks)
{
    if (entries_count == PICTURES_MAX)
        die("too many pictures");
    if (entries_count == entries_capacity) {
        entries_capacity = entries_capacity ? entries_capacity * 2 : 1024;
        entries = mem_grow(entries, (size_t)entries_capacity, sizeof(*entries));
        forms = mem_grow(forms, (size_t)entries_capacity, sizeof(*forms));
    }
    char *name = mem_alloc(32);
    const int bytes = snprintf(name, 32, "picture-%08d", entries_count);
    const Str id = {name, (size_t)bytes};
    Entry *e = &entries[entries_count++];
    *e = (Entry){.object_id = id, .image_id = id, .width_px = 640, .height_px = 480, .marks_count = marks};
    e->marks = mem_alloc(sizeof(Mark) * (size_t)MAX_OF(marks, 1));
    return e;
}

// Of P6 the colours, of P5 grey ones.
static Picture read_picture(const char *path, Arena *a)
{
    char kind;
    int width_px, height_px;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fscanf(file, "P%c %d %d 255", &kind, &width_px, &height_px) != 3 ||
        fgetc(file) == EOF || (kind != '5' && kind != '6'))
        die(path);
    if (width_px < 1 || height_px < 1 || width_px > FEATURE_SIDE_MAX_PX || height_px > FEATURE_SIDE_MAX_PX)
        die("picture too large");
    const size_t stride = (size_t)width_px * 3, samples = kind == '6' ? stride : (size_t)width_px;
    uint8_t *pixels = arena_alloc(a, stride * (size_t)height_px);
    for (int y = 0; y < height_px; y++) {
        uint8_t *row = pixels + (size_t)y * stride;
        if (fread(row, 1, samples, file) != samples)
            die(path);
        for (size_t x = stride; kind == '5' && x-- > 0;)
            row[x] = row[x / 3];
    }
    fclose(file);
    return (Picture){pixels, width_px, height_px, stride};
}

static int look_in_steps(Grey picture, int first, int max, Feature *ret, int64_t *ret_us)
{
    Err err = {0};
    int count;
    const int64_t start = clock_cpu_us();
    if (!extractor_run_steps(extractor, picture, first, max, ret, &count, &err))
        die(err.text);
    *ret_us = clock_cpu_us() - start;
    return count;
}

static int look(Grey picture, int max, Feature *ret, int64_t *ret_us)
{
    return look_in_steps(picture, max, max, ret, ret_us);
}

static void add(const char *path)
{
    static Feature features[MARKS_MAX];
    int64_t us;
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Grey picture = picture_grey(read_picture(path, a), a);
    const int count = look_in_steps(picture, MIN_OF(marks_max, marks_of_tier[0]), marks_max, features, &us);
    const float unit = (float)PLACE_ONE / (float)MAX_OF(picture.width_px, picture.height_px);
    Entry *e = new_entry(count);
    e->width_px = picture.width_px;
    e->height_px = picture.height_px;
    form_make(picture, FORM_CELLS, &forms[entries_count - 1]);
    Mark *marks = (Mark *)(uintptr_t)e->marks;
    for (int i = 0; i < count; i++) {
        WordMark mark;
        words_nearest(words, features[i].values, WORDS_PROBES_SURE, 1, &mark);
        const Spot spot = {
            features[i].x_px * unit, features[i].y_px * unit, features[i].sigma_px * unit, features[i].angle};
        marks[i] = (Mark){mark.word, mark.bits, place_pack(spot)};
    }
}

static uint64_t next_random(void)
{
    static uint64_t state = 88172645463325252u; // xorshift64 (Marsaglia 2003)
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// A real one with one bit in eight flipped.
static void add_pseudo_form(const Form *from, Form *to)
{
    *to = *from;
    for (int y = 0; y < to->height; y++)
        for (int p = 0; p < FORM_PLANES; p++)
            to->rows[y][p] ^=
                next_random() & next_random() & next_random() & (((uint64_t)2 << (to->width - 1)) - 1);
}

static void add_pseudo(int count)
{
    const uint32_t real = (uint32_t)entries_count;
    for (int i = 0; i < count; i++) {
        Mark *marks = (Mark *)(uintptr_t)new_entry(marks_max)->marks;
        for (int m = 0; m < marks_max;) {
            const Entry *from = &entries[next_random() % real];
            if (from->marks_count == 0)
                continue;
            marks[m] = from->marks[next_random() % (uint32_t)from->marks_count];
            marks[m].bits ^= next_random() & next_random() & next_random(); // one bit in eight
            m++;
        }
        add_pseudo_form(&forms[next_random() % real], &forms[entries_count - 1]);
    }
}

static size_t open_forms(int fd)
{
    Err err = {0};
    ShelfPart *part = &shelf.parts[shelf.parts_count - 1];
    part->forms = forms_open(fd, part->segment->pictures, &err);
    if (part->forms == NULL)
        die(err.text);
    close(fd);
    return part->forms->map_bytes;
}

static size_t open_segment(int fd)
{
    Err err = {0};
    const Segment *s = visual_segment_open(fd, words_version(words), &err);
    if (s == NULL)
        die(err.text);
    close(fd);
    shelf.parts[shelf.parts_count++] =
        (ShelfPart){s, mem_alloc(sizeof(int32_t) * s->pictures), shelf.pictures};
    shelf.pictures += s->pictures;
    shelf.marks += s->marks;
    return s->map_bytes;
}

static void build(const char *folder)
{
    size_t total = 0;
    for (int at = 0, number = 0; at < entries_count; at += SEGMENT_PICTURES_MAX, number++) {
        size_t bytes;
        char path[LINE_MAX_BYTES + 32];
        const int count = MIN_OF(entries_count - at, (int)SEGMENT_PICTURES_MAX);
        char *made = visual_segment_make(entries + at, count, words_version(words), &bytes);
        snprintf(path, sizeof(path), "%s/%d", folder, number);
        const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, made, bytes) != (ssize_t)bytes)
            die("no room for a segment");
        free(made);
        total += open_segment(fd);
        made = forms_file(forms + at, count, &bytes);
        snprintf(path, sizeof(path), "%s/forms-%d", folder, number);
        const int beside = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (beside < 0 || write(beside, made, bytes) != (ssize_t)bytes)
            die("no room for forms");
        free(made);
        total += open_forms(beside);
    }
    printf("%u %zu\n", shelf.pictures, total);
}

static void reopen(const char *folder)
{
    size_t total = 0;
    for (int number = 0;; number++) {
        char path[LINE_MAX_BYTES + 32];
        snprintf(path, sizeof(path), "%s/%d", folder, number);
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            break;
        total += open_segment(fd);
        snprintf(path, sizeof(path), "%s/forms-%d", folder, number);
        const int beside = open(path, O_RDONLY | O_CLOEXEC);
        total += beside >= 0 ? open_forms(beside) : 0;
    }
    printf("%u %zu\n", shelf.pictures, total);
}

static void query_drawn(const char *path, int limit)
{
    static DrawnHit hits[DRAWN_HITS_MAX];
    bool plain;
    CLEANUP(arena_closep) Arena *a = arena_open();
    const DrawnAsk ask = {.picture = picture_grey(read_picture(path, a), a)};
    const int64_t start = clock_cpu_us();
    const int found = MIN_OF(drawn(&shelf, &ask, hits, &plain), limit);
    printf("%d %lld\n", found, (long long)(clock_cpu_us() - start));
    for (int i = 0; i < found; i++) {
        printf("%u %.4f", hits[i].picture, hits[i].score);
        for (int c = 0; c < 8; c++)
            printf(" %.2f", (double)hits[i].corners[c / 2][c % 2]);
        putchar('\n');
    }
}

typedef struct {
    int features;
    int64_t look_us, find_us;
} Spent;

typedef struct {
    Feature features[LOOKUP_FEATURES_MAX];
    int max, count;
    int64_t us;
} Described;

static int describe_more(void *ctx, int wanted)
{
    Described *d = ctx;
    const int64_t start = clock_cpu_us();
    for (int more = 1; d->count < wanted && more > 0; d->count += more)
        more = extractor_next(extractor, d->max - d->count, d->features + d->count);
    d->us += clock_cpu_us() - start;
    return d->count;
}

// As src/visual/ask.c asks: in each grey of the picture. `wish` has what is asked besides.
static int find(const char *path, int features_max, LookupAsk wish, LookupHit *hits, Spent *ret)
{
    static Described d;
    static LookupHit more[LOOKUP_HITS_MAX];
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    Grey greys[PICTURE_GREYS_MAX];
    const int greys_count = picture_greys(read_picture(path, a), a, greys);
    int found = 0;
    *ret = (Spent){0};
    for (int i = 0; i < greys_count; i++) {
        int64_t start = clock_cpu_us();
        if (!extractor_begin(extractor, greys[i], features_max, &err))
            die(err.text);
        const int64_t begun_us = clock_cpu_us() - start;
        d.max = features_max;
        d.count = 0;
        d.us = 0;
        wish.features = d.features;
        wish.more = describe_more;
        wish.more_ctx = &d;
        wish.width_px = (float)greys[i].width_px;
        wish.height_px = (float)greys[i].height_px;
        start = clock_cpu_us();
        found = lookup_join(hits, found, more, lookup(&shelf, words, &wish, more));
        ret->find_us += clock_cpu_us() - start - d.us;
        ret->look_us += begun_us + d.us;
        ret->features += d.count;
    }
    return found;
}

static void query(const char *path, int limit)
{
    static LookupHit hits[LOOKUP_HITS_MAX];
    Spent spent;
    limit = MIN_OF(limit, (int)LOOKUP_HITS_MAX);
    const int found =
        MIN_OF(limit, find(path, LOOKUP_FEATURES_MAX, (LookupAsk){.limit = limit}, hits, &spent));
    printf("%d %d %lld %lld\n", found, spent.features, (long long)spent.look_us, (long long)spent.find_us);
    for (int i = 0; i < found; i++) {
        printf("%u %.4f %.4f", hits[i].picture, hits[i].score, hits[i].order);
        for (int c = 0; c < 8; c++)
            printf(" %.2f", (double)hits[i].corners[c / 2][c % 2]);
        putchar('\n');
    }
}

static void link_picture(const char *path, uint32_t number, int max)
{
    static LookupHit hits[LOOKUP_HITS_MAX];
    Spent spent;
    uint8_t *allowed = mem_alloc(shelf.pictures);
    memset(allowed, 1, shelf.pictures);
    allowed[number] = 0;
    const LookupAsk wish = {.allowed = allowed, .limit = LOOKUP_HITS_MAX};
    const int found = MIN_OF(find(path, MIN_OF(max, (int)LOOKUP_FEATURES_MAX), wish, hits, &spent), 12);
    printf("%d %d %lld %lld\n", found, spent.features, (long long)spent.look_us, (long long)spent.find_us);
    for (int i = 0; i < found; i++)
        printf("%u %.4f %d\n", hits[i].picture, hits[i].score, hits[i].pairs_count);
    free(allowed);
}

static void form_only(const char *path)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Grey picture = picture_grey(read_picture(path, a), a);
    new_entry(0);
    const int64_t start = clock_cpu_us();
    form_make(picture, FORM_CELLS, &forms[entries_count - 1]);
    printf("%lld\n", (long long)(clock_cpu_us() - start));
}

static void features_only(const char *path)
{
    static Feature features[FEATURES_MAX];
    int64_t us;
    CLEANUP(arena_closep) Arena *a = arena_open();
    const int count = look(picture_grey(read_picture(path, a), a), 500, features, &us);
    printf("%d %lld\n", count, (long long)us);
}

static void grey(const char *path)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Picture picture = read_picture(path, a);
    Grey kept, greys[PICTURE_GREYS_MAX];
    int64_t best_us = INT64_MAX;
    for (int round = 0; round < 5; round++) {
        const int64_t start = clock_cpu_us();
        kept = picture_grey(picture, a);
        best_us = MIN_OF(best_us, clock_cpu_us() - start);
    }
    const int count = picture_greys(picture, a, greys);
    const bool is_luma = memcmp(kept.p, greys[0].p, kept.stride * (size_t)kept.height_px) == 0;
    printf("%lld %d %d\n", (long long)best_us, count, !is_luma);
}

// ---- codes

static void code(const char *path)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Picture picture = read_picture(path, a);
    SketchCode made = {0};
    bool says = false;
    int64_t best_us = INT64_MAX;
    for (int round = 0; round < 5; round++) {
        const int64_t start = clock_cpu_us();
        says = sketch_code(picture, &made);
        best_us = MIN_OF(best_us, clock_cpu_us() - start);
    }
    printf("%lld %d", (long long)best_us, !says);
    for (int i = 0; i < 4; i++)
        printf(" %llu", (unsigned long long)made.code[i]);
    putchar('\n');
}

typedef struct {
    const uint64_t *planes[4];
    uint32_t count;
    int found;
} CodesPart;

static void *scan_codes(void *argument)
{
    CodesPart *part = argument;
    static const uint64_t wanted[4] = {1, 2, 3, 4};
    enum { AT_ONCE = 1024 };
    CodeHit hits[AT_ONCE];
    for (uint32_t at = 0; at < part->count; at += AT_ONCE) {
        const uint64_t *const planes[4] = {
            part->planes[0] + at, part->planes[1] + at, part->planes[2] + at, part->planes[3] + at};
        part->found += kernel_best()->codes(
            planes, MIN_OF(part->count - at, (uint32_t)AT_ONCE), wanted, CODE_SAME_MAX, hits);
    }
    return NULL;
}

static void codes(int count)
{
    uint64_t *all = mem_alloc(sizeof(uint64_t) * 4 * (size_t)count);
    for (size_t i = 0; i < 4 * (size_t)count; i++)
        all[i] = next_random();
    int64_t best_us[2] = {INT64_MAX, INT64_MAX};
    int found = 0;
    for (int round = 0; round < 9; round++) {
        for (int threads = 1; threads <= 2; threads++) {
            CodesPart parts[2] = {{.count = (uint32_t)(count / threads)}};
            parts[1].count = (uint32_t)count - parts[0].count;
            for (size_t k = 0; k < 4; k++) {
                parts[0].planes[k] = all + k * (size_t)count;
                parts[1].planes[k] = parts[0].planes[k] + parts[0].count;
            }
            pthread_t thread;
            const int64_t start = clock_mono_us();
            if (threads == 2 && pthread_create(&thread, NULL, scan_codes, &parts[1]) != 0)
                die("no thread");
            scan_codes(&parts[0]);
            if (threads == 2)
                pthread_join(thread, NULL);
            best_us[threads - 1] = MIN_OF(best_us[threads - 1], clock_mono_us() - start);
            found = parts[0].found + parts[1].found;
        }
    }
    printf("%lld %lld %d\n", (long long)best_us[0], (long long)best_us[1], found);
    free(all);
}

int main(void)
{
    Err err = {0};
    char line[LINE_MAX_BYTES], path[LINE_MAX_BYTES];
    int number, features;
    words = words_open((Str){0}, &err);
    extractor = extractor_open(FEATURE_KERNEL_BEST);
    if (words == NULL)
        die(err.text);
    while (fgets(line, sizeof(line), stdin)) {
        if (sscanf(line, "add %4000s", path) == 1)
            add(path);
        else if (sscanf(line, "marks %d", &number) == 1)
            marks_max = MAX_OF(1, MIN_OF(number, (int)MARKS_MAX));
        else if (sscanf(line, "pseudo %d", &number) == 1)
            add_pseudo(number);
        else if (sscanf(line, "build %4000s", path) == 1)
            build(path);
        else if (sscanf(line, "open %4000s", path) == 1)
            reopen(path);
        else if (sscanf(line, "query %4000s %d", path, &number) == 2)
            query(path, number);
        else if (sscanf(line, "link %4000s %d %d", path, &number, &features) == 3)
            link_picture(path, (uint32_t)number, features);
        else if (sscanf(line, "drawn %4000s %d", path, &number) == 2)
            query_drawn(path, number);
        else if (sscanf(line, "form %4000s", path) == 1)
            form_only(path);
        else if (sscanf(line, "features %4000s", path) == 1)
            features_only(path);
        else if (sscanf(line, "grey %4000s", path) == 1)
            grey(path);
        else if (sscanf(line, "codes %d", &number) == 1)
            codes(number);
        else if (sscanf(line, "code %4000s", path) == 1)
            code(path);
        else
            die("unknown command");
        fflush(stdout);
    }
    return 0;
}
