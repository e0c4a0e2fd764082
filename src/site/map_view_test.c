// SPDX-License-Identifier: Apache-2.0
// Every place is on its map, the map is cut where nothing is, and the land is drawn inside.
#include "site/map_view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void check_inside(const MapView *view, const MapSpot *spot)
{
    double x, y, wide, high;
    map_view_at(view, spot->latitude, spot->longitude, &x, &y);
    map_view_circle(view, spot->latitude, spot->radius_km, &wide, &high);
    if (x - wide < -1 || x + wide > MAP_WIDTH + 1 || y - high < -1 || y + high > view->height + 1)
        fail_msg("%.1f,%.1f lies at %.0f,%.0f (%.0f x %.0f) of %d x %d", spot->latitude, spot->longitude, x,
            y, wide, high, MAP_WIDTH, view->height);
}

// Whole and in bounds: "M1 2l3-4 5 6z..."
static void check_land(const MapView *view, Str path)
{
    int x = 0, y = 0, points = 0;
    bool closed = true;
    for (const char *p = path.p, *end = path.p + path.n; p < end;) {
        int to_x, to_y, bytes;
        if (*p == 'M') {
            assert_true(closed);
            assert_int_equal(sscanf(p, "M%d %dl%n", &x, &y, &bytes), 2);
            closed = false;
        } else if (*p == 'z') {
            closed = true;
            bytes = 1;
        } else {
            assert_int_equal(sscanf(p, "%d%d%n", &to_x, &to_y, &bytes), 2);
            x += to_x;
            y += to_y;
        }
        p += bytes;
        points++;
        assert_true(x >= -30 && x <= MAP_WIDTH + 30 && y >= -30 && y <= view->height + 30);
    }
    assert_true(closed && (points == 0 || points > 3));
}

static MapView check(const MapSpot *spots, size_t count, bool land)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const MapView view = map_view(spots, count, a);
    const Str path = map_view_land(&view, a);
    for (size_t i = 0; i < count; i++)
        check_inside(&view, &spots[i]);
    assert_true(view.height >= 300 && view.height <= 1400);
    if ((path.n > 0) != land)
        fail_msg("%.1f,%.1f: %zu bytes of land", spots[0].latitude, spots[0].longitude, path.n);
    check_land(&view, path);
    return view;
}

static double degrees_wide(const MapView *view)
{
    return MAP_WIDTH / (view->degree * view->squeeze);
}

static void views(void **state)
{
    (void)state;
    const MapSpot one = {48, 2, 0}, country = {36.6, 103.8, 1738}, empty = {-45, -130, 0};
    MapView view = check(&one, 1, true);
    assert_true(degrees_wide(&view) >= 20 && degrees_wide(&view) < 40);
    check(&country, 1, true);
    check(&empty, 1, false); // nothing but sea
    const MapSpot pacific[] = {{35, 139, 0}, {37, -122, 0}, {21, -157, 0}};
    view = check(pacific, 3, true);
    assert_true(degrees_wide(&view) < 180); // not around the whole earth
    const MapSpot world[] = {{50, 10, 0}, {35, 105, 1700}, {40, -100, 1700}, {-25, 134, 1500}, {-33, -70, 0}};
    view = check(world, 5, true);
    assert_true(degrees_wide(&view) <= 360.01);
    const MapSpot poles[] = {{78, 15, 0}, {-54, -36, 0}};
    check(poles, 2, true);
    const MapSpot line[] = {{66, 179.9, 0}, {66, -179.9, 0}};
    view = check(line, 2, true);
    assert_true(degrees_wide(&view) < 60);
    const MapSpot same[] = {{10, 20, 0}, {10, 20, 0}, {10, 20, 0}};
    check(same, 3, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(views)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
