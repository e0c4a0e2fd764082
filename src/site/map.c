// SPDX-License-Identifier: Apache-2.0
#include "site/map.h"

#include "site/chains.h"
#include "site/map_view.h"

#include <math.h>
#include <stdlib.h>

enum { MARKS_MAX = 100, OFF_MAX = 40, STEPS = 6, TIDY_ROUNDS = 120, NAMES_MAX = 6, APART = 6 };

// A name as records write it, and how many works have it.
typedef struct {
    Str name, filter;
    int64_t works;
} Said;

// Works of one place.
typedef struct {
    Place place;
    PlaceAnswer answer;
    Said said[NAMES_MAX];
    size_t said_count;
    int64_t works;
    bool dated, sure;
    int earliest, latest, first_year; // first_year: the middle of the earliest work's span
    double x, y, at_x, at_y, radius;
} Group;

typedef struct {
    Group *groups; // known ones
    size_t count, capacity;
    Group *off; // the others
    size_t off_count, off_capacity;
} Groups;

// ---- who comes from where

static bool same_place(const Group *g, const Place *place, PlaceAnswer answer, Str name)
{
    if (g->answer != answer)
        return false;
    if (answer != PLACE_KNOWN)
        return str_eq(g->said[0].name, name);
    return g->place.kind == place->kind && fabs(g->place.latitude - place->latitude) < 1e-6 &&
           fabs(g->place.longitude - place->longitude) < 1e-6 &&
           fabs(g->place.radius_km - place->radius_km) < 1;
}

static Str join_names(const Visit *v, const Str *texts, size_t count)
{
    return count == 1 ? texts[0] : arena_join(v->a, texts, MIN_OF(count, (size_t)3), S(", "));
}

// The text by which the search finds what comes from there: the one that says it.
static Str filter_of(const Visit *v, const Str *texts, size_t count, const Place *place)
{
    Place one;
    for (size_t i = 0; count > 1 && i < count; i++) {
        if (places_find(v->site->config.places, &texts[i], 1, v->a, &one) == PLACE_KNOWN &&
            str_eq(one.name, place->name))
            return texts[i];
    }
    return texts[0];
}

static PlaceAnswer find_place(const Visit *v, const Record *record, Str *texts, size_t *ret_count, Place *ret)
{
    *ret = (Place){.kind = PLACE_SPOT};
    PlaceAnswer answer = PLACE_UNKNOWN;
    *ret_count = 0;
    for (size_t i = 0; i < record->places.count && *ret_count < PLACE_TEXTS_MAX; i++) {
        const RecordTerm *term = &record->places.items[i];
        if (answer != PLACE_KNOWN && place_read_spot(term->at, &ret->latitude, &ret->longitude)) {
            answer = PLACE_KNOWN;
            ret->name = term->text;
        }
        if (term->text.n)
            texts[(*ret_count)++] = term->text;
    }
    return answer == PLACE_KNOWN || *ret_count == 0
               ? answer
               : places_find(v->site->config.places, texts, *ret_count, v->a, ret);
}

static void count_name(Group *g, Str name, Str filter)
{
    for (size_t i = 0; i < g->said_count; i++) {
        if (str_eq(g->said[i].name, name)) {
            g->said[i].works++;
            return;
        }
    }
    if (g->said_count < NAMES_MAX)
        g->said[g->said_count++] = (Said){name, filter, 1};
}

static void count_years(Group *g, const Record *record)
{
    int earliest, latest;
    if (!record_years(record, &earliest, &latest))
        return;
    const int middle = earliest + (latest - earliest) / 2;
    g->earliest = g->dated ? MIN_OF(g->earliest, earliest) : earliest;
    g->latest = g->dated ? MAX_OF(g->latest, latest) : latest;
    g->first_year = g->dated ? MIN_OF(g->first_year, middle) : middle;
    g->dated = true;
}

static Group *group_of(const Visit *v, Groups *all, const Place *place, PlaceAnswer answer, Str name)
{
    const bool known = answer == PLACE_KNOWN;
    Group *groups = known ? all->groups : all->off;
    const size_t count = known ? all->count : all->off_count;
    for (size_t i = 0; i < count; i++) {
        if (same_place(&groups[i], place, answer, name))
            return &groups[i];
    }
    Group *g = known ? arena_push(v->a, &all->groups, &all->count, &all->capacity)
                     : arena_push(v->a, &all->off, &all->off_count, &all->off_capacity);
    *g = (Group){.place = *place, .answer = answer};
    return g;
}

static void add_work(const Visit *v, Groups *all, const Record *record)
{
    Str texts[PLACE_TEXTS_MAX];
    size_t count;
    Place place;
    const PlaceAnswer answer = find_place(v, record, texts, &count, &place);
    if (answer != PLACE_KNOWN && count == 0)
        return;
    const Str name = count ? join_names(v, texts, count) : place.name;
    Group *g = group_of(v, all, &place, answer, name);
    count_name(g, name, count ? filter_of(v, texts, count, &place) : S(""));
    count_years(g, record);
    g->sure |= !place.perhaps;
    g->works++;
}

