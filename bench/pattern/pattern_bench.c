// SPDX-License-Identifier: Apache-2.0
// pattern_bench repeat COUNT [SEED] [FOLDER]   made-up patterns: repeat found, CPU; FOLDER keeps the misses
// pattern_bench none FILE.ppm ...              pictures without a repeat: what is found there all the same
#include "base/clock.h"
#include "motifs.h"
#include "pattern/lattice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 512 };

static const char *const DAMAGES[] = {"clean", "faded", "warped", "third lost"};

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

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "repeat") == 0)
        return repeat(atoi(argv[2]), argc > 3 ? strtoull(argv[3], NULL, 10) : 1, argc > 4 ? argv[4] : NULL);
    if (argc >= 3 && strcmp(argv[1], "none") == 0)
        return none(argc - 2, argv + 2);
    fprintf(stderr, "pattern_bench repeat COUNT [SEED] [FOLDER] | none FILE.ppm ...\n");
    return 2;
}
