// SPDX-License-Identifier: Apache-2.0
// Children are started by a thread that lives as long as the Cage, because the kernel's "kill me when my
// parent dies" means the parent *thread*. A slot holds one child; whoever takes the slot talks to that child
// alone.
#include "image/cage.h"

#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "image/cage/wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILDREN_MAX = 64,
    MEMORY_DEFAULT_MB = 224,
    TIME_BASE_S = 120,
    START_TIME_S = 60,
    PROBE_TIME_S = 30,
    QUALITY_DEFAULT = 85,
    TILE_DEFAULT_PX = 256,
    MS = 1000,
};

typedef enum { SLOT_EMPTY, SLOT_IDLE, SLOT_TAKEN, SLOT_STARTING } SlotState;

typedef struct {
    SlotState state;
    Child child;
    int64_t cpu_allowed_s; // RLIMIT_CPU counts from the child's start: what its files so far were allowed
    Err start_err;
} Slot;

struct Cage {
    CageConfig config;
    char program[PATH_MAX];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t keeper;
    bool closing;
    int slots_count;
    Slot slots[CHILDREN_MAX];
};

// ---- starting and ending a child

static bool start_child(const Cage *c, Slot *slot, Err *err)
{
    char memory[16];
    snprintf(memory, sizeof(memory), "%d", c->config.memory_max_mb);
    char *argv[] = {(char[]){"vitrine-cage"}, memory, NULL};
    slot->cpu_allowed_s = START_TIME_S;
    return child_start(c->program, argv, NULL, 0, &slot->child, err);
}

static void *keeper_run(void *given)
{
    Cage *c = given;
    if (c->config.nice > 0)
        (void)setpriority(PRIO_PROCESS, 0, c->config.nice); // of this thread, and so of those it starts
    pthread_mutex_lock(&c->lock);
    while (!c->closing) {
        for (int i = 0; i < c->slots_count; i++) {
            Slot *slot = &c->slots[i];
            if (slot->state != SLOT_STARTING)
                continue;
            slot->start_err = (Err){0};
            pthread_mutex_unlock(&c->lock);
            bool started = start_child(c, slot, &slot->start_err);
            pthread_mutex_lock(&c->lock);
            assert(started || slot->start_err.kind != ERR_NONE);
            slot->state = SLOT_TAKEN;
            pthread_cond_broadcast(&c->changed);
        }
        pthread_cond_wait(&c->changed, &c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

// ---- messages

static bool receive(const Slot *slot, int64_t deadline_us, CageAnswer *ret, bool *ret_late)
{
    *ret_late = false;
    for (;;) {
        struct pollfd ready = {.fd = slot->child.socket, .events = POLLIN};
        int64_t left_us = deadline_us - clock_mono_us();
        if (left_us <= 0) {
            *ret_late = true;
            return false;
        }
        int n = poll(&ready, 1, (int)MIN_OF(left_us / MS + 1, INT_MAX));
        if (n < 0 && errno != EINTR)
            return false;
        if (n <= 0)
            continue;
        ssize_t bytes = recv(slot->child.socket, ret, sizeof(*ret), 0);
        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes != (ssize_t)sizeof(*ret))
            return false;
        ret->text[sizeof(ret->text) - 1] = '\0';
        ret->facts.format[sizeof(ret->facts.format) - 1] = '\0';
        ret->facts.colour[sizeof(ret->facts.colour) - 1] = '\0';
        return true;
    }
}

static bool send_question(const Slot *slot, const CageQuestion *question, int from, int to)
{
    int fds[2] = {from, to};
    size_t bytes = (question->job == CAGE_PROBE ? 1 : 2) * sizeof(int);
    union {
        char bytes[CMSG_SPACE(sizeof(fds))];
        struct cmsghdr align;
    } control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)question, .iov_len = sizeof(*question)};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(bytes)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(bytes);
    memcpy(CMSG_DATA(head), fds, bytes);
    return sendmsg(slot->child.socket, &message, MSG_NOSIGNAL) == (ssize_t)sizeof(*question);
}

// ---- slots

static Slot *slot_take(Cage *c, Err *err)
{
    Slot *slot = NULL;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        for (int i = 0; i < c->slots_count; i++) {
            Slot *s = &c->slots[i];
            if (s->state == SLOT_IDLE && child_has_ended(&s->child)) {
                child_end(&s->child, NULL);
                s->state = SLOT_EMPTY;
            }
            if (s->state == SLOT_IDLE || (s->state == SLOT_EMPTY && !slot))
                slot = s;
            if (s->state == SLOT_IDLE)
                break;
        }
        if (slot)
            break;
        pthread_cond_wait(&c->changed, &c->lock);
    }
    if (slot->state == SLOT_EMPTY) {
        slot->state = SLOT_STARTING;
        pthread_cond_broadcast(&c->changed);
        while (slot->state == SLOT_STARTING)
            pthread_cond_wait(&c->changed, &c->lock);
    }
    slot->state = SLOT_TAKEN;
    if (slot->child.pid == 0) {
        *err = slot->start_err;
        slot->state = SLOT_EMPTY;
        slot = NULL;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->lock);
    return slot;
}

