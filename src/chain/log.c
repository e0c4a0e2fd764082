// SPDX-License-Identifier: Apache-2.0
#include "chain/int.h"

#include "base/digest.h"
#include "base/file.h"

#include <sys/stat.h>
#include <unistd.h>

static const char NAME[] = "chains";
static const char MAGIC[8] = "CHAINS01";

enum { BODY_MAX_BYTES = 64 * 1024 };

typedef struct {
    char magic[8];
    uint32_t vocabulary, way;
} Head;

typedef struct {
    uint32_t bytes;
    unsigned char check[8];
} RecordHead;

typedef struct {
    float score;
    uint16_t points, flags;
    EdgeBox box[2];
} EdgeFacts;

static RecordHead head_of(Str body)
{
    RecordHead head = {.bytes = (uint32_t)body.n};
    const Sha256 digest = sha256_of(body);
    memcpy(head.check, digest.bytes, sizeof(head.check));
    return head;
}

// ---- writing

static void put_node(Buf *b, const Node *n)
{
    buf_add_bytes(b, &n->master, sizeof(n->master));
    buf_add_bytes(b, &n->object_bytes, sizeof(n->object_bytes));
    buf_add_bytes(b, &n->image_bytes, sizeof(n->image_bytes));
    buf_add_bytes(b, n->ids, (size_t)n->object_bytes + n->image_bytes);
}

static void put_edge(Buf *b, const Graph *g, const Edge *e)
{
    const EdgeFacts facts = {
        .score = e->score, .points = e->points, .flags = e->flags, .box = {e->box[0], e->box[1]}};
    put_node(b, &g->nodes[e->node[1]]);
    buf_add_bytes(b, &facts, sizeof(facts));
}

static void put_record(Buf *out, const Buf *body)
{
    const RecordHead head = head_of(buf_str(body));
    buf_add_bytes(out, &head, sizeof(head));
    buf_add(out, buf_str(body));
}

bool log_append(Chain *c, const Graph *g, uint32_t node, const Edge *edges, int count, Err *err)
{
    CLEANUP(buf_free) Buf body = buf_with_max(BODY_MAX_BYTES), out = buf_with_max(2 * BODY_MAX_BYTES);
    const uint16_t edges_count = (uint16_t)count;
    put_node(&body, &g->nodes[node]);
    buf_add_bytes(&body, &edges_count, sizeof(edges_count));
    for (int i = 0; i < count; i++)
        put_edge(&body, g, &edges[i]);
    put_record(&out, &body);
    if (body.full || out.full)
        return err_set(err, ERR_LIMIT, "chains: too much of one picture");
    if (!file_write_all(c->fd, buf_str(&out), err)) {
        // Half a record would hide those that come after it.
        if (ftruncate(c->fd, (off_t)c->bytes) != 0)
            fd_closep(&c->fd);
        return false;
    }
    c->bytes += (int64_t)out.n;
    return true;
}

// Edges are written with the picture that asked for them.
static void put_asked(Buf *out, const Graph *g, uint32_t node)
{
    CLEANUP(buf_free) Buf body = buf_with_max(BODY_MAX_BYTES), edges = buf_with_max(BODY_MAX_BYTES);
    uint16_t count = 0;
    for (uint32_t at = g->nodes[node].first_edge; at != CHAIN_NONE; at = edge_next(&g->edges[at], node)) {
        if (g->edges[at].node[0] != node)
            continue;
        put_edge(&edges, g, &g->edges[at]);
        count++;
    }
    put_node(&body, &g->nodes[node]);
    buf_add_bytes(&body, &count, sizeof(count));
    buf_add(&body, buf_str(&edges));
    if (!body.full && !edges.full) // else it is asked again: only a picture that found too much can be
        put_record(out, &body);
}

