// SPDX-License-Identifier: Apache-2.0
// What connections go through: pipelining, slowness, full lanes, clients that leave, a server that stops.
#include "http/testing.h"

#include <sys/wait.h>

static void pipelined(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = dial();
    Buf text = buf_with_max(1 << 20);
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "GET /%s%d HTTP/1.1\r\n" H "\r\n", i % 7 == 0 ? "page" : "n", i);
    buf_add(&text, S("POST /last HTTP/1.1\r\n" H END));
    say(fd, buf_str(&text));
    Str answer = hear_all(fd);
    for (int i = 0; i < 300; i++) { // in the order asked, whichever lane answered
        char want[32];
        size_t at = 0;
        snprintf(want, sizeof(want), "0 /%s%d ? ", i % 7 == 0 ? "page" : "n", i);
        assert_true(str_find(answer, str_from(want), &at));
        answer = str_slice(answer, at, answer.n);
    }
    assert_true(has(answer, "2 /last"));
    buf_free(&text);
}

static void trickled(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = dial();
    Str text =
        S("POST /x HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
    for (size_t i = 0; i < text.n; i++)
        say(fd, str_slice(text, i, i + 1));
    assert_true(has(hear_all(fd), "body=abc\n"));
}

static void check_late(const char *start)
{
    CLEANUP(fd_closep) int fd = dial();
    say(fd, str_from(start));
    int64_t begun = clock_mono_us();
    for (int i = 0; i < 200 && clock_mono_us() - begun < 5000000; i++) {
        say(fd, S("a")); // always something, never all
        usleep(20000);
        char c;
        if (recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
            break;
    }
    assert_int_equal(status_of(hear_all(fd)), 408);
}

static void too_slow(void **state)
{
    (void)state;
    check_late("GET /");
    check_late("GET / HTTP/1.1\r\nHost: ");
    check_late("POST / HTTP/1.1\r\n" H "Content-Length: 90000\r\n\r\n");
    CLEANUP(fd_closep) int silent = dial();
    assert_int_equal(hear_all(silent).n, 0);
}

static void expectation(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = dial();
    say(fd, S("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 2\r\n" END));
    char line[25];
    assert_int_equal(recv(fd, line, sizeof(line), MSG_WAITALL), 25);
    assert_memory_equal(line, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    say(fd, S("ab"));
    assert_true(has(hear_all(fd), "body=ab\n"));
}

static void wait_for(atomic_int *what, int value)
{
    for (int i = 0; i < 10000 && atomic_load(what) < value; i++)
        usleep(1000);
    assert_true(atomic_load(what) >= value);
}

// A full heavy lane answers 503, and neither pages nor the loop notice.
static void full_lane(void **state)
{
    (void)state;
    atomic_store(&held_back, 1);
    atomic_store(&at_work, 0);
    int first = dial(), second = dial();
    say(first, S("GET /render/1 HTTP/1.1\r\n" H END));
    wait_for(&at_work, 1);
    say(second, S("GET /render/2 HTTP/1.1\r\n" H END));
    Str answer = S("");
    for (int i = 0; i < 100 && !has(answer, "503"); i++) { // until the second stands in the queue
        CLEANUP(fd_closep) int third = dial();
        struct timeval short_patience = {.tv_usec = 200000};
        setsockopt(third, SOL_SOCKET, SO_RCVTIMEO, &short_patience, sizeof(short_patience));
        say(third, S("GET /render/3 HTTP/1.1\r\n" H END));
        ssize_t n = recv(third, heard, sizeof(heard), 0);
        answer = (Str){heard, n > 0 ? (size_t)n : 0};
    }
    assert_true(has(answer, "503 Service Unavailable") && has(answer, "Retry-After: "));
    assert_int_equal(status_of(ask("GET /page HTTP/1.1\r\n" H)), 200);
    assert_int_equal(status_of(ask("GET /x HTTP/1.1\r\n" H)), 200);
    atomic_store(&held_back, 0);
    assert_int_equal(status_of(hear_all(first)), 200);
    int waited = status_of(hear_all(second));
    assert_true(
        waited == 200 || waited == 503); // refused only if one of the third ones was in the queue before it
    int again = 503;
    for (int i = 0; i < 100 && again == 503; i++) { // and the lane is open again
        again = status_of(ask("GET /render/4 HTTP/1.1\r\n" H));
        usleep(again == 503 ? 20000 : 0);
    }
    assert_int_equal(again, 200);
    close(first);
    close(second);
}

// Clients that leave at every moment: each answer is released once, and the server goes on.
static void walked_away(void **state)
{
    (void)state;
    atomic_store(&released, 0);
    for (int i = 0; i < 60; i++) {
        CLEANUP(fd_closep) int fd = dial();
        struct linger reset = {.l_onoff = 1};
        if (i % 2)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        say(fd, i % 3 ? S("GET /file HTTP/1.1\r\n" H "\r\n") : S("GET /slow HTTP/1.1\r\n" H "\r\n"));
        if (i % 4 == 0)
            usleep(2000);
    }
    assert_int_equal(status_of(ask("GET /split HTTP/1.1\r\n" H)), 303);
    wait_for(&released, 1);
    assert_true(atomic_load(&released) <= 41);
}

static void short_file(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = dial();
    say(fd, S("GET /short HTTP/1.1\r\n" H "\r\n"));
    Str answer = hear_all(fd);
    assert_true(
        body_of(answer).n == FILE_BYTES); // then closed: the promised length was not kept, and it shows
}

// ---- the unhurried and the unlucky

// More than all socket buffers hold is asked for and nothing is read: the answer is given up.
static void slow_reader(void **state)
{
    (void)state;
    enum { ASKED = 60 };
    CLEANUP(fd_closep) int fd = dial();
    for (int i = 0; i < ASKED; i++)
        say(fd, S("GET /file HTTP/1.1\r\n" H "\r\n"));
    int late = 0;
    for (int before = -1; late < 4; usleep(DEADLINE_MS * 1000)) { // until no answer ended for four deadlines
        late = atomic_load(&released) == before ? late + 1 : 0;
        before = atomic_load(&released);
    }
    size_t n = 0;
    for (ssize_t got; (got = recv(fd, heard, sizeof(heard), 0)) > 0; n += (size_t)got)
        ;
    assert_true(n < (size_t)ASKED * FILE_BYTES);
}

static void patient_reader(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int fd = dial();
    say(fd, S("GET /file HTTP/1.1\r\n" H END));
    size_t n = 0;
    for (ssize_t got; (got = recv(fd, heard, 20000, 0)) > 0; n += (size_t)got)
        usleep(20000); // longer in all than the deadline
    assert_true(n > FILE_BYTES - 100);
}

// A client may end its side and still wait for the answer, from whichever lane.
static void half_closed(void **state)
{
    (void)state;
    CHECK("GET /page/long HTTP/1.1\r\n" H "\r\n", 200);
    CHECK("GET /render HTTP/1.1\r\n" H "\r\n", 200);
    CHECK("GET /file HTTP/1.1\r\n" H "\r\n", 200);
    CHECK("GET /file HTTP/1.1\r\n" H "\r\nGET /page HTTP/1.1\r\n" H "\r\n", 200);
}

// A child that is just being started has a copy of each descriptor, also of connections that are closed
// meanwhile: nothing more may come of those.
static void copied_by_a_child(void **state)
{
    (void)state;
    int fds[16], gate[2];
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < 16; i++) {
        fds[i] = dial();
        say(fds[i], S("GET /tile HTTP/1.1\r\n" H "\r\n"));
        assert_true(recv(fds[i], heard, sizeof(heard), 0) > 0);
    }
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(gate[1]);
        _exit(read(gate[0], &byte, 1) != 0); // until the test is through
    }
    close(gate[0]);
    for (int i = 0; i < 16; i++)
        shutdown(fds[i], SHUT_WR); // the child has the client's end too
    usleep(100000);
    int64_t cpu_us = clock_cpu_us();
    usleep(300000);
    cpu_us = clock_cpu_us() - cpu_us;
    for (int i = 0; i < 16; i++)
        assert_int_equal(status_of(ask("GET /page/long HTTP/1.1\r\n" H)), 200);
    close(gate[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(cpu_us < 150000); // two loops that hear of them without end would have used up to 0.6 s
    for (int i = 0; i < 16; i++)
        close(fds[i]);
}

static void kept_alive(void **state)
{
    (void)state;
    int fds[8];
    for (int i = 0; i < 8; i++)
        fds[i] = dial();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++) {
            say(fds[i], S("GET /tile HTTP/1.1\r\n" H "\r\n"));
            ssize_t n = recv(fds[i], heard, sizeof(heard), 0);
            assert_true(n > 0 && has((Str){heard, (size_t)n}, "56789"));
        }
        usleep(2 * DEADLINE_MS * 1000); // idle between requests is not late
    }
    for (int i = 0; i < 8; i++)
        close(fds[i]);
}

// No descriptor left to accept with: the server waits without spinning and goes on when there is one again.
static void no_descriptors(void **state)
{
    (void)state;
    struct rlimit before, none;
    int first = dial(); // so that the loops have been through accept
    int client = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(server))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    assert_int_equal(connect(client, (struct sockaddr *)&to, sizeof(to)), 0);
    say(client, S("GET / HTTP/1.1\r\n" H END));
    int64_t cpu_us = clock_cpu_us();
    usleep(600000);
    cpu_us = clock_cpu_us() - cpu_us;
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(status_of(hear_all(client)), 200);
    assert_true(cpu_us < 300000); // two loops spinning would have used up to 1.2 s
    close(client);
    close(first);
}

