// SPDX-License-Identifier: Apache-2.0
// One work: its picture, what is known of it, how it may be used, what stands near it.
#include "site/int.h"

#include "base/clock.h"
#include "base/utf8.h"

enum { FACTS_MAX = 16, DOWNLOAD_SURE_PIXELS = 16 * 1000 * 1000 };

typedef struct {
    const Visit *v;
    const Seen *seen;
    PageObject *page;
    PartFact *facts; // FACTS_MAX, in the arena
    size_t facts_count;
} Sheet;

// Where a value leads: to other works with the same.
static Url inside(const Visit *v, Str facet, Str value)
{
    SearchAsk ask = {.role = v->role};
    if (search_is_facet(facet))
        return search_address(v->a, &(SearchPlace){.ask = &ask, .add = {facet, value}});
    ask.q = value;
    return value.n <= 200 ? search_address(v->a, &(SearchPlace){.ask = &ask}) : URL_NONE;
}

// The language of a text, or "" (unknown) where it would be the page's own anyway or nobody said.
static Str said_lang(const Sheet *s, Str lang)
{
    return lang_or(lang, lang_or(s->seen->record.lang, S("")));
}

static void add_fact(Sheet *s, Word word, PartValue *values, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (str_trim(values[i].text).n)
            values[used++] = values[i];
    }
    if (!used)
        return;
    assert(s->facts_count < FACTS_MAX);
    s->facts[s->facts_count++] = (PartFact){.name = phrase(s->v->w, word), .values = {values, used}};
}

static void add_terms(Sheet *s, Word word, Str facet, const RecordTerms *terms)
{
    PartValue *values = arena_array(s->v->a, PartValue, terms->count + 1);
    for (size_t i = 0; i < terms->count; i++)
        values[i] = (PartValue){.text = terms->items[i].text,
            .lang = said_lang(s, terms->items[i].lang),
            .inside = facet.n ? inside(s->v, facet, terms->items[i].text) : URL_NONE};
    add_fact(s, word, values, terms->count);
}

static void add_texts(Sheet *s, Word word, const RecordTexts *texts)
{
    PartValue *values = arena_array(s->v->a, PartValue, texts->count + 1);
    for (size_t i = 0; i < texts->count; i++)
        values[i] = (PartValue){.text = texts->items[i].text, .lang = said_lang(s, texts->items[i].lang)};
    add_fact(s, word, values, texts->count);
}

static void add_text(Sheet *s, Word word, Str text, Str lang, Url inside_address, Url outside_address)
{
    PartValue *value = arena_new(s->v->a, PartValue);
    *value = (PartValue){.text = text, .lang = lang, .inside = inside_address, .outside = outside_address};
    add_fact(s, word, value, 1);
}

static void add_makers(Sheet *s)
{
    const RecordMakers *makers = &s->seen->record.makers;
    PartValue *values = arena_array(s->v->a, PartValue, makers->count + 1);
    for (size_t i = 0; i < makers->count; i++) {
        RecordMaker maker = makers->items[i];
        values[i] = (PartValue){.text = maker.role.n ? arena_printf(s->v->a, FMT_STR " (" FMT_STR ")",
                                                           ARG_STR(maker.name), ARG_STR(maker.role))
                                                     : maker.name,
            .lang = said_lang(s, maker.lang),
            .inside = inside(s->v, S("maker"), maker.name)};
    }
    add_fact(s, WORD_FIELD_MAKER, values, makers->count);
}

static void add_dates(Sheet *s)
{
    const RecordDates *dates = &s->seen->record.dates;
    PartValue *values = arena_array(s->v->a, PartValue, dates->count + 1);
    for (size_t i = 0; i < dates->count; i++)
        values[i] = (PartValue){.text = dates->items[i].text, .lang = said_lang(s, S(""))};
    add_fact(s, WORD_FIELD_DATE, values, dates->count);
}

static void add_relations(Sheet *s)
{
    const RecordRelations *relations = &s->seen->record.relations;
    PartValue *values = arena_array(s->v->a, PartValue, relations->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < relations->count; i++) {
        RecordRelation relation = relations->items[i];
        Err err = {0};
        Seen other;
        Str lang = S(""), name = relation.target;
        Url outside = url_foreign(relation.target), within = {0};
        if (!outside.address.n) {
            // A hidden neighbour is not named.
            if (!seen_find(s->v, relation.target, &other, &err))
                continue;
            name = seen_title(s->v, &other, &lang);
            within = url_local(manifest_object_url(s->v->a, S(""), relation.target));
        }
        values[count++] = (PartValue){.text = relation.type.n ? arena_printf(s->v->a, FMT_STR ": " FMT_STR,
                                                                    ARG_STR(relation.type), ARG_STR(name))
                                                              : name,
            .lang = lang,
            .inside = within,
            .outside = outside};
    }
    add_fact(s, WORD_FIELD_RELATION, values, count);
}

