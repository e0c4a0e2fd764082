// SPDX-License-Identifier: Apache-2.0
// The collection's most travelled motifs: parts of pictures that came up on several works, where and when.
// The map shows where the records' places lie (map.h).
//   /motifs  all, most works first    /motifs?image=ID&region=x,y,w,h  one, by where it is on one picture
#include "site/chains.h"

#include "base/set.h"
#include "base/utf8.h"
#include "site/map.h"

#include <stdlib.h>

// SPARE: of motifs that are hidden since a moment ago, others are shown.
enum {
    SHOWN = 24,
    SPARE = 24,
    PLACES_SHOWN = 3,
    PLACES_MAX = 40,
    LINE_WIDTH = 1000,
    SIDE_PX = 320,
    DOT = 12
};

// A motif as the visitor may see it: its first end stands for it.
typedef struct {
    const ChainEnd *end;
    const Seen *seen;
    const RecordMedia *media;
} Carrier;

typedef struct {
    Carrier *carriers;
    size_t count;
    bool dated;
    int earliest, latest;
} Motif;

bool record_years(const Record *record, int *ret_earliest, int *ret_latest)
{
    bool dated = false;
    for (size_t i = 0; i < record->dates.count; i++) {
        const RecordDate *date = &record->dates.items[i];
        if (!date->has_years)
            continue;
        *ret_earliest = dated ? MIN_OF(*ret_earliest, date->earliest) : date->earliest;
        *ret_latest = dated ? MAX_OF(*ret_latest, date->latest) : date->latest;
        dated = true;
    }
    return dated;
}

static void date_of(const Record *record, Motif *motif)
{
    int earliest, latest;
    if (!record_years(record, &earliest, &latest))
        return;
    motif->earliest = motif->dated ? MIN_OF(motif->earliest, earliest) : earliest;
    motif->latest = motif->dated ? MAX_OF(motif->latest, latest) : latest;
    motif->dated = true;
}

static bool see_motif(const Visit *v, const ChainMotif *from, Motif *ret, Err *err)
{
    Str *ids = arena_array(v->a, Str, from->count + 1);
    Seen *seen;
    size_t count;
    for (size_t i = 0; i < from->count; i++)
        ids[i] = from->ends[i].object_id;
    if (!seen_find_many(v, ids, from->count, &seen, &count, err))
        return false;
    *ret = (Motif){.carriers = arena_array(v->a, Carrier, count + 1)};
    for (size_t i = 0, e = 0; i < count; i++) {
        while (!str_eq(from->ends[e].object_id, seen[i].version.object_id))
            e++; // passes over what may not be seen any more
        const RecordMedia *media = chains_media(&seen[i], from->ends[e].image_id);
        if (media == NULL)
            continue;
        ret->carriers[ret->count++] = (Carrier){&from->ends[e], &seen[i], media};
        date_of(&seen[i].record, ret);
    }
    return true;
}

static int most_works_first(const void *a, const void *b)
{
    const Motif *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return str_compare(x->carriers[0].end->image_id, y->carriers[0].end->image_id);
}

static bool raw_motifs(const Visit *v, size_t max, ChainMotif **ret, size_t *ret_count)
{
    const SiteSight *sight = &v->site->config.sight;
    Chain *chain = sight->chain ? sight->chain(sight->ctx) : NULL;
    *ret_count = 0;
    if (chain)
        chain_motifs(chain, v->role, 2, max, v->a, ret, ret_count);
    return *ret_count > 0;
}

static bool see_motifs(const Visit *v, size_t limit, Motif **ret, size_t *ret_count, Err *err)
{
    ChainMotif *raw;
    size_t count, kept = 0;
    Motif *motifs = arena_array(v->a, Motif, limit + 1);
    if (raw_motifs(v, limit + SPARE, &raw, &count)) {
        for (size_t i = 0; i < count && kept < limit; i++) {
            if (!see_motif(v, &raw[i], &motifs[kept], err))
                return false;
            kept += motifs[kept].count >= 2;
        }
        qsort(motifs, kept, sizeof(*motifs), most_works_first);
    }
    *ret = motifs;
    *ret_count = kept;
    return true;
}