static void *close_server(void *other)
{
    http_close(other);
    return NULL;
}

// A server told to stop finishes what it is sending, and takes nothing new.
static void stopped_while_sending(void **state)
{
    (void)state;
    Err err = {0};
    HttpServer *first = server;
    server = http_open(&(HttpConfig){.listen = S("127.0.0.1:0"),
                           .loops = 2,
                           .pages_threads = 1,
                           .renders_threads = 1,
                           .route = route,
                           .answer = answer_request},
        &err);
    assert_non_null(server);
    atomic_store(&held_back, 1);
    atomic_store(&at_work, 0);
    int working = dial(), idle = dial(), half = dial(), sending = dial();
    say(half, S("GET / HTTP/1.1\r\nHo"));
    say(working, S("GET /slow HTTP/1.1\r\n" H "\r\n"));
    say(sending, S("GET /file HTTP/1.1\r\n" H "\r\n"));
    assert_int_equal(recv(sending, heard, 10, MSG_PEEK | MSG_WAITALL), 10);
    wait_for(&at_work, 1);
    pthread_t closer;
    assert_int_equal(pthread_create(&closer, NULL, close_server, server), 0);
    assert_int_equal(hear_all(idle).n, 0);
    assert_int_equal(status_of(hear_all(half)), 503);
    assert_int_equal(body_of(hear_all(sending)).n, FILE_BYTES - 100);
    atomic_store(&held_back, 0);
    Str answer = hear_all(working);
    assert_int_equal(status_of(answer), 200);
    pthread_join(closer, NULL);
    server = first;
    close(working);
    close(idle);
    close(half);
    close(sending);
}

