// SPDX-License-Identifier: Apache-2.0
#include "model/model.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "model/wire.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MEMORY_DEFAULT_MB = 1024, TIME_DEFAULT_S = 30, START_TIME_S = 120, US = 1000 * 1000 };

struct Model {
    ModelConfig config;
    char *library;
    char program[PATH_MAX];
    uint64_t key;
    pthread_mutex_t lock; // over what follows
    Child child;
    int shared_fd;
    float *shared;
    ModelAnswer sizes; // as the child told when it was ready
};

static bool find_key(Model *m, Err *err)
{
    Sha512 digest;
    uint64_t bytes;
    if (lseek(m->config.file, 0, SEEK_SET) < 0 || !sha512_of_file(m->config.file, &digest, &bytes, err))
        return false;
    float prepared[6];
    memcpy(prepared, m->config.mean, sizeof(m->config.mean));
    memcpy(prepared + 3, m->config.deviation, sizeof(m->config.deviation));
    Sha512 how = sha512_of((Str){(const char *)prepared, sizeof(prepared)});
    uint64_t a, b;
    memcpy(&a, digest.bytes, sizeof(a));
    memcpy(&b, how.bytes, sizeof(b));
    m->key = a ^ b;
    return true;
}

static bool make_shared(Model *m, Err *err)
{
    m->shared_fd = memfd_create("model", MFD_CLOEXEC);
    if (m->shared_fd < 0 || ftruncate(m->shared_fd, MODEL_SHARED_BYTES) < 0)
        return err_errno(err, "no room for a model's pictures");
    void *map = mmap(NULL, MODEL_SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->shared_fd, 0);
    if (map == MAP_FAILED)
        return err_errno(err, "no room for a model's pictures");
    m->shared = map;
    return true;
}

Model *model_open(const ModelConfig *config, Err *err)
{
    Model *m = mem_alloc(sizeof(*m));
    m->config = *config;
    m->library = strdup(config->library);
    m->child = (Child){.socket = -1};
    m->shared_fd = -1;
    if (m->config.memory_max_mb <= 0)
        m->config.memory_max_mb = MEMORY_DEFAULT_MB;
    if (m->config.time_max_s <= 0)
        m->config.time_max_s = TIME_DEFAULT_S;
    pthread_mutex_init(&m->lock, NULL);
    if (child_find("vitrine-model", m->program, err) && find_key(m, err) && make_shared(m, err))
        return m;
    model_close(m);
    return NULL;
}

void model_close(Model *m)
{
    if (!m)
        return;
    if (m->child.pid)
        child_end(&m->child, NULL);
    if (m->shared)
        munmap(m->shared, MODEL_SHARED_BYTES);
    fd_close(m->shared_fd);
    pthread_mutex_destroy(&m->lock);
    free(m->library);
    free(m);
}

uint64_t model_key(const Model *m)
{
    return m->key;
}

// ---- the child

static bool hear(Model *m, int seconds, ModelAnswer *ret, bool *ret_late)
{
    const int64_t until_us = clock_mono_us() + (int64_t)seconds * US;
    *ret_late = false;
    for (;;) {
        struct pollfd ready = {.fd = m->child.socket, .events = POLLIN};
        const int64_t left_us = until_us - clock_mono_us();
        if (left_us <= 0) {
            *ret_late = true;
            return false;
        }
        const int n = poll(&ready, 1, (int)(left_us / 1000 + 1));
        if (n < 0 && errno != EINTR)
            return false;
        if (n <= 0)
            continue;
        const ssize_t bytes = recv(m->child.socket, ret, sizeof(*ret), 0);
        if (bytes < 0 && errno == EINTR)
            continue;
        ret->text[sizeof(ret->text) - 1] = '\0';
        return bytes == (ssize_t)sizeof(*ret);
    }
}

// The child is gone or silent: what does that say?
static bool blame(Model *m, bool late, Err *err)
{
    int64_t peak_kb;
    const int status = child_end(&m->child, &peak_kb);
    if (late)
        return err_set(err, ERR_LIMIT, "the model took too long and was stopped");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return err_set(err, ERR_CORRUPT, "the model's library tried something forbidden and was stopped");
    if (peak_kb / 1024 >= m->config.memory_max_mb * INT64_C(3) / 4)
        return err_set(err, ERR_LIMIT, "the model needs more than %d MB of memory", m->config.memory_max_mb);
    return err_set(err, ERR_CORRUPT, "the model's library broke down (status %d)", status);
}

