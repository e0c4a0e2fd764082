// SPDX-License-Identifier: Apache-2.0
#include "model/child/ort.h"

#include "model/model.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

// Places in the table.
enum {
    GET_ERROR_MESSAGE = 2,
    CREATE_ENV = 3,
    CREATE_SESSION_FROM_ARRAY = 8,
    RUN = 9,
    CREATE_SESSION_OPTIONS = 10,
    DISABLE_CPU_MEM_ARENA = 19,
    SET_INTRA_OP_NUM_THREADS = 24,
    SET_INTER_OP_NUM_THREADS = 25,
    SESSION_GET_INPUT_COUNT = 30,
    SESSION_GET_INPUT_TYPE_INFO = 33,
    SESSION_GET_INPUT_NAME = 36,
    SESSION_GET_OUTPUT_NAME = 37,
    CREATE_TENSOR_WITH_DATA = 49,
    GET_TENSOR_MUTABLE_DATA = 51,
    CAST_TYPE_INFO_TO_TENSOR_INFO = 55,
    GET_TENSOR_ELEMENT_TYPE = 60,
    GET_DIMENSIONS_COUNT = 61,
    GET_DIMENSIONS = 62,
    GET_TENSOR_SHAPE_ELEMENT_COUNT = 64,
    GET_TENSOR_TYPE_AND_SHAPE = 65,
    CREATE_CPU_MEMORY_INFO = 69,
    GET_ALLOCATOR_WITH_DEFAULT_OPTIONS = 78,
    RELEASE_STATUS = 93,
    RELEASE_VALUE = 96,
    RELEASE_TENSOR_TYPE_AND_SHAPE_INFO = 99,
    API_VERSION = 1,
    LOG_FATAL = 4,
    TENSOR_FLOAT = 1,
    DEVICE_ALLOCATOR = 0,
    MEMORY_DEFAULT = 0,
    SIDE_OPEN_PX = 224, // of a model that takes any size
};

typedef void *Handle; // OrtStatus *, OrtEnv *, ...
typedef struct {
    const void *const *(*get_api)(uint32_t version);
    const char *(*get_version)(void);
} ApiBase;

struct Ort {
    const void *const *api;
    Handle session, memory;
    char *input_name, *output_name;
    OrtSizes sizes;
};

// Calls the function at a place in the table. ISO C has no way from a data to a function pointer; POSIX's
// dlsym relies on the one that all its systems have.
#define CALL(o, place, type) ((type)(uintptr_t)(o)->api[place])

static bool fine(const Ort *o, Handle status, const char *what, Err *err)
{
    if (!status)
        return true;
    const char *text = CALL(o, GET_ERROR_MESSAGE, const char *(*)(Handle))(status);
    err_note_at(err, __FILE__, __LINE__, ERR_UNSUPPORTED, "%s: %.300s", what, text);
    CALL(o, RELEASE_STATUS, void (*)(Handle))(status);
    return false;
}

static bool load(Ort *o, const char *library, Err *err)
{
    void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(err, ERR_UNSUPPORTED, "%.300s", dlerror());
    const ApiBase *(*get_base)(void) = (const ApiBase *(*)(void))(uintptr_t)dlsym(lib, "OrtGetApiBase");
    const ApiBase *base = get_base ? get_base() : NULL;
    o->api = base ? base->get_api(API_VERSION) : NULL;
    return o->api || err_set(err, ERR_UNSUPPORTED, "this library is not ONNX Runtime");
}

static bool start(Ort *o, Str model, Err *err)
{
    Handle env = NULL, options = NULL;
    return fine(o, CALL(o, CREATE_ENV, Handle(*)(int, const char *, Handle *))(LOG_FATAL, "vitrine", &env),
               "starting ONNX Runtime", err) &&
           fine(o, CALL(o, CREATE_SESSION_OPTIONS, Handle(*)(Handle *))(&options), "options", err) &&
           fine(o, CALL(o, SET_INTRA_OP_NUM_THREADS, Handle(*)(Handle, int))(options, 1), "options", err) &&
           fine(o, CALL(o, SET_INTER_OP_NUM_THREADS, Handle(*)(Handle, int))(options, 1), "options", err) &&
           fine(o, CALL(o, DISABLE_CPU_MEM_ARENA, Handle(*)(Handle))(options), "options", err) &&
           fine(o,
               CALL(o, CREATE_SESSION_FROM_ARRAY, Handle(*)(Handle, const void *, size_t, Handle, Handle *))(
                   env, model.p, model.n, options, &o->session),
               "the model cannot be read", err) &&
           fine(o,
               CALL(o, CREATE_CPU_MEMORY_INFO, Handle(*)(int, int, Handle *))(
                   DEVICE_ALLOCATOR, MEMORY_DEFAULT, &o->memory),
               "memory", err);
}