// In the order in which a label is read: who, when, where, what of, how big, what stands on it, whence.
static void fill_facts(Sheet *s)
{
    const Record *record = &s->seen->record;
    add_makers(s);
    add_dates(s);
    add_terms(s, WORD_FIELD_PLACE, S("place"), &record->places);
    add_terms(s, WORD_FIELD_MATERIAL, S("material"), &record->materials);
    add_terms(s, WORD_FIELD_TECHNIQUE, S("technique"), &record->techniques);
    add_terms(s, WORD_FIELD_CLASSIFICATION, S("classification"), &record->classification);
    add_terms(s, WORD_FIELD_SUBJECT, S("subject"), &record->subjects);
    add_texts(s, WORD_FIELD_DIMENSIONS, &record->dimensions);
    add_texts(s, WORD_FIELD_INSCRIPTION, &record->inscriptions);
    add_texts(s, WORD_FIELD_PROVENANCE, &record->provenance);
    add_text(s, WORD_FIELD_ACCESSION, record->accession, S(""), URL_NONE, URL_NONE);
    add_text(s, WORD_FIELD_COLLECTION, record->collection, said_lang(s, S("")),
        inside(s->v, S("collection"), record->collection), URL_NONE);
    add_relations(s);
    add_text(s, WORD_FIELD_SOURCE, record->url.n ? record->url : record->source, S(""), URL_NONE,
        url_foreign(record->url));
    s->page->facts.items = s->facts;
    s->page->facts.count = s->facts_count;
}

static void fill_titles(Sheet *s)
{
    const RecordTexts *titles = &s->seen->record.titles;
    PartTitleLine *lines = arena_array(s->v->a, PartTitleLine, titles->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < titles->count; i++) {
        if (titles->items[i].text.n && !str_eq(titles->items[i].text, s->page->title))
            lines[count++] = (PartTitleLine){titles->items[i].text, said_lang(s, titles->items[i].lang)};
    }
    s->page->titles.items = lines;
    s->page->titles.count = count;
}

// Texts the visitor can read first.
static void fill_texts(Sheet *s)
{
    const RecordTexts *texts = &s->seen->record.texts;
    PartParagraph *paragraphs = arena_array(s->v->a, PartParagraph, texts->count + 1);
    size_t count = 0;
    for (int readable = 1; readable >= 0; readable--) {
        for (size_t i = 0; i < texts->count; i++) {
            if (lang_reads(s->v->w->tag, texts->items[i].lang) == (readable == 1))
                paragraphs[count++] =
                    (PartParagraph){texts->items[i].text, said_lang(s, texts->items[i].lang)};
        }
    }
    s->page->texts.items = paragraphs;
    s->page->texts.count = count;
}

// ---- pictures

static size_t chosen_picture(const Visit *v, size_t count)
{
    Str text;
    int number;
    if (http_parameter(v->r, S("image"), &text) && str_to_int(text, 1, RECORD_MEDIA_MAX, &number) &&
        (size_t)number <= count)
        return (size_t)number - 1;
    return 0;
}

static Url info_address(const Visit *v, const RecordMedia *media)
{
    Str service = manifest_image_url(v->a, S(""), media->id);
    return url_local(arena_printf(v->a, FMT_STR "/info.json", ARG_STR(service)));
}

static void fill_thumbs(Sheet *s, size_t chosen, size_t count)
{
    PartThumb *thumbs = arena_array(s->v->a, PartThumb, count + 1);
    Str page = manifest_object_url(s->v->a, S(""), s->seen->record.id);
    for (size_t i = 0; i < count; i++) {
        const RecordMedia *media = seen_picture(s->seen, i);
        WordArgument arguments[] = {{.name = S("n"), .number = (int64_t)i + 1, .is_number = true},
            {.name = S("total"), .number = (int64_t)count, .is_number = true}};
        Str name = phrase_with(s->v->a, s->v->w, WORD_OBJECT_PICTURE_OF, arguments, 2);
        thumbs[i] = (PartThumb){
            .address = url_local(arena_printf(s->v->a, FMT_STR "?image=%zu", ARG_STR(page), i + 1)),
            .info = info_address(s->v, media),
            .name = media->label.n
                        ? arena_printf(s->v->a, FMT_STR ": " FMT_STR, ARG_STR(name), ARG_STR(media->label))
                        : name,
            .chosen = i == chosen,
            .picture = picture_part(s->v, s->seen, media, PICTURE_THUMB)};
    }
    s->page->thumbs.items = thumbs;
    s->page->thumbs.count = count;
}

