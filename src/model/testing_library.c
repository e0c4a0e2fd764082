// SPDX-License-Identifier: Apache-2.0
// For model_test.c: a library with the face of ONNX Runtime that behaves as the model's first byte says, from
// the second picture on (the first is the child's own try). Its vector is the first 16 numbers of the input.
#include <fcntl.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { VECTOR = 16, SIDE = 8 };

static char behaviour;
static int runs;
static float vector[VECTOR];
static char name[] = "x";

static void *fine(void)
{
    return NULL;
}

static void *make_session(void *env, const void *bytes, size_t size, void *options, void **session)
{
    (void)env;
    (void)options;
    behaviour = size ? *(const char *)bytes : 0;
    *session = name;
    return NULL;
}

static void *count_inputs(void *session, size_t *ret)
{
    (void)session;
    *ret = 1;
    return NULL;
}

static void *get_name(void *session, size_t index, void *allocator, char **ret)
{
    (void)session;
    (void)index;
    (void)allocator;
    *ret = name;
    return NULL;
}

static void *give_handle_third(void *a, size_t b, void **ret)
{
    (void)a;
    (void)b;
    *ret = name;
    return NULL;
}

static void *give_handle_second(void *a, void **ret)
{
    (void)a;
    *ret = name;
    return NULL;
}

static void *type_float(void *a, int *ret)
{
    (void)a;
    *ret = 1;
    return NULL;
}

static void *four(void *a, size_t *ret)
{
    (void)a;
    *ret = 4;
    return NULL;
}

static void *shape(void *a, int64_t *ret, size_t count)
{
    static const int64_t picture[] = {1, 3, SIDE, SIDE};
    (void)a;
    memcpy(ret, picture, count * sizeof(*ret));
    return NULL;
}

static void *make_tensor(
    void *memory, void *data, size_t bytes, const int64_t *sides, size_t count, int type, void **ret)
{
    (void)memory;
    (void)bytes;
    (void)sides;
    (void)count;
    (void)type;
    *ret = data;
    return NULL;
}

static void misbehave(void)
{
    volatile int forever = 1;
    switch (behaviour) {
    case 'c':
        abort();
    case 'h':
        while (forever)
            ;
        return;
    case 'o':
        (void)!open("/etc/hostname", O_RDONLY);
        return;
    case 's':
        (void)!socket(AF_INET, SOCK_STREAM, 0);
        return;
    case 'm':
        for (char *p; (p = malloc(1 << 20));)
            memset(p, 1, 1 << 20);
        abort();
    case 'n':
        vector[3] = NAN;
        return;
    }
}

static void *run(void *session, void *options, const char *const *inputs, void *const *values, size_t count,
    const char *const *outputs, size_t outputs_count, void **ret)
{
    (void)session;
    (void)options;
    (void)inputs;
    (void)count;
    (void)outputs;
    (void)outputs_count;
    memcpy(vector, values[0], sizeof(vector));
    if (runs++)
        misbehave();
    *ret = vector;
    return NULL;
}

static void *give_numbers(void *a, void **ret)
{
    *ret = a;
    return NULL;
}

static void *count_numbers(void *a, size_t *ret)
{
    (void)a;
    *ret = VECTOR;
    return NULL;
}

static const void *api[128];

static const void *const *get_api(uint32_t version)
{
    for (size_t i = 0; i < sizeof(api) / sizeof(*api); i++)
        api[i] = (const void *)(uintptr_t)fine;
    api[8] = (const void *)(uintptr_t)make_session;
    api[9] = (const void *)(uintptr_t)run;
    api[30] = (const void *)(uintptr_t)count_inputs;
    api[33] = (const void *)(uintptr_t)give_handle_third;
    api[36] = api[37] = (const void *)(uintptr_t)get_name;
    api[49] = (const void *)(uintptr_t)make_tensor;
    api[51] = (const void *)(uintptr_t)give_numbers;
    api[55] = api[65] = (const void *)(uintptr_t)give_handle_second;
    api[60] = (const void *)(uintptr_t)type_float;
    api[61] = (const void *)(uintptr_t)four;
    api[62] = (const void *)(uintptr_t)shape;
    api[64] = (const void *)(uintptr_t)count_numbers;
    return version == 1 ? api : NULL;
}

typedef struct {
    const void *const *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} ApiBase;

__attribute__((visibility("default"))) const ApiBase *OrtGetApiBase(void);

const ApiBase *OrtGetApiBase(void)
{
    static const ApiBase base = {get_api, NULL};
    return &base;
}
