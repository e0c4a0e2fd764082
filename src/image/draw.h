// SPDX-License-Identifier: Apache-2.0
// image/draw: what the files behind render() share.
//
//   draw_source.c   tiles of a level -> resampled rows of each plane
//   draw_turn.c     a whole small picture -> turned rows
//   render.c        what is asked for -> which of these, and to the encoder
#pragma once

#include "image/int.h"

// What is to be done, in pixels of the chosen level, or samples of the ready planes.
typedef struct {
    int level;
    bool ready;                      // from the ready planes
    int width_px, height_px;         // of the level or the planes
    double left, top, width, height; // of the region, fractions included
    int out_width_px, out_height_px;
    bool luma_only;
    ResampleCare care; // fast where the format loses more
} DrawPlan;

DrawPlan draw_plan(const Pyramid *p, const RenderAsk *ask);
// What the source will hold at its peak, when its tiles are sampled 4:4:4.
size_t draw_source_memory_bytes(const Grid *g, const DrawPlan *plan);

typedef struct DrawSource DrawSource;

// Decodes the first tile, to know how the level's tiles are sampled. With halved_chroma the rows of planes 1
// and 2 are for ceil(width/2) x ceil(height/2) samples, as JPEG 4:2:0 wants them.
DrawSource *draw_source_open(const Pyramid *p, const DrawPlan *plan, bool halved_chroma, Err *err) MUST_CHECK;
void draw_source_closep(DrawSource **s);
int draw_source_planes(const DrawSource *s); // 1: grey
// Row y of a plane; rows of a plane are asked for from the top down.
bool draw_source_row(DrawSource *s, int plane, int y, uint8_t *to, Err *err) MUST_CHECK;

// The size of a picture turned by an angle: the box around it.
typedef struct {
    int width_px, height_px;
    double cos, sin;
} DrawRotation;

DrawRotation draw_rotation(int width_px, int height_px, double degrees);
// Rows top .. top + to->height_px of a picture turned by so many quarters, 0 .. 3.
void draw_quarter_rows(const Pixels *whole, int quarters, int top, const Pixels *to);
// Gives the turned picture to the encoder, white (or with alpha, nothing) around it.
bool draw_turned(
    const Pixels *whole, double degrees, bool alpha, bool bitonal, Encoder *e, Err *err) MUST_CHECK;