static void fill_pictures(Sheet *s)
{
    PageObject *page = s->page;
    size_t count = seen_pictures(s->seen), chosen = chosen_picture(s->v, count);
    const RecordMedia *media = seen_picture(s->seen, chosen);
    page->no_picture =
        phrase(s->v->w, s->seen->record.media.count ? WORD_OBJECT_CLOSED : WORD_OBJECT_NO_PICTURE);
    if (!media)
        return;
    page->has_picture = true;
    page->picture = picture_part(s->v, s->seen, media, PICTURE_STAGE);
    page->shape = card_shape(s->v->a, media->width_px, media->height_px);
    page->picture_large = page->picture.src;
    page->picture_width = media->width_px;
    page->picture_height = media->height_px;
    page->mark.in_stage = true;
    if (s->v->site->config.sight.keep)
        page->look = url_local(
            arena_printf(s->v->a, "/look?image=" FMT_STR, ARG_STR(uri_encode(s->v->a, media->id, ""))));
    Derive derive;
    Err ignored;
    const Record *record = &s->seen->record;
    if (s->v->site->config.kit && rights_derive(s->v->role, media->rights.n ? media->rights : record->rights,
                                      record->licence, &derive, &ignored))
        page->kit = url_local(
            arena_printf(s->v->a, "/kit?image=" FMT_STR, ARG_STR(uri_encode(s->v->a, media->id, ""))));
    page->picture_name = media->label;
    page->info = info_address(s->v, media);
    int side_px = MAX_OF(media->width_px, media->height_px);
    if (s->seen->grant.side_max_px < side_px) {
        page->capped = true;
        page->cap = s->seen->grant.side_max_px;
        page->download = page->picture.src;
        page->download_width = page->picture.width;
        page->download_height = page->picture.height;
    } else {
        Str service = manifest_image_url(s->v->a, S(""), media->id);
        page->download =
            url_local(arena_printf(s->v->a, FMT_STR "/full/max/0/default.jpg", ARG_STR(service)));
        // Beyond that the image service may send it scaled down, by its memory; then nothing is promised.
        if ((int64_t)media->width_px * media->height_px <= DOWNLOAD_SURE_PIXELS) {
            page->download_width = media->width_px;
            page->download_height = media->height_px;
        }
    }
    if (count > 1)
        fill_thumbs(s, chosen, count);
}

// ---- use

// "Maker, Title, date. Museum, number. Address"
static Str citation(const Sheet *s)
{
    const PageObject *page = s->page;
    const Record *record = &s->seen->record;
    CLEANUP(buf_free) Buf b = buf_with_max(64 * 1024);
    if (page->maker.n)
        buf_printf(&b, FMT_STR ", ", ARG_STR(page->maker));
    buf_add(&b, page->title);
    if (page->date.n)
        buf_printf(&b, ", " FMT_STR, ARG_STR(page->date));
    buf_printf(&b, ". " FMT_STR,
        ARG_STR(record->collection.n ? record->collection : s->v->site->config.museum_name));
    if (record->accession.n)
        buf_printf(&b, ", " FMT_STR, ARG_STR(record->accession));
    buf_add_char(&b, '.');
    return arena_copy(s->v->a, buf_str(&b));
}

static void fill_use(Sheet *s)
{
    const Record *record = &s->seen->record;
    PageObject *page = s->page;
    page->credit = record->credit;
    page->credit_lang = said_lang(s, S(""));
    RightsWords rights = rights_words(s->v, record->rights, record->licence);
    page->rights = rights.name;
    page->rights_says = rights.says;
    page->rights_address = url_foreign(record->rights);
    page->manifest = url_local(manifest_url(s->v->a, S(""), record->id));
    page->data = url_local(
        arena_printf(s->v->a, "/api/object/" FMT_STR, ARG_STR(manifest_id_encoded(s->v->a, record->id))));
    page->permalink = url_local(manifest_object_url(s->v->a, s->v->base_url, record->id));
    page->cite = citation(s);
}

