// SPDX-License-Identifier: Apache-2.0
// decode FILE...: decodes each picture into memory, one after the other in one thread, and says how long that
// took: the floor under what ingesting them can cost.
#include <stdio.h>
#include <time.h>
#include <vips/vips.h>

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (VIPS_INIT(argv[0]))
        return 2;
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), megapixels = 0;
    int good = 0;
    for (int i = 1; i < argc; i++) {
        size_t bytes;
        VipsImage *image = vips_image_new_from_file(argv[i], "access", VIPS_ACCESS_SEQUENTIAL, NULL);
        void *pixels = image ? vips_image_write_to_memory(image, &bytes) : NULL;
        if (pixels) {
            good++;
            megapixels += (double)vips_image_get_width(image) * vips_image_get_height(image) / 1e6;
        }
        g_free(pixels);
        if (image)
            g_object_unref(image);
    }
    printf("{\"files\":%d,\"megapixels\":%.1f,\"wall_s\":%.3f,\"cpu_s\":%.3f}\n", good, megapixels,
        seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    vips_shutdown();
    return 0;
}