static bool sizes_believable(const ModelAnswer *a)
{
    return a->height_px > 0 && a->width_px > 0 && a->height_px <= MODEL_SIDE_MAX_PX &&
           a->width_px <= MODEL_SIDE_MAX_PX && a->dimensions >= MODEL_DIMENSIONS_MIN &&
           a->dimensions <= MODEL_DIMENSIONS_MAX;
}

static bool start(Model *m, Err *err)
{
    char memory[16];
    ModelAnswer answer;
    bool late;
    const int extras[] = {m->shared_fd, m->config.file};
    snprintf(memory, sizeof(memory), "%d", m->config.memory_max_mb);
    char *argv[] = {(char[]){"vitrine-model"}, m->library, memory, NULL};
    if (!child_start(m->program, argv, extras, COUNT_OF(extras), &m->child, err))
        return false;
    if (!hear(m, START_TIME_S, &answer, &late))
        return blame(m, late, err);
    if (answer.word == MODEL_READY && sizes_believable(&answer)) {
        m->sizes = answer;
        return true;
    }
    child_end(&m->child, NULL);
    return err_set(err, ERR_UNSUPPORTED, "the model cannot be used: %s", answer.text);
}

static bool awake(Model *m, Err *err)
{
    if (m->child.pid && child_has_ended(&m->child))
        child_end(&m->child, NULL);
    return m->child.pid || start(m, err);
}

bool model_dimensions(Model *m, int *ret, Err *err)
{
    pthread_mutex_lock(&m->lock);
    const bool good = awake(m, err);
    if (good)
        *ret = m->sizes.dimensions;
    pthread_mutex_unlock(&m->lock);
    return good;
}

// ---- pictures

typedef struct {
    const uint8_t *rgb;
    int width_px, height_px;
    size_t stride;
} Pixels;

// Mean of the samples that a field of the input covers; at least one pixel.
static float field(const Pixels *p, int x, int y, int width, int height, int channel)
{
    const int left = (int)((int64_t)x * p->width_px / width), top = (int)((int64_t)y * p->height_px / height);
    const int right = MAX_OF((int)((int64_t)(x + 1) * p->width_px / width), left + 1);
    const int bottom = MAX_OF((int)((int64_t)(y + 1) * p->height_px / height), top + 1);
    uint64_t sum = 0;
    for (int v = top; v < bottom; v++)
        for (int u = left; u < right; u++)
            sum += p->rgb[(size_t)v * p->stride + (size_t)u * 3 + (size_t)channel];
    return (float)sum / ((float)(right - left) * (float)(bottom - top) * 255.0f);
}

// The whole picture, squeezed to the input's shape.
static void prepare(Model *m, const Pixels *p)
{
    const int width = m->sizes.width_px, height = m->sizes.height_px;
    const size_t plane = (size_t)width * (size_t)height;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++) {
                const size_t at = (size_t)y * (size_t)width + (size_t)x;
                const float value =
                    (field(p, x, y, width, height, c) - m->config.mean[c]) / m->config.deviation[c];
                m->shared[m->sizes.planes ? (size_t)c * plane + at : at * 3 + (size_t)c] = value;
            }
}

static bool take_vector(const Model *m, float *ret, Err *err)
{
    const float *vector = m->shared + MODEL_VECTOR_AT / sizeof(float);
    double length = 0;
    for (int i = 0; i < m->sizes.dimensions; i++) {
        ret[i] = vector[i]; // read once: the child could change it
        if (!isfinite(ret[i]))
            return err_set(err, ERR_CORRUPT, "the model gives numbers that are none");
        length += (double)ret[i] * (double)ret[i];
    }
    const float scale = length > 0 ? (float)(1 / sqrt(length)) : 0;
    for (int i = 0; i < m->sizes.dimensions; i++)
        ret[i] *= scale;
    return true;
}

static bool run(Model *m, const Pixels *p, float *ret, Err *err)
{
    ModelAnswer answer;
    bool late = false;
    prepare(m, p);
    if (send(m->child.socket, "", 1, MSG_NOSIGNAL) != 1 || !hear(m, m->config.time_max_s, &answer, &late))
        return blame(m, late, err);
    if (answer.word == MODEL_DONE)
        return take_vector(m, ret, err);
    return err_set(err, ERR_CORRUPT, "%s", answer.text);
}

bool model_vector(
    Model *m, const uint8_t *rgb, int width_px, int height_px, size_t stride, float *ret, Err *err)
{
    const Pixels pixels = {rgb, width_px, height_px, stride};
    if (width_px < 1 || height_px < 1)
        return err_set(err, ERR_INVALID, "a picture without pixels");
    pthread_mutex_lock(&m->lock);
    const bool good = awake(m, err) && run(m, &pixels, ret, err);
    pthread_mutex_unlock(&m->lock);
    return good;
}
