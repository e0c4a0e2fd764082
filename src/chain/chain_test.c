// SPDX-License-Identifier: Apache-2.0
// Which works are linked, which never are, and what is left after a kill.
#include "chain/chain.h"

#include "visual/museum_test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

// Pixels as the program gives them: of the picture that stands behind an image id.
static bool give_picture(void *ctx, Str image_id, Arena *a, Picture *ret, Err *err)
{
    const Museum *m = ctx;
    CatalogImage image;
    if (!catalog_find_image(m->catalog, image_id, a, &image, err))
        return false;
    for (uint32_t number = 0; number < PICTURES; number++) {
        const Sha512 master = master_of(number);
        if (!sha512_eq(&master, &image.master))
            continue;
        Pixels px = paint_picture(number);
        uint8_t *copy = arena_alloc(a, px.stride * HEIGHT);
        memcpy(copy, px.p, px.stride * HEIGHT);
        *ret = (Picture){.p = copy, .width_px = WIDTH, .height_px = HEIGHT, .stride = px.stride};
        free(px.p);
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "no pixels");
}

typedef struct {
    Museum m;
    Visual *visual;
    Chain *chain;
} House;

static Chain *open_chain(const House *h, bool writer)
{
    Err err = {0};
    Chain *c = chain_open(h->m.index, writer, &err);
    FINE(c, err);
    return c;
}

static int64_t link_all(House *h, int pictures_max)
{
    Err err = {0};
    int64_t waiting;
    const volatile bool stop = false;
    const ChainSource source = {&h->m, give_picture};
    follow(&h->m, h->visual);
    FINE(chain_follow(h->chain, h->visual, &source, pictures_max, &stop, &waiting, &err), err);
    return waiting;
}

// Objects 0 to 11, and "shares-3" and "again-3", which carry a part of picture 3.
static House open_house(void)
{
    Err err = {0};
    House h = {.m = open_museum()};
    put(&h.m, "shares-3", 1, SHARING + 3, ACCESS_FULL);
    put(&h.m, "again-3", 1, SHARING + 13, ACCESS_FULL);
    h.visual = visual_open(h.m.index, true, &err);
    FINE(h.visual, err);
    h.chain = open_chain(&h, true);
    return h;
}

static void close_house(House *h)
{
    chain_close(h->chain);
    visual_close(h->visual);
    close_museum(&h->m);
}

// The works linked to `id`, sorted by their own names: "again-3 object-3".
static void check_links(const House *h, const char *id, ViewerRole role, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf got = buf_with_max(1000);
    static const char *const NAMES[] = {"again-3", "object-0", "object-1", "object-2", "object-3", "object-4",
        "object-5", "object-6", "object-7", "object-8", "object-9", "object-10", "object-11", "shares-3"};
    ChainLink *links;
    size_t count;
    chain_links(h->chain, str_from(id), role, a, &links, &count);
    for (size_t n = 0; n < COUNT_OF(NAMES); n++) {
        for (size_t i = 0; i < count; i++) {
            if (str_eq(links[i].there.object_id, str_from(NAMES[n])))
                buf_printf(&got, "%s%s", got.n ? " " : "", NAMES[n]);
        }
    }
    buf_add_char(&got, '\0');
    assert_string_equal(buf_str(&got).p, want);
}

static void linked_by_what_they_share(void **state)
{
    (void)state;
    House h = open_house();
    assert_int_equal(link_all(&h, 1000), 0);
    check_links(&h, "object-3", VIEWER_PUBLIC, "again-3 shares-3");
    check_links(&h, "shares-3", VIEWER_PUBLIC, "again-3 object-3");
    check_links(&h, "object-5", VIEWER_PUBLIC, "");
    check_links(&h, "nobody", VIEWER_PUBLIC, "");
    CLEANUP(arena_closep) Arena *a = arena_open();
    ChainLink *links;
    size_t count;
    chain_links(h.chain, S("object-3"), VIEWER_PUBLIC, a, &links, &count);
    for (size_t i = 0; i < count; i++) { // the part is where it was painted
        assert_true(links[i].points >= 5 && links[i].score >= 0.8 && !links[i].whole);
        assert_true(fabs(links[i].here.left - (double)SHARED_LEFT / WIDTH) < 0.15);
        assert_true(fabs(links[i].here.width - (double)SHARED_WIDTH / WIDTH) < 0.2);
        assert_true(fabs(links[i].there.left - 130.0 / WIDTH) < 0.15);
        assert_true(fabs(links[i].there.top - 90.0 / HEIGHT) < 0.15);
    }
    ChainMotif *motifs;
    chain_motifs(h.chain, VIEWER_PUBLIC, 3, CHAIN_MOTIFS_MAX, a, &motifs, &count);
    assert_int_equal(count, 1);
    assert_int_equal(motifs[0].count, 3);
    const double x = motifs[0].ends[0].left + motifs[0].ends[0].width / 2;
    const double y = motifs[0].ends[0].top + motifs[0].ends[0].height / 2;
    const Str image = motifs[0].ends[0].image_id;
    ChainMotif one;
    assert_true(chain_motif_at(h.chain, VIEWER_PUBLIC, image, x, y, 3, a, &one));
    assert_int_equal(one.count, 3);
    assert_false(chain_motif_at(h.chain, VIEWER_PUBLIC, image, x, y, 4, a, &one));
    assert_false(chain_motif_at(h.chain, VIEWER_PUBLIC, image, 1 - x, 1.01, 2, a, &one));
    assert_false(chain_motif_at(h.chain, VIEWER_PUBLIC, S("nobody:1"), x, y, 2, a, &one));
    chain_motifs(h.chain, VIEWER_PUBLIC, 4, CHAIN_MOTIFS_MAX, a, &motifs, &count);
    assert_int_equal(count, 0);
    const ChainCounts counts = chain_counts(h.chain);
    assert_int_equal(counts.pictures, OBJECTS + 2);
    assert_int_equal(counts.edges, 3);
    assert_int_equal(counts.sequence, visual_sequence(h.visual));
    close_house(&h);
}

