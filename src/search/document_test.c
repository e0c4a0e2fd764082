// SPDX-License-Identifier: Apache-2.0
// What a value that came before is repeated from must be what reading it again gives: records made in one
// builder, and each in a builder of its own and then merged, are the same file byte by byte.
#include "base/file.h"
#include "catalog/testing.h"
#include "search/index.h"

#include <fcntl.h>

enum { ROUNDS = 6, FILE_MAX_BYTES = 1 << 24 };

// Each value comes again: behind titles of other lengths, in another field, in another language, twice in a
// record, in more ways than one.
static const char *const records[] = {
    "{\"id\":\"a\",\"lang\":\"en\",\"titles\":{\"en\":[\"Two vases\"],\"zh-Hans\":[\"青花瓷瓶\"]},"
    "\"makers\":[{\"name\":\"Émile Gallé\"},{\"name\":\"葛飾北斎\",\"lang\":\"ja\"}],"
    "\"classification\":[{\"text\":\"Glass\"}],\"materials\":[{\"text\":\"bronze, gilt\"}],"
    "\"dates\":[{\"text\":\"Ming dynasty, 15th century\"}],\"dimensions\":{\"en\":[\"27.3 x 12 cm\"]},"
    "\"collection\":\"North\",\"credit\":\"Given by the artist\"}",
    "{\"id\":\"b\",\"lang\":\"de\",\"titles\":{\"de\":[\"Drei Vasen aus dem Garten\"],\"en\":[\"Glass\"]},"
    "\"makers\":[{\"name\":\"Émile Gallé\"}],\"classification\":[{\"text\":\"Glass\"},{\"text\":\"Glass\"}],"
    "\"materials\":[{\"text\":\"bronze, gilt\"},{\"text\":\"a line of words that no list knows\"}],"
    "\"dates\":[{\"text\":\"Ming dynasty, 15th century\",\"earliest\":1400,\"latest\":1500}],"
    "\"dimensions\":{\"en\":[\"27.3 x 12 cm\"]},\"collection\":\"North\"}",
    "{\"id\":\"c\",\"lang\":\"ko\",\"titles\":{\"ko\":[\"청동 거울\"],\"ru\":[\"Ваза\"]},"
    "\"makers\":[{\"name\":\"葛飾北斎\",\"lang\":\"ja\"},{\"name\":\"葛飾北斎\",\"lang\":\"zh\"}],"
    "\"classification\":[{\"text\":\"Glass\"}],\"places\":[{\"text\":\"North\"}],"
    "\"materials\":[{\"text\":\"a line of words that no list knows\"}],\"dates\":[{\"text\":\"undated\"}],"
    "\"credit\":\"Given by the artist\",\"dimensions\":{\"en\":[\"no size\"]}}",
};

static void add(Builder *b, const char *json, int number, Arena *a)
{
    Err err = {0};
    Record record;
    const Json *tree = json_parse(str_from(json), a, &err);
    FINE(tree && record_parse(tree, a, &record, &err), err);
    CatalogVersion version = {.sequence = number + 1,
        .object_id = arena_printf(a, FMT_STR "-%d", ARG_STR(record.id), number),
        .version = 1};
    document_add(b, &version, &record, vocabulary_keep(), a);
}

static Str whole_file(int dir, const char *name, Arena *a)
{
    Err err = {0};
    Str bytes;
    CLEANUP(fd_closep) int fd = file_open(dir, name, &err);
    FINE(fd >= 0 && file_read_all(fd, FILE_MAX_BYTES, a, &bytes, &err), err);
    return bytes;
}

static void repeated(void **state)
{
    (void)state;
    enum { COUNT = ROUNDS * COUNT_OF(records) };
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    CLEANUP(fd_closep) int dir = dir_open(AT_FDCWD, place.folder, &err);
    Builder *together = builder_open();
    View *views[COUNT];
    for (int i = 0; i < COUNT; i++) {
        const char *json = records[i % (int)COUNT_OF(records)], *name = arena_printf(a, "one-%d", i).p;
        Builder *alone = builder_open();
        add(together, json, i, a);
        add(alone, json, i, a);
        FINE(builder_write(alone, dir, name, &err), err);
        builder_close(alone);
        Segment *segment = segment_map(dir, name, &err);
        FINE(segment, err);
        views[i] = view_make(segment, NULL, "", -1);
    }
    FINE(builder_write(together, dir, "together", &err), err);
    builder_close(together);
    FINE(merge_segments(views, COUNT, dir, "merged", &err), err);
    assert_true(str_eq(whole_file(dir, "together", a), whole_file(dir, "merged", a)));
    for (int i = 0; i < COUNT; i++) {
        FINE(file_remove(dir, segment_name(views[i]->segment), &err), err);
        view_drop(views[i]);
    }
    FINE(file_remove(dir, "together", &err) && file_remove(dir, "merged", &err), err);
    test_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(repeated)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
