// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"
#include "catalog/record_int.h"

#define NAME(text)                                                                                           \
    {                                                                                                        \
        "" text, sizeof(text) - 1                                                                            \
    } // S() is no constant initialiser
#define ITEM(Type, member, item_kind, text)                                                                  \
    {                                                                                                        \
        .name = NAME(text), .kind = item_kind, .offset = offsetof(Type, member)                              \
    }

static bool term_sound(const Record *record, void *item, unsigned seen)
{
    (void)record, (void)seen;
    const RecordTerm *term = item;
    return term->text.n || term->uri.n || term->at.n;
}

static bool maker_sound(const Record *record, void *item, unsigned seen)
{
    (void)record, (void)seen;
    const RecordMaker *maker = item;
    return maker->name.n > 0;
}

static bool date_sound(const Record *record, void *item, unsigned seen)
{
    enum { SEEN_EARLIEST = 1 << 1, SEEN_LATEST = 1 << 2, SEEN_YEARS = SEEN_EARLIEST | SEEN_LATEST };
    (void)record;
    RecordDate *date = item;
    unsigned years = seen & SEEN_YEARS;
    date->has_years = years == SEEN_YEARS;
    return (years == 0 && date->text.n) || (date->has_years && date->earliest <= date->latest);
}

static bool relation_sound(const Record *record, void *item, unsigned seen)
{
    (void)record, (void)seen;
    const RecordRelation *relation = item;
    return relation->target.n > 0;
}

// "media/1/IMG_0042.jpg": relative, without a way up.
static bool path_sound(Str path)
{
    Str piece, rest = path;
    if (path.n == 0 || path.p[path.n - 1] == '/' || memchr(path.p, '\0', path.n))
        return false;
    while (str_next(&rest, '/', &piece))
        if (piece.n == 0 || str_eq(piece, S(".")) || str_eq(piece, S("..")))
            return false;
    return true;
}

// A number belongs to a file: only pages of the same file share it, each page once.
static bool place_taken(const RecordMediaList *list, const RecordMedia *media)
{
    const RecordMedia *first = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const RecordMedia *other = &list->items[i];
        if (other->number != media->number)
            continue;
        if (!first && !(str_eq(other->path, media->path) && str_eq(other->sha512, media->sha512)))
            return true;
        first = other;
        if (other->page == media->page || other->page == 0 || media->page == 0)
            return true;
    }
    return false;
}

// "<object id>:<number>", behind it "-<page>" from the second page on: so no record can claim another one's
// picture.
static bool media_id_sound(const Record *record, const RecordMedia *media)
{
    Str head, tail, digits, page;
    int number, of;
    if (!str_cut_last(media->id, ':', &head, &tail) || !str_eq(head, record->id))
        return false;
    bool paged = str_cut(tail, '-', &digits, &page);
    if (!paged)
        digits = tail;
    if (paged ? page.n == 0 || page.p[0] == '0' || !str_to_int(page, 2, INT32_MAX, &of) || of != media->page
              : media->page > 1)
        return false;
    return digits.n && digits.p[0] != '0' && str_to_int(digits, 1, INT32_MAX, &number) &&
           number == media->number;
}

static bool media_sound(const Record *record, void *item, unsigned seen)
{
    (void)seen;
    const RecordMedia *media = item;
    Sha512 digest;
    return media->number >= 1 && media->page >= 0 && media_id_sound(record, media) &&
           path_sound(media->path) && sha512_from_hex(media->sha512, &digest) &&
           !place_taken(&record->media, media);
}

