// SPDX-License-Identifier: Apache-2.0
#include "visual/feature.h"

#include "visual/int.h"

#include <stdlib.h>

Extractor *extractor_open(FeatureKernel kernel)
{
    Extractor *e = mem_alloc(sizeof(*e));
    e->kernel = kernel == FEATURE_KERNEL_PLAIN ? kernel_plain() : kernel_best();
    e->blobs = mem_alloc(sizeof(*e->blobs) * BLOBS_MAX);
    scales_prepare(e);
    describe_prepare(e);
    return e;
}

void extractor_close(Extractor *e)
{
    if (e == NULL)
        return;
    free(e->values);
    free(e->row);
    free(e->rings);
    free(e->blobs);
    free(e);
}

void extractor_closep(Extractor **e)
{
    extractor_close(*e);
}

bool extractor_run(Extractor *e, Grey picture, int max, Feature *ret, int *ret_count, Err *err)
{
    return extractor_run_steps(e, picture, max, max, ret, ret_count, err);
}

static bool begin(Extractor *e, Grey picture, int first, int max, Err *err)
{
    assert(first >= 1 && first <= max && max <= FEATURES_MAX);
    if (!scales_build(e, picture, err))
        return false;
    blobs_find(e);
    blobs_choose(e, first, max);
    e->described = 0;
    return true;
}

bool extractor_begin(Extractor *e, Grey picture, int max, Err *err)
{
    return begin(e, picture, max, max, err);
}

int extractor_next(Extractor *e, int room, Feature *ret)
{
    int count = 0;
    while (count == 0 && room > 0 && e->described < e->blobs_count)
        count = describe(e, &e->blobs[e->described++], ret, room);
    return count;
}

bool extractor_run_steps(
    Extractor *e, Grey picture, int first, int max, Feature *ret, int *ret_count, Err *err)
{
    if (!begin(e, picture, first, max, err))
        return false;
    int count = 0;
    for (int more = 1; more > 0; count += more)
        more = extractor_next(e, max - count, ret + count);
    *ret_count = count;
    return true;
}

// The negative turns every gradient round, so its frame is turned by half a circle: cell (r, c) becomes
// (3-r, 3-c), directions stay.
void feature_negative(const uint8_t *values, uint8_t *ret)
{
    for (int cell = 0; cell < 16; cell++)
        memcpy(ret + (15 - cell) * 8, values + cell * 8, 8);
}

// The mirror keeps the frame's own axis and turns its other side over: row r becomes 3-r, direction d -d.
void feature_mirrored(const uint8_t *values, uint8_t *ret)
{
    for (int cell = 0; cell < 16; cell++) {
        for (int d = 0; d < 8; d++)
            ret[((3 - cell / 4) * 4 + cell % 4) * 8 + (8 - d) % 8] = values[cell * 8 + d];
    }
}
