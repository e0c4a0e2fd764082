// SPDX-License-Identifier: Apache-2.0
// vitrine-cage MEMORY_MB: started by vitrine with a socket as descriptor 3; of no use otherwise.
#include "image/cage/child.h"

#include "base/file.h"
#include "base/slim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEMORY_MIN_MB = 64, MEMORY_MAX_MB = 1 << 20, DESCRIPTORS_MAX = 2 };

static void tell(CageAnswer *answer)
{
    ssize_t n;
    do
        n = send(CAGE_SOCKET_FD, answer, sizeof(*answer), MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof(*answer))
        _exit(1); // nobody listens any more
}

static bool tell_seen(const ImageFacts *facts, Err *err)
{
    (void)err;
    CageAnswer answer = {.word = CAGE_SEEN, .facts = *facts};
    tell(&answer);
    return true;
}

static void tell_failed(const Err *err)
{
    CageAnswer answer = {.word = CAGE_FAILED, .kind = err->kind};
    snprintf(answer.text, sizeof(answer.text), "%s", err->text);
    tell(&answer);
}

bool task_seen(const Task *task, const ImageFacts *f, Err *err)
{
    int64_t pixels = (int64_t)f->width_px * f->height_px;
    if (f->width_px < 1 || f->height_px < 1)
        return err_set(err, ERR_CORRUPT, "the picture has no pixels");
    if (f->width_px > PYRAMID_SIDE_MAX_PX || f->height_px > PYRAMID_SIDE_MAX_PX ||
        pixels > task->question.pixels_max)
        return err_set(err, ERR_LIMIT, "%d x %d pixels is more than the limit of %lld megapixels",
            f->width_px, f->height_px, (long long)(task->question.pixels_max / 1000000));
    if (pixels > CAGE_PIXELS_FREE && (uint64_t)pixels / CAGE_PIXELS_PER_BYTE_MAX > task->from_bytes)
        return err_set(err, ERR_LIMIT,
            "%d x %d pixels in a file of %llu bytes: no picture is that empty, this is made to fill memory",
            f->width_px, f->height_px, (unsigned long long)task->from_bytes);
    return !task->seen || task->seen(f, err);
}

static bool carry_out(const Task *task, CageAnswer *done, Err *err)
{
    char head[LOOK_BYTES];
    ssize_t n = pread(task->from, head, sizeof(head), 0);
    if (n < 0)
        return err_errno(err, "cannot read the file");
    if (n == 0)
        return err_set(err, ERR_CORRUPT, "the file is empty");
    Format format = look_at((Str){head, (size_t)n});
    if (format == FORMAT_UNKNOWN)
        return err_set(
            err, ERR_UNSUPPORTED, "not a picture of a kind we read (its first bytes are of no known format)");
    *err = (Err){0};
    if (task->question.job == CAGE_CUT)
        return load_cut(task, format, &done->facts, &done->samples, err);
    if (format == FORMAT_JPEG && (load_jpeg(task, &done->facts, &done->small, err) || err->kind != ERR_NONE))
        return err->kind == ERR_NONE;
    *err = (Err){0};
    if (format == FORMAT_TIFF && task->question.job != CAGE_SMALL &&
        (load_tiff(task, &done->facts, err) || err->kind != ERR_NONE))
        return err->kind == ERR_NONE;
    return load_vips(task, format, &done->facts, &done->small, err);
}

// One question with its descriptors; false when the program is gone.
static bool hear(Task *task)
{
    int fds[DESCRIPTORS_MAX] = {-1, -1};
    union {
        char bytes[CMSG_SPACE(sizeof(fds))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = &task->question, .iov_len = sizeof(task->question)};
    struct msghdr message = {.msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes)};
    ssize_t n;
    do
        n = recvmsg(CAGE_SOCKET_FD, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *head = n == (ssize_t)sizeof(task->question) ? CMSG_FIRSTHDR(&message) : NULL;
    if (!head || head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(sizeof(int)))
        return false;
    memcpy(fds, CMSG_DATA(head), MIN_OF(sizeof(fds), head->cmsg_len - CMSG_LEN(0)));
    task->from = fds[0];
    task->to = fds[1];
    return true;
}

static void serve(void)
{
    Task task = {.seen = tell_seen};
    while (hear(&task)) {
        Err err = {0};
        CageAnswer done = {.word = CAGE_DONE};
        if (task.question.job == CAGE_PROBE)
            task.seen = NULL;
        else
            task.seen = tell_seen;
        if (file_size(task.from, &task.from_bytes, &err) && carry_out(&task, &done, &err))
            tell(&done);
        else
            tell_failed(&err);
        fd_close(task.from);
        fd_close(task.to);
    }
}

int main(int argc, char **argv)
{
    int memory_mb;
    struct stat st;
    if (argc != 2 || !str_to_int(str_from(argv[1]), MEMORY_MIN_MB, MEMORY_MAX_MB, &memory_mb) ||
        fstat(CAGE_SOCKET_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        fprintf(stderr, "vitrine-cage is started by vitrine, to open pictures behind bars.\n");
        return 2;
    }
    Err err = {0};
    if (!bars_limit(memory_mb, &err) || !load_vips_start(&err) || !bars_close(&err)) {
        tell_failed(&err);
        return 1;
    }
    slim();
    CageAnswer ready = {.word = CAGE_READY};
    tell(&ready);
    serve();
    return 0;
}