Str motifs_start(const Visit *v)
{
    Err err = {0};
    Motif *motifs;
    size_t count;
    return see_motifs(v, 1, &motifs, &count, &err) && count > 0 ? motifs[0].carriers[0].seen->record.id
                                                                : S("");
}

// The one that is on this part of this picture, also where it is not among the most travelled.
static bool find_motif(const Visit *v, Str image_id, const int region[4], Motif *ret, Err *err)
{
    const SiteSight *sight = &v->site->config.sight;
    Chain *chain = sight->chain ? sight->chain(sight->ctx) : NULL;
    CatalogImage image;
    ChainMotif raw;
    if (!chain || !catalog_find_image(v->site->config.catalog, image_id, v->a, &image, err))
        return err_set(err, ERR_NOT_FOUND, "no such motif");
    const double x = (region[0] + region[2] / 2.0) / MAX_OF(1, image.width_px);
    const double y = (region[1] + region[3] / 2.0) / MAX_OF(1, image.height_px);
    if (!chain_motif_at(chain, v->role, image_id, x, y, 2, v->a, &raw))
        return err_set(err, ERR_NOT_FOUND, "no such motif");
    if (!see_motif(v, &raw, ret, err))
        return false;
    bool named = false; // hidden a moment ago, the picture asked with names nothing either
    for (size_t i = 0; i < ret->count; i++)
        named |= str_eq(ret->carriers[i].seen->record.id, image.object_id);
    return (named && ret->count >= 2) || err_set(err, ERR_NOT_FOUND, "no such motif");
}

// ---- places and times

static Str place_of(const Record *record)
{
    return record->places.count ? record->places.items[0].text : S("");
}

static int most_first(const void *a, const void *b)
{
    const PartPlace *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return str_compare(x->name, y->name);
}

static size_t count_places(const Visit *v, const Motif *motif, PartPlace **ret)
{
    PartPlace *places = arena_array(v->a, PartPlace, PLACES_MAX);
    size_t count = 0;
    for (size_t i = 0; i < motif->count; i++) {
        const Str name = place_of(&motif->carriers[i].seen->record);
        size_t at = 0;
        while (at < count && !str_eq(places[at].name, name))
            at++;
        if (at == PLACES_MAX || name.n == 0)
            continue;
        if (at == count)
            places[count++] = (PartPlace){.name = name};
        places[at].count++;
    }
    qsort(places, count, sizeof(*places), most_first);
    *ret = places;
    return count;
}

Str year_text(const Visit *v, int year)
{
    const WordArgument n = {.name = S("n"), .text = arena_printf(v->a, "%d", year > 0 ? year : 1 - year)};
    return phrase_with(v->a, v->w, year > 0 ? WORD_YEAR_CE : WORD_YEAR_BCE, &n, 1);
}

// All lines of a page have one scale: from the earliest to the latest of all its motifs.
typedef struct {
    bool known;
    int earliest, latest;
} Scale;

static void widen(Scale *scale, const Motif *motif)
{
    if (!motif->dated)
        return;
    scale->earliest = scale->known ? MIN_OF(scale->earliest, motif->earliest) : motif->earliest;
    scale->latest = scale->known ? MAX_OF(scale->latest, motif->latest) : motif->latest;
    scale->known = true;
}

static int64_t place_on(const Scale *scale, int year)
{
    const int64_t span = MAX_OF(1, (int64_t)scale->latest - scale->earliest);
    return DOT + ((int64_t)year - scale->earliest) * (LINE_WIDTH - 2 * DOT) / span;
}