// One process reads while another one links; each has its own index and its own chains.
static void a_reader_sees_what_is_linked_since(void **state)
{
    (void)state;
    Err err = {0};
    House h = open_house(), reader = {.m = h.m};
    follow(&h.m, h.visual);
    reader.visual = visual_open(h.m.index, false, &err);
    FINE(reader.visual, err);
    reader.chain = open_chain(&reader, false);
    FINE(chain_refresh(reader.chain, reader.visual, &err), err);
    check_links(&reader, "object-3", VIEWER_PUBLIC, "");
    assert_int_equal(link_all(&h, 1000), 0);
    FINE(chain_refresh(reader.chain, reader.visual, &err), err);
    check_links(&reader, "object-3", VIEWER_PUBLIC, "again-3 shares-3");
    put(&h.m, "shares-3", 2, SHARING + 3, ACCESS_NONE);
    put(&h.m, "again-3", -2, SHARING + 13, ACCESS_FULL);
    follow(&h.m, h.visual); // the index knows, the chains were not told
    FINE(chain_refresh(reader.chain, reader.visual, &err), err);
    check_links(&reader, "object-3", VIEWER_PUBLIC, "");
    check_links(&reader, "object-3", VIEWER_STAFF, "shares-3");
    assert_int_equal(link_all(&h, 1000), 0);
    FINE(chain_refresh(reader.chain, reader.visual, &err), err);
    check_links(&reader, "object-3", VIEWER_STAFF, "shares-3");
    chain_close(reader.chain);
    visual_close(reader.visual);
    close_house(&h);
}

static size_t motif_works(const House *h, ViewerRole role)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    ChainMotif *motifs;
    size_t count;
    chain_motifs(h->chain, role, 2, CHAIN_MOTIFS_MAX, a, &motifs, &count);
    return count ? motifs[0].count : 0;
}

static void what_is_hidden_or_gone_links_nothing(void **state)
{
    (void)state;
    House h = open_house();
    (void)link_all(&h, 1000);
    assert_int_equal(motif_works(&h, VIEWER_PUBLIC), 3); // and kept
    assert_int_equal(motif_works(&h, VIEWER_STAFF), 3);
    put(&h.m, "shares-3", 2, SHARING + 3, ACCESS_RECORD);
    (void)link_all(&h, 1000);
    check_links(&h, "object-3", VIEWER_PUBLIC, "again-3");
    check_links(&h, "object-3", VIEWER_STAFF, "again-3 shares-3");
    check_links(&h, "shares-3", VIEWER_PUBLIC, "");
    assert_int_equal(motif_works(&h, VIEWER_PUBLIC), 2);
    assert_int_equal(motif_works(&h, VIEWER_STAFF), 3);
    put(&h.m, "shares-3", 3, SHARING + 3, ACCESS_FULL); // shown again: nothing is asked anew
    (void)link_all(&h, 0);
    check_links(&h, "object-3", VIEWER_PUBLIC, "again-3 shares-3");
    assert_int_equal(motif_works(&h, VIEWER_PUBLIC), 3);
    put(&h.m, "again-3", -2, 0, ACCESS_FULL); // deleted
    (void)link_all(&h, 1000);
    assert_int_equal(motif_works(&h, VIEWER_PUBLIC), 2);
    assert_int_equal(motif_works(&h, VIEWER_STAFF), 2);
    check_links(&h, "object-3", VIEWER_STAFF, "shares-3");
    chain_close(h.chain);
    h.chain = open_chain(&h, true); // also in the file
    (void)link_all(&h, 0);
    check_links(&h, "object-3", VIEWER_STAFF, "shares-3");
    put(&h.m, "shares-3", 4, 60, ACCESS_FULL); // another picture under the same id
    assert_int_equal(link_all(&h, 1000), 0);
    check_links(&h, "object-3", VIEWER_STAFF, "");
    close_house(&h);
}

