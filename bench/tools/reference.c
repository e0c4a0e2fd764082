// SPDX-License-Identifier: Apache-2.0
// reference FILE PAGE OUT.ppm: a page of a picture as libvips alone decodes it, upright, in sRGB over white,
// for tests to compare with what the museum draws.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vips/vips.h>

static VipsImage *open_page(const char *file, int page)
{
    const char *ending = strrchr(file, '.');
    if (ending && strcmp(ending, ".pdf") == 0)
        return vips_image_new_from_file(file, "page", page, "dpi", 300.0, NULL);
    return page ? vips_image_new_from_file(file, "page", page, NULL) : vips_image_new_from_file(file, NULL);
}

static int to_srgb(VipsImage *image, VipsImage **ret)
{
    int cmyk = image->Type == VIPS_INTERPRETATION_CMYK;
    int lab = image->Type == VIPS_INTERPRETATION_LAB || image->Type == VIPS_INTERPRETATION_LABS;
    int profile = vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0 && image->Bands > 2 && !lab;
    if ((cmyk || profile) && vips_icc_transform(image, ret, "srgb", "embedded", TRUE, "input_profile",
                                 cmyk ? "cmyk" : "srgb", "intent", VIPS_INTENT_RELATIVE, NULL) == 0)
        return 0;
    return vips_colourspace(image, ret, VIPS_INTERPRETATION_sRGB, NULL);
}

int main(int argc, char **argv)
{
    VipsImage *image = NULL, *up = NULL, *srgb = NULL, *flat = NULL, *bytes = NULL;
    if (argc != 4 || VIPS_INIT(argv[0]))
        return 2;
    image = open_page(argv[1], atoi(argv[2]));
    if (!image || vips_autorot(image, &up, NULL) || to_srgb(up, &srgb))
        return 1;
    double white[] = {255};
    VipsArrayDouble *background = vips_array_double_new(white, 1);
    if ((vips_image_hasalpha(srgb) ? vips_flatten(srgb, &flat, "background", background, NULL)
                                   : vips_copy(srgb, &flat, NULL)) ||
        vips_cast_uchar(flat, &bytes, NULL) || vips_image_write_to_file(bytes, argv[3], NULL))
        return 1;
    printf("%d %d\n", bytes->Xsize, bytes->Ysize);
    return 0;
}
