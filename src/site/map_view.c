// SPDX-License-Identifier: Apache-2.0
#include "site/map_view.h"

#include "place/place.h"

#include <math.h>
#include <stdlib.h>

#define KM_A_DEGREE 111.2
#define DEGREE (M_PI / 180)

enum { PATH_MAX_BYTES = 512 * 1024 };

static const double WIDE_MIN = 20, HIGH_MIN = 12, MARGIN = 0.09, NORTH_MAX = 84, SOUTH_MIN = -84;
static const double RATIO_MIN = 1.35, RATIO_MAX = 1.85; // width to height
static const double STEP = 3;                           // points of a coast nearer than this are one
static const double BEYOND = 20;                        // so much is drawn outside the frame, for its outline

// ---- the part that is shown

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double east_of(double longitude, double west)
{
    const double degrees = fmod(longitude - west, 360);
    return degrees < 0 ? degrees + 360 : degrees;
}

// The longitude behind the widest gap.
static double first_longitude(const MapSpot *spots, size_t count, Arena *a)
{
    double *sorted = arena_array(a, double, count);
    double gap = -1, first = 0;
    for (size_t i = 0; i < count; i++)
        sorted[i] = spots[i].longitude;
    qsort(sorted, count, sizeof(*sorted), by_number);
    for (size_t i = 0; i < count; i++) {
        const double before = i ? sorted[i - 1] : sorted[count - 1] - 360;
        if (sorted[i] - before > gap) {
            gap = sorted[i] - before;
            first = sorted[i];
        }
    }
    return first;
}

typedef struct {
    double west, east, south, north;
} Frame4;

static double wide_degrees(const MapSpot *s)
{
    return s->radius_km / KM_A_DEGREE / fmax(0.2, cos(s->latitude * DEGREE));
}

static Frame4 frame_around(const MapSpot *spots, size_t count, Arena *a)
{
    const double first = first_longitude(spots, count, a);
    Frame4 f = {.west = 360, .east = -360, .south = 90, .north = -90};
    for (size_t i = 0; i < count; i++) {
        const MapSpot *s = &spots[i];
        const double east = east_of(s->longitude, first), high = s->radius_km / KM_A_DEGREE;
        f.west = fmin(f.west, east - wide_degrees(s));
        f.east = fmax(f.east, east + wide_degrees(s));
        f.south = fmin(f.south, s->latitude - high);
        f.north = fmax(f.north, s->latitude + high);
    }
    f.west += first;
    f.east += first;
    return f;
}

static void widen(double *low, double *high, double least)
{
    const double more = fmax(0, least - (*high - *low)) / 2;
    *low -= more;
    *high += more;
}

// Moved rather than cut where it would reach over a pole.
static void keep_on_earth(Frame4 *f)
{
    const double down = fmax(0, f->north - NORTH_MAX), up = fmax(0, SOUTH_MIN - f->south);
    f->north = fmin(NORTH_MAX, f->north - down + up);
    f->south = fmax(SOUTH_MIN, f->south - down + up);
    if (f->east - f->west > 360) {
        const double middle = (f->east + f->west) / 2;
        f->west = middle - 180;
        f->east = middle + 180;
    }
}

MapView map_view(const MapSpot *spots, size_t count, Arena *a)
{
    Frame4 f = frame_around(spots, count, a);
    const double high = (f.north - f.south) * MARGIN, wide = (f.east - f.west) * MARGIN;
    f = (Frame4){f.west - wide, f.east + wide, f.south - high, f.north + high};
    const double middle = fabs(f.north + f.south) / 2, least = f.east - f.west > 150 ? 36 : 0;
    const double squeeze = cos(fmin(70, fmax(middle, least)) * DEGREE);
    widen(&f.south, &f.north, HIGH_MIN);
    widen(&f.west, &f.east, WIDE_MIN / squeeze);
    widen(&f.west, &f.east, fmin(360, (f.north - f.south) * RATIO_MIN / squeeze));
    widen(&f.south, &f.north, fmin(360, f.east - f.west) * squeeze / RATIO_MAX);
    keep_on_earth(&f);
    MapView view = {.west = f.west, .north = f.north, .squeeze = squeeze};
    view.degree = MAP_WIDTH / ((f.east - f.west) * squeeze);
    view.height = (int)((f.north - f.south) * view.degree + 0.5);
    return view;
}

void map_view_at(const MapView *view, double latitude, double longitude, double *ret_x, double *ret_y)
{
    *ret_x = east_of(longitude, view->west) * view->squeeze * view->degree;
    *ret_y = (view->north - latitude) * view->degree;
}

void map_view_circle(const MapView *view, double latitude, double radius_km, double *ret_x, double *ret_y)
{
    const MapSpot spot = {.latitude = latitude, .radius_km = radius_km};
    *ret_x = wide_degrees(&spot) * view->squeeze * view->degree;
    *ret_y = radius_km / KM_A_DEGREE * view->degree;
}

// ---- the land on it

typedef struct {
    double x, y;
} Spot;

