// SPDX-License-Identifier: Apache-2.0
// Puts single texts into a record until it is whole.
#include "base/utf8.h"
#include "ingest/fields.h"
#include "ingest/years.h"
#include "place/place.h"

#define ADD(list) (*arena_push(a, &(list).items, &(list).count, &(list).capacity))

enum { YEAR_LIMIT = 5000000 };

void delivered_remark(Delivered *d, IngestLevel level, Str cell, Str text, Arena *a)
{
    ADD(d->remarks) = (Remark){.level = level, .cell = cell, .text = text};
}

void delivered_keep(Delivered *d, Str name, Json value, Arena *a)
{
    for (size_t i = 0; i < d->record.more_names.count; i++) {
        Json *had = &d->record.more_values.items[i];
        if (!str_eq(d->record.more_names.items[i], name))
            continue;
        // A second column of that name: both stand in a list.
        Json *pair = arena_array(a, Json, (had->kind == JSON_IS_LIST ? had->count : 1) + 1);
        size_t count = 0;
        if (had->kind == JSON_IS_LIST)
            for (; count < had->count; count++)
                pair[count] = had->items[count];
        else
            pair[count++] = *had;
        pair[count++] = value;
        *had = (Json){.kind = JSON_IS_LIST, .items = pair, .count = count};
        return;
    }
    ADD(d->record.more_names) = name;
    ADD(d->record.more_values) = value;
}

static void keep_text(Delivered *d, Str name, Str text, Arena *a)
{
    delivered_keep(d, name, (Json){.kind = JSON_IS_TEXT, .text = text}, a);
}

// A field that holds one text only: what comes second is kept under its column's name.
static void put_single(Delivered *d, Str *field, Str column, Str text, Arena *a)
{
    if (field->n == 0)
        *field = text;
    else if (!str_eq(*field, text))
        keep_text(d, column, text, a);
}

static void put_access(Delivered *d, Str column, Str text, Arena *a)
{
    Err err;
    d->record.has_terms = true;
    if (rights_terms_parse(text, &d->record.terms, &err))
        return;
    // What cannot be understood shuts.
    d->record.terms = (Terms){.access = ACCESS_NONE};
    keep_text(d, column, text, a);
    delivered_remark(d, INGEST_WARNING, column,
        S("access is none, record, full or side and a number of pixels; this is none of them, so the record "
          "is "
          "closed"),
        a);
}

static void put_rights(Delivered *d, Str column, Str text, Arena *a)
{
    Str uri = record_rights_uri(text);
    bool is_uri = str_starts(text, S("http://")) || str_starts(text, S("https://"));
    if (uri.n || is_uri)
        put_single(d, &d->record.rights, column, uri.n ? uri : text, a);
    else
        keep_text(d, column, text, a);
}

static void put_image(Delivered *d, Str column, Str text, Arena *a)
{
    if (str_starts(text, S("http://")) || str_starts(text, S("https://")) || str_starts(text, S("//"))) {
        keep_text(d, column, text, a);
        return;
    }
    ADD(d->pictures) = (DeliveredPicture){.file = text};
}

// One value, trimmed and not empty.
// Where the values of a kind lie: texts that there is one of, lists of terms, lists of texts.
typedef struct {
    FieldKind kind;
    size_t at;
} Shelf;

#define SHELF(kind, member)                                                                                  \
    {                                                                                                        \
        FIELD_##kind, offsetof(Delivered, member)                                                            \
    }

static const Shelf SINGLES[] = {SHELF(ID, record.id), SHELF(EARLIEST, earliest), SHELF(LATEST, latest),
    SHELF(LATITUDE, latitude), SHELF(LONGITUDE, longitude), SHELF(SPOT, spot),
    SHELF(ACCESSION, record.accession), SHELF(COLLECTION, record.collection), SHELF(CREDIT, record.credit),
    SHELF(SOURCE, record.source), SHELF(URL, record.url), SHELF(LICENCE, record.licence)};
