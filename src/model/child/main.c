// SPDX-License-Identifier: Apache-2.0
// vitrine-model LIBRARY MEMORY_MB: started by vitrine with a socket as descriptor 3, shared memory as 4 and
// the model as 5; of no use otherwise.
#include "base/bars.h"
#include "base/child.h"
#include "base/file.h"
#include "model/child/ort.h"
#include "model/wire.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMORY_MIN_MB = 64, MEMORY_MAX_MB = 1 << 20 };

static void tell(const ModelAnswer *answer)
{
    ssize_t n;
    do
        n = send(CHILD_SOCKET_FD, answer, sizeof(*answer), MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(*answer))
        _exit(1); // nobody listens any more
}

static void tell_failed(const Err *err)
{
    ModelAnswer answer = {.word = MODEL_FAILED};
    snprintf(answer.text, sizeof(answer.text), "%s", err->text);
    tell(&answer);
}

static bool map_model(Str *ret, Err *err)
{
    uint64_t bytes;
    if (!file_size(CHILD_EXTRA_FD + 1, &bytes, err))
        return false;
    void *map = bytes ? mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, CHILD_EXTRA_FD + 1, 0) : MAP_FAILED;
    if (map == MAP_FAILED)
        return err_set(err, ERR_UNSUPPORTED, "the model's file is empty or cannot be read");
    *ret = (Str){map, bytes};
    return true;
}

static void serve(Ort *o, float *shared)
{
    for (;;) {
        char go;
        struct iovec iov = {.iov_base = &go, .iov_len = 1};
        struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
        ssize_t n = recvmsg(CHILD_SOCKET_FD, &message, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != 1)
            return;
        Err err = {0};
        if (ort_run(o, shared, shared + MODEL_VECTOR_AT / sizeof(float), &err))
            tell(&(ModelAnswer){.word = MODEL_DONE});
        else
            tell_failed(&err);
    }
}

int main(int argc, char **argv)
{
    int memory_mb;
    struct stat st;
    if (argc != 3 || !str_to_int(str_from(argv[2]), MEMORY_MIN_MB, MEMORY_MAX_MB, &memory_mb) ||
        fstat(CHILD_SOCKET_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        fprintf(stderr, "vitrine-model is started by vitrine, to run a model behind bars.\n");
        return 2;
    }
    Err err = {0};
    Str model;
    OrtSizes sizes;
    float *shared = mmap(NULL, MODEL_SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, CHILD_EXTRA_FD, 0);
    Ort *o = NULL;
    if (shared == MAP_FAILED || !bars_limit(memory_mb, &err) || !map_model(&model, &err) ||
        !(o = ort_open(argv[1], model, &sizes, &err)) || !bars_close(&err)) {
        tell_failed(&err);
        return 1;
    }
    tell(&(ModelAnswer){.word = MODEL_READY,
        .height_px = sizes.height_px,
        .width_px = sizes.width_px,
        .dimensions = sizes.dimensions,
        .planes = sizes.planes});
    serve(o, shared);
    return 0;
}