static bool read_names(Ort *o, Err *err)
{
    Handle allocator = NULL;
    size_t inputs = 0;
    typedef Handle Name(Handle, size_t, Handle, char **);
    if (!fine(o, CALL(o, SESSION_GET_INPUT_COUNT, Handle(*)(Handle, size_t *))(o->session, &inputs), "inputs",
            err))
        return false;
    if (inputs != 1)
        return err_set(
            err, ERR_UNSUPPORTED, "the model has %zu inputs; one picture is all we can give", inputs);
    return fine(o, CALL(o, GET_ALLOCATOR_WITH_DEFAULT_OPTIONS, Handle(*)(Handle *))(&allocator), "memory",
               err) &&
           fine(o, CALL(o, SESSION_GET_INPUT_NAME, Name *)(o->session, 0, allocator, &o->input_name), "input",
               err) &&
           fine(o, CALL(o, SESSION_GET_OUTPUT_NAME, Name *)(o->session, 0, allocator, &o->output_name),
               "output", err);
}

static bool settle_sizes(Ort *o, const int64_t shape[4], Err *err)
{
    o->sizes.planes = shape[1] == 3;
    if (!o->sizes.planes && shape[3] != 3)
        return err_set(err, ERR_UNSUPPORTED,
            "the model's input is neither [1, 3, height, width] nor [1, height, width, 3]");
    int64_t height = shape[o->sizes.planes ? 2 : 1], width = shape[o->sizes.planes ? 3 : 2];
    height = height <= 0 ? SIDE_OPEN_PX : height;
    width = width <= 0 ? SIDE_OPEN_PX : width;
    if (height > MODEL_SIDE_MAX_PX || width > MODEL_SIDE_MAX_PX || shape[0] > 1)
        return err_set(err, ERR_UNSUPPORTED,
            "the model's input is larger than one picture of %d pixels a side", MODEL_SIDE_MAX_PX);
    o->sizes.height_px = (int)height;
    o->sizes.width_px = (int)width;
    return true;
}

static bool read_sizes(Ort *o, Err *err)
{
    Handle info = NULL, tensor = NULL;
    int type = 0;
    size_t count = 0;
    int64_t shape[4] = {0};
    bool good =
        fine(o,
            CALL(o, SESSION_GET_INPUT_TYPE_INFO, Handle(*)(Handle, size_t, Handle *))(o->session, 0, &info),
            "input", err) &&
        fine(o, CALL(o, CAST_TYPE_INFO_TO_TENSOR_INFO, Handle(*)(Handle, Handle *))(info, &tensor), "input",
            err) &&
        (tensor || err_set(err, ERR_UNSUPPORTED, "the model's input is no tensor")) &&
        fine(o, CALL(o, GET_TENSOR_ELEMENT_TYPE, Handle(*)(Handle, int *))(tensor, &type), "input", err) &&
        fine(o, CALL(o, GET_DIMENSIONS_COUNT, Handle(*)(Handle, size_t *))(tensor, &count), "input", err) &&
        ((type == TENSOR_FLOAT && count == 4) ||
            err_set(
                err, ERR_UNSUPPORTED, "the model's input is not a picture in floats of four dimensions")) &&
        fine(
            o, CALL(o, GET_DIMENSIONS, Handle(*)(Handle, int64_t *, size_t))(tensor, shape, 4), "input", err);
    return good && settle_sizes(o, shape, err);
}