typedef struct {
    Spot *points;
    size_t count;
} Outline;

typedef enum { SIDE_LEFT, SIDE_RIGHT, SIDE_TOP, SIDE_BOTTOM, SIDES } Side;

// How far inside a point lies; below 0: outside.
static double inside(const MapView *view, Side side, Spot p)
{
    switch (side) {
    case SIDE_LEFT:
        return p.x + BEYOND;
    case SIDE_RIGHT:
        return MAP_WIDTH + BEYOND - p.x;
    case SIDE_TOP:
        return p.y + BEYOND;
    case SIDE_BOTTOM:
        return view->height + BEYOND - p.y;
    case SIDES:
        break;
    }
    return 0;
}

// Sutherland and Hodgman 1974. `to` has room for twice the points of `from`.
static void cut(const MapView *view, Side side, const Outline *from, Outline *to)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        const Spot a = from->points[i ? i - 1 : from->count - 1], b = from->points[i];
        const double in_a = inside(view, side, a), in_b = inside(view, side, b);
        if ((in_a < 0) != (in_b < 0)) {
            const double part = in_a / (in_a - in_b);
            to->points[to->count++] = (Spot){a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part};
        }
        if (in_b >= 0)
            to->points[to->count++] = b;
    }
}

// A number of a path; buf_printf takes as long as all the rest together.
static void put_step(Buf *b, int number, bool first)
{
    char digits[12];
    int count = 0;
    unsigned rest = (unsigned)abs(number);
    do {
        digits[sizeof(digits) - 1 - (size_t)count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0 || !first)
        buf_add_char(b, number < 0 ? '-' : ' ');
    buf_add_bytes(b, digits + sizeof(digits) - (size_t)count, (size_t)count);
}

static void put_outline(Buf *b, const Outline *o)
{
    int x = 0, y = 0, points = 0;
    const size_t start = b->n;
    for (size_t i = 0; i < o->count; i++) {
        const int to_x = (int)lround(o->points[i].x), to_y = (int)lround(o->points[i].y);
        if (points && abs(to_x - x) < STEP && abs(to_y - y) < STEP)
            continue;
        if (points == 0)
            buf_add_char(b, 'M');
        else if (points == 1)
            buf_add_char(b, 'l');
        put_step(b, to_x - x, points < 2);
        put_step(b, to_y - y, false);
        points++;
        x = to_x;
        y = to_y;
    }
    if (points < 3)
        b->n = start; // too small to be seen
    else
        buf_add_char(b, 'z');
}

// A ring on the map as it is for no turn of the earth, and what it spans.
typedef struct {
    Spot *points;
    size_t count;
    double left, right, top, bottom;
} Coast;

static Coast place_ring(const MapView *view, const LandRing *ring, Arena *a)
{
    Coast c = {arena_array(a, Spot, ring->count), ring->count, 1e9, -1e9, 1e9, -1e9};
    const double east = view->squeeze * view->degree;
    for (size_t i = 0; i < ring->count; i++) {
        double latitude, longitude;
        land_point(ring, i, &latitude, &longitude);
        const Spot p = {(longitude - view->west) * east, (view->north - latitude) * view->degree};
        c.points[i] = p;
        c.left = MIN_OF(c.left, p.x);
        c.right = MAX_OF(c.right, p.x);
        c.top = MIN_OF(c.top, p.y);
        c.bottom = MAX_OF(c.bottom, p.y);
    }
    return c;
}

// The ring as it lies `shift` to the right, as far as it is seen.
static void put_ring(const MapView *view, const Coast *c, double shift, Arena *a, Buf *b)
{
    if (c->right + shift <= 0 || c->left + shift >= MAP_WIDTH || c->bottom <= 0 || c->top >= view->height)
        return;
    // Each cut adds at most as many points as the outline crosses the side.
    Outline one = {arena_array(a, Spot, c->count * 6 + 16), c->count};
    Outline two = {arena_array(a, Spot, c->count * 6 + 16), 0};
    for (size_t i = 0; i < c->count; i++)
        one.points[i] = (Spot){c->points[i].x + shift, c->points[i].y};
    for (Side side = SIDE_LEFT; side < SIDES; side += 2) {
        cut(view, side, &one, &two);
        cut(view, side + 1, &two, &one);
    }
    put_outline(b, &one);
}

Str map_view_land(const MapView *view, Arena *a)
{
    CLEANUP(buf_free) Buf b = buf_with_max(PATH_MAX_BYTES);
    CLEANUP(arena_closep) Arena *scratch = arena_open();
    const double turn = 360 * view->squeeze * view->degree;
    LandRing ring;
    for (size_t at = 0; land_next(&at, &ring);) {
        arena_reset(scratch);
        const Coast coast = place_ring(view, &ring, scratch);
        for (int i = -2; i <= 2; i++) // what lies beyond the date line is seen, too
            put_ring(view, &coast, turn * i, scratch, &b);
    }
    return b.full ? S("") : arena_copy(a, buf_str(&b));
}