static PartTimes times_of(const Visit *v, const Motif *motif, const Scale *scale)
{
    PartTimes times = {.has = motif->dated};
    PartDot *dots = arena_array(v->a, PartDot, motif->count + 1);
    if (!motif->dated)
        return times;
    times.x = place_on(scale, motif->earliest);
    times.width = MAX_OF(1, place_on(scale, motif->latest) - times.x);
    times.first = year_text(v, motif->earliest);
    times.last = year_text(v, motif->latest);
    for (size_t i = 0; i < motif->count; i++) {
        Motif one = {0};
        date_of(&motif->carriers[i].seen->record, &one);
        if (one.dated)
            dots[times.dots.count++] =
                (PartDot){.x = place_on(scale, one.earliest + (one.latest - one.earliest) / 2)};
    }
    times.dots.items = dots;
    return times;
}

// ---- pages

static Str region_text(const Visit *v, const Carrier *c)
{
    const CropBox box = chains_box(c->end, c->media);
    return arena_printf(v->a, "%d,%d,%d,%d", box.left_px, box.top_px, box.width_px, box.height_px);
}

static Url motif_address(const Visit *v, const Motif *motif)
{
    const Carrier *c = &motif->carriers[0];
    return url_local(arena_printf(v->a, "/motifs?image=" FMT_STR "&region=" FMT_STR,
        ARG_STR(uri_encode(v->a, c->end->image_id, "")), ARG_STR(region_text(v, c))));
}

static PartMotifCard motif_card(const Visit *v, const Motif *motif, const Scale *scale)
{
    const Carrier *c = &motif->carriers[0];
    PartMotifCard card = {.address = motif_address(v, motif),
        .picture = crop_part(v, c->seen, c->media, chains_box(c->end, c->media), SIDE_PX, S("")),
        .works = (int64_t)motif->count,
        .times = times_of(v, motif, scale)};
    card.title = seen_title(v, c->seen, &card.title_lang);
    PartPlace *places;
    const size_t count = count_places(v, motif, &places);
    card.places.items = places;
    card.places.count = MIN_OF(count, (size_t)PLACES_SHOWN);
    card.more_places = (int64_t)(count - card.places.count);
    return card;
}

// The works of all motifs, each once. Motifs are few, but a work may carry several.
static MapAsk map_of(const Visit *v, const Motif *motifs, size_t count, bool way)
{
    size_t most = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        most += motifs[i].count;
    const Seen **works = arena_array(v->a, const Seen *, most + 1);
    StrSet known = str_set(v->a, most + 1);
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < motifs[i].count; c++) {
            const Seen *seen = motifs[i].carriers[c].seen;
            if (str_set_add(&known, seen->record.id))
                works[kept++] = seen;
        }
    }
    return (MapAsk){.works = works, .count = kept, .way = way, .open = way};
}

static void answer_all(Visit *v, const Motif *motifs, size_t count)
{
    Scale scale = {0};
    PartMotifCard *cards = arena_array(v->a, PartMotifCard, count + 1);
    for (size_t i = 0; i < count; i++)
        widen(&scale, &motifs[i]);
    for (size_t i = 0; i < count; i++)
        cards[i] = motif_card(v, &motifs[i], &scale);
    const MapAsk where = map_of(v, motifs, count, false);
    PageMotifs page = {
        .head = frame_head(
            v, &(Frame){.title = phrase(v->w, WORD_MOTIFS_TITLE), .path = S("/motifs"), .box = true}),
        .foot = frame_foot(v),
        .motifs = {cards, count},
        .map = map_part(v, &where),
        .nothing = count == 0,
        .tour = count > 0 ? url_local(S("/tour")) : URL_NONE};
    page.mapped = page.map.has || page.map.off.count > 0;
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_motifs_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
}

static PartCarrier carrier_part(const Visit *v, const Carrier *c)
{
    const PartCard card = card_part(v, c->seen);
    const CropBox box = chains_box(c->end, c->media);
    return (PartCarrier){.address = card.address,
        .picture = crop_part(v, c->seen, c->media, box, SIDE_PX, S("")),
        .shape = card_shape(v->a, box.width_px, box.height_px),
        .title = card.title,
        .title_lang = card.title_lang,
        .maker = card.maker,
        .maker_lang = card.maker_lang,
        .date = card.date,
        .place = place_of(&c->seen->record)};
}