static int by_time(const void *a, const void *b)
{
    const Group *x = a, *y = b;
    if (x->dated != y->dated)
        return x->dated ? -1 : 1;
    if (x->first_year != y->first_year)
        return x->first_year < y->first_year ? -1 : 1;
    return str_compare(x->said[0].name, y->said[0].name);
}

static int most_works_first(const void *a, const void *b)
{
    const Group *x = a, *y = b;
    if (x->works != y->works)
        return x->works > y->works ? -1 : 1;
    return by_time(a, b);
}

static Groups group_works(const Visit *v, const MapAsk *ask)
{
    Groups all = {0};
    for (size_t i = 0; i < ask->count; i++)
        add_work(v, &all, &ask->works[i]->record);
    if (all.count > MARKS_MAX) { // the rest would hide one another
        qsort(all.groups, all.count, sizeof(*all.groups), most_works_first);
        for (size_t i = MARKS_MAX; i < all.count; i++)
            *arena_push(v->a, &all.off, &all.off_count, &all.off_capacity) = all.groups[i];
        all.count = MARKS_MAX;
    }
    if (!ask->as_given && all.count > 1)
        qsort(all.groups, all.count, sizeof(*all.groups), by_time);
    if (all.off_count > 1)
        qsort(all.off, all.off_count, sizeof(*all.off), most_works_first);
    return all;
}

// ---- words

static Str how_text(const Visit *v, PlaceKind kind)
{
    static const Word WORDS_OF[] = {[PLACE_SPOT] = WORD_MAP_HOW_SPOT,
        [PLACE_OWN] = WORD_MAP_HOW_OWN,
        [PLACE_TOWN] = WORD_MAP_HOW_TOWN,
        [PLACE_REGION] = WORD_MAP_HOW_REGION,
        [PLACE_AREA] = WORD_MAP_HOW_AREA,
        [PLACE_COUNTRY] = WORD_MAP_HOW_COUNTRY};
    return phrase(v->w, WORDS_OF[kind]);
}

static Str why_text(const Visit *v, PlaceAnswer answer)
{
    static const Word WORDS_OF[] = {[PLACE_KNOWN] = WORD_MAP_OFF_MANY,
        [PLACE_UNKNOWN] = WORD_MAP_OFF_UNKNOWN,
        [PLACE_SEVERAL] = WORD_MAP_OFF_SEVERAL,
        [PLACE_KEPT] = WORD_MAP_OFF_KEPT};
    return phrase(v->w, WORDS_OF[answer]);
}

static Str when_text(const Visit *v, const Group *g)
{
    if (!g->dated)
        return S("");
    return g->earliest == g->latest
               ? year_text(v, g->earliest)
               : arena_printf(v->a, FMT_STR "–" FMT_STR, ARG_STR(year_text(v, g->earliest)),
                     ARG_STR(year_text(v, g->latest)));
}

static const Said *most_said(const Group *g)
{
    const Said *most = &g->said[0];
    for (size_t i = 1; i < g->said_count; i++) {
        if (g->said[i].works > most->works)
            most = &g->said[i];
    }
    return most;
}

static Url works_address(const Visit *v, const Said *said)
{
    const SearchAsk ask = {0};
    return said->filter.n == 0
               ? URL_NONE
               : search_address(v->a, &(SearchPlace){.ask = &ask, .add = {S("place"), said->filter}});
}

static Str mark_says(const Visit *v, const Group *g, size_t number)
{
    const WordArgument n = {.name = S("n"), .number = g->works, .is_number = true};
    const Str parts[] = {arena_printf(v->a, "%zu. " FMT_STR, number, ARG_STR(most_said(g)->name)),
        phrase_with(v->a, v->w, WORD_COUNT_WORKS, &n, 1), how_text(v, g->place.kind), when_text(v, g)};
    return arena_join(v->a, parts, g->dated ? 4 : 3, S(", "));
}

// ---- time as a shade

typedef struct {
    bool known;
    int first, last;
} Span;

static Span span_of(const Groups *all)
{
    Span span = {0};
    for (size_t i = 0; i < all->count; i++) {
        const Group *g = &all->groups[i];
        if (!g->dated)
            continue;
        span.first = span.known ? MIN_OF(span.first, g->first_year) : g->first_year;
        span.last = span.known ? MAX_OF(span.last, g->first_year) : g->first_year;
        span.known = true;
    }
    return span;
}

