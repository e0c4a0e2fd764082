// SPDX-License-Identifier: Apache-2.0
#include "visual/sketch.h"

#include <math.h>
#include <stdlib.h>

enum { SMALL = CODE_FIELDS, PALETTE_ROUNDS = 8, PALETTE_NEAR = 12 };

typedef struct {
    float l, a, b;
} Lab;

static float linear_of(uint8_t value)
{
    const float v = (float)value / 255;
    return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

static float lab_curve(float t)
{
    return t > 0.008856452f ? cbrtf(t) : t * 7.787037f + 0.13793103f;
}

// CIE 1931 XYZ of linear sRGB (IEC 61966-2-1), white D65.
static Lab lab_of(float red, float green, float blue)
{
    const float x = lab_curve((0.4124f * red + 0.3576f * green + 0.1805f * blue) / 0.9505f);
    const float y = lab_curve(0.2126f * red + 0.7152f * green + 0.0722f * blue);
    const float z = lab_curve((0.0193f * red + 0.1192f * green + 0.9505f * blue) / 1.089f);
    return (Lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static int8_t signed_byte(float v)
{
    return (int8_t)lrintf(fmaxf(-128, fminf(127, v)));
}

static SketchColour colour_of(Lab lab)
{
    return (SketchColour){
        .l = (uint8_t)lrintf(fmaxf(0, fminf(100, lab.l))), .a = signed_byte(lab.a), .b = signed_byte(lab.b)};
}

SketchColour colour_from_srgb(uint8_t red, uint8_t green, uint8_t blue)
{
    SketchColour colour = colour_of(lab_of(linear_of(red), linear_of(green), linear_of(blue)));
    colour.part = 255;
    return colour;
}

// ---- the picture in 64 x 64 fields

typedef struct {
    float grey[SMALL][SMALL]; // 0 .. 255
    Lab lab[SMALL][SMALL];
} Small;

// Rows and columns a field covers; at least one, so that small pictures are repeated rather than left out.
static int edge(int field, int size_px)
{
    return (int)((int64_t)field * size_px / SMALL);
}

static void shrink(Picture picture, Small *ret)
{
    code_fields(picture, ret->grey);
    float linear[256];
    for (int i = 0; i < 256; i++)
        linear[i] = linear_of((uint8_t)i);
    for (int row = 0; row < SMALL; row++) {
        const int top = edge(row, picture.height_px);
        const int bottom = MAX_OF(top + 1, edge(row + 1, picture.height_px));
        for (int column = 0; column < SMALL; column++) {
            const int left = edge(column, picture.width_px);
            const int right = MAX_OF(left + 1, edge(column + 1, picture.width_px));
            uint32_t sums[3] = {0};
            for (int y = top; y < bottom; y++) {
                const uint8_t *p = picture.p + (size_t)y * picture.stride + (size_t)left * 3;
                for (int x = left; x < right; x++, p += 3) {
                    sums[0] += p[0];
                    sums[1] += p[1];
                    sums[2] += p[2];
                }
            }
            const uint32_t count = (uint32_t)((right - left) * (bottom - top));
            ret->lab[row][column] =
                lab_of(linear[sums[0] / count], linear[sums[1] / count], linear[sums[2] / count]);
        }
    }
}

// ---- the palette

static float apart(Lab a, Lab b)
{
    return (a.l - b.l) * (a.l - b.l) + (a.a - b.a) * (a.a - b.a) + (a.b - b.b) * (a.b - b.b);
}

static int nearest(const Lab *centres, int count, Lab colour)
{
    int best = 0;
    for (int c = 1; c < count; c++)
        best = apart(centres[c], colour) < apart(centres[best], colour) ? c : best;
    return best;
}

// Centres as far from each other as they come; fewer if the rest is close to one of them.
static int seed_palette(const Lab *colours, int count, Lab *centres)
{
    int found = 1;
    centres[0] = colours[count / 2];
    while (found < PALETTE_MAX) {
        int far = 0;
        float far_by = -1;
        for (int i = 0; i < count; i++) {
            const float by = apart(centres[nearest(centres, found, colours[i])], colours[i]);
            if (by > far_by) {
                far_by = by;
                far = i;
            }
        }
        if (far_by < PALETTE_NEAR * PALETTE_NEAR)
            break;
        centres[found++] = colours[far];
    }
    return found;
}

static int larger_part(const void *a, const void *b)
{
    const SketchColour *x = a, *y = b;
    return y->part - x->part;
}

static void palette_of(const Small *s, SketchColour *ret)
{
    enum { COUNT = SMALL * SMALL / 4 };
    Lab colours[COUNT], centres[PALETTE_MAX];
    for (int i = 0; i < COUNT; i++)
        colours[i] = s->lab[i / (SMALL / 2) * 2][i % (SMALL / 2) * 2];
    const int found = seed_palette(colours, COUNT, centres);
    int counts[PALETTE_MAX];
    for (int round = 0; round < PALETTE_ROUNDS; round++) {
        Lab sums[PALETTE_MAX] = {0};
        memset(counts, 0, sizeof(counts));
        for (int i = 0; i < COUNT; i++) {
            const int c = nearest(centres, found, colours[i]);
            sums[c] = (Lab){sums[c].l + colours[i].l, sums[c].a + colours[i].a, sums[c].b + colours[i].b};
            counts[c]++;
        }
        for (int c = 0; c < found; c++) {
            const float n = (float)MAX_OF(counts[c], 1);
            if (counts[c] > 0)
                centres[c] = (Lab){sums[c].l / n, sums[c].a / n, sums[c].b / n};
        }
    }
    for (int c = 0; c < found; c++) {
        ret[c] = colour_of(centres[c]);
        ret[c].part = (uint8_t)((counts[c] * 255 + COUNT / 2) / COUNT);
    }
    qsort(ret, (size_t)found, sizeof(*ret), larger_part);
}

// ---- layout, hues, shape

static int box_of(float v, float low, float high)
{
    const int box = (int)((v - low) / (high - low) * 4);
    return MAX_OF(0, MIN_OF(box, 3));
}

static void hues_of(const Small *s, uint8_t *ret)
{
    int counts[SKETCH_HUES] = {0};
    for (int y = 0; y < SMALL; y++) {
        for (int x = 0; x < SMALL; x++) {
            const Lab c = s->lab[y][x];
            counts[box_of(c.l, 0, 100) * 16 + box_of(c.a, -50, 50) * 4 + box_of(c.b, -50, 50)]++;
        }
    }
    for (int i = 0; i < SKETCH_HUES; i++)
        ret[i] = (uint8_t)lrintf(255 * sqrtf((float)counts[i] / (SMALL * SMALL)));
}

static void layout_of(const Small *s, uint8_t *ret)
{
    enum { SIDE = SMALL / SKETCH_GRID };
    for (int field = 0; field < SKETCH_GRID * SKETCH_GRID; field++) {
        Lab sum = {0};
        for (int i = 0; i < SIDE * SIDE; i++) {
            const Lab c =
                s->lab[field / SKETCH_GRID * SIDE + i / SIDE][field % SKETCH_GRID * SIDE + i % SIDE];
            sum = (Lab){sum.l + c.l, sum.a + c.a, sum.b + c.b};
        }
        ret[field * 3] = (uint8_t)lrintf(fmaxf(0, fminf(255, sum.l / (SIDE * SIDE) * 2.55f)));
        ret[field * 3 + 1] = (uint8_t)(signed_byte(sum.a / (SIDE * SIDE)) + 128);
        ret[field * 3 + 2] = (uint8_t)(signed_byte(sum.b / (SIDE * SIDE)) + 128);
    }
}

// Directions without a sign: an edge counts the same from dark to light as from light to dark.
static void shape_of(const Small *s, uint8_t *ret)
{
    float sums[SKETCH_SHAPE] = {0}, total = 0;
    for (int y = 1; y < SMALL - 1; y++) {
        for (int x = 1; x < SMALL - 1; x++) {
            const float gx = s->grey[y][x + 1] - s->grey[y][x - 1],
                        gy = s->grey[y + 1][x] - s->grey[y - 1][x];
            const float size = sqrtf(gx * gx + gy * gy);
            const int turn = (int)lrintf((atan2f(gy, gx) + (float)M_PI) * 4 / (float)M_PI) % 4;
            sums[(y * SKETCH_GRID / SMALL * SKETCH_GRID + x * SKETCH_GRID / SMALL) * 4 + turn] += size;
            total += size;
        }
    }
    for (int i = 0; i < SKETCH_SHAPE; i++)
        ret[i] = total > 0 ? (uint8_t)lrintf(255 * sqrtf(sums[i] / total)) : 0;
}

void sketch_make(Picture picture, Sketch *ret)
{
    assert(picture.width_px >= 1 && picture.height_px >= 1);
    Small *s = mem_alloc(sizeof(*s));
    shrink(picture, s);
    *ret = (Sketch){0};
    ret->code_is_plain = !code_of_fields((const float(*)[SMALL])s->grey, &ret->code);
    palette_of(s, ret->look.palette);
    layout_of(s, ret->look.layout);
    hues_of(s, ret->look.hues);
    shape_of(s, ret->look.shape);
    free(s);
}

// ---- comparing

// Of two lists of roots of shares: the Bhattacharyya coefficient, 0 .. 1.
static double overlap(const uint8_t *a, const uint8_t *b, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += a[i] * b[i];
    return MIN_OF(1.0, sum / 65025.0);
}

double look_likeness(const SketchLook *a, const SketchLook *b)
{
    int apart_by = 0;
    for (int i = 0; i < SKETCH_LAYOUT; i++)
        apart_by += abs(a->layout[i] - b->layout[i]);
    const double layout = exp(-apart_by / (SKETCH_LAYOUT * 20.0));
    return 0.35 * overlap(a->hues, b->hues, SKETCH_HUES) + 0.3 * layout +
           0.35 * overlap(a->shape, b->shape, SKETCH_SHAPE);
}

static double degrees(double radians)
{
    const double d = radians * 180 / M_PI;
    return d < 0 ? d + 360 : d;
}

double colour_distance(SketchColour x, SketchColour y)
{
    const double mean_c = (hypot(x.a, x.b) + hypot(y.a, y.b)) / 2;
    const double c7 = pow(mean_c, 7), g = 0.5 * (1 - sqrt(c7 / (c7 + pow(25, 7))));
    const double a1 = x.a * (1 + g), a2 = y.a * (1 + g);
    const double c1 = hypot(a1, x.b), c2 = hypot(a2, y.b);
    const double h1 = c1 > 0 ? degrees(atan2(x.b, a1)) : 0, h2 = c2 > 0 ? degrees(atan2(y.b, a2)) : 0;
    double turn = c1 * c2 > 0 ? h2 - h1 : 0, h = h1 + h2;
    if (turn > 180)
        turn -= 360;
    if (turn < -180)
        turn += 360;
    if (c1 * c2 > 0)
        h = fabs(h1 - h2) <= 180 ? h / 2 : h < 360 ? (h + 360) / 2 : (h - 360) / 2;
    const double l = (x.l + y.l) / 2.0, c = (c1 + c2) / 2;
    const double t = 1 - 0.17 * cos((h - 30) * M_PI / 180) + 0.24 * cos(2 * h * M_PI / 180) +
                     0.32 * cos((3 * h + 6) * M_PI / 180) - 0.2 * cos((4 * h - 63) * M_PI / 180);
    const double c_7 = pow(c, 7), twist = 60 * exp(-pow((h - 275) / 25, 2)) * M_PI / 180;
    const double sl = 1 + 0.015 * pow(l - 50, 2) / sqrt(20 + pow(l - 50, 2));
    const double dl = (y.l - x.l) / sl, dc = (c2 - c1) / (1 + 0.045 * c);
    const double dh = 2 * sqrt(c1 * c2) * sin(turn / 2 * M_PI / 180) / (1 + 0.015 * c * t);
    return sqrt(dl * dl + dc * dc + dh * dh - 2 * sqrt(c_7 / (c_7 + pow(25, 7))) * sin(twist) * dc * dh);
}

// Each wanted colour takes its best answer, nearness times how much of the picture has it (up to what was
// wanted).
double palette_likeness(const SketchColour *wanted, int count, const SketchColour *palette)
{
    double sum = 0, parts = 0;
    for (int i = 0; i < count; i++) {
        double best = 0;
        for (int j = 0; j < PALETTE_MAX && palette[j].part > 0; j++) {
            const double near = exp(-pow(colour_distance(wanted[i], palette[j]) / 12, 2));
            const double enough = MIN_OF(1.0, sqrt((double)palette[j].part / wanted[i].part));
            best = MAX_OF(best, near * enough);
        }
        sum += best * wanted[i].part;
        parts += wanted[i].part;
    }
    return parts > 0 ? sum / parts : 0;
}
