// SPDX-License-Identifier: Apache-2.0
// The XML is judged by the published schemas.
#include "preserve/mets.h"

#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[300];

static int unpack(void **state)
{
    char command[900];
    const char *where = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof(folder), "%s/vitrine-mets-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    snprintf(command, sizeof(command), "tar -xf '%s/xsd.tar.xz' -C '%s'", TEST_DATA, folder);
    return system(command);
}

static int remove_all(void **state)
{
    char command[400];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static void check_valid(const MetsObject *object)
{
    CLEANUP(buf_free) Buf out = buf_with_max(1 << 20);
    CLEANUP(fd_closep) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    Err err = {0};
    char command[900];
    mets_write(object, &out);
    assert_false(out.full);
    assert_true(file_replace(dir, "mets.xml", buf_str(&out), false, &err));
    snprintf(command, sizeof(command),
        "cd '%s' && xmllint --nonet --noout --schema all.xsd mets.xml 2>log || { cat log; false; }", folder);
    assert_int_equal(system(command), 0);
}

static void valid(void **state)
{
    (void)state;
    const StoreVersion versions[] = {
        {S("x"), 1, 1770000000000, S("taken in from <a> & b"), S("Ana"), S("mailto:a@b")},
        {S("x"), 2, 1770000001000, S(""), S("\xe6\x9d\x8e"), S("")}};
    const MetsFile files[] = {{S("record.json"), S(""), sha512_of(S("1")), 1, format_of(S("{}")), 0, 0},
        {S("media/1/\xe5\x89\xaf a.jpg"), S("IMG \"1\".jpg"), sha512_of(S("2")), 2,
            format_of(S("\xff\xd8\xff\xe0\0\0JFIF\0\1\1")), 640, 480},
        {S("media/2/b.tif"), S("b.tif"), sha512_of(S("3")), 3, format_of(S("II*\0....")), 1, 1}};
    MetsObject object = {.object_id = S("1978.12/<3>"),
        .title = S("Vase \"Qing\" \x01"),
        .now_ms = 1770000002000,
        .versions = versions,
        .versions_count = 2,
        .files = files,
        .files_count = 3,
        .verified_ms = 1770000003000};
    check_valid(&object);
    object.verified_ms = 0;
    object.files_count = 1;
    object.versions_count = 1;
    check_valid(&object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(valid)};
    return cmocka_run_group_tests(tests, unpack, remove_all);
}