// How many floats the output is; ERR_UNSUPPORTED if it is something else.
static bool output_count(const Ort *o, Handle output, size_t *ret, Err *err)
{
    Handle info = NULL;
    int type = 0;
    bool good =
        fine(o, CALL(o, GET_TENSOR_TYPE_AND_SHAPE, Handle(*)(Handle, Handle *))(output, &info), "output",
            err) &&
        fine(o, CALL(o, GET_TENSOR_ELEMENT_TYPE, Handle(*)(Handle, int *))(info, &type), "output", err) &&
        fine(o, CALL(o, GET_TENSOR_SHAPE_ELEMENT_COUNT, Handle(*)(Handle, size_t *))(info, ret), "output",
            err);
    if (info)
        CALL(o, RELEASE_TENSOR_TYPE_AND_SHAPE_INFO, void (*)(Handle))(info);
    return good &&
           (type == TENSOR_FLOAT || err_set(err, ERR_UNSUPPORTED, "the model's output is not of floats"));
}

// The first output's floats; borrowed from *ret_output, which is the caller's to release.
static bool run(const Ort *o, float *input, Handle *ret_output, float **ret, size_t *ret_count, Err *err)
{
    const OrtSizes *s = &o->sizes;
    const int64_t shape[4] = {
        1, s->planes ? 3 : s->height_px, s->planes ? s->height_px : s->width_px, s->planes ? s->width_px : 3};
    size_t bytes = (size_t)s->height_px * (size_t)s->width_px * 3 * sizeof(float);
    Handle picture = NULL;
    const char *input_names[] = {o->input_name}, *output_names[] = {o->output_name};
    bool good =
        fine(o,
            CALL(o, CREATE_TENSOR_WITH_DATA,
                Handle(*)(Handle, void *, size_t, const int64_t *, size_t, int, Handle *))(
                o->memory, input, bytes, shape, 4, TENSOR_FLOAT, &picture),
            "input", err) &&
        fine(o,
            CALL(o, RUN,
                Handle(*)(Handle, Handle, const char *const *, const Handle *, size_t, const char *const *,
                    size_t, Handle *))(
                o->session, NULL, input_names, &picture, 1, output_names, 1, ret_output),
            "running the model", err) &&
        output_count(o, *ret_output, ret_count, err) &&
        fine(o, CALL(o, GET_TENSOR_MUTABLE_DATA, Handle(*)(Handle, void **))(*ret_output, (void **)ret),
            "output", err);
    if (picture)
        CALL(o, RELEASE_VALUE, void (*)(Handle))(picture);
    return good;
}

static bool try_out(Ort *o, Err *err)
{
    Handle output = NULL;
    float *vector;
    size_t count;
    float *black = mem_alloc((size_t)o->sizes.height_px * (size_t)o->sizes.width_px * 3 * sizeof(float));
    bool good = run(o, black, &output, &vector, &count, err);
    if (good && (count < MODEL_DIMENSIONS_MIN || count > MODEL_DIMENSIONS_MAX))
        good = err_set(err, ERR_UNSUPPORTED, "the model gives %zu numbers; a vector has %d to %d", count,
            MODEL_DIMENSIONS_MIN, MODEL_DIMENSIONS_MAX);
    if (good)
        o->sizes.dimensions = (int)count;
    if (output)
        CALL(o, RELEASE_VALUE, void (*)(Handle))(output);
    free(black);
    return good;
}

Ort *ort_open(const char *library, Str model, OrtSizes *ret, Err *err)
{
    Ort *o = mem_alloc(sizeof(*o));
    if (load(o, library, err) && start(o, model, err) && read_names(o, err) && read_sizes(o, err) &&
        try_out(o, err)) {
        *ret = o->sizes;
        return o;
    }
    free(o); // the program ends now: the library's own things go with it
    return NULL;
}

bool ort_run(Ort *o, float *input, float *ret, Err *err)
{
    Handle output = NULL;
    float *vector;
    size_t count;
    bool good = run(o, input, &output, &vector, &count, err) &&
                (count == (size_t)o->sizes.dimensions ||
                    err_set(err, ERR_CORRUPT, "the model's vector changed its length"));
    if (good)
        memcpy(ret, vector, count * sizeof(float));
    if (output)
        CALL(o, RELEASE_VALUE, void (*)(Handle))(output);
    return good;
}