static void many_from_one_address(void **state)
{
    (void)state;
    enum { MANY = 400 }; // more than are told at the same time
    int fds[MANY], refused = 0;
    for (int i = 0; i < MANY; i++)
        fds[i] = dial();
    for (int i = 0; i < MANY; i++) {
        say(fds[i], S("GET / HTTP/1.1\r\n" H END));
        refused += status_of(hear_start(fds[i])) == 503; // and none is closed without a word
    }
    assert_true(refused >= MANY - 40 && refused < MANY);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
}

// ---- floods: a server of few places beside the other one

static HttpServer *open_small(HttpConfig with)
{
    Err err = {0};
    HttpServer *first = server;
    with.listen = S("127.0.0.1:0");
    with.loops = 1;
    with.pages_threads = with.renders_threads = with.uploads_threads = 1;
    with.route = route;
    with.answer = answer_request;
    server = http_open(&with, &err);
    assert_non_null(server);
    return first;
}

static void close_small(HttpServer *first)
{
    http_close(server);
    server = first;
}

#define UPLOAD "POST /upload HTTP/1.1\r\n" H "Content-Length: 50000\r\n" END

static int dial_and_say(const char *from, const char *text)
{
    int fd = dial_from(from);
    say(fd, str_from(text));
    return fd;
}

static int status_and_close(int fd)
{
    int status = status_of(hear_all(fd));
    close(fd);
    return status;
}

static void send_rest(int fd)
{
    char *rest = mem_alloc(50000);
    memset(rest, 'b', 50000);
    say(fd, (Str){rest, 50000});
    free(rest);
}

