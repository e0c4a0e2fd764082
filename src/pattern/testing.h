// SPDX-License-Identifier: Apache-2.0
// pattern/testing: small made-up pictures for this room's tests.
#pragma once

#include "pattern/pattern.h"

typedef struct {
    uint8_t *p;
    int width, height;
} Picture3;

static inline Picture3 picture3_make(int width, int height, int rgb, Arena *a)
{
    Picture3 p = {arena_alloc(a, (size_t)width * (size_t)height * 3), width, height};
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++) {
        p.p[3 * i] = (uint8_t)(rgb >> 16);
        p.p[3 * i + 1] = (uint8_t)(rgb >> 8 & 255);
        p.p[3 * i + 2] = (uint8_t)(rgb & 255);
    }
    return p;
}

// noise: up to that many steps to each side.
static inline void picture3_set(Picture3 *p, int x, int y, int rgb, int noise, uint32_t *seed)
{
    uint8_t *to = p->p + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
    for (int i = 0; i < 3; i++) {
        *seed = *seed * 1664525u + 1013904223u;
        const int value =
            (rgb >> (16 - 8 * i) & 255) + (noise ? (int)(*seed >> 16) % (2 * noise + 1) - noise : 0);
        to[i] = (uint8_t)MIN_OF(MAX_OF(value, 0), 255);
    }
}

static inline PatternPicture picture3_view(const Picture3 *p)
{
    return (PatternPicture){p->p, p->width, p->height, (size_t)p->width * 3};
}