static const Shelf TERMS[] = {SHELF(PLACE, record.places), SHELF(MATERIAL, record.materials),
    SHELF(TECHNIQUE, record.techniques), SHELF(CLASSIFICATION, record.classification),
    SHELF(SUBJECT, record.subjects)};
static const Shelf TEXTS[] = {SHELF(TITLE, record.titles), SHELF(TEXT, record.texts),
    SHELF(DIMENSIONS, record.dimensions), SHELF(INSCRIPTION, record.inscriptions),
    SHELF(PROVENANCE, record.provenance)};

#define FIND_SHELF(d, shelves, kind) find_shelf((d), (shelves), COUNT_OF(shelves), (kind))

static void *find_shelf(Delivered *d, const Shelf *shelves, size_t count, FieldKind kind)
{
    for (size_t i = 0; i < count; i++)
        if (shelves[i].kind == kind)
            return (char *)d + shelves[i].at;
    assert(false && "a kind of field without a shelf");
    return NULL;
}

static void put_term(RecordTerms *terms, Str lang, Str text, Arena *a)
{
    ADD(*terms) = (RecordTerm){.text = text, .lang = lang};
}

// Makers, dates and relations have members of their own.
static void put_part(Delivered *d, Field f, Str text, Arena *a)
{
    Record *r = &d->record;
    if (f.kind == FIELD_MAKER)
        ADD(r->makers) = (RecordMaker){.name = text, .lang = f.lang};
    else if (f.kind == FIELD_MAKER_SORT)
        ADD(d->maker_sorts) = text;
    else if (f.kind == FIELD_MAKER_ROLE)
        ADD(d->roles) = (RecordText){.text = text};
    else if (f.kind == FIELD_DATE)
        ADD(r->dates) = (RecordDate){.text = text};
    else
        ADD(r->relations) =
            (RecordRelation){.type = f.kind == FIELD_PART_OF ? S("part of") : S("related"), .target = text};
}

// f.lang may be empty: that stands for the record's own language, which may be in a later column.
static void put_value(Delivered *d, Field f, Str column, Str text, Arena *a)
{
    Record *r = &d->record;
    switch (f.kind) {
    case FIELD_IGNORED:
        break;
    case FIELD_UNKNOWN:
    case FIELD_KEPT:
        keep_text(d, column, text, a);
        break;
    case FIELD_LANG:
        if (field_is_lang(text))
            put_single(d, &r->lang, column, text, a);
        else
            keep_text(d, column, text, a);
        break;
    case FIELD_ID:
    case FIELD_EARLIEST:
    case FIELD_LATEST:
    case FIELD_LATITUDE:
    case FIELD_LONGITUDE:
    case FIELD_SPOT:
    case FIELD_ACCESSION:
    case FIELD_COLLECTION:
    case FIELD_CREDIT:
    case FIELD_SOURCE:
    case FIELD_URL:
    case FIELD_LICENCE:
        put_single(d, FIND_SHELF(d, SINGLES, f.kind), column, text, a);
        break;
    case FIELD_TITLE:
    case FIELD_TEXT:
    case FIELD_DIMENSIONS:
    case FIELD_INSCRIPTION:
    case FIELD_PROVENANCE: {
        RecordTexts *texts = FIND_SHELF(d, TEXTS, f.kind);
        ADD(*texts) = (RecordText){.lang = f.lang, .text = text};
        break;
    }
    case FIELD_PLACE:
    case FIELD_MATERIAL:
    case FIELD_TECHNIQUE:
    case FIELD_CLASSIFICATION:
    case FIELD_SUBJECT:
        put_term(FIND_SHELF(d, TERMS, f.kind), f.lang, text, a);
        break;
    case FIELD_OBJECT_NAME:
        put_single(d, &d->object_name, column, text, a);
        put_term(&r->classification, f.lang, text, a);
        break;
    case FIELD_MAKER:
    case FIELD_MAKER_SORT:
    case FIELD_MAKER_ROLE:
    case FIELD_DATE:
    case FIELD_PART_OF:
    case FIELD_RELATED:
        put_part(d, f, text, a);
        break;
    case FIELD_RIGHTS:
        put_rights(d, column, text, a);
        break;
    case FIELD_ACCESS:
        put_access(d, column, text, a);
        break;
    case FIELD_IMAGE:
        put_image(d, column, text, a);
        break;
    }
}