// Who cannot be taken hears so when only the head is there; what was promised is kept; and one address does
// not have everything.
static void more_bodies_than_places(void **state)
{
    (void)state;
    HttpServer *first = open_small((HttpConfig){.bodies_max = 8});
    int held[4];
    for (int i = 0; i < 4; i++) {
        held[i] = dial_and_say("127.0.0.1", UPLOAD);
        assert_int_equal(status_of(ask("GET /page HTTP/1.1\r\n" H)), 200); // by then the head was read
    }
    for (int i = 0; i < 5; i++) {
        CLEANUP(fd_closep) int fd = dial_and_say("127.0.0.1", UPLOAD);
        Str answer = hear_all(fd); // without a byte of its body
        assert_int_equal(status_of(answer), 503);
        assert_true(has(answer, "Retry-After: "));
    }
    int other[2] = {dial_and_say("127.0.0.2", UPLOAD), dial_and_say("127.0.0.2", UPLOAD)};
    assert_int_equal(status_of(ask("GET /page HTTP/1.1\r\n" H)), 200);
    assert_int_equal(status_and_close(dial_and_say("127.0.0.2", UPLOAD)), 503); // as much as was still free
    for (int i = 0; i < 2; i++) {
        send_rest(other[i]);
        assert_int_equal(status_and_close(other[i]), 200);
    }
    for (int i = 0; i < 4; i++) {
        send_rest(held[i]);
        assert_int_equal(status_and_close(held[i]), 200);
    }
    int again = dial_and_say("127.0.0.1", UPLOAD);
    send_rest(again);
    assert_int_equal(status_and_close(again), 200);
    close_small(first);
}

static void more_bytes_than_memory(void **state)
{
    (void)state;
    HttpServer *first = open_small((HttpConfig){.body_max_bytes = 60000, .bodies_max_bytes = 120000});
    int held = dial_and_say("127.0.0.1", UPLOAD);
    assert_int_equal(status_of(ask("GET /page HTTP/1.1\r\n" H)), 200);
    assert_int_equal(status_and_close(dial_and_say("127.0.0.1", UPLOAD)), 503);
    int chunked =
        dial_and_say("127.0.0.2", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "c350\r\n");
    send_rest(chunked);
    assert_int_equal(status_and_close(chunked), 503); // 50,000 bytes take room for up to 60,000
    send_rest(held);
    assert_int_equal(status_and_close(held), 200);
    close_small(first);
}

// A byte now and then holds no place: it is given up long before the deadline when others wait.
static void slow_bodies_make_place(void **state)
{
    (void)state;
    HttpServer *first = open_small((HttpConfig){.bodies_max = 4, .deadline_ms = 3600 * 1000});
    int slow[3] = {dial_and_say("127.0.0.1", UPLOAD "a"), dial_and_say("127.0.0.1", UPLOAD),
        dial_and_say("127.0.0.2", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "9\r\na")};
    assert_int_equal(status_of(ask("GET /page HTTP/1.1\r\n" H)), 200);
    assert_int_equal(status_and_close(dial_and_say("127.0.0.1", UPLOAD)), 503);
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_and_close(slow[i]), 408);
    int quick = dial_and_say("127.0.0.1", UPLOAD);
    send_rest(quick);
    assert_int_equal(status_and_close(quick), 200);
    close_small(first);
}

// Idle and slow connections do not keep out who asks; they are told, and the served ones just closed.
static void more_connections_than_places(void **state)
{
    (void)state;
    HttpServer *first = open_small((HttpConfig){.connections_max = 6});
    int fds[6];
    fds[0] = dial();
    say(fds[0], S("GET /tile HTTP/1.1\r\n" H "\r\n"));
    assert_true(recv(fds[0], heard, sizeof(heard), 0) > 0); // and kept open
    for (int i = 1; i < 6; i++) {
        fds[i] = dial();
        if (i > 3)
            say(fds[i], S("GET / HTTP/1.1\r\nHo"));
    }
    int body = dial_and_say("127.0.0.1", UPLOAD);
    for (int i = 0; i < 200; i++)
        assert_int_equal(
            status_of(ask(i % 2 ? "GET /tile HTTP/1.1\r\n" H : "GET /page HTTP/1.1\r\n" H)), 200);
    assert_int_equal(hear_all(fds[0]).n, 0);
    int told = 0;
    for (int i = 1; i < 6; i++) {
        struct timeval short_patience = {.tv_usec = 100000};
        setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &short_patience, sizeof(short_patience));
        ssize_t n = recv(fds[i], heard, sizeof(heard), 0);
        told += n > 0 && status_of((Str){heard, (size_t)n}) == 503;
        assert_true(n != 0); // none was closed without a word
    }
    assert_true(told >= 1);
    send_rest(body);
    assert_int_equal(status_and_close(body), 200); // whoever was admitted was not disturbed
    for (int i = 0; i < 6; i++)
        close(fds[i]);
    close_small(first);
}

