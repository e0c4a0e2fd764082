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

static void put_outline(Buf *b, const Outline *o)
{
    int x = 0, y = 0, points = 0;
    const size_t start = b->n;
    for (size_t i = 0; i < o->count; i++) {
        const int to_x = (int)lround(o->points[i].x), to_y = (int)lround(o->points[i].y);
        if (points && abs(to_x - x) < STEP && abs(to_y - y) < STEP)
            continue;
        if (points++ == 0)
            buf_printf(b, "M%d %dl", to_x, to_y);
        else
            buf_printf(b, "%s%d%s%d", points > 2 && to_x - x >= 0 ? " " : "", to_x - x,
                to_y - y < 0 ? "" : " ", to_y - y);
        x = to_x;
        y = to_y;
    }
    if (points < 3)
        b->n = start; // too small to be seen
    else
        buf_add_char(b, 'z');
}

// turn: whole turns of the earth, so that what lies beyond the date line is seen, too.
static bool place_ring(const MapView *view, const LandRing *ring, int turn, Outline *ret)
{
    double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
    for (size_t i = 0; i < ring->count; i++) {
        double latitude, longitude;
        land_point(ring, i, &latitude, &longitude);
        const Spot p = {(longitude + 360 * turn - view->west) * view->squeeze * view->degree,
            (view->north - latitude) * view->degree};
        ret->points[i] = p;
        left = fmin(left, p.x);
        right = fmax(right, p.x);
        top = fmin(top, p.y);
        bottom = fmax(bottom, p.y);
    }
    ret->count = ring->count;
    return right > 0 && left < MAP_WIDTH && bottom > 0 && top < view->height;
}

Str map_view_land(const MapView *view, Arena *a)
{
    CLEANUP(buf_free) Buf b = buf_with_max(PATH_MAX_BYTES);
    CLEANUP(arena_closep) Arena *scratch = arena_open();
    LandRing ring;
    for (size_t at = 0; land_next(&at, &ring);) {
        arena_reset(scratch);
        // Each cut adds at most as many points as the line crosses the side.
        Outline one = {arena_array(scratch, Spot, ring.count * 6 + 16), 0};
        Outline two = {arena_array(scratch, Spot, ring.count * 6 + 16), 0};
        for (int turn = -2; turn <= 2; turn++) {
            if (!place_ring(view, &ring, turn, &one))
                continue;
            for (Side side = SIDE_LEFT; side < SIDES; side += 2) {
                cut(view, side, &one, &two);
                cut(view, side + 1, &two, &one);
            }
            put_outline(&b, &one);
        }
    }
    return b.full ? S("") : arena_copy(a, buf_str(&b));
}