static void new_pictures_find_the_old_ones(void **state)
{
    (void)state;
    House h = open_house();
    assert_int_equal(link_all(&h, 5), OBJECTS + 2 - 5); // no more at once than allowed
    assert_int_equal(chain_counts(h.chain).sequence, 0);
    assert_int_equal(link_all(&h, 1000), 0);
    put(&h.m, "object-12", 1, SHARING + 23, ACCESS_FULL);
    put(&h.m, "object-5", 2, SHARING + 33, ACCESS_FULL); // it gets another picture
    assert_int_equal(link_all(&h, 1000), 0);
    check_links(&h, "object-3", VIEWER_PUBLIC, "again-3 object-5 shares-3");
    assert_int_equal(motif_works(&h, VIEWER_PUBLIC), 5);
    close_house(&h);
}

typedef struct {
    House *h;
    ViewerRole role;
    atomic_bool stop;
    size_t most;
} Visitor;

static void *look_around(void *ctx)
{
    Visitor *v = ctx;
    while (!v->stop) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        ChainMotif *motifs, one;
        size_t count;
        chain_motifs(v->h->chain, v->role, 2, CHAIN_MOTIFS_MAX, a, &motifs, &count);
        v->most = MAX_OF(v->most, count ? motifs[0].count : 0);
        if (count)
            (void)chain_motif_at(v->h->chain, v->role, motifs[0].ends[0].image_id, 0.4, 0.4, 2, a, &one);
        usleep(500); // the other threads want to work, too
    }
    return NULL;
}

// Visitors of both roles ask while pictures are linked, hidden and shown.
static void asked_by_many_while_it_changes(void **state)
{
    (void)state;
    House h = open_house();
    pthread_t threads[4];
    Visitor visitors[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        visitors[i] = (Visitor){.h = &h, .role = i % 2 ? VIEWER_STAFF : VIEWER_PUBLIC};
        assert_int_equal(pthread_create(&threads[i], NULL, look_around, &visitors[i]), 0);
    }
    for (int i = 0; i < OBJECTS + 2; i++)
        (void)link_all(&h, 1);
    for (int version = 2; version < 6; version++) {
        put(&h.m, "shares-3", version, SHARING + 3, version % 2 ? ACCESS_FULL : ACCESS_NONE);
        (void)link_all(&h, 1000);
        assert_int_equal(motif_works(&h, VIEWER_PUBLIC), version % 2 ? 3 : 2);
        assert_int_equal(motif_works(&h, VIEWER_STAFF), 3);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        visitors[i].stop = true;
        pthread_join(threads[i], NULL);
        assert_true(visitors[i].most <= 3);
    }
    close_house(&h);
}

// A child links pictures one by one and is killed; what the file has then is right, and the rest comes.
static void killed_and_taken_up(void **state)
{
    (void)state;
    House h = open_house();
    follow(&h.m, h.visual);
    for (int delay_ms = 20; delay_ms <= 320; delay_ms *= 2) {
        const pid_t child = fork();
        if (child == 0) {
            while (link_all(&h, 1) > 0)
                ;
            _exit(0);
        }
        usleep((useconds_t)delay_ms * 1000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        chain_close(h.chain);
        h.chain = open_chain(&h, true);
    }
    assert_int_equal(link_all(&h, 1000), 0);
    check_links(&h, "object-3", VIEWER_PUBLIC, "again-3 shares-3");
    assert_int_equal(chain_counts(h.chain).edges, 3);
    close_house(&h);
}

// Every cut and every flipped byte gives a graph that is right after the next chain_follow.
static void damaged_is_mended(void **state)
{
    (void)state;
    House h = open_house();
    (void)link_all(&h, 1000);
    const int64_t bytes = chain_counts(h.chain).bytes;
    const int dir = open(h.m.index, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int64_t at = 0; at < bytes; at += bytes / 3) {
        for (int cut = 0; cut < 2; cut++) {
            chain_close(h.chain);
            const int fd = openat(dir, "chains", O_RDWR | O_CLOEXEC);
            char byte;
            assert_int_equal(pread(fd, &byte, 1, at), 1);
            byte ^= 0x55;
            assert_int_equal(cut ? ftruncate(fd, at) : (int)pwrite(fd, &byte, 1, at) - 1, 0);
            close(fd);
            h.chain = open_chain(&h, true);
            assert_int_equal(link_all(&h, 1000), 0);
            check_links(&h, "object-3", VIEWER_PUBLIC, "again-3 shares-3");
        }
    }
    chain_close(h.chain);
    h.chain = open_chain(&h, false); // a reader takes what there is
    assert_int_equal(chain_counts(h.chain).edges, 3);
    chain_close(h.chain);
    Err err = {0};
    FINE(chain_erase(h.m.index, &err), err);
    FINE(chain_erase(h.m.index, &err), err);
    h.chain = open_chain(&h, false);
    assert_int_equal(chain_counts(h.chain).edges, 0);
    close(dir);
    close_house(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linked_by_what_they_share),
        cmocka_unit_test(a_reader_sees_what_is_linked_since),
        cmocka_unit_test(what_is_hidden_or_gone_links_nothing),
        cmocka_unit_test(new_pictures_find_the_old_ones),
        cmocka_unit_test(asked_by_many_while_it_changes),
        cmocka_unit_test(killed_and_taken_up),
        cmocka_unit_test(damaged_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
