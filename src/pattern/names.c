// SPDX-License-Identifier: Apache-2.0
// Names of colours by lightness, chroma and hue angle. The borders are a judgement: where most people would
// call a patch on a page so.
#include "pattern/palette.h"

#include <math.h>

static Hue neutral(float lightness)
{
    return lightness < 22 ? HUE_BLACK : lightness > 88 ? HUE_WHITE : HUE_GREY;
}

// Angle in the a-b plane, degrees.
static Hue by_angle(float angle, float lightness, float chroma)
{
    if (angle < 20 || angle >= 345)
        return lightness > 60 ? HUE_PINK : HUE_RED;
    if (angle < 48)
        return lightness > 68 && chroma < 45 ? HUE_PINK : lightness < 36 && chroma < 40 ? HUE_BROWN : HUE_RED;
    if (angle < 75)
        return lightness > 72 && chroma < 40   ? HUE_BEIGE
               : lightness > 58 && chroma > 40 ? HUE_ORANGE
                                               : HUE_BROWN;
    if (angle < 103)
        return lightness > 66 && chroma < 34 ? HUE_BEIGE
               : lightness > 62              ? HUE_YELLOW
               : angle < 88                  ? HUE_BROWN
                                             : HUE_OLIVE;
    if (angle < 125)
        return lightness > 78 ? HUE_YELLOW : HUE_OLIVE;
    if (angle < 172)
        return HUE_GREEN;
    if (angle < 225)
        return HUE_TEAL;
    if (angle < 300)
        return HUE_BLUE;
    return HUE_PURPLE;
}

ColourName colour_name(Lab lab)
{
    const float chroma = hypotf(lab.a, lab.b);
    const float limit = lab.l < 25 ? 9 : 7;
    float angle = atan2f(lab.b, lab.a) * (180 / (float)M_PI);
    if (angle < 0)
        angle += 360;
    ColourName name = {TONE_PLAIN, chroma < limit ? neutral(lab.l) : by_angle(angle, lab.l, chroma)};
    if (name.hue == HUE_BLACK || name.hue == HUE_WHITE)
        return name;
    if (lab.l < 38)
        name.tone = TONE_DARK;
    else if (lab.l > 72 && name.hue != HUE_BEIGE && name.hue != HUE_YELLOW && name.hue != HUE_ORANGE)
        name.tone = TONE_LIGHT;
    return name;
}

Str colour_name_text(ColourName name, Arena *a)
{
    static const char *const hues[HUES] = {[HUE_BLACK] = "black",
        [HUE_GREY] = "grey",
        [HUE_WHITE] = "white",
        [HUE_RED] = "red",
        [HUE_ORANGE] = "orange",
        [HUE_BROWN] = "brown",
        [HUE_BEIGE] = "beige",
        [HUE_YELLOW] = "yellow",
        [HUE_OLIVE] = "olive",
        [HUE_GREEN] = "green",
        [HUE_TEAL] = "teal",
        [HUE_BLUE] = "blue",
        [HUE_PURPLE] = "purple",
        [HUE_PINK] = "pink"};
    static const char *const tones[TONES] = {
        [TONE_PLAIN] = "", [TONE_DARK] = "dark ", [TONE_LIGHT] = "light "};
    return arena_printf(a, "%s%s", tones[name.tone], hues[name.hue]);
}
