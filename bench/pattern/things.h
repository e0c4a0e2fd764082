// SPDX-License-Identifier: Apache-2.0
// bench/pattern/things: made-up objects on a studio ground of which the outline is known: two to four lobed
// shapes grown together, at times with a hole, in two to four colours with stripes and light from one side;
// the ground is a light colour that darkens to one side, with grain. SHADOW: the thing throws a soft shadow.
// PIECES: two to four shapes that stand apart (some may touch), with that shadow. Any colour may come near
// the ground's.
#pragma once

#include <stdint.h>

typedef enum { THING_STUDIO, THING_SHADOW, THING_PIECES, THING_KINDS } ThingKind;

// rgb: side * side * 3 bytes; truth: side * side, 1 where the thing is. The same seed draws the same picture.
void thing_draw(uint64_t seed, int side, ThingKind kind, uint8_t *rgb, uint8_t *truth);
