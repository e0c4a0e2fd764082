// SPDX-License-Identifier: Apache-2.0
// One record becomes one document: its words with their fields, its facet values, its columns.
#include "base/utf8.h"
#include "catalog/transcript.h"
#include "search/index.h"
#include "text/text.h"

enum {
    VALUE_MAX_BYTES = 64 * 1024, // of one text: what lies beyond is not searched
    RECORD_TEXT_MAX_BYTES = 512 * 1024,
    VALUE_GAP = 8, // positions between values, so that no phrase reaches across
    WHOLE_VALUE_MAX_BYTES = 60,
    MATERIAL_FACET_MAX_BYTES = 60, // a longer line is a description, not a value to choose
    CENTURIES_MAX = 12,
    MEASURE_IMPACT = 6,
};

typedef struct {
    Builder *b;
    const Record *record;
    const Vocabulary *vocabulary;
    Arena *a;
    uint32_t position;
    uint32_t starts[FIELDS + 1];
    size_t bytes_left;
    Str lang;
    bool concepts; // the text added last named some
} Work;

// How much a word in a field says about the record. A title of few words says more in each.
static int impact_of(Field field, size_t tokens)
{
    static const unsigned char impacts[FIELDS] = {[FIELD_TITLE] = 15,
        [FIELD_MAKER] = 13,
        [FIELD_ACCESSION] = 13,
        [FIELD_CLASSIFICATION] = 9,
        [FIELD_MATERIAL] = 9,
        [FIELD_SUBJECT] = 7,
        [FIELD_PLACE] = 7,
        [FIELD_DATE] = 7,
        [FIELD_COLLECTION] = 5,
        [FIELD_INSCRIPTION] = 5,
        [FIELD_TEXT] = 4,
        [FIELD_PROVENANCE] = 2,
        [FIELD_CREDIT] = 2,
        [FIELD_DIMENSIONS] = 2,
        [FIELD_OTHER] = 2};
    int impact = impacts[field];
    if (field == FIELD_TITLE)
        impact -= (tokens > 2) + (tokens > 5) + (tokens > 12) + (tokens > 30);
    else if (field == FIELD_TEXT)
        impact -= (tokens > 100) + (tokens > 400);
    return impact;
}

static bool is_name_field(Field field)
{
    return field == FIELD_TITLE || field == FIELD_MAKER || field == FIELD_PLACE ||
           field == FIELD_COLLECTION || field == FIELD_CLASSIFICATION || field == FIELD_MATERIAL ||
           field == FIELD_SUBJECT;
}

static bool lang_is(Str lang, const char *primary)
{
    Str p = str_from(primary);
    return lang.n >= p.n && str_eq_nocase(str_slice(lang, 0, p.n), p) &&
           (lang.n == p.n || lang.p[p.n] == '-');
}

static void add_pinyin(Work *w, const TextToken *t, unsigned char evidence)
{
    Str rest = t->text;
    uint32_t c;
    if (!utf8_next(&rest, &c) || rest.n)
        return;
    const char *reading;
    for (int i = 0; (reading = text_pinyin(c, i)); i++)
        builder_term(w->b, TERM_PINYIN, str_from(reading), evidence, w->position + t->position);
}

// Kana, Hangul, Cyrillic...: the same words in Latin letters, a little further on.
static void add_romanised(Work *w, Str text, int impact, Field field)
{
    Str latin = text_romanise(w->a, text);
    TextToken *tokens;
    size_t count;
    Err err = {0};
    if (latin.n == 0 || !text_tokens(w->a, latin, S(""), &tokens, &count, &err))
        return;
    unsigned char evidence = EVIDENCE(field, MAX_OF(impact / 2, 1));
    for (size_t i = 0; i < count; i++)
        builder_term(w->b, TERM_WORD, tokens[i].text, evidence, w->position + tokens[i].position);
    if (count)
        w->position += tokens[count - 1].position + 1;
}

static Str lang_of(const Work *w, Str lang)
{
    return lang.n == 0 || str_eq(lang, S("und")) ? w->lang : lang;
}

