// SPDX-License-Identifier: Apache-2.0
// The record's fields as label and value pairs, in the order in which a museum label is read.
#include "manifest/int.h"

// Values of one pair, gathered before it is written, so that an empty pair never is.
typedef struct {
    Arena *a;
    RecordText *items;
    size_t count, capacity;
} Values;

static void add(Values *v, Str lang, Str text)
{
    if (str_trim(text).n)
        *arena_push(v->a, &v->items, &v->count, &v->capacity) = (RecordText){.lang = lang, .text = text};
}

// The list opens with the first pair that has something to say.
static void put_pair(JsonWriter *w, bool *open, Label label, Values *v)
{
    if (!v->count)
        return;
    if (!*open) {
        json_put_name(w, S("metadata"));
        json_put_list(w);
        *open = true;
    }
    json_put_map(w);
    label_put_member(w, S("label"), label);
    json_put_name(w, S("value"));
    langs_put(w, v->a, v->items, v->count);
    json_put_map_end(w);
    v->count = 0;
}

static void add_terms(Values *v, const Record *record, const RecordTerm *terms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(v, terms[i].lang.n ? terms[i].lang : record->lang, terms[i].text);
}

static void add_texts(Values *v, const RecordText *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(v, texts[i].lang, texts[i].text);
}

static void add_makers(Values *v, Arena *a, const Record *record)
{
    for (size_t i = 0; i < record->makers.count; i++) {
        RecordMaker maker = record->makers.items[i];
        Str text = maker.role.n
                       ? arena_printf(a, FMT_STR " (" FMT_STR ")", ARG_STR(maker.name), ARG_STR(maker.role))
                       : maker.name;
        add(v, maker.lang.n ? maker.lang : record->lang, text);
    }
}

void metadata_put(JsonWriter *w, Arena *a, const Record *record)
{
    Values v = {.a = a};
    bool open = false;
    add_makers(&v, a, record);
    put_pair(w, &open, LABEL_MAKER, &v);
    for (size_t i = 0; i < record->dates.count; i++)
        add(&v, record->lang, record->dates.items[i].text);
    put_pair(w, &open, LABEL_DATE, &v);

    const struct {
        Label label;
        const RecordTerm *items;
        size_t count;
    } terms[] = {
        {LABEL_PLACE, record->places.items, record->places.count},
        {LABEL_MATERIAL, record->materials.items, record->materials.count},
        {LABEL_TECHNIQUE, record->techniques.items, record->techniques.count},
        {LABEL_CLASSIFICATION, record->classification.items, record->classification.count},
        {LABEL_SUBJECT, record->subjects.items, record->subjects.count},
    };
    for (size_t i = 0; i < COUNT_OF(terms); i++) {
        add_terms(&v, record, terms[i].items, terms[i].count);
        put_pair(w, &open, terms[i].label, &v);
    }
    const struct {
        Label label;
        const RecordText *items;
        size_t count;
    } texts[] = {
        {LABEL_DIMENSIONS, record->dimensions.items, record->dimensions.count},
        {LABEL_INSCRIPTION, record->inscriptions.items, record->inscriptions.count},
        {LABEL_PROVENANCE, record->provenance.items, record->provenance.count},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        add_texts(&v, texts[i].items, texts[i].count);
        put_pair(w, &open, texts[i].label, &v);
    }
    add(&v, S("und"), record->accession);
    put_pair(w, &open, LABEL_ACCESSION, &v);
    add(&v, record->lang, record->collection);
    put_pair(w, &open, LABEL_COLLECTION, &v);
    add(&v, S("und"), record->source);
    put_pair(w, &open, LABEL_SOURCE, &v);
    add(&v, S("und"), record->licence.n ? record->licence : record->rights);
    put_pair(w, &open, LABEL_RIGHTS, &v);
    if (open)
        json_put_list_end(w);
}
