// SPDX-License-Identifier: Apache-2.0
// Moves a reply into a socket. A file body goes by sendfile: its pages are handed over without being touched
// here, so a tile that no processor cache holds costs what a hot one does. One of a few kilobytes is read and
// leaves together with its head, which is less work than handing pages over.
#include "http/int.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

static SendState failed(void)
{
    return errno == EAGAIN || errno == EINTR ? SEND_WAIT : SEND_FAILED;
}

static void count(Reply *reply, size_t bytes)
{
    reply->sent_bytes += bytes;
    size_t of_head = MIN_OF(bytes, reply->head_bytes - reply->head_sent);
    reply->head_sent += of_head;
    size_t of_body = bytes - of_head;
    reply->left -= of_body;
    reply->offset += of_body;
    if (!reply->is_file)
        reply->body = str_slice(reply->body, of_body, reply->body.n);
}

static SendState send_both(int fd, Reply *reply, Str body, bool more)
{
    struct iovec parts[2] = {
        {reply->head + reply->head_sent, reply->head_bytes - reply->head_sent},
        {(void *)(uintptr_t)body.p, body.n}, // only read
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.n ? 2 : 1};
    ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (n < 0)
        return failed();
    count(reply, (size_t)n);
    return (size_t)n == parts[0].iov_len + body.n ? SEND_DONE : SEND_WAIT;
}

static SendState send_file(int fd, Reply *reply)
{
    uint64_t turn = 0;
    while (reply->left && turn < REPLY_TURN_BYTES) {
        off_t offset = (off_t)reply->offset;
        ssize_t n = sendfile(fd, reply->fd, &offset, (size_t)MIN_OF(reply->left, (uint64_t)REPLY_TURN_BYTES));
        if (n < 0)
            return failed();
        if (n == 0)
            return SEND_FAILED; // the file became shorter: the length we promised cannot be kept
        count(reply, (size_t)n);
        turn += (uint64_t)n;
    }
    return reply->left ? SEND_WAIT : SEND_DONE;
}

SendState reply_send(int fd, Reply *reply, char *scratch)
{
    if (!reply->is_file)
        return send_both(fd, reply, reply->body, false);
    if (reply->head_sent == 0 && reply->left <= REPLY_SCRATCH_BYTES) {
        ssize_t n = pread(reply->fd, scratch, (size_t)reply->left, (off_t)reply->offset);
        if (n < 0 || (uint64_t)n != reply->left)
            return SEND_FAILED;
        return send_both(fd, reply, (Str){scratch, (size_t)n}, false);
    }
    if (reply->head_sent < reply->head_bytes) {
        SendState state = send_both(fd, reply, S(""), true);
        if (state != SEND_DONE)
            return state;
    }
    return send_file(fd, reply);
}
