// SPDX-License-Identifier: Apache-2.0
#include "pattern/trace.h"

#include "pattern/border.h"

#include <math.h>
#include <stdlib.h>

enum { TRIES_MAX = 5, SPOT_STEP = 3, ROW_BYTES = 110 };
static const double WRONG_PX = 0.9;
// Half of it lies outside the area: enough for what smoothing lets through, less than is seen.
static const char OUTLINE[] = "0.6";

typedef struct {
    Curve *curves;
    int count;
    Point start;
} Drawn;

typedef struct {
    const Flat *flat;
    const Borders *borders;
    const Drawn *drawn; // of each arc
    Buf *out;
    int label;        // whose path is open, -1: none
    long at_x, at_y;  // where the pen is, in tenths
    size_t row_start; // lines are broken so that people can open the file too
} Pen;

// ---- curves of arcs

// A staircase of pixels runs along the middles of its steps. Nodes stay where they are, for all who meet
// there.
static Drawn draw_arc(const Borders *b, const Arc *arc, Arena *a)
{
    Drawn drawn;
    int count = 0;
    Point *points = arena_array(a, Point, (size_t)arc->count + 2);
    const int steps = arc->ring ? arc->count : arc->count - 1;
    if (!arc->ring)
        points[count++] = (Point){b->x[arc->first], b->y[arc->first]};
    for (int i = 0; i < steps; i++) {
        const int p = arc->first + i, q = arc->first + (i + 1) % arc->count;
        points[count++] = (Point){(b->x[p] + b->x[q]) / 2.0, (b->y[p] + b->y[q]) / 2.0};
    }
    if (!arc->ring) {
        const int last = arc->first + arc->count - 1;
        points[count++] = (Point){b->x[last], b->y[last]};
    }
    curve_fit(points, count, arc->ring, WRONG_PX, a, &drawn.curves, &drawn.count, &drawn.start);
    return drawn;
}

// ---- the path's letters, in tenths of a pixel from where the pen is

static long tenths(double v)
{
    return lround(v * 10);
}

static void put_tenths(Buf *b, long v)
{
    if (v < 0)
        buf_add_char(b, '-');
    v = labs(v);
    if (v >= 10 || v == 0)
        buf_printf(b, "%ld", v / 10);
    if (v % 10)
        buf_printf(b, ".%ld", v % 10);
}

// "3 .5-2": a sign or nothing parts numbers as well as a space does.
static void put_numbers(Pen *pen, char letter, const long *values, int count)
{
    buf_add_char(pen->out, letter);
    for (int i = 0; i < count; i++) {
        if (i && values[i] >= 0)
            buf_add_char(pen->out, ' ');
        put_tenths(pen->out, values[i]);
    }
    if (pen->out->n - pen->row_start > ROW_BYTES) {
        buf_add_char(pen->out, '\n');
        pen->row_start = pen->out->n;
    }
}

static void line_to(Pen *pen, Point to)
{
    const long x = tenths(to.x), y = tenths(to.y);
    const long values[] = {x - pen->at_x, y - pen->at_y};
    if (values[0] == 0 && values[1] == 0)
        return;
    if (values[1] == 0)
        put_numbers(pen, 'h', values, 1);
    else if (values[0] == 0)
        put_numbers(pen, 'v', values + 1, 1);
    else
        put_numbers(pen, 'l', values, 2);
    pen->at_x = x;
    pen->at_y = y;
}

static void curve_to(Pen *pen, Point out, Point in, Point to)
{
    const long x = pen->at_x, y = pen->at_y;
    const long values[] = {tenths(out.x) - x, tenths(out.y) - y, tenths(in.x) - x, tenths(in.y) - y,
        tenths(to.x) - x, tenths(to.y) - y};
    put_numbers(pen, 'c', values, 6);
    pen->at_x = tenths(to.x);
    pen->at_y = tenths(to.y);
}

static Point end_of(const Drawn *d)
{
    return d->count ? d->curves[d->count - 1].to : d->start;
}

