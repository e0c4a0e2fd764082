// SPDX-License-Identifier: Apache-2.0
#include "ingest/fields.h"

#include "base/utf8.h"
#include "ingest/columns.h"
#include "ingest/years.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

enum { COLUMN_NAME_MAX_BYTES = 200 };

// ---- names

static bool is_space(uint32_t c)
{
    return c <= ' ' || c == 0xa0 || c == 0x3000 || c == 0xfeff || (c >= 0x2000 && c <= 0x200b) || c == 0x202f;
}

Str field_trim(Str s)
{
    uint32_t c;
    for (Str rest = s; utf8_next(&rest, &c) && is_space(c); s = rest)
        ;
    while (s.n > 0) {
        size_t last = s.n - 1;
        while (last > 0 && s.n - last < 4 && (s.p[last] & 0xc0) == 0x80)
            last--;
        Str tail = str_slice(s, last, s.n);
        if (!utf8_next(&tail, &c) || !is_space(c))
            break;
        s.n = last;
    }
    return s;
}

// Lower case, no accents on Latin letters, letters and digits only.
static Str fold_name(Str name, char *to, size_t room)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar wide[COLUMN_NAME_MAX_BYTES], folded[COLUMN_NAME_MAX_BYTES], open[2 * COLUMN_NAME_MAX_BYTES];
    int32_t count = 0;
    uint32_t c;
    name = utf8_head(name, COLUMN_NAME_MAX_BYTES / 2);
    while (utf8_next(&name, &c) && count + 2 < COLUMN_NAME_MAX_BYTES)
        U16_APPEND_UNSAFE(wide, count, c);
    int32_t folded_count = unorm2_normalize(
        unorm2_getNFKCCasefoldInstance(&status), wide, count, folded, COUNT_OF(folded), &status);
    int32_t open_count =
        unorm2_normalize(unorm2_getNFDInstance(&status), folded, folded_count, open, COUNT_OF(open), &status);
    Buf out = {.p = to, .capacity = room, .max = room};
    if (U_FAILURE(status))
        return (Str){to, 0};
    // Marks fall off Latin letters; those of kana and hangul make other letters and are put back together.
    UChar kept[2 * COLUMN_NAME_MAX_BYTES];
    int32_t kept_count = 0;
    bool latin = false;
    for (int32_t i = 0; i < open_count;) {
        UChar32 letter;
        U16_NEXT(open, i, open_count, letter);
        bool mark = u_charType(letter) == U_NON_SPACING_MARK;
        if (!mark)
            latin = letter < 0x250;
        if ((mark && !latin) || u_isalnum(letter))
            U16_APPEND_UNSAFE(kept, kept_count, letter);
    }
    int32_t closed_count =
        unorm2_normalize(unorm2_getNFCInstance(&status), kept, kept_count, open, COUNT_OF(open), &status);
    for (int32_t i = 0; U_SUCCESS(status) && i < closed_count && out.n + 4 <= room;) {
        UChar32 letter;
        U16_NEXT(open, i, closed_count, letter);
        utf8_add(&out, (uint32_t)letter);
    }
    return buf_str(&out);
}

static Field find_name(Str folded, Str *ret_names_lang)
{
    *ret_names_lang = (Str){0};
    for (size_t i = 0; i < COLUMN_NAMES_COUNT; i++) {
        Str rest = str_from(COLUMN_NAMES[i].names), name;
        while (str_next(&rest, ' ', &name)) {
            if (!str_eq(name, folded))
                continue;
            *ret_names_lang = str_from(COLUMN_NAMES[i].lang);
            return (Field){.kind = COLUMN_NAMES[i].kind};
        }
    }
    return (Field){.kind = FIELD_UNKNOWN};
}

bool field_is_lang(Str s)
{
    Str rest = s, part;
    for (int number = 0; str_next(&rest, '-', &part); number++) {
        if (part.n < 2 || part.n > 8 || (number == 0 && part.n > 3))
            return false;
        for (size_t i = 0; i < part.n; i++)
            if (!((part.p[i] | 0x20) >= 'a' && (part.p[i] | 0x20) <= 'z') &&
                !(number && part.p[i] >= '0' && part.p[i] <= '9'))
                return false;
    }
    return s.n > 0 && s.p[s.n - 1] != '-';
}

// Languages by the names they go by in column names: "Title (English)", "名称（英文）", "Titel deutsch".
static Str lang_called(Str name)
{
    static const struct {
        const char *called, *lang;
    } LANGS[] = {{"english", "en"}, {"anglais", "en"}, {"englisch", "en"}, {"英文", "en"}, {"英語", "en"},
        {"german", "de"}, {"deutsch", "de"}, {"allemand", "de"}, {"french", "fr"}, {"francais", "fr"},
        {"franzosisch", "fr"}, {"法文", "fr"}, {"spanish", "es"}, {"espanol", "es"}, {"italian", "it"},
        {"italiano", "it"}, {"dutch", "nl"}, {"chinese", "zh"}, {"中文", "zh"}, {"简体", "zh-Hans"},
        {"繁體", "zh-Hant"}, {"繁体", "zh-Hant"}, {"japanese", "ja"}, {"日文", "ja"}, {"日本語", "ja"},
        {"korean", "ko"}, {"russian", "ru"}, {"pinyin", "zh-Latn"}, {"拼音", "zh-Latn"}};
    char room[COLUMN_NAME_MAX_BYTES];
    Str folded = fold_name(name, room, sizeof(room));
    for (size_t i = 0; i < COUNT_OF(LANGS); i++)
        if (str_eq(folded, str_from(LANGS[i].called)))
            return str_from(LANGS[i].lang);
    return (Str){0};
}