static bool may_hold_several(FieldKind kind)
{
    return kind == FIELD_MAKER || kind == FIELD_MAKER_SORT || kind == FIELD_MAKER_ROLE ||
           kind == FIELD_PLACE || kind == FIELD_CLASSIFICATION || kind == FIELD_SUBJECT ||
           kind == FIELD_TECHNIQUE || kind == FIELD_IMAGE || kind == FIELD_RELATED;
}

void field_put(Delivered *d, Field field, Str column, Str text, const FieldRules *rules, Arena *a)
{
    text = field_trim(text);
    if (text.n == 0)
        return;
    if (text.n > 2 && text.p[0] == '=' && text.p[1] >= 'A' && text.p[1] <= 'Z' && memchr(text.p, '(', text.n))
        delivered_remark(d, INGEST_WARNING, column,
            S("a formula, not a value: it was taken as the text it is; export values, not formulas"), a);
    if (!may_hold_several(field.kind) || rules->split.n == 0) {
        put_value(d, field, column, text, a);
        return;
    }
    while (text.n) {
        size_t at = 0;
        while (at < text.n && !memchr(rules->split.p, text.p[at], rules->split.n))
            at++;
        Str value = field_trim(str_slice(text, 0, at));
        if (value.n)
            put_value(d, field, column, value, a);
        text = str_slice(text, at + 1, text.n);
    }
}

// ---- finishing

static bool year_from(Str text, int *ret)
{
    int from, to;
    if (str_to_int(text, -YEAR_LIMIT, YEAR_LIMIT, ret))
        return true;
    if (years_guess(text, &from, &to) != YEARS_FOUND)
        return false;
    *ret = from;
    return true;
}

static void year_remark(Delivered *d, Str cell, Str text, Arena *a)
{
    delivered_remark(d, INGEST_WARNING, cell,
        arena_printf(
            a, "no year can be read from \"" FMT_STR "\"; the text is kept", ARG_STR(utf8_head(text, 80))),
        a);
}

static void finish_dates(Delivered *d, Arena *a)
{
    int from, to;
    bool has_from = d->earliest.n && year_from(d->earliest, &from);
    bool has_to = d->latest.n && year_from(d->latest, &to);
    if (d->earliest.n && !has_from)
        year_remark(d, S("date.earliest"), d->earliest, a);
    if (d->latest.n && !has_to)
        year_remark(d, S("date.latest"), d->latest, a);
    if ((has_from || has_to) && d->record.dates.count == 0)
        ADD(d->record.dates) = (RecordDate){.text = d->earliest.n ? d->earliest : d->latest};
    for (size_t i = 0; i < d->record.dates.count; i++) {
        RecordDate *date = &d->record.dates.items[i];
        if (date->has_years)
            continue;
        if (i == 0 && (has_from || has_to)) {
            date->earliest = has_from ? from : to;
            date->latest = has_to ? to : from;
            date->has_years = true;
            if (date->earliest > date->latest) {
                date->has_years = false;
                delivered_remark(d, INGEST_WARNING, S("date"),
                    S("the earliest year is after the latest; the years are not used"), a);
            }
            continue;
        }
        YearsAnswer answer = years_guess(date->text, &date->earliest, &date->latest);
        date->has_years = answer == YEARS_FOUND;
        if (answer == YEARS_UNREADABLE)
            year_remark(d, S("date"), date->text, a);
    }
}

