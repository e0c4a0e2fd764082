// SPDX-License-Identifier: Apache-2.0
// http, inside: bytes -> Head (head.c) -> HttpRequest -> HttpAnswer -> Reply (reply.c) -> bytes, moved
// along by connections (conn.c) that belong to loops (loop.c). head.c, body.c and reply.c touch no socket.
#pragma once

#include "base/base.h"
#include "base/lane.h"
#include "http/http.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum {
    HEAD_MAX_BYTES = 8 * 1024, // request line and fields together
    HEAD_SLACK_BYTES = 1024,   // behind the longest head there is still room for the start of a chunked body
    HEAD_FIELDS_MAX = 64,
    HOST_MAX_BYTES = 255,
    REPLY_HEAD_BYTES = 1024,        // longer heads go into the arena
    REPLY_SCRATCH_BYTES = 8 * 1024, // of a file, up to this size: read, and sent with the head in one call
    REPLY_TURN_BYTES = 512 * 1024,  // of a big file per turn, so that one download does not hold a loop
    REPLY_BYTES_PER_MS_MIN = 4,     // whoever reads slower is cut off
    BODY_BYTES_PER_MS_MIN = 4,      // whoever sends slower makes place for others
    BODY_GRACE_MS = 2000,           // so long nobody is called slow
    BODY_TURN_BYTES = 256 * 1024,   // of a body, read in one call
    IDLE_MS = 60 * 1000,            // between requests
    TURNED_MAX = 128,               // of a loop: connections that are told that there are too many
    LINGER_MS = 2 * 1000,           // after a refusal: time to read it before the connection is torn down
    DISCARDERS_MAX = 64,            // of a loop: lingering ones that may meanwhile send on, for nothing
    DISCARD_MAX_BYTES = 16 * 1024 * 1024, // so much each
    ACCEPTS_PER_TURN = 64,
    RETRY_AFTER_S = 2,
    DATE_BYTES_MAX = 40,
};

// ---- head.c

typedef struct {
    Str name, value;
} HeadField;

typedef struct {
    HttpMethod method;
    int minor; // HTTP/1.minor
    Str path, query, host;
    HeadField fields[HEAD_FIELDS_MAX];
    int fields_count;
    bool chunked;
    uint64_t body_bytes; // unless chunked
    bool keep_alive, expect_continue;
} Head;

typedef enum { HEAD_MORE, HEAD_DONE, HEAD_BAD } HeadState;

typedef struct {
    int status; // 400, 414, 431, 501, 505
    const char *why;
} HeadProblem;

// Reads a request head from the start of `bytes`, which all results borrow. ret_used: length of the head.
// HEAD_MORE says nothing is wrong so far; `full` that no more can come, so that an unfinished head is bad.
HeadState head_parse(Str bytes, bool full, Head *ret, size_t *ret_used, HeadProblem *problem);
Str head_find(const Head *head, Str name); // empty if absent
bool head_has_token(Str list, Str token);  // "a, b;q=1, c" holds "b"
bool host_valid(Str host);                 // reg-name, IPv4 or [IPv6], with or without port

// ---- body.c

typedef enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_DONE } ChunkStage;

typedef struct {
    ChunkStage stage;
    uint64_t left;
    char line[256];
    size_t line_bytes, trailer_bytes;
} Chunks;

// Takes what it can off the front of *in. False: not chunked coding, or over the limit of `out` (out->full).
bool chunks_feed(Chunks *c, Str *in, Buf *out);

// ---- reply.c

typedef struct {
    int status;
    bool close;
    bool is_file;
    char *head; // head_small, or in the arena
    size_t head_bytes, head_sent;
    Str body; // what is left of it
    int fd;
    uint64_t offset, left;
    uint64_t sent_bytes;
    char head_small[REPLY_HEAD_BYTES];
} Reply;

typedef struct {
    uint64_t first, count;
} Range;

typedef enum { RANGE_NONE, RANGE_ONE, RANGE_UNSATISFIABLE } RangeKind;

RangeKind range_parse(Str field, uint64_t size_bytes, Range *ret);
bool etag_matches(Str field, Str etag); // weak comparison against a list or "*"
bool gzip_wanted(Str accept_encoding);
// Turns the answer into what goes out: conditions, ranges, compression, head. `date`: the Date field.
void reply_prepare(HttpRequest *r, Str date, bool may_compress);
const char *status_text(int status);

// ---- connections

// Requests with a body that is read or worked on, and the memory they were promised.
typedef struct {
    int count;
    size_t bytes;
} Bodies;

typedef struct Loop Loop;
typedef struct Conn Conn;
typedef struct Peers Peers;

