// SPDX-License-Identifier: Apache-2.0
// Of the answers of two greys one.
#include "visual/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct {
    uint32_t picture;
    double order;
} Row;

static int fill(const Row *rows, LookupHit *ret)
{
    int count = 0;
    for (; rows[count].picture; count++)
        ret[count] = (LookupHit){.picture = rows[count].picture, .order = rows[count].order};
    return count;
}

// Rows end with picture 0.
static void check(const Row *some, const Row *others, const Row *want)
{
    static LookupHit hits[LOOKUP_HITS_MAX], more[LOOKUP_HITS_MAX];
    const int count = lookup_join(hits, fill(some, hits), more, fill(others, more));
    for (int i = 0; i < count; i++) {
        assert_int_equal(hits[i].picture, want[i].picture);
        assert_true(hits[i].order == want[i].order);
    }
    assert_int_equal(want[count].picture, 0);
}

static void joined(void **state)
{
    (void)state;
    check((Row[]){{0}}, (Row[]){{0}}, (Row[]){{0}});
    check((Row[]){{7, 3}, {0}}, (Row[]){{0}}, (Row[]){{7, 3}, {0}});
    check((Row[]){{0}}, (Row[]){{7, 3}, {2, 1}, {0}}, (Row[]){{7, 3}, {2, 1}, {0}});
    check((Row[]){{7, 3}, {0}}, (Row[]){{7, 9}, {0}}, (Row[]){{7, 9}, {0}});
    check((Row[]){{7, 9}, {0}}, (Row[]){{7, 3}, {0}}, (Row[]){{7, 9}, {0}});
    check((Row[]){{7, 9}, {1, 2}, {0}}, (Row[]){{3, 5}, {1, 4}, {8, 2}, {0}},
        (Row[]){{7, 9}, {3, 5}, {1, 4}, {8, 2}, {0}});
    check((Row[]){{9, 1}, {0}}, (Row[]){{4, 1}, {0}}, (Row[]){{4, 1}, {9, 1}, {0}}); // of equals the first
}

static void as_many_as_there_is_room_for(void **state)
{
    (void)state;
    LookupHit *hits = mem_alloc(sizeof(*hits) * LOOKUP_HITS_MAX),
              *more = mem_alloc(sizeof(*more) * LOOKUP_HITS_MAX);
    for (int i = 0; i < LOOKUP_HITS_MAX; i++) {
        hits[i] = (LookupHit){.picture = (uint32_t)i * 2, .order = 1000 - i * 2};
        more[i] = (LookupHit){.picture = (uint32_t)i * 2 + 1, .order = 999 - i * 2};
    }
    assert_int_equal(lookup_join(hits, LOOKUP_HITS_MAX, more, LOOKUP_HITS_MAX), LOOKUP_HITS_MAX);
    for (int i = 0; i < LOOKUP_HITS_MAX; i++)
        assert_int_equal(hits[i].picture, i);
    free(hits);
    free(more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined),
        cmocka_unit_test(as_many_as_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