// Far more at once than there are places of any kind: each hears something, and somebody else is served at
// once.
static void flooded(void **state)
{
    (void)state;
    enum { SENDERS = 400 };
    HttpServer *first = open_small((HttpConfig){.connections_max = 60, .bodies_max = 8});
    int fds[SENDERS], good = 0, busy = 0;
    for (int i = 0; i < SENDERS; i++) {
        char from[16];
        snprintf(from, sizeof(from), "127.0.0.%d", 10 + i / 50);
        fds[i] = dial_from(from);
    }
    for (int i = 0; i < SENDERS; i++) {
        say(fds[i], S(UPLOAD));
        if (i % 20 == 0)
            assert_int_equal(status_of(ask("GET /page HTTP/1.1\r\n" H)), 200);
    }
    for (int i = 0; i < SENDERS; i++)
        send_rest(fds[i]);
    for (int i = 0; i < SENDERS; i++) {
        int status = status_of(hear_start(fds[i]));
        good += status == 200;
        busy += status == 503;
        close(fds[i]);
    }
    assert_int_equal(good + busy, SENDERS);
    assert_true(good >= 4);
    close_small(first);
}

static void many_through_workers(void **state)
{
    (void)state;
    atomic_store(&finished, 0);
    for (int round = 0; round < 60; round++) {
        int fds[16];
        for (int i = 0; i < 16; i++) {
            fds[i] = dial();
            say(fds[i], S("GET /page/1 HTTP/1.1\r\n" H "\r\nGET /tile HTTP/1.1\r\n" H "\r\n"
                          "GET /page/2 HTTP/1.1\r\n" H END));
        }
        for (int i = 0; i < 16; i++) {
            assert_true(has(hear_all(fds[i]), "/page/2"));
            close(fds[i]);
        }
    }
    wait_for(&finished, 60 * 16 * 3);
}

static void check_listen(const char *where, bool fine)
{
    Err err = {0};
    HttpServer *other = http_open(
        &(HttpConfig){.listen = str_from(where), .loops = 1, .route = route, .answer = answer_request}, &err);
    assert_int_equal(other != NULL, fine);
    assert_int_equal(err.kind != ERR_NONE, !fine);
    http_close(other);
}

static void addresses(void **state)
{
    (void)state;
    char taken[40];
    snprintf(taken, sizeof(taken), "127.0.0.1:%d", http_port(server));
    check_listen(":0", true);
    check_listen("localhost:0", true);
    check_listen(taken, false);
    check_listen("", false);
    check_listen("127.0.0.1", false);
    check_listen("127.0.0.1:http", false);
    check_listen("127.0.0.1:65536", false);
    check_listen("127.0.0.1:-1", false);
    check_listen("no such host:0", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined),
        cmocka_unit_test(trickled),
        cmocka_unit_test(too_slow),
        cmocka_unit_test(expectation),
        cmocka_unit_test(full_lane),
        cmocka_unit_test(walked_away),
        cmocka_unit_test(short_file),
        cmocka_unit_test(many_through_workers),
        cmocka_unit_test(slow_reader),
        cmocka_unit_test(patient_reader),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(copied_by_a_child),
        cmocka_unit_test(kept_alive),
        cmocka_unit_test(no_descriptors),
        cmocka_unit_test(stopped_while_sending),
        cmocka_unit_test(many_from_one_address),
        cmocka_unit_test(more_bodies_than_places),
        cmocka_unit_test(more_bytes_than_memory),
        cmocka_unit_test(slow_bodies_make_place),
        cmocka_unit_test(more_connections_than_places),
        cmocka_unit_test(flooded),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, open_museum, close_museum);
}