struct HttpRequest {
    HttpServer *server;
    Loop *loop;
    Conn *conn;
    HttpRequest *next; // in the pool, or among those a worker has finished
    Arena *arena;
    void *note;
    Head head;
    Buf body;
    Bodies held; // of the room for bodies: until it is answered
    Chunks chunks;
    bool reading_body, answered;
    HttpLane lane;
    int64_t started_us;
    HttpAnswer answer;
    Reply reply;
    size_t in_bytes, in_used; // filled; taken by the head
    char in[HEAD_MAX_BYTES + HEAD_SLACK_BYTES];
};

typedef struct {
    unsigned char bytes[16];
} PeerKey;

struct HttpServer {
    HttpConfig config;
    int listener, port;
    Lane *lanes[HTTP_LANES]; // none for HTTP_LANE_LOOP
    Loop **loops;
    int loops_count;
    Peers *peers;
    atomic_int connections;
    atomic_uint_least64_t turned_away, made_room, bodies_refused, bodies_late;
    atomic_bool closing;
};

// conn.c

typedef enum {
    CONN_IDLE,
    CONN_READING,
    CONN_RECEIVING,
    CONN_WORKING,
    CONN_SENDING,
    CONN_LINGERING,
    CONN_TURNED, // away: told to come again and lingering, without a place
    CONN_GONE,   // closed; freed when the events at hand are through
} ConnState;

struct Conn {
    Loop *loop;
    Conn *newer, *older;
    int fd;
    uint32_t events; // what epoll watches for; 0: not registered
    ConnState state;
    bool served; // has had an answer: silence is no request that would be lost
    int64_t deadline_us;
    int64_t body_since_us; // RECEIVING
    int discard_left;      // bytes that a lingering one may still send
    uint64_t sent_before;  // SENDING: when the deadline was last moved
    HttpRequest *r;        // while there is something of a request
    struct sockaddr_storage address;
};

typedef struct {
    Conn *newest, *oldest;
    int count;
} ConnList;

struct Loop {
    HttpServer *server;
    pthread_t thread;
    int epoll, wakeup;
    bool listening, crowded; // crowded: as of the last sweep
    ConnList conns[CONN_GONE];
    Conn *gone;
    int conns_count, discarders;
    HttpRequest *pool;
    int pool_count;
    int64_t now_us, swept_us, closing_since_us, date_s;
    char date[DATE_BYTES_MAX];
    size_t date_bytes;
    Arena *date_arena;
    pthread_mutex_t lock;  // for `finished` only
    HttpRequest *finished; // by a worker
    char scratch[REPLY_SCRATCH_BYTES];
};

void conn_event(Conn *c);
void conn_answered(Conn *c);
void conn_watch(Conn *c, uint32_t events);
void conn_close(Conn *c);
void conn_leave_place(Conn *c);      // its request is forgotten, and another may have its place
bool conn_has_unread(const Conn *c); // bytes that came since the loop last looked
// Looks at its deadline; closing: the server takes nothing new; over: nor waits for answers on their way.
void conn_sweep(Conn *c, bool closing, bool over);
void request_free(HttpRequest *r);

// ---- crowd.c

Conn *conn_open(Loop *loop, int fd, const struct sockaddr_storage *address);
void conn_to(Conn *c, ConnState state);
void conn_linger(Conn *c);  // it has its answer and is to close
void conn_discard(Conn *c); // something came from one that lingers
void conn_gone(Conn *c);    // the end of conn_close
void conns_bury(Loop *loop);
// Tells a new connection to come again, without reading what it asks.
void conn_turn_away(Loop *loop, int fd, const struct sockaddr_storage *address);
// Takes its place from the connection of this loop that can best be done without; false if there is none.
bool conns_make_room(Loop *loop);

// ---- loop.c

Str loop_date(Loop *loop); // for the Date field
Loop *loop_open(HttpServer *server, int number, Err *err);
void loop_start(Loop *loop);
void loop_wake(Loop *loop);
void loop_join(Loop *loop); // after `closing`: returns when its requests are finished
void loop_close(Loop *loop);

// send.c
typedef enum { SEND_DONE, SEND_WAIT, SEND_FAILED } SendState;
SendState reply_send(int fd, Reply *reply, char *scratch);

// peers.c: how many connections and bodies each address has. Any thread.
// max: of all bodies; alike: all addresses are one (a proxy's), so none has a share.
Peers *peers_open(Bodies max, bool alike);
void peers_close(Peers *p);
bool peers_add(Peers *p, PeerKey key, int max);
void peers_remove(Peers *p, PeerKey key);
// For an address that has a connection. False: more than its share or than there is.
bool peers_take_body(Peers *p, PeerKey key, Bodies more);
void peers_give_body(Peers *p, PeerKey key, Bodies less);
bool peers_crowded(Peers *p); // more than half of the room for bodies is taken
PeerKey peer_key(const struct sockaddr_storage *address);
Str peer_text(Arena *a, const struct sockaddr_storage *address);

const struct sockaddr_storage *conn_address(const Conn *c);

// listen.c: "[::1]:8080" -> a listening socket.
int listen_open(Str where, int *ret_port, Err *err);