static void slot_give(Cage *c, Slot *slot)
{
    pthread_mutex_lock(&c->lock);
    slot->state = slot->child.pid ? SLOT_IDLE : SLOT_EMPTY;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

// ---- one file

static int64_t time_max_s(const Cage *c, const ImageFacts *facts)
{
    if (c->config.time_max_s > 0)
        return c->config.time_max_s;
    return TIME_BASE_S + (facts ? (int64_t)facts->width_px * facts->height_px / 1000000 : 0);
}

// The child has `seconds` more of processor time for each core; what it did not use before it may use now, so
// the clock on the wall is the narrower limit.
static void allow_cpu(Slot *slot, int64_t seconds)
{
    slot->cpu_allowed_s += seconds;
    struct rlimit limit = {.rlim_cur = (rlim_t)slot->cpu_allowed_s, .rlim_max = RLIM_INFINITY};
    prlimit(slot->child.pid, RLIMIT_CPU, &limit, NULL);
}

// The child is gone or talks nonsense: what does that say about the file?
static bool blame(const Cage *c, Slot *slot, bool late, Err *err)
{
    int64_t peak_kb;
    int status = child_end(&slot->child, &peak_kb);
    if (late)
        return err_set(err, ERR_LIMIT, "reading it took too long and was stopped");
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGXCPU)
        return err_set(err, ERR_LIMIT, "reading it took too much processor time and was stopped");
    if (signal == SIGSYS)
        return err_set(err, ERR_CORRUPT, "reading it tried something forbidden and was stopped");
    if (peak_kb / 1024 >= c->config.memory_max_mb * INT64_C(3) / 4)
        return err_set(err, ERR_LIMIT, "reading it needs more than %d MB of memory", c->config.memory_max_mb);
    return err_set(err, ERR_CORRUPT, "the decoder broke down over it (signal %d)", signal);
}

static bool facts_believable(const Cage *c, const ImageFacts *f)
{
    return f->width_px > 0 && f->height_px > 0 &&
           (int64_t)f->width_px * f->height_px <= c->config.pixels_max && f->pages > 0 && f->frames > 0 &&
           f->bits > 0 && f->bits <= 64;
}

static bool samples_believable(const CageQuestion *question, const CageSamples *s)
{
    return question->job != CAGE_CUT ||
           ((unsigned)s->kind < SAMPLE_KINDS && (unsigned)s->colour < SAMPLES_COLOURS && s->channels >= 1 &&
               s->channels <= SAMPLES_CHANNELS_MAX && s->profile_bytes >= 0 &&
               s->profile_bytes <= SAMPLES_PROFILE_MAX_BYTES && s->channels > s->alpha);
}

static bool small_believable(const CageQuestion *question, const CageSmall *s)
{
    return question->job != CAGE_SMALL || (s->width_px > 0 && s->width_px <= question->side_px &&
                                              s->height_px > 0 && s->height_px <= question->side_px);
}

static bool converse(
    const Cage *c, Slot *slot, const CageQuestion *question, int from, int to, CageAnswer *ret, Err *err)
{
    CageAnswer answer;
    bool late = false, derive = question->job != CAGE_PROBE;
    int64_t start_us = clock_mono_us(), limit_s = derive ? time_max_s(c, NULL) : PROBE_TIME_S;
    allow_cpu(slot, limit_s * 2);
    if (!send_question(slot, question, from, to))
        return blame(c, slot, false, err);
    for (;;) {
        if (!receive(slot, start_us + limit_s * 1000 * MS, &answer, &late))
            return blame(c, slot, late, err);
        if (answer.word == CAGE_FAILED && answer.kind > ERR_NONE && answer.kind <= ERR_UNSUPPORTED)
            return err_set(err, (ErrKind)answer.kind, "%s", answer.text);
        if ((answer.word != CAGE_SEEN && answer.word != CAGE_DONE) || !facts_believable(c, &answer.facts))
            return blame(c, slot, false, err);
        if (answer.word == CAGE_DONE &&
            (!samples_believable(question, &answer.samples) || !small_believable(question, &answer.small)))
            return blame(c, slot, false, err);
        if (answer.word == CAGE_DONE)
            break;
        allow_cpu(slot, (time_max_s(c, &answer.facts) - limit_s) * 2);
        limit_s = time_max_s(c, &answer.facts);
    }
    *ret = answer;
    return true;
}