static Str step_of(const Visit *v, const Span *span, const Group *g)
{
    if (!g->dated)
        return S("tn");
    const int64_t years = MAX_OF((int64_t)1, (int64_t)span->last - span->first);
    return arena_printf(
        v->a, "t%lld", (long long)(((int64_t)g->first_year - span->first) * (STEPS - 1) / years));
}

// ---- marks that do not lie on one another

static int size_of(const Group *g)
{
    static const int64_t MOST[] = {1, 2, 5, 12};
    int size = 0;
    while (size < 4 && g->works > MOST[size])
        size++;
    return size;
}

static void push_apart(Group *a, Group *b, size_t turn)
{
    double dx = b->x - a->x, dy = b->y - a->y, away = hypot(dx, dy);
    const double want = a->radius + b->radius + APART;
    if (away >= want)
        return;
    if (away < 0.01) { // on the same spot: each pair its own way
        dx = cos((double)turn * 2.4);
        dy = sin((double)turn * 2.4);
        away = 1;
    }
    const double half = (want - fmin(away, want)) / 2 / away;
    a->x -= dx * half;
    a->y -= dy * half;
    b->x += dx * half;
    b->y += dy * half;
}

static void tidy(Group *groups, size_t count, int height)
{
    for (int round = 0; round < TIDY_ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < i; k++)
                push_apart(&groups[i], &groups[k], i + k);
        }
        for (size_t i = 0; i < count; i++) {
            Group *g = &groups[i];
            const double back = round < TIDY_ROUNDS - 10 ? 0.02 : 0;
            g->x = fmin(fmax(g->x + (g->at_x - g->x) * back, g->radius), MAP_WIDTH - g->radius);
            g->y = fmin(fmax(g->y + (g->at_y - g->y) * back, g->radius), height - g->radius);
        }
    }
}

static MapView lay_out(const Visit *v, Groups *all)
{
    static const double RADIUS[] = {36, 40, 46, 54, 64};
    MapSpot *spots = arena_array(v->a, MapSpot, all->count);
    for (size_t i = 0; i < all->count; i++) {
        const Place *p = &all->groups[i].place;
        spots[i] = (MapSpot){p->latitude, p->longitude, p->radius_km};
    }
    const MapView view = map_view(spots, all->count, v->a);
    for (size_t i = 0; i < all->count; i++) {
        Group *g = &all->groups[i];
        map_view_at(&view, g->place.latitude, g->place.longitude, &g->at_x, &g->at_y);
        g->x = g->at_x;
        g->y = g->at_y;
        g->radius = RADIUS[size_of(g)];
    }
    tidy(all->groups, all->count, view.height);
    return view;
}

// From each place to the next in a bow, with a tip in its middle.
static Str way_path(const Visit *v, const Groups *all, bool undated)
{
    CLEANUP(buf_free) Buf b = buf_with_max(64 * 1024);
    const Group *before = NULL;
    for (size_t i = 0; i < all->count; i++) {
        const Group *g = &all->groups[i];
        if (!g->dated && !undated)
            continue;
        if (before) {
            const double dx = g->x - before->x, dy = g->y - before->y, away = fmax(1, hypot(dx, dy));
            const double bend_x = (before->x + g->x) / 2 - dy * 0.16,
                         bend_y = (before->y + g->y) / 2 + dx * 0.16;
            const double tip_x = (before->x + g->x) / 4 + bend_x / 2 + dx / away * 12,
                         tip_y = (before->y + g->y) / 4 + bend_y / 2 + dy / away * 12;
            buf_printf(&b, "M%.0f %.0fQ%.0f %.0f %.0f %.0fM%.0f %.0fL%.0f %.0fL%.0f %.0f", before->x,
                before->y, bend_x, bend_y, g->x, g->y, tip_x - (dx - dy * 0.6) / away * 26,
                tip_y - (dy + dx * 0.6) / away * 26, tip_x, tip_y, tip_x - (dx + dy * 0.6) / away * 26,
                tip_y - (dy - dx * 0.6) / away * 26);
        }
        before = g;
    }
    return arena_copy(v->a, buf_str(&b));
}

// ---- the parts of the page

static PartMapMark mark_part(const Visit *v, const Group *g, const Span *span, size_t number)
{
    static const char *const SIZES[] = {"s0", "s1", "s2", "s3", "s4"};
    return (PartMapMark){.address = works_address(v, most_said(g)),
        .says = mark_says(v, g, number),
        .step = step_of(v, span, g),
        .size = str_from(SIZES[size_of(g)]),
        .label = arena_printf(v->a, "%zu", number),
        .x = lround(g->x),
        .y = lround(g->y),
        .at_x = lround(g->at_x),
        .at_y = lround(g->at_y),
        .moved = hypot(g->x - g->at_x, g->y - g->at_y) > g->radius / 2,
        .hollow = g->place.radius_km > 0,
        .perhaps = !g->sure};
}

