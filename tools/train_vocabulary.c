// SPDX-License-Identifier: Apache-2.0
// Makes src/visual/vocabulary.bin, or a museum's own: train_vocabulary OUT PICTURE.pgm ...
// How the shipped one was made stands in docs/look.md.
#include "visual/words.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 14 };

static uint8_t *values;
static size_t count, capacity;

// A binary PGM ("P5", 8 bits) of at most FEATURE_SIDE_MAX_PX a side.
static bool read_pgm(const char *path, Grey *ret)
{
    FILE *file = fopen(path, "rb");
    int width_px, height_px;
    if (file == NULL || fscanf(file, "P5 %d %d 255", &width_px, &height_px) != 2 || fgetc(file) == EOF ||
        width_px < 1 || height_px < 1 || width_px > FEATURE_SIDE_MAX_PX || height_px > FEATURE_SIDE_MAX_PX) {
        if (file)
            fclose(file);
        return false;
    }
    uint8_t *pixels = mem_alloc((size_t)width_px * height_px);
    const bool whole = fread(pixels, (size_t)width_px, (size_t)height_px, file) == (size_t)height_px;
    fclose(file);
    *ret = (Grey){.p = pixels, .width_px = width_px, .height_px = height_px, .stride = (size_t)width_px};
    return whole;
}

static bool add(Extractor *e, const char *path)
{
    static Feature features[FEATURES_MAX];
    Err err = {0};
    Grey picture;
    int found;
    if (!read_pgm(path, &picture)) {
        fprintf(stderr, "%s: not a PGM of at most %d pixels a side\n", path, FEATURE_SIDE_MAX_PX);
        return false;
    }
    if (!extractor_run(e, picture, FEATURES_MAX, features, &found, &err)) {
        fprintf(stderr, "%s: %s\n", path, err.text);
        return false;
    }
    for (int i = 0; i < found; i++) {
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 1 << 16;
            values = mem_grow(values, capacity, FEATURE_DIMENSIONS);
        }
        memcpy(values + count++ * FEATURE_DIMENSIONS, features[i].values, FEATURE_DIMENSIONS);
    }
    free((void *)(uintptr_t)picture.p);
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "train_vocabulary OUT PICTURE.pgm ...\n");
        return 2;
    }
    Err err = {0};
    Extractor *e = extractor_open(FEATURE_KERNEL_BEST);
    for (int i = 2; i < argc; i++) {
        if (!add(e, argv[i]))
            return 1;
    }
    extractor_close(e);
    uint8_t *file = mem_alloc(WORDS_FILE_BYTES);
    if (!words_train(values, count, ROUNDS, file, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    FILE *out = fopen(argv[1], "wb");
    if (out == NULL || fwrite(file, 1, WORDS_FILE_BYTES, out) != WORDS_FILE_BYTES || fclose(out) != 0) {
        perror(argv[1]);
        return 1;
    }
    printf("%zu features of %d pictures, %d words\n", count, argc - 2, WORDS_COUNT);
    free(file);
    free(values);
    return 0;
}
