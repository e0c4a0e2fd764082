// SPDX-License-Identifier: Apache-2.0
// ingest_image FROM TO [REPEATS [cut]]: makes the pyramid file of one picture through the cage and says what
// it cost: wall seconds, processor seconds (of the child) and the child's peak memory, which getrusage counts
// when it ends.
#include "base/clock.h"
#include "base/file.h"
#include "image/cage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static bool derive(Cage *cage, const char *from, const char *to, ImageFacts *facts, Err *err)
{
    CLEANUP(fd_closep) int in = file_open(AT_FDCWD, from, err);
    if (in < 0)
        return false;
    CLEANUP(fd_closep) int out = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (out < 0)
        return err_errno(err, "%s", to);
    return cage_derive(cage, in, out, facts, err);
}

int main(int argc, char **argv)
{
    Err err = {0};
    ImageFacts facts;
    int repeats = argc >= 4 ? atoi(argv[3]) : 1;
    if (argc < 3) {
        fprintf(stderr, "usage: %s FROM TO [REPEATS [cut]]\n", argv[0]);
        return 2;
    }
    Cage *cage = cage_open(&(CageConfig){.children_max = 1, .cut_from_master = argc >= 5}, &err);
    bool ok = cage != NULL;
    int64_t start_us = clock_mono_us();
    for (int i = 0; i < repeats && ok; i++)
        ok = derive(cage, argv[1], argv[2], &facts, &err);
    int64_t wall_us = clock_mono_us() - start_us;
    cage_close(cage);
    if (!ok) {
        fprintf(stderr, "%s: %s (%s)\n", argv[1], err.text, err_kind_name(err.kind));
        return 1;
    }
    struct rusage used;
    getrusage(RUSAGE_CHILDREN, &used);
    double cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%d x %d %s %s %d bit, %d pages%s: %d times: wall %.3f s, cpu %.3f s, peak %ld MB\n",
        facts.width_px, facts.height_px, facts.format, facts.colour, facts.bits, facts.pages,
        facts.alpha ? ", alpha" : "", repeats, (double)wall_us / 1e6, cpu_s, used.ru_maxrss / 1024);
    return 0;
}
