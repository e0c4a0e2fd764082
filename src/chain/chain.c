// SPDX-License-Identifier: Apache-2.0
#include "chain/chain.h"

#include "base/file.h"
#include "chain/int.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

// What is torn at the end is cut off; what is of no use is begun anew.
static bool open_log(Chain *c, bool writer, Err *err)
{
    Err none = {0};
    uint64_t good_bytes = 0;
    const bool known = log_read(c, &c->graph, &good_bytes, &none);
    c->bytes = (int64_t)good_bytes;
    if (!writer)
        return true;
    if (!known)
        graph_free(&c->graph);
    if (!known)
        return log_write(c, err);
    return log_open(c, err) &&
           (ftruncate(c->fd, (off_t)good_bytes) == 0 || err_errno(err, "mending the chains"));
}

Chain *chain_open(const char *dir, bool writer, Err *err)
{
    const int fd = dir_open(AT_FDCWD, dir, err);
    if (fd < 0)
        return NULL;
    Chain *c = mem_alloc(sizeof(*c));
    *c = (Chain){.dir = fd, .fd = -1, .sequence = -1};
    pthread_rwlockattr_t fair;
    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&c->guard, &fair);
    pthread_rwlockattr_destroy(&fair);
    pthread_mutex_init(&c->motifs_lock, NULL);
    if (!open_log(c, writer, err)) {
        chain_close(c);
        return NULL;
    }
    return c;
}

void chain_close(Chain *c)
{
    if (c == NULL)
        return;
    graph_free(&c->graph);
    for (int role = 0; role < ROLES; role++)
        motifs_free(&c->motifs[role]);
    pthread_mutex_destroy(&c->motifs_lock);
    pthread_rwlock_destroy(&c->guard);
    fd_close(c->fd);
    fd_close(c->dir);
    free(c);
}

bool chain_erase(const char *dir, Err *err)
{
    CLEANUP(fd_closep) int fd = dir_open(AT_FDCWD, dir, err);
    return fd >= 0 ? file_remove(fd, "chains", err) : err->kind == ERR_NOT_FOUND;
}

ChainCounts chain_counts(Chain *c)
{
    pthread_rwlock_rdlock(&c->guard);
    ChainCounts counts = {.edges = (int64_t)c->graph.edges_count,
        .waiting = c->waiting,
        .sequence = c->done,
        .bytes = c->bytes};
    for (size_t i = 0; i < c->graph.nodes_count; i++)
        counts.pictures += c->graph.nodes[i].asked;
    pthread_rwlock_unlock(&c->guard);
    return counts;
}