static void answer_one(Visit *v, const Motif *motif)
{
    const Carrier *first = &motif->carriers[0];
    Scale scale = {0};
    PartCarrier *carriers = arena_array(v->a, PartCarrier, motif->count);
    widen(&scale, motif);
    for (size_t i = 0; i < motif->count; i++)
        carriers[i] = carrier_part(v, &motif->carriers[i]);
    PageOneMotif page = {.head = frame_head(v, &(Frame){.title = phrase(v->w, WORD_MOTIFS_ONE),
                                                   .path = motif_address(v, motif).address,
                                                   .hide = true,
                                                   .box = true}),
        .foot = frame_foot(v),
        .works = (int64_t)motif->count,
        .times = times_of(v, motif, &scale),
        .carriers = {carriers, motif->count},
        .all = url_local(S("/motifs"))};
    const MapAsk where = map_of(v, motif, 1, true);
    page.map = map_part(v, &where);
    page.mapped = page.map.has || page.map.off.count > 0;
    page.tour = url_local(
        arena_printf(v->a, "/tour?from=" FMT_STR, ARG_STR(uri_encode(v->a, first->seen->record.id, ""))));
    page.look = url_local(arena_printf(v->a, "/look?image=" FMT_STR "&region=" FMT_STR,
        ARG_STR(uri_encode(v->a, first->end->image_id, "")), ARG_STR(region_text(v, first))));
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_one_motif_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
}

void motifs_answer(Visit *v)
{
    Err err = {0};
    Str image, region;
    int box[4];
    Motif *motifs, one = {0};
    size_t count;
    if (!http_parameter(v->r, S("image"), &image)) {
        if (see_motifs(v, SHOWN, &motifs, &count, &err))
            answer_all(v, motifs, count);
        else
            trouble_answer(v, &err);
        return;
    }
    bool good = http_parameter(v->r, S("region"), &region) && visual_read_region(region, box);
    good = good ? find_motif(v, image, box, &one, &err)
                : err_set(&err, ERR_INVALID, "region is x,y,width,height in pixels");
    if (good)
        answer_one(v, &one);
    else
        trouble_answer(v, &err);
}

// ---- for scripts

static void put_motif(const Visit *v, const Motif *motif, JsonWriter *w)
{
    PartPlace *places;
    const size_t places_count = count_places(v, motif, &places);
    json_put_map(w);
    json_put_member_int(w, S("works"), (int64_t)motif->count);
    if (motif->dated) {
        json_put_member_int(w, S("earliest"), motif->earliest);
        json_put_member_int(w, S("latest"), motif->latest);
    }
    json_put_name(w, S("places"));
    json_put_map(w);
    for (size_t i = 0; i < places_count; i++)
        json_put_member_int(w, places[i].name, places[i].count);
    json_put_map_end(w);
    const MapAsk where = map_of(v, motif, 1, true);
    json_put_name(w, S("map"));
    map_put(v, &where, w);
    json_put_name(w, S("on"));
    json_put_list(w);
    for (size_t i = 0; i < motif->count; i++) {
        json_put_map(w);
        json_put_member(w, S("id"), motif->carriers[i].seen->record.id);
        json_put_member(w, S("image"), motif->carriers[i].end->image_id);
        json_put_member(w, S("region"), region_text(v, &motif->carriers[i]));
        json_put_map_end(w);
    }
    json_put_list_end(w);
    json_put_map_end(w);
}

void api_motifs_answer(Visit *v)
{
    Err err = {0};
    Motif *motifs;
    size_t count;
    if (!see_motifs(v, SHOWN, &motifs, &count, &err)) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_name(&w, S("motifs"));
    json_put_list(&w);
    for (size_t i = 0; i < count; i++)
        put_motif(v, &motifs[i], &w);
    json_put_list_end(&w);
    json_put_map_end(&w);
    frame_send(v, 200, S("application/json; charset=utf-8"), &b);
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
}