static void add_text(Work *w, Field field, Str text, Str lang)
{
    text = utf8_head(text, MIN_OF((size_t)VALUE_MAX_BYTES, w->bytes_left));
    w->bytes_left -= text.n;
    lang = lang_of(w, lang);
    TextToken *tokens;
    size_t count;
    Err err = {0};
    w->concepts = false;
    if (text.n == 0 || !text_tokens(w->a, text, lang, &tokens, &count, &err) || count == 0)
        return;
    int impact = impact_of(field, count);
    unsigned char evidence = EVIDENCE(field, impact);
    bool names = is_name_field(field), han = false, foreign = false;
    bool mandarin = !lang_is(lang, "ja") && !lang_is(lang, "ko");
    for (size_t i = 0; i < count; i++) {
        const TextToken *t = &tokens[i];
        builder_term(w->b, TERM_WORD, t->text, evidence, w->position + t->position);
        if (t->stem.n)
            builder_term(w->b, TERM_STEM, t->stem, evidence, 0);
        if (!names || (unsigned char)t->text.p[0] < 0x80)
            continue;
        foreign = true;
        if (t->kind == TEXT_SINGLE && (unsigned char)t->text.p[0] >= 0xE4 &&
            (unsigned char)t->text.p[0] <= 0xE9) {
            han = true;
            if (mandarin)
                add_pinyin(w, t, EVIDENCE(field, MAX_OF(impact / 2, 1)));
        }
    }
    w->concepts = vocabulary_find_in(w->vocabulary, tokens, count, lang, field, w->b, impact, w->a);
    w->position += tokens[count - 1].position + VALUE_GAP;
    if (foreign && !han)
        add_romanised(w, text, impact, field);
    w->position += VALUE_GAP;
}

static void add_whole(Work *w, Field field, Str text)
{
    Str folded = text_fold(w->a, text);
    if (folded.n && folded.n <= WHOLE_VALUE_MAX_BYTES)
        builder_term(w->b, TERM_VALUE, folded, EVIDENCE(field, impact_of(field, 1)), 0);
}

static void add_facet(Work *w, Facet facet, Str value)
{
    value = utf8_head(str_trim(value), FACET_VALUE_MAX_BYTES);
    if (value.n)
        builder_facet(w->b, facet, value);
}

// True if the value has to be added, and then value_ends called: it did not come before in this builder.
// otherwise: tells apart values of one field that are added in another way.
static bool value_begins(Work *w, Field field, Str text, Str lang, bool otherwise)
{
    unsigned char kind = (unsigned char)(field + (otherwise ? FIELDS : 0));
    if (text.n > w->bytes_left ||
        !builder_repeat(w->b, kind, text, lang_of(w, lang), &w->position, &w->concepts))
        return true;
    w->bytes_left -= text.n;
    return false;
}

static void value_ends(Work *w)
{
    builder_noted(w->b, w->position, w->concepts);
}

// Text and nothing else.
static void add_value(Work *w, Field field, Str text, Str lang)
{
    if (!value_begins(w, field, text, lang, false))
        return;
    add_text(w, field, text, lang);
    value_ends(w);
}

static void add_key(Work *w, Str number)
{
    Str key = text_key(w->a, number);
    if (key.n)
        builder_term(w->b, TERM_KEY, key, EVIDENCE(FIELD_ACCESSION, IMPACT_MAX), 0);
}

// ---- fields, in the order of their numbers: positions ascend

static void add_titles(Work *w)
{
    for (size_t i = 0; i < w->record->titles.count; i++)
        add_value(w, FIELD_TITLE, w->record->titles.items[i].text, w->record->titles.items[i].lang);
}

static void add_makers(Work *w)
{
    for (size_t i = 0; i < w->record->makers.count; i++) {
        const RecordMaker *m = &w->record->makers.items[i];
        if (!value_begins(w, FIELD_MAKER, m->name, m->lang, false))
            continue;
        add_text(w, FIELD_MAKER, m->name, m->lang);
        add_facet(w, FACET_MAKER, m->name);
        value_ends(w);
    }
}

static void add_accession(Work *w)
{
    add_text(w, FIELD_ACCESSION, w->record->accession, S(""));
    add_key(w, w->record->accession);
    add_key(w, w->record->id);
}

static void add_term(Work *w, Field field, Str text, Str lang)
{
    if (!value_begins(w, field, text, lang, false))
        return;
    add_text(w, field, text, lang);
    if (field == FIELD_CLASSIFICATION || field == FIELD_MATERIAL)
        add_whole(w, field, text);
    if (field == FIELD_CLASSIFICATION)
        add_facet(w, FACET_CLASSIFICATION, text);
    else if (field == FIELD_PLACE)
        add_facet(w, FACET_PLACE, text);
    else if (field == FIELD_MATERIAL && !w->concepts && text.n <= MATERIAL_FACET_MAX_BYTES)
        add_facet(w, FACET_MATERIAL, text);
    value_ends(w);
}