static bool child_ready(const Cage *c, Slot *slot, Err *err)
{
    CageAnswer answer;
    bool late;
    (void)c;
    if (receive(slot, clock_mono_us() + INT64_C(1000) * MS * START_TIME_S, &answer, &late) &&
        answer.word == CAGE_READY)
        return true;
    int status = child_end(&slot->child, NULL);
    if (WIFEXITED(status) && answer.word == CAGE_FAILED)
        return err_set(err, ERR_UNSUPPORTED, "%s", answer.text);
    return err_set(err, ERR_IO, "vitrine-cage does not start (status %d)", status);
}

static bool ask_all(Cage *c, const CageQuestion *question, int from, int to, CageAnswer *ret, Err *err)
{
    Slot *slot = slot_take(c, err);
    if (!slot)
        return false;
    bool fresh = slot->cpu_allowed_s == START_TIME_S;
    bool ok = (!fresh || child_ready(c, slot, err)) && converse(c, slot, question, from, to, ret, err);
    slot_give(c, slot);
    return ok;
}

static bool ask(Cage *c, const CageQuestion *question, int from, int to, ImageFacts *ret, Err *err)
{
    CageAnswer answer;
    if (!ask_all(c, question, from, to, &answer, err))
        return false;
    *ret = answer.facts;
    return true;
}

// ---- the room's door

Cage *cage_open(const CageConfig *config, Err *err)
{
    Cage *c = mem_alloc(sizeof(*c));
    c->config = *config;
    if (!child_find("vitrine-cage", c->program, err)) {
        free(c);
        return NULL;
    }
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    int children = config->children_max > 0 ? config->children_max : MAX_OF(1, cores);
    c->slots_count = MIN_OF(children, CHILDREN_MAX);
    if (c->config.memory_max_mb <= 0)
        c->config.memory_max_mb = MEMORY_DEFAULT_MB;
    if (c->config.pixels_max <= 0)
        c->config.pixels_max = CAGE_PIXELS_MAX;
    if (c->config.quality <= 0)
        c->config.quality = QUALITY_DEFAULT;
    if (c->config.tile_px <= 0)
        c->config.tile_px = TILE_DEFAULT_PX;
    for (int i = 0; i < c->slots_count; i++)
        c->slots[i].child.socket = -1;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    int code = pthread_create(&c->keeper, NULL, keeper_run, c);
    if (code != 0) {
        free(c);
        return err_null(err, ERR_IO, "cannot start a thread (%d)", code);
    }
    return c;
}

void cage_close(Cage *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->closing = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
    pthread_join(c->keeper, NULL);
    for (int i = 0; i < c->slots_count; i++)
        if (c->slots[i].child.pid)
            child_end(&c->slots[i].child, NULL);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

static CageQuestion question_of(const Cage *c, CageJob job)
{
    return (CageQuestion){.job = job,
        .quality = c->config.quality,
        .tile_px = c->config.tile_px,
        .pixels_max = c->config.pixels_max};
}

bool cage_derive_page(Cage *c, int page, int from, int to, ImageFacts *ret, Err *err)
{
    CageQuestion question = question_of(c, CAGE_DERIVE);
    question.page = page;
    question.cut = c->config.cut_from_master;
    bool good = ask(c, &question, from, to, ret, err);
    if (good || !question.cut || err->kind != ERR_UNSUPPORTED)
        return good;
    // A picture whose places in the file cannot be told: then with all its tiles.
    question.cut = 0;
    if (ftruncate(to, 0) < 0)
        return err_errno(err, "cannot write the pyramid file");
    return ask(c, &question, from, to, ret, err);
}

bool cage_derive(Cage *c, int from, int to, ImageFacts *ret, Err *err)
{
    return cage_derive_page(c, 0, from, to, ret, err);
}

bool cage_cut(Cage *c, const CageCut *cut, int from, int to, CageSamples *ret, Err *err)
{
    CageQuestion question = question_of(c, CAGE_CUT);
    CageAnswer answer;
    question.page = cut->page;
    question.region = *cut;
    if (!ask_all(c, &question, from, to, &answer, err))
        return false;
    *ret = answer.samples;
    return true;
}

bool cage_small(
    Cage *c, int from, int to, CageSmallSides sides, ImageFacts *ret, CageSmall *ret_small, Err *err)
{
    CageQuestion question = question_of(c, CAGE_SMALL);
    CageAnswer answer;
    uint64_t bytes;
    question.side_px = sides.side_px;
    question.least_px = sides.least_px;
    if (!ask_all(c, &question, from, to, &answer, err) || !file_size(to, &bytes, err))
        return false;
    if (bytes != (uint64_t)answer.small.width_px * (uint64_t)answer.small.height_px * 3)
        return err_set(err, ERR_CORRUPT, "the decoder did not give all pixels");
    *ret = answer.facts;
    *ret_small = answer.small;
    return true;
}

bool cage_probe(Cage *c, int page, int from, ImageFacts *ret, Err *err)
{
    CageQuestion question = question_of(c, CAGE_PROBE);
    question.page = page;
    return ask(c, &question, from, -1, ret, err);
}