// Only these, so that "accession_no" is a number and not Norwegian.
static bool is_common_lang(Str s)
{
    static const char COMMON[] =
        " en de fr es it nl pt pl cs da sv fi hu ru uk el tr ar he fa hi ja ko zh la ca ";
    Str language = s, rest;
    (void)str_cut(s, '-', &language, &rest);
    size_t at;
    return language.n == 2 && str_find(str_from(COMMON), language, &at) && field_is_lang(s);
}

static bool takes_lang(FieldKind kind)
{
    return kind >= FIELD_TITLE && kind <= FIELD_PROVENANCE && kind != FIELD_EARLIEST &&
           kind != FIELD_LATEST && kind != FIELD_LATITUDE && kind != FIELD_LONGITUDE && kind != FIELD_SPOT;
}

// Cuts "title_en", "Titel (de)", "name@zh-Hans", "名称（英文）" in two.
static bool cut_lang(Str column, Str *ret_name, Str *ret_lang)
{
    static const Str OPENERS[] = {
        {"(", 1}, {"[", 1}, {"（", 3}, {"@", 1}, {"_", 1}, {":", 1}, {".", 1}, {" ", 1}, {"-", 1}};
    for (size_t o = 0; o < COUNT_OF(OPENERS); o++) {
        for (size_t at = column.n; at-- > 1;) {
            Str tail = str_slice(column, at, column.n);
            if (!str_starts(tail, OPENERS[o]))
                continue;
            Str lang = str_slice(tail, OPENERS[o].n, tail.n);
            if (str_ends(lang, S("）")))
                lang.n -= 3;
            else if (str_ends(lang, S(")")) || str_ends(lang, S("]")))
                lang.n--;
            Str called = lang_called(lang);
            if (!called.n && !is_common_lang(lang))
                continue;
            *ret_name = str_slice(column, 0, at);
            *ret_lang = called.n ? called : lang;
            return true;
        }
    }
    return false;
}

Field field_guess(Str column, Str *ret_names_lang)
{
    char room[2 * COLUMN_NAME_MAX_BYTES];
    Str name, lang;
    column = field_trim(column);
    // "@type", "@context": the bones of JSON-LD, not what it says.
    if (str_starts(column, S("@")) && !str_eq(column, S("@id")))
        return *ret_names_lang = (Str){0}, (Field){.kind = FIELD_UNKNOWN};
    Field field = find_name(fold_name(column, room, sizeof(room)), ret_names_lang);
    if (field.kind != FIELD_UNKNOWN || !cut_lang(column, &name, &lang))
        return field;
    field = find_name(fold_name(name, room, sizeof(room)), ret_names_lang);
    if (!takes_lang(field.kind))
        return (Field){.kind = FIELD_UNKNOWN};
    field.lang = lang;
    return field;
}

static const struct {
    FieldKind kind;
    const char *name;
} OWN_NAMES[] = {{FIELD_IGNORED, "-"}, {FIELD_KEPT, "keep"}, {FIELD_ID, "id"}, {FIELD_LANG, "lang"},
    {FIELD_TITLE, "title"}, {FIELD_TEXT, "text"}, {FIELD_TEXT, "description"}, {FIELD_MAKER, "maker"},
    {FIELD_MAKER_SORT, "maker.sort"}, {FIELD_MAKER_ROLE, "maker.role"}, {FIELD_DATE, "date"},
    {FIELD_EARLIEST, "date.earliest"}, {FIELD_LATEST, "date.latest"}, {FIELD_PLACE, "place"},
    {FIELD_LATITUDE, "latitude"}, {FIELD_LONGITUDE, "longitude"}, {FIELD_SPOT, "coordinates"},
    {FIELD_MATERIAL, "material"}, {FIELD_TECHNIQUE, "technique"}, {FIELD_OBJECT_NAME, "object name"},
    {FIELD_CLASSIFICATION, "classification"}, {FIELD_SUBJECT, "subject"}, {FIELD_DIMENSIONS, "dimensions"},
    {FIELD_INSCRIPTION, "inscription"}, {FIELD_PROVENANCE, "provenance"}, {FIELD_ACCESSION, "accession"},
    {FIELD_COLLECTION, "collection"}, {FIELD_CREDIT, "credit"}, {FIELD_SOURCE, "source"}, {FIELD_URL, "url"},
    {FIELD_LICENCE, "licence"}, {FIELD_RIGHTS, "rights"}, {FIELD_ACCESS, "access"},
    {FIELD_PART_OF, "part of"}, {FIELD_RELATED, "related"}, {FIELD_IMAGE, "image"}};

const char *field_name(FieldKind kind)
{
    for (size_t i = 0; i < COUNT_OF(OWN_NAMES); i++)
        if (OWN_NAMES[i].kind == kind)
            return OWN_NAMES[i].name;
    return "unknown";
}

bool field_named(Str name, Field *ret, Err *err)
{
    Str head = name, lang = {0};
    if (str_cut_last(name, '@', &head, &lang) && !field_is_lang(str_trim(lang)))
        return err_set(err, ERR_INVALID, "\"" FMT_STR "\" is no language code", ARG_STR(utf8_head(lang, 40)));
    head = str_trim(head);
    for (size_t i = 0; i < COUNT_OF(OWN_NAMES); i++)
        if (str_eq_nocase(head, str_from(OWN_NAMES[i].name)))
            return *ret = (Field){.kind = OWN_NAMES[i].kind, .lang = str_trim(lang)}, true;
    return err_set(err, ERR_INVALID, "there is no field \"" FMT_STR "\"; see docs/ingest.md",
        ARG_STR(utf8_head(head, 60)));
}