static PartMapRow row_part(const Visit *v, const Group *g, const Span *span, size_t number)
{
    PartMapName *names = arena_array(v->a, PartMapName, g->said_count);
    for (size_t i = 0; i < g->said_count; i++)
        names[i] = (PartMapName){.address = works_address(v, &g->said[i]), .name = g->said[i].name};
    return (PartMapRow){.number = arena_printf(v->a, "%zu", number),
        .step = step_of(v, span, g),
        .names = {names, g->said_count},
        .how = how_text(v, g->place.kind),
        .perhaps = !g->sure,
        .when = when_text(v, g),
        .works = g->works};
}

static void fill_off(const Visit *v, const Groups *all, PartMap *map)
{
    const size_t count = MIN_OF(all->off_count, (size_t)OFF_MAX);
    PartMapOff *off = arena_array(v->a, PartMapOff, count + 1);
    for (size_t i = 0; i < count; i++) {
        const Group *g = &all->off[i];
        off[i] = (PartMapOff){.address = works_address(v, &g->said[0]),
            .name = g->said[0].name,
            .works = g->works,
            .why = why_text(v, g->answer)};
    }
    map->off.items = off;
    map->off.count = count;
    map->off_count = (int64_t)all->off_count;
}

static void fill_marks(const Visit *v, const MapAsk *ask, Groups *all, PartMap *map)
{
    const MapView view = lay_out(v, all);
    const Span span = span_of(all);
    PartMapMark *marks = arena_array(v->a, PartMapMark, all->count);
    PartMapRow *rows = arena_array(v->a, PartMapRow, all->count);
    PartMapArea *areas = arena_array(v->a, PartMapArea, all->count);
    for (size_t i = 0; i < all->count; i++) {
        const Group *g = &all->groups[i];
        double wide, high;
        marks[i] = mark_part(v, g, &span, i + 1);
        rows[i] = row_part(v, g, &span, i + 1);
        if (g->place.radius_km <= 0)
            continue;
        map_view_circle(&view, g->place.latitude, g->place.radius_km, &wide, &high);
        areas[map->areas.count++] =
            (PartMapArea){lround(g->at_x), lround(g->at_y), lround(wide), lround(high), step_of(v, &span, g)};
    }
    map->has = true;
    map->height = view.height;
    map->land = map_view_land(&view, v->a);
    map->areas.items = areas;
    map->marks.items = marks;
    map->marks.count = all->count;
    map->rows.items = rows;
    map->rows.count = all->count;
    map->way = ask->way ? way_path(v, all, ask->as_given) : S("");
    map->hint = ask->as_given ? phrase(v->w, WORD_MAP_WALK) : phrase(v->w, WORD_MAP_SAYS);
    if (ask->way && !ask->as_given)
        map->hint =
            arena_printf(v->a, FMT_STR " " FMT_STR, ARG_STR(map->hint), ARG_STR(phrase(v->w, WORD_MAP_WAY)));
    map->timed = span.known && span.first != span.last;
    map->first = map->timed ? year_text(v, span.first) : S("");
    map->last = map->timed ? year_text(v, span.last) : S("");
}

PartMap map_part(const Visit *v, const MapAsk *ask)
{
    PartMap map = {.open = ask->open, .says = phrase(v->w, WORD_MAP_TITLE)};
    if (v->site->config.places == NULL)
        return map;
    Groups all = group_works(v, ask);
    if (all.count > 0)
        fill_marks(v, ask, &all, &map);
    fill_off(v, &all, &map);
    return map;
}

// ---- for scripts

void map_put(const Visit *v, const MapAsk *ask, JsonWriter *w)
{
    static const char *const HOW[] = {[PLACE_SPOT] = "record",
        [PLACE_OWN] = "museum",
        [PLACE_TOWN] = "town",
        [PLACE_REGION] = "region",
        [PLACE_AREA] = "area",
        [PLACE_COUNTRY] = "country"};
    json_put_list(w);
    const Groups all = v->site->config.places ? group_works(v, ask) : (Groups){0};
    for (size_t i = 0; i < all.count; i++) {
        const Group *g = &all.groups[i];
        json_put_map(w);
        json_put_member(w, S("name"), most_said(g)->name);
        json_put_name(w, S("latitude"));
        json_put_real(w, g->place.latitude);
        json_put_name(w, S("longitude"));
        json_put_real(w, g->place.longitude);
        json_put_name(w, S("kilometres"));
        json_put_real(w, g->place.radius_km);
        json_put_member(w, S("how"), str_from(HOW[g->place.kind]));
        json_put_member_bool(w, S("perhaps"), !g->sure);
        json_put_member_int(w, S("works"), g->works);
        if (g->dated) {
            json_put_member_int(w, S("earliest"), g->earliest);
            json_put_member_int(w, S("latest"), g->latest);
        }
        json_put_map_end(w);
    }
    json_put_list_end(w);
}