// Coordinates belong to the first place. 0,0 is what programs write for "not known".
static void finish_spot(Delivered *d, Arena *a)
{
    double latitude, longitude;
    Str spot = d->spot;
    RecordTerms *places = &d->record.places;
    if (d->latitude.n || d->longitude.n)
        spot = arena_printf(a, FMT_STR "," FMT_STR, ARG_STR(d->latitude), ARG_STR(d->longitude));
    if (spot.n == 0)
        return;
    if (!place_read_spot(spot, &latitude, &longitude) || (latitude == 0 && longitude == 0)) {
        keep_text(d, S("coordinates"), spot, a);
        delivered_remark(d, INGEST_WARNING, S("coordinates"),
            S("latitude is -90 to 90 and longitude -180 to 180 degrees, as decimal numbers, and not both 0; "
              "the "
              "text is kept"),
            a);
        return;
    }
    if (places->count == 0)
        put_term(places, S(""), spot, a);
    places->items[0].at = spot;
}

static void finish_makers(Delivered *d)
{
    RecordMakers *makers = &d->record.makers;
    if (makers->count == d->maker_sorts.count)
        for (size_t i = 0; i < makers->count; i++)
            makers->items[i].sort = d->maker_sorts.items[i];
    if (makers->count == d->roles.count || d->roles.count == 1)
        for (size_t i = 0; i < makers->count; i++)
            makers->items[i].role = d->roles.items[d->roles.count == 1 ? 0 : i].text;
}

// A language that a text in East Asian script can be in: what was said, unless it is only the museum's habit
// and does not fit. Han characters alone may be Chinese or Japanese.
static Str lang_of_text(Str text, Str lang)
{
    bool han = false, kana = false, hangul = false;
    uint32_t c;
    if (str_starts(lang, S("zh")) || str_starts(lang, S("ja")) || str_starts(lang, S("ko")))
        return lang;
    while (utf8_next(&text, &c)) {
        if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            return lang;
        kana = kana || (c >= 0x3040 && c <= 0x30ff);
        hangul = hangul || (c >= 0xac00 && c <= 0xd7a3);
        han = han || (c >= 0x3400 && c <= 0x9fff);
    }
    return kana ? S("ja") : hangul ? S("ko") : han ? S("und") : lang;
}

// Texts that did not say are in the record's language; where the record did not say either, it must fit.
static void fill_texts(RecordTexts *texts, Str lang, bool was_said)
{
    for (size_t i = 0; i < texts->count; i++)
        if (texts->items[i].lang.n == 0)
            texts->items[i].lang = was_said ? lang : lang_of_text(texts->items[i].text, lang);
}

bool delivered_finish(Delivered *d, const FieldRules *rules, Arena *a, Err *err)
{
    Record *r = &d->record;
    bool was_said = r->lang.n > 0;
    if (!was_said && !d->is_ours)
        r->lang = rules->lang;
    if (r->id.n == 0)
        r->id = r->accession;
    if (r->id.n == 0)
        return err_set(err, ERR_INVALID, "there is neither an id nor an accession number");
    if (str_eq(r->id, S(".")) || str_eq(r->id, S("..")))
        return err_set(err, ERR_INVALID, "\"" FMT_STR "\" cannot be an id", ARG_STR(r->id));
    if (d->is_ours)
        return record_check(r, err);
    if (r->titles.count == 0 && d->object_name.n)
        ADD(r->titles) = (RecordText){.text = d->object_name};
    finish_dates(d, a);
    finish_spot(d, a);
    finish_makers(d);
    fill_texts(&r->titles, r->lang, was_said);
    fill_texts(&r->texts, r->lang, was_said);
    if (r->licence.n && r->rights.n == 0)
        r->rights = record_rights_uri(r->licence);
    return record_check(r, err);
}
