// SPDX-License-Identifier: Apache-2.0
// A walk from work to work by shared motifs. The address holds every stop, so it can be sent to a friend and
// stays the same walk whatever the collection learns later; a stop that may not be seen (any more) is passed
// over as if it had never been named.
//   /tour?from=ID   finds a walk and leads to its address: /tour?at=ID&at=ID...; &go=N walks on from its end
#include "site/chains.h"

#include "base/utf8.h"
#include "site/map.h"

#include <stdlib.h>

enum { STOPS_MAX = 24, STEPS = 7, CANDIDATES = 12, ELSEWHERE = 3 };

typedef struct {
    Seen seen;
    bool linked; // to the stop before
    SeenLink link;
} Stop;

typedef struct {
    Stop stops[STOPS_MAX];
    size_t count;
} Walk;

// ---- choosing the next work: one that crosses as much as possible

static bool differ(const RecordTerms *a, const RecordTerms *b)
{
    if (a->count == 0 || b->count == 0)
        return false; // not known
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            if (str_eq_nocase(a->items[i].text, b->items[k].text))
                return false;
        }
    }
    return true;
}

static bool makers_differ(const RecordMakers *a, const RecordMakers *b)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            if (str_eq(a->items[i].name, b->items[k].name))
                return false;
        }
    }
    return a->count > 0 && b->count > 0;
}

static bool times_differ(const Record *a, const Record *b)
{
    if (a->dates.count == 0 || b->dates.count == 0 || !a->dates.items[0].has_years ||
        !b->dates.items[0].has_years)
        return false;
    return abs(a->dates.items[0].earliest - b->dates.items[0].earliest) > 60;
}

static bool visited(const Walk *walk, Str object_id)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (str_eq(walk->stops[i].seen.record.id, object_id))
            return true;
    }
    return false;
}

// Can the walk go on from there?
static bool leads_on(const Visit *v, const Walk *walk, const SeenLink *link)
{
    Err err = {0};
    SeenLink *links;
    size_t count;
    if (!chains_see(v, link->there, CANDIDATES, &links, &count, &err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!visited(walk, links[i].link.there.object_id))
            return true;
    }
    return false;
}

static double appeal(const Visit *v, const Walk *walk, const Record *here, const SeenLink *link)
{
    const Record *there = &link->there->record;
    return MIN_OF(link->link.points, 30) / 30.0 + (link->link.whole ? -2.0 : 0) +
           (differ(&here->places, &there->places) ? 1.0 : 0) +
           (makers_differ(&here->makers, &there->makers) ? 0.7 : 0) +
           (differ(&here->classification, &there->classification) ? 0.7 : 0) +
           (differ(&here->materials, &there->materials) ? 0.4 : 0) + (times_differ(here, there) ? 0.4 : 0) +
           (leads_on(v, walk, link) ? 0.8 : 0);
}

typedef struct {
    SeenLink link;
    double appeal;
} Candidate;

// The most appealing first; equal ones by id, so that the same walk is found again.
static int by_appeal(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->appeal != y->appeal)
        return x->appeal > y->appeal ? -1 : 1;
    return str_compare(x->link.link.there.object_id, y->link.link.there.object_id);
}

static bool ways_on(const Visit *v, const Walk *walk, Candidate **ret, size_t *ret_count, Err *err)
{
    const Seen *here = &walk->stops[walk->count - 1].seen;
    SeenLink *links;
    size_t count, kept = 0;
    if (!chains_see(v, here, CHAIN_LINKS_MAX, &links, &count, err))
        return false;
    Candidate *ways = arena_array(v->a, Candidate, CANDIDATES);
    for (size_t i = 0; i < count && kept < CANDIDATES; i++) {
        if (!visited(walk, links[i].link.there.object_id))
            ways[kept++] = (Candidate){links[i], appeal(v, walk, &here->record, &links[i])};
    }
    if (kept > 1)
        qsort(ways, kept, sizeof(*ways), by_appeal);
    *ret = ways;
    *ret_count = kept;
    return true;
}

