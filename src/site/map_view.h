// SPDX-License-Identifier: Apache-2.0
// site/map_view: which part of the earth a map shows, where a spot lies on it, and the land on it. Pure.
//
// Equirectangular projection with the middle latitude f of the view true to scale: x = R (l - l0) cos f, y =
// R p (Snyder, Map Projections: A Working Manual, USGS 1987, p. 90). Where half the world or more is shown, f
// is at least 36 degrees, so that the north is not drawn too wide.
#pragma once

#include "base/base.h"

enum { MAP_WIDTH = 1600 }; // of its units

// Something to be seen whole.
typedef struct {
    double latitude, longitude, radius_km;
} MapSpot;

typedef struct {
    double west, north;     // degrees of the left top corner
    double degree, squeeze; // units a degree of latitude; a degree of longitude is `squeeze` of that
    int height;
} MapView;

// Around all spots, at least 20 degrees wide, cut where they leave the widest gap. count: at least 1.
MapView map_view(const MapSpot *spots, size_t count, Arena *a);
void map_view_at(const MapView *view, double latitude, double longitude, double *ret_x, double *ret_y);
// Half the width and height of a circle on the earth, as it is drawn.
void map_view_circle(const MapView *view, double latitude, double radius_km, double *ret_x, double *ret_y);
// What is seen of the land, as a path of SVG.
Str map_view_land(const MapView *view, Arena *a);
