#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the sample pictures that are not photographs of one object, from those that are: a contact sheet of 24 megapixels,
# an 8-bit and a 16-bit TIFF, a WebP. Run in samples/; needs the `vips` command (Debian: libvips-tools). The results are in
# git; run this only to change them.
set -eu
pictures=$(dirname "$0")/../pictures
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Twelve prints, each fitted into a 1500 x 1350 cell on paper colour, four across: 6000 x 4050.
cells=
for name in 1920.141 1920.146 1920.682 1925.1024 1925.626 1943.585 1954.948 1956.279 1992.15 met-334816 met-37110 met-39799; do
    vips thumbnail "$pictures/$name.jpg" "$work/$name-fit.v" 1420 --height 1270 --size both
    vips colourspace "$work/$name-fit.v" "$work/$name-rgb.v" srgb
    vips gravity "$work/$name-rgb.v" "$work/$name.v" centre 1500 1350 --extend background --background "244 240 232"
    cells="$cells $work/$name.v"
done
vips arrayjoin "${cells# }" "$work/sheet.v" --across 4
vips jpegsave "$work/sheet.v" "$pictures/sheet-01.jpg" --Q 68 --optimize-coding --strip

# The album leaf as a TIFF of 8 bits, and a print reduced in 16 bits, so that the low bits hold something.
vips thumbnail "$pictures/met-51858.jpg" "$work/leaf.v" 900
vips tiffsave "$work/leaf.v" "$pictures/leaf-8bit.tif" --compression deflate --predictor horizontal --strip
vips colourspace "$pictures/met-45323.jpg" "$work/print16.v" rgb16
vips resize "$work/print16.v" "$work/print16-small.v" 0.28
vips tiffsave "$work/print16-small.v" "$pictures/print-16bit.tif" --compression deflate --predictor horizontal --strip

# A second view of the scroll, paired by its file name.
vips crop "$pictures/1954.263.jpg" "$work/detail.v" 60 700 840 900
vips jpegsave "$work/detail.v" "$pictures/1954.263_02.jpg" --Q 85 --strip

vips webpsave "$pictures/se-edvard-munch.jpg" "$pictures/munch.webp" --Q 80 --strip