static bool walk_on(const Visit *v, Walk *walk, int steps, Err *err)
{
    for (int i = 0; i < steps && walk->count > 0 && walk->count < STOPS_MAX; i++) {
        Candidate *ways;
        size_t count;
        if (!ways_on(v, walk, &ways, &count, err))
            return false;
        if (count == 0)
            break;
        walk->stops[walk->count++] =
            (Stop){.seen = *ways[0].link.there, .linked = true, .link = ways[0].link};
    }
    return true;
}

// ---- reading the walk

static bool add_stop(const Visit *v, Walk *walk, Str object_id, Err *err)
{
    Stop *stop = &walk->stops[walk->count];
    Err hidden = {0};
    SeenLink *links;
    size_t count;
    if (walk->count == STOPS_MAX)
        return err_set(err, ERR_LIMIT, "a walk has at most %d stops", STOPS_MAX);
    if (visited(walk, object_id))
        return true;
    *stop = (Stop){0};
    if (!seen_find(v, object_id, &stop->seen, &hidden))
        return hidden.kind == ERR_NOT_FOUND || err_set(err, hidden.kind, "%s", hidden.text);
    if (walk->count > 0 &&
        !chains_see(v, &walk->stops[walk->count - 1].seen, CHAIN_LINKS_MAX, &links, &count, err))
        return false;
    for (size_t i = 0; walk->count > 0 && i < count && !stop->linked; i++) {
        stop->linked = str_eq(links[i].link.there.object_id, object_id);
        stop->link = links[i];
    }
    walk->count++;
    return true;
}

static bool read_walk(const Visit *v, Walk *walk, Err *err)
{
    Str name, value;
    for (size_t at = 0; http_parameter_next(v->r, &at, &name, &value);) {
        if ((str_eq(name, S("at")) || str_eq(name, S("from"))) && value.n && !add_stop(v, walk, value, err))
            return false;
    }
    return true;
}

static Str walk_address(const Visit *v, const Walk *walk)
{
    CLEANUP(buf_free) Buf b = buf_with_max(64 * 1024);
    buf_add(&b, S("/tour"));
    for (size_t i = 0; i < walk->count; i++) {
        buf_add(&b, i ? S("&at=") : S("?at="));
        put_uri(&b, walk->stops[i].seen.record.id);
    }
    return arena_copy(v->a, buf_str(&b));
}

// How many steps are wished beyond the stops named; -1: nonsense.
static int steps_asked(const Visit *v, Err *err)
{
    Str value;
    int steps = 0;
    if (http_parameter(v->r, S("go"), &value) && !str_to_int(value, 1, STEPS, &steps)) {
        (void)!err_set(err, ERR_INVALID, "go is a number of steps from 1 to %d", STEPS);
        return -1;
    }
    if (steps == 0 && http_parameter(v->r, S("from"), &value))
        steps = STEPS;
    return steps;
}

// With no stop at all a walk begins where the most travelled motif is.
static bool find_walk(const Visit *v, Walk *walk, bool *ret_new, Err *err)
{
    int steps = steps_asked(v, err);
    if (steps < 0 || !read_walk(v, walk, err))
        return false;
    if (walk->count == 0) {
        const Str start = motifs_start(v);
        Str value;
        if (http_parameter(v->r, S("at"), &value) || http_parameter(v->r, S("from"), &value))
            return err_set(err, ERR_NOT_FOUND, "no such object");
        if (start.n && !add_stop(v, walk, start, err))
            return false;
        steps = STEPS;
    }
    *ret_new = steps > 0;
    return walk_on(v, walk, steps, err);
}

// ---- the page