static void add_terms(Work *w, Field field, const RecordTerm *terms, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_term(w, field, terms[i].text, terms[i].lang);
}

static void add_texts(Work *w, Field field, const RecordText *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_value(w, field, texts[i].text, texts[i].lang);
}

static int century_of(int year)
{
    return year > 0 ? (year - 1) / 100 + 1 : -(-year / 100 + 1);
}

static void add_date(Work *w, Str text, bool dated)
{
    if (!value_begins(w, FIELD_DATE, text, S(""), dated))
        return;
    add_text(w, FIELD_DATE, text, S(""));
    add_whole(w, FIELD_DATE, text);
    if (dated)
        period_find_in(text, w->a, w->b);
    value_ends(w);
}

static void add_years(Work *w, DocFacts *facts)
{
    for (size_t i = 0; i < w->record->dates.count; i++) {
        const RecordDate *d = &w->record->dates.items[i];
        int earliest = d->earliest, latest = d->latest;
        bool dated = d->has_years || text_years(d->text, &earliest, &latest);
        add_date(w, d->text, dated);
        if (!dated)
            continue;
        bool first = facts->earliest == YEAR_NONE;
        facts->earliest = first ? earliest : MIN_OF(facts->earliest, earliest);
        facts->latest = first ? latest : MAX_OF(facts->latest, latest);
    }
    if (facts->earliest == YEAR_NONE)
        return;
    int from = century_of(facts->earliest), to = century_of(facts->latest);
    for (int c = from; c <= to && c - from < CENTURIES_MAX; c++)
        if (c)
            add_facet(w, FACET_CENTURY, arena_printf(w->a, "%d", c));
}

// Words for staff only: no positions, no concepts.
static void add_inside(Work *w, Str text)
{
    TextToken *tokens;
    size_t count;
    Err err = {0};
    text = utf8_head(text, MIN_OF((size_t)VALUE_MAX_BYTES, w->bytes_left));
    w->bytes_left -= text.n;
    if (!text_tokens(w->a, text, S(""), &tokens, &count, &err))
        return;
    for (size_t i = 0; i < count; i++)
        builder_term(
            w->b, TERM_INSIDE, tokens[i].text, EVIDENCE(FIELD_OTHER, impact_of(FIELD_OTHER, count)), 0);
}

static void add_tree(Work *w, const Json *value, int depth)
{
    if (value->kind == JSON_IS_TEXT)
        add_inside(w, value->text);
    for (size_t i = 0; depth < JSON_DEPTH_MAX &&
                       (value->kind == JSON_IS_LIST || value->kind == JSON_IS_MAP) && i < value->count;
         i++)
        add_tree(w, &value->items[i], depth + 1);
}

static void add_transcripts(Work *w)
{
    Transcript *found;
    size_t count = transcripts_find(w->record, w->a, &found);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < transcript_count(&found[i]); k++)
            add_text(w, FIELD_OTHER, transcript_part(&found[i], k, w->a).text, found[i].lang);
}

static void add_others(Work *w)
{
    add_transcripts(w);
    for (size_t i = 0; i < w->record->media.count; i++)
        add_text(w, FIELD_OTHER, w->record->media.items[i].label, w->record->media.items[i].label_lang);
    // What a museum keeps in members of its own (a value, a shelf) is shown to nobody outside, so nobody
    // outside may find by it either. Transcripts are public.
    for (size_t i = 0; i < w->record->more_values.count; i++)
        if (!str_eq(w->record->more_names.items[i], S("transcripts")))
            add_tree(w, &w->record->more_values.items[i], 0);
}

static void add_dimensions(Work *w, Str text, Str lang)
{
    if (!value_begins(w, FIELD_DIMENSIONS, text, lang, false))
        return;
    add_text(w, FIELD_DIMENSIONS, text, lang);
    measures_index(w->b, utf8_head(text, VALUE_MAX_BYTES), EVIDENCE(FIELD_DIMENSIONS, MEASURE_IMPACT), w->a);
    value_ends(w);
}

