// SPDX-License-Identifier: Apache-2.0
#include "app/model.h"

#include "base/file.h"

#include <fcntl.h>

bool home_model_open(const Home *home, HomeModel *ret, Err *err)
{
    const Conf *conf = &home->conf;
    *ret = (HomeModel){.file = -1};
    if (!conf->model_file.n && !conf->model_library.n)
        return true;
    if (!conf->model_file.n || !conf->model_library.n)
        return err_set(err, ERR_INVALID, "museum.conf names a model_library or a model_file, but not both");
    ModelConfig config = {.library = arena_cstr(home->arena, conf->model_library),
        .file = file_open(home->dir, arena_cstr(home->arena, conf->model_file), err),
        .memory_max_mb = conf->model_memory_mb};
    if (config.file < 0)
        return false;
    memcpy(config.mean, conf->model_mean, sizeof(config.mean));
    memcpy(config.deviation, conf->model_deviation, sizeof(config.deviation));
    ret->file = config.file;
    ret->model = model_open(&config, err);
    if (ret->model)
        return true;
    home_model_close(ret);
    return false;
}

void home_model_close(HomeModel *m)
{
    model_close(m->model);
    if (m->model || m->file > 0)
        fd_close(m->file);
    *m = (HomeModel){.file = -1};
}

static bool vector_of(void *ctx, Picture p, float *ret, Err *err)
{
    return model_vector(ctx, p.p, p.width_px, p.height_px, p.stride, ret, err);
}

bool home_model_use(const HomeModel *m, Visual *visual, Err *err)
{
    int dimensions;
    if (!m->model)
        return true;
    if (!model_dimensions(m->model, &dimensions, err))
        return false;
    const VisualModel model = {
        .ctx = m->model, .key = model_key(m->model), .dimensions = dimensions, .vector = vector_of};
    return visual_use_model(visual, &model, err);
}