static void fill_elsewhere(const Visit *v, const Walk *walk, PageTour *page)
{
    Err err = {0};
    Candidate *ways;
    size_t count;
    if (walk->count == 0 || walk->count == STOPS_MAX || !ways_on(v, walk, &ways, &count, &err))
        return;
    const size_t shown = MIN_OF(count, (size_t)ELSEWHERE);
    PartWayOn *parts = arena_array(v->a, PartWayOn, shown + 1);
    Str here = walk_address(v, walk);
    for (size_t i = 0; i < shown; i++) {
        const PartCard card = card_part(v, ways[i].link.there);
        parts[i] = (PartWayOn){.address = url_local(arena_printf(v->a, FMT_STR "&at=" FMT_STR, ARG_STR(here),
                                   ARG_STR(uri_encode(v->a, ways[i].link.there->record.id, "")))),
            .title = card.title,
            .title_lang = card.title_lang,
            .motif = chains_motif_part(v, &walk->stops[walk->count - 1].seen, &ways[i].link)};
    }
    page->elsewhere.items = parts;
    page->elsewhere.count = shown;
    if (count > 0)
        page->on = url_local(arena_printf(v->a, FMT_STR "&go=%d", ARG_STR(here), STEPS));
}

static MapAsk map_of(const Visit *v, const Walk *walk)
{
    const Seen **works = arena_array(v->a, const Seen *, walk->count + 1);
    for (size_t i = 0; i < walk->count; i++)
        works[i] = &walk->stops[i].seen;
    return (MapAsk){.works = works, .count = walk->count, .as_given = true, .way = true};
}

static void answer_page(Visit *v, const Walk *walk)
{
    PartStop *stops = arena_array(v->a, PartStop, walk->count + 1);
    for (size_t i = 0; i < walk->count; i++) {
        const Stop *stop = &walk->stops[i];
        stops[i] = (PartStop){.card = card_part(v, &stop->seen), .linked = stop->linked};
        if (stop->linked)
            stops[i].motif = chains_motif_part(v, &walk->stops[i - 1].seen, &stop->link);
        if (stop->seen.record.places.count)
            stops[i].place = stop->seen.record.places.items[0].text;
    }
    PageTour page = {.head = frame_head(v, &(Frame){.title = phrase(v->w, WORD_TOUR_TITLE),
                                               .path = walk_address(v, walk),
                                               .hide = walk->count > 0,
                                               .box = true}),
        .foot = frame_foot(v),
        .stops = {stops, walk->count},
        .nothing = walk->count == 0};
    const MapAsk where = map_of(v, walk);
    page.map = map_part(v, &where);
    page.mapped = page.map.has;
    fill_elsewhere(v, walk, &page);
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_tour_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
}

void tour_answer(Visit *v)
{
    Err err = {0};
    Walk *walk = arena_new(v->a, Walk);
    bool is_new;
    if (!find_walk(v, walk, &is_new, &err)) {
        trouble_answer(v, &err);
    } else if (is_new && walk->count > 0) {
        *v->answer = (HttpAnswer){.status = 303, .cache_control = S("no-cache")};
        http_answer_header(v->answer, "Location", walk_address(v, walk));
    } else {
        answer_page(v, walk);
    }
}

void api_tour_answer(Visit *v)
{
    Err err = {0};
    Walk *walk = arena_new(v->a, Walk);
    bool is_new;
    if (!find_walk(v, walk, &is_new, &err)) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member(&w, S("page"),
        arena_printf(v->a, FMT_STR FMT_STR, ARG_STR(v->base_url), ARG_STR(walk_address(v, walk))));
    json_put_name(&w, S("stops"));
    json_put_list(&w);
    for (size_t i = 0; i < walk->count; i++) {
        Str lang, title = seen_title(v, &walk->stops[i].seen, &lang);
        json_put_map(&w);
        json_put_member(&w, S("id"), walk->stops[i].seen.record.id);
        json_put_member(&w, S("title"), title);
        if (walk->stops[i].linked) {
            json_put_name(&w, S("link"));
            json_put_map(&w);
            chains_put_link(v, &walk->stops[i].link, &w);
            json_put_map_end(&w);
        }
        json_put_map_end(&w);
    }
    json_put_list_end(&w);
    json_put_map_end(&w);
    frame_send(v, 200, S("application/json; charset=utf-8"), &b);
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
}
