// SPDX-License-Identifier: Apache-2.0
// image/cage/vips_int: what the files that speak to libvips share.
#pragma once

#include "image/cage/child.h"

#include <vips/vips.h>

enum { STRIP_PX = 16 };

// A page of the task's file, as libvips reads it.
typedef struct {
    bool random; // asked: not only from top to bottom
    VipsSource *source;
    VipsImage *image;
    ImageFacts facts;
} Opened;

bool vips_open_page(const Task *task, Format format, Opened *o, Err *err) MUST_CHECK;
void opened_close(Opened *o); // for CLEANUP
// Puts an ERR_CORRUPT (or ERR_LIMIT) with the words of libvips; always false.
bool vips_failed(Err *err, Format format);
// A step takes the image and gives another in its place; code: what libvips said.
bool vips_step(VipsImage **image, VipsImage **made, int code);
