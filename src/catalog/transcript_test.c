// SPDX-License-Identifier: Apache-2.0
#include "catalog/transcript.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

// want: each part as text@place, with blanks between.
static void check(const char *transcripts, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Record record;
    Str json = arena_printf(a, "{\"id\":\"x\",\"transcripts\":%s}", transcripts), got = S("");
    const Json *tree = json_parse(json, a, &err);
    assert_true(tree && record_parse(tree, a, &record, &err));
    Transcript *found;
    size_t count = transcripts_find(&record, a, &found);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < transcript_count(&found[i]); k++) {
            TranscriptPart part = transcript_part(&found[i], k, a);
            got = arena_printf(a, FMT_STR "%s" FMT_STR "@" FMT_STR, ARG_STR(got), got.n ? " " : "",
                ARG_STR(part.text), ARG_STR(part.place));
            assert_int_equal(part.has_box, str_starts(part.place, S("xywh=")));
        }
    assert_string_equal(arena_cstr(a, got), want);
}

static void places(void **state)
{
    (void)state;
    check("[{\"media\":\"x:1\",\"parts\":[{\"text\":\"a\",\"xywh\":\"1,2,3,4\"},{\"text\":\"b\"}]}]",
        "a@xywh=1,2,3,4 b@");
    check("[{\"parts\":[{\"text\":\"a\",\"t\":\"12.5,14\"},{\"text\":\"b\",\"t\":\"3\"},{\"text\":\"c\","
          "\"page\":\"7\"}]}]",
        "a@t=12.5,14 b@t=3 c@page=7");
    check("[]", "");
    // What has no place, and what is no transcript.
    static const char *const bad[] = {"1,2,3", "1,2,3,4,5", "-1,2,3,4", "1,2,0,4", "1,2,3,", "a,b,c,d",
        "1, 2, 3, 4", "1,2,3,99999999999", "\\\"><script>"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char json[200];
        snprintf(json, sizeof(json), "[{\"parts\":[{\"text\":\"a\",\"xywh\":\"%s\"}]}]", bad[i]);
        check(json, "a@");
    }
    check("[{\"parts\":[{\"text\":\"a\",\"t\":\"x\"},{\"text\":\"b\",\"t\":\"-1\"},{\"text\":\"c\",\"page\":"
          "\"0\"}]}]",
        "a@ b@ c@");
    check("[{\"parts\":[7,null,[],{\"text\":5}]}]", "@ @ @ @");
    check("[7,null,{\"parts\":{}},{\"media\":\"x:1\"}]", "");
    check("{\"parts\":[]}", "");
    check("\"text\"", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
