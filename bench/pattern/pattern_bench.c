// SPDX-License-Identifier: Apache-2.0
// pattern_bench repeat COUNT [SEED] [FOLDER]   made-up patterns: repeat found, CPU; FOLDER keeps the misses
// pattern_bench none FILE.ppm ...              pictures without a repeat: what is found there all the same
// pattern_bench cutout COUNT [SEED] [FOLDER]   made-up things on a studio ground: overlap with the truth, CPU
// pattern_bench things COUNT SEED FOLDER      the same as files, for grabcut.py
// pattern_bench cut FILE.ppm OUT.pam           one picture, to look at
#include "base/clock.h"
#include "motifs.h"
#include "pattern/cutout.h"
#include "pattern/lattice.h"
#include "things.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 512 };

static const char *const KINDS[] = {"studio", "shadow", "pieces"};
static const char *const DAMAGES[] = {"clean", "faded", "warped", "third lost", "patched", "torn"};

static void write_ppm(const char *folder, const char *name, uint64_t seed, const uint8_t *rgb, int w, int h)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s-%llu.ppm", folder, name, (unsigned long long)seed);
    FILE *f = fopen(path, "wb");
    if (!f)
        return;
    fprintf(f, "P6\n%d %d\n255\n", w, h);
    fwrite(rgb, 3, (size_t)w * (size_t)h, f);
    fclose(f);
}

static uint8_t *read_ppm(const char *path, int *w, int *h)
{
    FILE *f = fopen(path, "rb");
    if (!f || fscanf(f, "P6 %d %d 255", w, h) != 2 || fgetc(f) == EOF)
        exit(2);
    uint8_t *rgb = malloc((size_t)*w * (size_t)*h * 3);
    if (fread(rgb, 3, (size_t)*w * (size_t)*h, f) != (size_t)*w * (size_t)*h)
        exit(2);
    fclose(f);
    return rgb;
}

// The same net: each found step is a whole number of true steps, and the areas are alike within 2 %.
static bool is_right(const Lattice *l, const MotifTruth *t)
{
    if (l->kind == LATTICE_NONE || l->kind == LATTICE_STRIP)
        return false;
    const double det = t->a[0] * t->b[1] - t->a[1] * t->b[0];
    const double steps[2][2] = {{l->ax, l->ay}, {l->bx, l->by}};
    for (int k = 0; k < 2; k++) {
        const double i = (steps[k][0] * t->b[1] - steps[k][1] * t->b[0]) / det;
        const double j = (steps[k][1] * t->a[0] - steps[k][0] * t->a[1]) / det;
        if (fabs(i - round(i)) > 0.06 || fabs(j - round(j)) > 0.06)
            return false;
    }
    return fabs(fabs((l->ax * l->by - l->ay * l->bx) / det) - 1) < 0.03;
}

static int repeat(int count, uint64_t seed, const char *folder)
{
    uint8_t *rgb = malloc(SIDE * SIDE * 3);
    for (int damage = 0; damage < MOTIF_DAMAGES; damage++) {
        int right = 0;
        int64_t cpu = 0;
        double sure_right = 1, sure_wrong = 0;
        for (int i = 0; i < count; i++) {
            Err err = {0};
            Lattice l;
            const MotifTruth t = motif_draw(seed + (uint64_t)i, SIDE, (MotifDamage)damage, rgb);
            const PatternPicture p = {rgb, SIDE, SIDE, SIDE * 3};
            CLEANUP(arena_closep) Arena *a = arena_open();
            const int64_t from = clock_cpu_us();
            if (!lattice_find(&p, a, &l, &err))
                exit(1);
            cpu += clock_cpu_us() - from;
            const bool good = is_right(&l, &t);
            right += good;
            if (good)
                sure_right = fmin(sure_right, l.sure);
            else
                sure_wrong = fmax(sure_wrong, l.sure);
            if (!good && folder) {
                printf("  miss %s %d: true (%.1f %.1f) (%.1f %.1f), found kind %d (%.1f %.1f) (%.1f %.1f) "
                       "sure %.3f\n",
                    DAMAGES[damage], i, t.a[0], t.a[1], t.b[0], t.b[1], (int)l.kind, l.ax, l.ay, l.bx, l.by,
                    l.sure);
                write_ppm(folder, DAMAGES[damage], (uint64_t)i, rgb, SIDE, SIDE);
            }
        }
        printf("%-11s %4d of %4d (%.1f %%)  %.1f ms CPU; least sure right %.3f, most sure wrong %.3f\n",
            DAMAGES[damage], right, count, 100.0 * right / count, (double)cpu / 1000 / count, sure_right,
            sure_wrong);
    }
    free(rgb);
    return 0;
}

static int none(int count, char **files)
{
    for (int i = 0; i < count; i++) {
        int w, h;
        Err err = {0};
        Lattice l = {0};
        uint8_t *rgb = read_ppm(files[i], &w, &h);
        const PatternPicture p = {rgb, w, h, (size_t)w * 3};
        CLEANUP(arena_closep) Arena *a = arena_open();
        if (!lattice_find(&p, a, &l, &err))
            fprintf(stderr, "%s\n", err.text);
        printf("%d %.3f (%.1f %.1f) (%.1f %.1f) %s\n", (int)l.kind, l.sure, l.ax, l.ay, l.bx, l.by, files[i]);
        free(rgb);
    }
    return 0;
}