static void put_arc(Pen *pen, ArcUse use)
{
    const Drawn *d = &pen->drawn[use.arc];
    for (int i = 0; i < d->count; i++) {
        const int at = use.backwards ? d->count - 1 - i : i;
        const Curve *c = &d->curves[at];
        const Point from = at ? d->curves[at - 1].to : d->start, to = use.backwards ? from : c->to;
        if (c->straight)
            line_to(pen, to);
        else
            curve_to(pen, use.backwards ? c->in : c->out, use.backwards ? c->out : c->in, to);
    }
}

static void close_path(Pen *pen)
{
    if (pen->label >= 0)
        buf_add(pen->out, S("\"/>\n"));
}

static void open_path(Pen *pen, int label)
{
    const uint8_t *rgb = pen->flat->colours[label].rgb;
    close_path(pen);
    buf_printf(pen->out, "<path fill=\"#%02x%02x%02x\" stroke=\"#%02x%02x%02x\" d=\"", rgb[0], rgb[1], rgb[2],
        rgb[0], rgb[1], rgb[2]);
    pen->row_start = pen->out->n;
    pen->label = label;
}

static void put_ring(void *ctx, int label, const ArcUse *uses, int count)
{
    Pen *pen = ctx;
    if (pen->label != label)
        open_path(pen, label);
    const Drawn *first = &pen->drawn[uses[0].arc];
    const Point start = uses[0].backwards ? end_of(first) : first->start;
    pen->at_x = tenths(start.x);
    pen->at_y = tenths(start.y);
    put_numbers(pen, 'M', (long[]){pen->at_x, pen->at_y}, 2);
    for (int i = 0; i < count; i++)
        put_arc(pen, uses[i]);
    buf_add_char(pen->out, 'z');
}

// ---- the file

static void put_escaped(Buf *out, Str text)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        if (c == '<')
            buf_add(out, S("&lt;"));
        else if (c == '>')
            buf_add(out, S("&gt;"));
        else if (c == '&')
            buf_add(out, S("&amp;"));
        else if ((unsigned char)c >= ' ' || c == '\n' || c == '\t')
            buf_add_char(out, c);
    }
}

static void put_file(const Flat *flat, const TraceWords *words, Arena *a, Buf *out)
{
    const Borders borders = borders_find(flat, a);
    Drawn *drawn = arena_array(a, Drawn, (size_t)borders.arcs_count + 1);
    for (int i = 0; i < borders.arcs_count; i++)
        drawn[i] = draw_arc(&borders, &borders.arcs[i], a);
    buf_printf(out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
        "%d\">\n<title>",
        flat->width_px, flat->height_px, flat->width_px, flat->height_px);
    put_escaped(out, words->title);
    buf_add(out, S("</title>\n"));
    if (words->metadata.n) {
        buf_add(out, S("<metadata>\n"));
        buf_add(out, words->metadata);
        buf_add(out, S("</metadata>\n"));
    }
    buf_printf(out, "<g fill-rule=\"evenodd\" stroke-width=\"%s\" stroke-linejoin=\"round\">\n", OUTLINE);
    Pen pen = {.flat = flat, .borders = &borders, .drawn = drawn, .out = out, .label = -1};
    borders_rings(flat, &borders, a, put_ring, &pen);
    close_path(&pen);
    buf_add(out, S("</g>\n</svg>\n"));
}

bool trace_write(Flat *flat, const TraceWords *words, Arena *a, Buf *out, Err *err)
{
    int spot = flat_spot_min_px(flat);
    for (int i = 0; i < TRIES_MAX; i++, spot *= SPOT_STEP) {
        CLEANUP(arena_closep) Arena *mine = arena_open();
        CLEANUP(buf_free) Buf file = buf_with_max(TRACE_BYTES_MAX + TRACE_WORDS_MAX_BYTES);
        if (i > 0)
            flat_clean(flat, spot, a);
        put_file(flat, words, mine, &file);
        if (file.full)
            continue;
        buf_add(out, buf_str(&file));
        return true;
    }
    return err_set(err, ERR_LIMIT, "too fine a picture to be drawn in lines");
}
