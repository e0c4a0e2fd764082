// SPDX-License-Identifier: Apache-2.0
// Runs at build time: writes the table of Han characters that text/ uses, so that the program itself carries
// neither OpenCC nor a transliterator (which cost megabytes and microseconds) but two arrays.
//
//   han_variant[]  pairs (from, to): traditional, Japanese and other forms to the simplified character
//   han_pinyin[]   for each character of two blocks, its Mandarin reading as an index into han_syllables[]
#include <opencc/opencc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/utf8.h>
#include <unicode/utrans.h>

enum { SYLLABLES_MAX = 2000, ROUNDS_MAX = 4 };

// Forms that OpenCC does not know: family-name and print variants seen in Japanese catalogues, and the twelve
// unified ideographs that Unicode keeps among the compatibility ones without a mapping.
static const uint32_t more[][2] = {
    {0x5717, 0x56FE},
    {0xFA11, 0x5D0E},
    {0x9AD9, 0x9AD8},
    {0x6801, 0x67F3},
    {0x5D8B, 0x5C9B},
    {0x5D8C, 0x5C9B},
    {0x8218, 0x9986},
    {0x51A8, 0x5BCC},
    {0x6FF5, 0x6EE8},
    {0x6852, 0x6851},
    {0x69D7, 0x6865},
    {0x5CEF, 0x5CF0},
    {0x5CE9, 0x5CE8},
    {0x8EAE, 0x8EAC},
    {0x90A8, 0x6751},
    {0x6804, 0x8363},
    {0x7950, 0x4F51},
    {0x6669, 0x665A},
    {0x7FA3, 0x7FA4},
    {0x68CA, 0x68CB},
    {0x7881, 0x68CB},
    {0x9271, 0x77FF},
    {0x7926, 0x77FF},
    {0x9452, 0x9274},
    {0x5869, 0x76D0},
    {0x56F2, 0x56F4},
    {0x697D, 0x4E50},
    {0x6075, 0x60E0},
    {0x7A42, 0x7A57},
    {0x5E83, 0x5E7F},
};

static opencc_t converters[4];

static uint32_t decode(const char *text)
{
    int32_t at = 0;
    int32_t length = (int32_t)strlen(text);
    UChar32 c = 0;
    U8_NEXT(text, at, length, c);
    return at == length && c > 0 ? (uint32_t)c : 0;
}

static void encode(uint32_t c, char out[8])
{
    int32_t n = 0;
    U8_APPEND_UNSAFE(out, n, (UChar32)c);
    out[n] = 0;
}

// One pass through the converters: Japanese, Hong Kong and Taiwan forms to traditional, that to simplified.
static uint32_t convert(uint32_t c)
{
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        if (more[i][0] == c)
            return more[i][1];
    for (size_t i = 0; i < sizeof converters / sizeof converters[0]; i++) {
        char in[8];
        encode(c, in);
        char *out = opencc_convert_utf8(converters[i], in, strlen(in));
        uint32_t to = out ? decode(out) : 0;
        opencc_convert_utf8_free(out);
        if (to)
            c = to;
    }
    return c;
}

static uint32_t settle(uint32_t c)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        uint32_t to = convert(c);
        if (to == c)
            break;
        c = to;
    }
    return c;
}

static void write_variants(FILE *out)
{
    fprintf(out, "const uint32_t han_variant[][2] = {\n");
    int count = 0;
    for (uint32_t c = 0x3400; c < 0x30000; c++) {
        bool han = c < 0x4DC0 || (c >= 0x4E00 && c < 0xA000) || (c >= 0xFA0E && c < 0xFA2A) || c >= 0x20000;
        uint32_t to = han ? settle(c) : c;
        if (to != c) {
            fprintf(out, "{0x%X,0x%X},%s", c, to, count % 8 == 7 ? "\n" : "");
            count++;
        }
    }
    fprintf(out, "};\nconst size_t han_variant_count = %d;\n", count);
}

static char *syllables[SYLLABLES_MAX];
static int syllables_count = 1; // 0 means none

static int syllable(const char *text)
{
    for (int i = 1; i < syllables_count; i++)
        if (strcmp(syllables[i], text) == 0)
            return i;
    if (syllables_count == SYLLABLES_MAX)
        exit(1);
    syllables[syllables_count] = strdup(text);
    return syllables_count++;
}

static int reading(UTransliterator *t, uint32_t c)
{
    UChar text[64];
    int32_t length = 0;
    U16_APPEND_UNSAFE(text, length, (UChar32)c);
    int32_t limit = length;
    UErrorCode status = U_ZERO_ERROR;
    utrans_transUChars(t, text, &length, 64, 0, &limit, &status);
    char latin[64] = {0};
    for (int32_t i = 0; i < length && i < 63; i++) {
        if (text[i] < 'a' || text[i] > 'z')
            return 0; // still Han, or something that is no single syllable
        latin[i] = (char)text[i];
    }
    return U_SUCCESS(status) && length > 0 && length < 8 ? syllable(latin) : 0;
}

static void write_pinyin(FILE *out, const char *name, uint32_t from, uint32_t to, UTransliterator *t)
{
    fprintf(out, "const uint16_t %s[] = {\n", name);
    for (uint32_t c = from; c < to; c++)
        fprintf(out, "%d,%s", reading(t, c), c % 32 == 31 ? "\n" : "");
    fprintf(out, "};\n");
}

int main(int argc, char **argv)
{
    static const char *const configs[] = {"jp2t.json", "hk2t.json", "tw2t.json", "t2s.json"};
    for (size_t i = 0; i < 4; i++) {
        converters[i] = opencc_open(configs[i]);
        if (converters[i] == (opencc_t)-1) // NOLINT: that is how OpenCC says no
            return fprintf(stderr, "han_make: cannot open %s\n", configs[i]), 1;
    }
    static const UChar id[] = u"Han-Latin; NFD; [:M:] Remove; Lower";
    UErrorCode status = U_ZERO_ERROR;
    UTransliterator *t = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
    FILE *out = argc == 2 && U_SUCCESS(status) ? fopen(argv[1], "w") : NULL;
    if (!out)
        return fprintf(stderr, "han_make: cannot begin\n"), 1;
    fprintf(out, "// Written by han_make at build time.\n#include \"text/int.h\"\n");
    write_variants(out);
    write_pinyin(out, "han_pinyin", 0x4E00, 0xA000, t);
    write_pinyin(out, "han_pinyin_a", 0x3400, 0x4DC0, t);
    fprintf(out, "const char *const han_syllables[] = {\"\",");
    for (int i = 1; i < syllables_count; i++)
        fprintf(out, "\"%s\",%s", syllables[i], i % 16 == 0 ? "\n" : "");
    fprintf(out, "};\nconst size_t han_syllables_count = %d;\n", syllables_count);
    for (int i = 1; i < syllables_count; i++)
        free(syllables[i]);
    for (size_t i = 0; i < 4; i++)
        opencc_close(converters[i]);
    utrans_close(t);
    return fclose(out) == 0 ? 0 : 1;
}