// ---- cut-outs

// Intersection over union. What is answered with "nothing" counts 0.
static double overlap(const Cutout *c, const uint8_t *truth)
{
    int both = 0, either = 0;
    for (int i = 0; i < c->width_px * c->height_px; i++) {
        const bool found = c->rgba[4 * i + 3] >= 128;
        both += found && truth[i];
        either += found || truth[i];
    }
    return either ? (double)both / either : 0;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int cutout(int count, uint64_t seed, const char *folder)
{
    uint8_t *rgb = malloc(SIDE * SIDE * 3), *truth = malloc(SIDE * SIDE);
    double *found = malloc(sizeof(double) * (size_t)count);
    for (int kind = 0; kind < THING_KINDS; kind++) {
        int64_t cpu = 0;
        double sum = 0;
        int none = 0;
        for (int i = 0; i < count; i++) {
            Err err = {0};
            Cutout c;
            thing_draw(seed + (uint64_t)i, SIDE, (ThingKind)kind, rgb, truth);
            const PatternPicture p = {rgb, SIDE, SIDE, SIDE * 3};
            CLEANUP(arena_closep) Arena *a = arena_open();
            const int64_t from = clock_cpu_us();
            const bool good = cutout_make(&p, a, &c, &err);
            cpu += clock_cpu_us() - from;
            none += !good;
            found[i] = good ? overlap(&c, truth) : 0;
            sum += found[i];
            if (folder && found[i] < 0.9) {
                printf("  %d: %.3f\n", i, found[i]);
                write_ppm(folder, KINDS[kind], (uint64_t)i, rgb, SIDE, SIDE);
            }
        }
        qsort(found, (size_t)count, sizeof(*found), by_size);
        printf(
            "%s  IoU mean %.3f, median %.3f, worst tenth below %.3f, nothing found %d of %d; %.1f ms CPU\n",
            KINDS[kind], sum / count, found[count / 2], found[count / 10], none, count,
            (double)cpu / 1000 / count);
    }
    free(found);
    free(truth);
    free(rgb);
    return 0;
}

// For another program: KIND-SEED.ppm and KIND-SEED.pgm, 1 where the thing is.
static int things(int count, uint64_t seed, const char *folder)
{
    uint8_t *rgb = malloc(SIDE * SIDE * 3), *truth = malloc(SIDE * SIDE);
    for (int kind = 0; kind < THING_KINDS; kind++)
        for (int i = 0; i < count; i++) {
            char path[4096];
            thing_draw(seed + (uint64_t)i, SIDE, (ThingKind)kind, rgb, truth);
            write_ppm(folder, KINDS[kind], seed + (uint64_t)i, rgb, SIDE, SIDE);
            snprintf(path, sizeof(path), "%s/%s-%llu.pgm", folder, KINDS[kind],
                (unsigned long long)(seed + (uint64_t)i));
            FILE *f = fopen(path, "wb");
            if (!f)
                exit(2);
            fprintf(f, "P5\n%d %d\n1\n", SIDE, SIDE);
            fwrite(truth, 1, SIDE * SIDE, f);
            fclose(f);
        }
    free(truth);
    free(rgb);
    return 0;
}

static int cut(const char *from, const char *to)
{
    int w, h;
    Err err = {0};
    Cutout c;
    uint8_t *rgb = read_ppm(from, &w, &h);
    const PatternPicture p = {rgb, w, h, (size_t)w * 3};
    CLEANUP(arena_closep) Arena *a = arena_open();
    const int64_t start = clock_cpu_us();
    const bool good = cutout_make(&p, a, &c, &err);
    printf("%.1f ms CPU, %s\n", (double)(clock_cpu_us() - start) / 1000, good ? "cut out" : err.text);
    free(rgb);
    FILE *f = good ? fopen(to, "wb") : NULL;
    if (!f)
        return 1;
    fprintf(f, "P7\nWIDTH %d\nHEIGHT %d\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n", w, h);
    fwrite(c.rgba, 4, (size_t)w * (size_t)h, f);
    return fclose(f) != 0;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "repeat") == 0)
        return repeat(atoi(argv[2]), argc > 3 ? strtoull(argv[3], NULL, 10) : 1, argc > 4 ? argv[4] : NULL);
    if (argc >= 3 && strcmp(argv[1], "none") == 0)
        return none(argc - 2, argv + 2);
    if (argc >= 3 && strcmp(argv[1], "cutout") == 0)
        return cutout(atoi(argv[2]), argc > 3 ? strtoull(argv[3], NULL, 10) : 1, argc > 4 ? argv[4] : NULL);
    if (argc == 5 && strcmp(argv[1], "things") == 0)
        return things(atoi(argv[2]), strtoull(argv[3], NULL, 10), argv[4]);
    if (argc == 4 && strcmp(argv[1], "cut") == 0)
        return cut(argv[2], argv[3]);
    fprintf(stderr,
        "pattern_bench repeat COUNT [SEED] [FOLDER] | none FILE.ppm ... | cutout COUNT [SEED] [FOLDER] "
        "| things COUNT SEED FOLDER | cut FILE.ppm OUT.pam\n");
    return 2;
}