// ---- neighbours

static bool shelf(const Sheet *s, Str facet, Str value, Word title, Str id, PartShelf *ret)
{
    Err err = {0};
    SearchAnswer answer;
    Seen *seen;
    size_t count, used = 0;
    SearchAsk ask = {.role = s->v->role, .limit = SHELF_COUNT + 1, .filters_count = 1};
    ask.filters[0] = (SearchFilter){facet, value};
    if (!value.n || !search_is_facet(facet) || !site_search(s->v, &ask, &answer, &err))
        return false;
    Str *ids = arena_array(s->v->a, Str, answer.hits_count + 1);
    for (size_t i = 0; i < answer.hits_count; i++) {
        if (!str_eq(answer.hits[i].object_id, s->seen->record.id))
            ids[used++] = answer.hits[i].object_id;
    }
    if (!used || !seen_find_many(s->v, ids, MIN_OF(used, SHELF_COUNT), &seen, &count, &err) || !count)
        return false;
    PartCard *cards = arena_array(s->v->a, PartCard, count);
    for (size_t i = 0; i < count; i++)
        cards[i] = card_part(s->v, &seen[i]);
    WordArgument name = {.name = S("name"), .text = value};
    *ret = (PartShelf){.title = phrase_with(s->v->a, s->v->w, title, &name, 1),
        .id = id,
        .all = inside(s->v, facet, value),
        .works = {cards, count}};
    return true;
}

static void fill_shelves(Sheet *s)
{
    const Record *record = &s->seen->record;
    PartShelf *shelves = arena_array(s->v->a, PartShelf, 2);
    size_t count = 0;
    if (record->makers.count)
        count += shelf(s, S("maker"), record->makers.items[0].name, WORD_OBJECT_MORE_BY, S("more-maker"),
            &shelves[count]);
    if (record->classification.count)
        count += shelf(s, S("classification"), record->classification.items[0].text, WORD_OBJECT_MORE_KIND,
            S("more-kind"), &shelves[count]);
    s->page->shelves.items = shelves;
    s->page->shelves.count = count;
}

void object_answer(Visit *v, Str object_id)
{
    Err err = {0};
    Seen seen;
    Str reason;
    if (!seen_asked(v, object_id, &seen, &err)) {
        if (err.kind == ERR_NOT_FOUND && history_withdrawn(v, object_id, &reason))
            trouble_gone_answer(v, reason);
        else
            trouble_answer(v, &err);
        return;
    }
    PageObject page = {.foot = frame_foot(v)};
    Sheet sheet = {.v = v, .seen = &seen, .page = &page, .facts = arena_array(v->a, PartFact, FACTS_MAX)};
    page.title = seen_title(v, &seen, &page.title_lang);
    page.maker = seen_makers(v, &seen);
    page.maker_lang = said_lang(&sheet, seen.record.makers.count ? seen.record.makers.items[0].lang : S(""));
    page.date = seen_dates(v, &seen);
    page.old = seen.old;
    page.old_time = time_rfc3339(v->a, seen.version.time_ms);
    page.today = url_local(manifest_object_url(v->a, S(""), seen.record.id));
    fill_titles(&sheet);
    fill_texts(&sheet);
    fill_facts(&sheet);
    fill_pictures(&sheet);
    fill_use(&sheet);
    fill_shelves(&sheet);
    transcript_fill(v, &seen, &page);
    chains_fill(v, &seen, &page);
    history_fill(v, &seen, &page);
    page.linked = linked_data(v, &seen, &page);
    RecordText about =
        lang_pick(seen.record.texts.items, seen.record.texts.count, v->w->tag, seen.record.lang);
    Str picture = page.has_picture ? arena_printf(v->a, FMT_STR FMT_STR, ARG_STR(v->base_url),
                                         ARG_STR(page.picture.src.address))
                                   : S("");
    page.head = frame_head(v, &(Frame){.title = page.title,
                                  .description = about.text.n ? utf8_head(about.text, 300) : page.cite,
                                  .path = manifest_object_url(v->a, S(""), seen.record.id),
                                  .manifest = page.manifest.address,
                                  .picture = picture,
                                  .kind = S("article"),
                                  .hide = seen.old || page.findings.count,
                                  .box = true});
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_object_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
    opened_count(v, &seen);
}