static const ItemField term_fields[] = {
    ITEM(RecordTerm, text, ITEM_TEXT, "text"),
    ITEM(RecordTerm, lang, ITEM_TEXT, "lang"),
    ITEM(RecordTerm, uri, ITEM_TEXT, "uri"),
    ITEM(RecordTerm, at, ITEM_TEXT, "at"),
};
static const ItemField maker_fields[] = {
    ITEM(RecordMaker, name, ITEM_TEXT, "name"),
    ITEM(RecordMaker, sort, ITEM_TEXT, "sort"),
    ITEM(RecordMaker, role, ITEM_TEXT, "role"),
    ITEM(RecordMaker, lang, ITEM_TEXT, "lang"),
    ITEM(RecordMaker, uri, ITEM_TEXT, "uri"),
};
static const ItemField date_fields[] = {
    ITEM(RecordDate, text, ITEM_TEXT, "text"),
    ITEM(RecordDate, earliest, ITEM_YEAR, "earliest"),
    ITEM(RecordDate, latest, ITEM_YEAR, "latest"),
};
static const ItemField relation_fields[] = {
    ITEM(RecordRelation, type, ITEM_TEXT, "type"),
    ITEM(RecordRelation, target, ITEM_TEXT, "target"),
};
static const ItemField media_fields[] = {
    ITEM(RecordMedia, id, ITEM_TEXT, "id"),
    ITEM(RecordMedia, number, ITEM_INT, "number"),
    ITEM(RecordMedia, page, ITEM_INT, "page"),
    ITEM(RecordMedia, path, ITEM_TEXT, "path"),
    ITEM(RecordMedia, name, ITEM_TEXT, "name"),
    ITEM(RecordMedia, format, ITEM_TEXT, "format"),
    ITEM(RecordMedia, sha512, ITEM_TEXT, "sha512"),
    ITEM(RecordMedia, size_bytes, ITEM_INT64, "size"),
    ITEM(RecordMedia, width_px, ITEM_INT, "width"),
    ITEM(RecordMedia, height_px, ITEM_INT, "height"),
    ITEM(RecordMedia, label, ITEM_TEXT, "label"),
    ITEM(RecordMedia, label_lang, ITEM_TEXT, "label_lang"),
    ITEM(RecordMedia, rights, ITEM_TEXT, "rights"),
};

#define FORM(Type, table, limit, check)                                                                      \
    {                                                                                                        \
        .fields = table, .fields_count = COUNT_OF(table), .item_bytes = sizeof(Type), .max = limit,          \
        .sound = check                                                                                       \
    }

static const ItemForm term_form = FORM(RecordTerm, term_fields, RECORD_ITEMS_MAX, term_sound);
static const ItemForm maker_form = FORM(RecordMaker, maker_fields, RECORD_ITEMS_MAX, maker_sound);
static const ItemForm date_form = FORM(RecordDate, date_fields, RECORD_ITEMS_MAX, date_sound);
static const ItemForm relation_form = FORM(RecordRelation, relation_fields, RECORD_ITEMS_MAX, relation_sound);
static const ItemForm media_form = FORM(RecordMedia, media_fields, RECORD_MEDIA_MAX, media_sound);

#define FIELD(member, field_kind)                                                                            \
    {                                                                                                        \
        .name = NAME(#member), .kind = field_kind, .offset = offsetof(Record, member)                        \
    }
#define LIST(member, item_form)                                                                              \
    {                                                                                                        \
        .name = NAME(#member), .kind = FIELD_LIST, .offset = offsetof(Record, member), .form = &(item_form)  \
    }

// The id stands first: what follows may lean on it.
const RecordField record_fields[] = {
    FIELD(id, FIELD_TEXT),
    FIELD(lang, FIELD_TEXT),
    FIELD(titles, FIELD_TEXTS),
    FIELD(texts, FIELD_TEXTS),
    LIST(makers, maker_form),
    LIST(dates, date_form),
    LIST(places, term_form),
    LIST(materials, term_form),
    LIST(techniques, term_form),
    LIST(classification, term_form),
    LIST(subjects, term_form),
    FIELD(dimensions, FIELD_TEXTS),
    FIELD(inscriptions, FIELD_TEXTS),
    FIELD(provenance, FIELD_TEXTS),
    FIELD(accession, FIELD_TEXT),
    FIELD(collection, FIELD_TEXT),
    FIELD(credit, FIELD_TEXT),
    FIELD(source, FIELD_TEXT),
    FIELD(url, FIELD_TEXT),
    FIELD(licence, FIELD_TEXT),
    FIELD(rights, FIELD_TEXT),
    {.name = NAME("access"), .kind = FIELD_ACCESS},
    LIST(relations, relation_form),
    LIST(media, media_form),
};
const size_t record_fields_count = COUNT_OF(record_fields);

const RecordField *record_field(Str name)
{
    for (size_t i = 0; i < record_fields_count; i++)
        if (str_eq(record_fields[i].name, name))
            return &record_fields[i];
    return NULL;
}