static void add_field(Work *w, Field field, DocFacts *facts)
{
    const Record *r = w->record;
    switch (field) {
    case FIELD_TITLE:
        add_titles(w);
        return;
    case FIELD_MAKER:
        add_makers(w);
        return;
    case FIELD_ACCESSION:
        add_accession(w);
        return;
    case FIELD_CLASSIFICATION:
        add_terms(w, field, r->classification.items, r->classification.count);
        return;
    case FIELD_MATERIAL:
        add_terms(w, field, r->materials.items, r->materials.count);
        add_terms(w, field, r->techniques.items, r->techniques.count);
        return;
    case FIELD_SUBJECT:
        add_terms(w, field, r->subjects.items, r->subjects.count);
        return;
    case FIELD_PLACE:
        add_terms(w, field, r->places.items, r->places.count);
        return;
    case FIELD_DATE:
        add_years(w, facts);
        return;
    case FIELD_COLLECTION:
        add_value(w, field, r->collection, S(""));
        add_facet(w, FACET_COLLECTION, r->collection);
        return;
    case FIELD_INSCRIPTION:
        add_texts(w, field, r->inscriptions.items, r->inscriptions.count);
        return;
    case FIELD_TEXT:
        add_texts(w, field, r->texts.items, r->texts.count);
        return;
    case FIELD_PROVENANCE:
        add_texts(w, field, r->provenance.items, r->provenance.count);
        return;
    case FIELD_CREDIT:
        add_value(w, field, r->credit, S(""));
        return;
    case FIELD_DIMENSIONS:
        for (size_t i = 0; i < r->dimensions.count; i++)
            add_dimensions(w, r->dimensions.items[i].text, r->dimensions.items[i].lang);
        return;
    case FIELD_OTHER:
        add_others(w);
        return;
    case FIELDS:
        return;
    }
}

static void add_plain_facets(Work *w, DocFacts *facts)
{
    const Record *r = w->record;
    add_facet(w, FACET_RIGHTS, r->rights.n ? r->rights : r->licence);
    add_facet(w, FACET_LANGUAGE, r->lang.n ? r->lang : S("und"));
    for (size_t i = 0; i < r->titles.count; i++)
        if (r->titles.items[i].lang.n)
            add_facet(w, FACET_LANGUAGE, r->titles.items[i].lang);
    for (size_t i = 0; i < r->media.count; i++) {
        static const char *const kinds[][2] = {
            {"image/", "image"}, {"video/", "film"}, {"audio/", "sound"}, {"model/", "3d"}};
        for (size_t k = 0; k < COUNT_OF(kinds); k++)
            if (str_starts(r->media.items[i].format, str_from(kinds[k][0]))) {
                add_facet(w, FACET_HAS, str_from(kinds[k][1]));
                facts->flags |= k == 0 ? FLAG_IMAGE : 0;
            }
    }
}

static void find_sort_key(Str text, unsigned char key[TEXT_SORT_KEY_BYTES])
{
    if (text.n)
        text_sort_key(text, key);
    else
        memset(key, 0xFF, TEXT_SORT_KEY_BYTES); // what has none comes last
}

void document_add(
    Builder *b, const CatalogVersion *version, const Record *record, const Vocabulary *vocabulary, Arena *a)
{
    Work w = {.b = b,
        .record = record,
        .vocabulary = vocabulary,
        .a = a,
        .bytes_left = RECORD_TEXT_MAX_BYTES,
        .lang = record->lang.n && !str_eq(record->lang, S("und")) ? record->lang : S("en")};
    DocFacts facts = {.object_id = version->object_id,
        .sequence = version->sequence,
        .earliest = YEAR_NONE,
        .latest = YEAR_NONE,
        .rank = version->has_terms ? (unsigned char)rights_terms_rank(version->terms) : RANK_DEFAULT,
        .title = utf8_head(record_title(record, w.lang), TITLE_KEPT_MAX_BYTES),
        .field_starts = w.starts};
    builder_begin(b);
    for (Field field = 0; field < FIELDS; field++) {
        w.starts[field] = w.position;
        add_field(&w, field, &facts);
    }
    w.starts[FIELDS] = w.position;
    add_plain_facets(&w, &facts);
    find_sort_key(facts.title, facts.title_key);
    const RecordMaker *m = record->makers.count ? record->makers.items : NULL;
    find_sort_key(!m ? S("") : m->sort.n ? m->sort : m->name, facts.maker_key);
    builder_end(b, &facts);
}
