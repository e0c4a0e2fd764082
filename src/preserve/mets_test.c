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

static void check_format(Str head, const char *pronom, FormatRisk risk)
{
    Format format = format_of(head);
    assert_true(str_eq(format.pronom, str_from(pronom)));
    assert_int_equal(format.risk, risk);
}

static void formats(void **state)
{
    (void)state;
    check_format(S("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1"), "fmt/43", FORMAT_LASTING);
    check_format(S("II*\0\x08\0\0\0"), "fmt/353", FORMAT_LASTING);
    check_format(S("\x89PNG\r\n\x1a\n....IHDR....iTXt"), "fmt/13", FORMAT_LASTING);
    check_format(S("GIF89a"), "fmt/4", FORMAT_LASTING);
    check_format(S("RIFF....WEBPVP8L"), "fmt/567", FORMAT_WATCH);
    check_format(S("%PDF-1.7\n"), "fmt/276", FORMAT_WATCH);
    check_format(S("8BPS"), "x-fmt/92", FORMAT_AT_RISK);
    check_format(S("{\"a\":1}"), "fmt/817", FORMAT_LASTING);
    check_format(S("caf\xc3"), "x-fmt/111", FORMAT_LASTING); // cut inside a character
    check_format(S("II"), "x-fmt/111", FORMAT_LASTING);
    check_format(S(""), "", FORMAT_AT_RISK);
    check_format(S("\0\1\2\3"), "", FORMAT_AT_RISK);
    check_format(S("\xff\xfe\xfd\xfc\xfb\xfa\xf9"), "", FORMAT_AT_RISK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(valid), cmocka_unit_test(formats)};
    return cmocka_run_group_tests(tests, unpack, remove_all);
}