bool log_write(Chain *c, Err *err)
{
    CLEANUP(buf_free) Buf out = buf_with_max(CHAIN_FILE_MAX_BYTES);
    Head head = {.vocabulary = c->vocabulary, .way = CHAIN_WAY};
    memcpy(head.magic, MAGIC, sizeof(MAGIC));
    buf_add_bytes(&out, &head, sizeof(head));
    for (size_t i = 0; i < c->graph.nodes_count; i++) {
        if (c->graph.nodes[i].asked)
            put_asked(&out, &c->graph, (uint32_t)i);
    }
    if (out.full)
        return err_set(err, ERR_LIMIT, "chains: the file is too big");
    c->bytes = (int64_t)out.n;
    return file_replace(c->dir, NAME, buf_str(&out), true, err) && log_open(c, err);
}

bool log_open(Chain *c, Err *err)
{
    fd_closep(&c->fd);
    c->fd = file_append(c->dir, NAME, err);
    return c->fd >= 0;
}

// ---- reading

uint64_t log_mark(const Chain *c)
{
    struct stat status;
    if (fstatat(c->dir, NAME, &status, 0) != 0)
        return 0;
    const uint64_t time = (uint64_t)status.st_mtim.tv_sec * 1000000000u + (uint64_t)status.st_mtim.tv_nsec;
    return ((uint64_t)status.st_ino * 31 + time) * 31 + (uint64_t)status.st_size + 1;
}

static bool take(Str *rest, void *to, size_t count)
{
    if (rest->n < count)
        return false;
    memcpy(to, rest->p, count);
    *rest = str_slice(*rest, count, rest->n);
    return true;
}

static bool take_node(Str *rest, Graph *g, uint32_t *ret)
{
    uint64_t master;
    uint16_t object_bytes, image_bytes;
    if (!take(rest, &master, sizeof(master)) || !take(rest, &object_bytes, sizeof(object_bytes)) ||
        !take(rest, &image_bytes, sizeof(image_bytes)) || rest->n < (size_t)object_bytes + image_bytes)
        return false;
    const Str object_id = str_slice(*rest, 0, object_bytes);
    const Str image_id = str_slice(*rest, object_bytes, (size_t)object_bytes + image_bytes);
    *rest = str_slice(*rest, (size_t)object_bytes + image_bytes, rest->n);
    *ret = graph_find(g, image_id, master);
    if (*ret == CHAIN_NONE)
        *ret = graph_add_node(g, object_id, image_id, master);
    return *ret != CHAIN_NONE;
}

static bool take_body(Str rest, Graph *g)
{
    Edge e = {0};
    uint16_t count;
    uint32_t asked;
    if (!take_node(&rest, g, &asked) || !take(&rest, &count, sizeof(count)))
        return false;
    e.node[0] = asked;
    for (int i = 0; i < count; i++) {
        EdgeFacts facts;
        if (!take_node(&rest, g, &e.node[1]) || !take(&rest, &facts, sizeof(facts)) || e.node[1] == asked)
            return false;
        e.score = facts.score;
        e.points = facts.points;
        e.flags = facts.flags;
        e.box[0] = facts.box[0];
        e.box[1] = facts.box[1];
        graph_add_edge(g, &e);
    }
    g->nodes[asked].asked = true;
    return rest.n == 0;
}

bool log_read(Chain *c, Graph *g, uint64_t *ret_bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int fd = file_open(c->dir, NAME, err);
    Str rest;
    Head head;
    if (fd < 0 || !file_read_all(fd, CHAIN_FILE_MAX_BYTES, a, &rest, err))
        return false;
    const size_t all = rest.n;
    if (!take(&rest, &head, sizeof(head)) || memcmp(head.magic, MAGIC, sizeof(MAGIC)) != 0 ||
        head.way != CHAIN_WAY)
        return err_set(err, ERR_CORRUPT, "the chains were made by another version");
    c->vocabulary = head.vocabulary;
    *ret_bytes = all - rest.n;
    for (RecordHead record; take(&rest, &record, sizeof(record)) && record.bytes <= rest.n;) {
        const Str body = str_slice(rest, 0, record.bytes);
        const RecordHead want = head_of(body);
        if (memcmp(want.check, record.check, sizeof(want.check)) != 0 || !take_body(body, g))
            break;
        rest = str_slice(rest, record.bytes, rest.n);
        *ret_bytes = all - rest.n;
    }
    return true;
}
