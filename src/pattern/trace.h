// SPDX-License-Identifier: Apache-2.0
// pattern/trace: a picture in few colours as closed curves, written as SVG 1.1 without script or style.
//
// The border between two colours is found once and its curve used by both sides, so areas fit without gap or
// overlap; each is also outlined in its own colour, thinner than a pixel, because viewers that smooth edges
// would let the ground shine through between two areas that share one.
#pragma once

#include "pattern/palette.h"

enum {
    TRACE_BYTES_MAX = 3 * 1024 * 1024,
    TRACE_WORDS_MAX_BYTES = 64 * 1024, // of title and metadata
};

typedef struct {
    Str title;    // text; escaped here
    Str metadata; // XML, written as it is into <metadata>
} TraceWords;

// Appends the drawing. Where it would be longer than TRACE_BYTES_MAX, smaller spots are left out until it is
// not: `flat` is then what was drawn. ERR_LIMIT if even that does not help.
bool trace_write(Flat *flat, const TraceWords *words, Arena *a, Buf *out, Err *err) MUST_CHECK;

// ---- curve.c

typedef struct {
    double x, y;
} Point;

// A cubic from where the last one ended; a straight line has `straight` and no handles.
typedef struct {
    Point out, in, to;
    bool straight;
} Curve;

// Fits curves through the points within about `wrong_px`. closed: the last point is joined to the first.
// Corners stay corners. The curves begin at the first point, or, if closed, where *ret_start says.
void curve_fit(const Point *points, int count, bool closed, double wrong_px, Arena *a, Curve **ret,
    int *ret_count, Point *ret_start);
