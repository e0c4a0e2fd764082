// SPDX-License-Identifier: Apache-2.0
// chain/int: the graph in memory and its file. Of this room alone.
//
// chains: "CHAINS01" | vocabulary 4 | way of asking 4 | records: bytes 4 | checksum 8 | body
// A body is one picture that was asked and what it found, little end first:
//   picture | edges 2 | for each: picture | score 4 | points 2 | flags 2 | box here 8 | box there 8
//   picture: master 8 | object bytes 2 | image bytes 2 | object id | image id
// The checksum is the first half of SHA-256's first 16 bytes. A record that does not check ends the file: it
// was being written when the machine stopped, and its picture is asked again.
#pragma once

#include "chain/chain.h"

#include <pthread.h>

enum {
    CHAIN_WAY = 1, // changes when another way of asking makes the old edges worthless
    CHAIN_FILE_MAX_BYTES = 1 << 30,
    CHAIN_NODES_MAX = 4 * 1000 * 1000,
    CHAIN_EDGES_MAX = 16 * 1000 * 1000,
    EDGES_OF_ONE_MAX = 12, // found by one picture
    ID_MAX_BYTES = 1200,
    BOX_ONE = 65535,
};

// No node, no edge.
#define CHAIN_NONE UINT32_MAX

typedef enum { EDGE_NEGATIVE = 1, EDGE_MIRRORED = 2, EDGE_WHOLE = 4 } EdgeFlag;

typedef struct {
    uint16_t left, top, width, height; // BOX_ONE: the whole side
} EdgeBox;

// Of a picture. Ids are one piece of memory: object, then image.
typedef struct {
    char *ids;
    uint16_t object_bytes, image_bytes;
    bool here;     // the visual index has it
    bool was_here; // when it was compared before
    bool asked;    // and the file says what it found
    bool missing;  // no pixels the last time
    int32_t rank;
    uint64_t master;
    uint32_t first_edge;
    uint32_t next_of_object;
} Node;

typedef struct {
    uint32_t node[2]; // asked, found
    uint32_t next[2]; // of the same node
    EdgeBox box[2];
    float score;
    uint16_t points, flags;
} Edge;

typedef struct {
    Node *nodes;
    size_t nodes_count, nodes_capacity;
    Edge *edges;
    size_t edges_count, edges_capacity;
    uint32_t *table;   // by image id and master; CHAIN_NONE: free
    uint32_t *objects; // by object id: the node that came last, from there by next_of_object
    size_t table_size; // of both
} Graph;

// What motifs.c keeps for one role.
typedef struct {
    uint32_t from, count; // of edges_by_motif
    uint32_t works;
} Motif;

typedef struct {
    uint32_t node, edge;
} MotifEnd;

typedef struct {
    bool made;
    uint64_t turn, changes; // of the graph it was made of
    size_t edges;           // that it knows
    uint32_t *motif_of;     // of each edge; CHAIN_NONE: it does not count
    uint32_t *edges_by_motif;
    Motif *motifs; // most works first
    size_t count;
    MotifEnd *ends; // CHAIN_MOTIF_ENDS_MAX for each of the first ends_count
    size_t ends_count;
} Motifs;

enum { ROLES = VIEWER_STAFF + 1 };

struct Chain {
    int dir, fd; // of the file, for appending; -1 for a reader
    uint32_t vocabulary;
    pthread_rwlock_t guard; // over all below; only chain_follow writes
    Graph graph;
    int64_t sequence, pictures; // of the visual index when it was compared last; -1: never
    int64_t done;               // sequence up to which everything is linked
    int64_t waiting, bytes;
    uint64_t mark;    // of the file as it was read (readers)
    uint64_t turn;    // changes when somebody may see more or less, and when edges get other numbers
    uint64_t changes; // changes with every edge
    pthread_mutex_t motifs_lock;
    Motifs motifs[ROLES];
};

// ---- graph.c

Str node_object(const Node *n);
Str node_image(const Node *n);
uint32_t graph_find(const Graph *g, Str image_id, uint64_t master);
uint32_t graph_find_object(const Graph *g, Str object_id); // the first of its pictures
// CHAIN_NONE when full.
uint32_t graph_add_node(Graph *g, Str object_id, Str image_id, uint64_t master);
// Two pictures have one edge: the better one stays.
void graph_add_edge(Graph *g, const Edge *edge);
uint32_t edge_next(const Edge *e, uint32_t node);
void graph_free(Graph *g);
// The graph without the nodes that are not here.
void graph_shrink(Graph *g);

// ---- answer.c, motifs.c

bool may_see(const Node *n, int rank_min);
ChainEnd end_of(const Graph *g, const Edge *e, int side, Arena *a);
void motifs_free(Motifs *m);

// ---- log.c

// Reads the file into the empty graph; ret_bytes: how much of it is good. ERR_CORRUPT: another version's.
bool log_read(Chain *c, Graph *g, uint64_t *ret_bytes, Err *err) MUST_CHECK;
// Changes when the file does; 0: there is none.
uint64_t log_mark(const Chain *c);
// The whole file anew from the graph.
bool log_write(Chain *c, Err *err) MUST_CHECK;
// One more picture that was asked. edges[i].node[0] is it.
bool log_append(Chain *c, const Graph *g, uint32_t node, const Edge *edges, int count, Err *err) MUST_CHECK;
bool log_open(Chain *c, Err *err) MUST_CHECK; // opens the file for appending
