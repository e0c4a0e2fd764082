// SPDX-License-Identifier: Apache-2.0
// image/int: what the files of this room share. Linked into the main program and into vitrine-cage; nothing
// here knows libvips.
#pragma once

#include "image/pyramid.h"
#include "image/render.h"
#include "image/write.h"

// ---- pixels: 8 bits a sample, 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) samples a pixel, sRGB

typedef struct {
    uint8_t *p;
    int width_px, height_px, channels;
    size_t stride; // bytes from row to row
} Pixels;

// Zeroed memory, released with free(pixels.p).
Pixels pixels_make(int width_px, int height_px, int channels);
static inline uint8_t *pixels_at(const Pixels *px, int x, int y)
{
    return px->p + (size_t)y * px->stride + (size_t)x * (size_t)px->channels;
}

// How a picture must be turned to stand upright: flips in source order, then rows and columns swapped.
typedef struct {
    bool flip_x, flip_y, swap;
} Turn;

Turn turn_of_exif(int orientation); // 1 .. 8, anything else is 1
// `to` has the turned size and is another picture than `from`.
void pixels_turn(const Pixels *from, Turn turn, const Pixels *to);

// ---- grid.c: the arithmetic of the IIIF tile grid

enum { PYRAMID_SIDE_MAX_PX = 2000 * 1000, PYRAMID_TILE_MIN_PX = 64, PYRAMID_TILE_MAX_PX = 2048 };

typedef struct {
    int width_px, height_px, columns, rows;
    int64_t
        first; // number of this level's tile (0, 0) among the tiles of all levels, level 0 first, row by row
} GridLevel;

typedef struct {
    int width_px, height_px, tile_px, levels;
    GridLevel level[PYRAMID_LEVELS_MAX];
    int64_t tiles;
} Grid;

// False for sides or tiles outside the limits above (a tile side is a power of two).
bool grid_make(int width_px, int height_px, int tile_px, Grid *ret);
// The sizes stored ready beside the tiles, smallest first. Fills ->sizes and ->sizes_count.
void grid_sizes(const Grid *g, PyramidFacts *facts);

typedef struct {
    int left_px, top_px, width_px, height_px; // on the level
} TileBox;

TileBox grid_tile(const Grid *g, int level, int column, int row);
// "0,0,512,512/256,256/0/default.jpg"
enum { TILE_NAME_MAX = 96 };
void grid_tile_name(const Grid *g, int level, int column, int row, char name[TILE_NAME_MAX]);
void grid_size_name(int width_px, int height_px, char name[TILE_NAME_MAX]);
void grid_info_json(const PyramidFacts *facts, Buf *out);

// ---- pyramid.c

// The whole picture as samples that need no decoding: brightness, and for a colour picture Cb and Cr at half
// its size (rounded up), row after row without gaps. For renders of a size that nobody asked for before.
typedef struct {
    uint64_t offset; // 0: there are none
    uint32_t kind; // as large as this level; above PYRAMID_LEVELS_MAX: the longest side is of so many samples
    int count;     // 1 or 3 planes
    int width_px, height_px; // of the first plane
    double across, down;     // pixels of the picture for one of its samples
} ReadyPlanes;

// The index from which tiles of level 0 are cut (splice_index.h), an entry of the file.
typedef struct {
    uint64_t offset, bytes; // 0: level 0 is stored
} IndexPlace;

const Grid *pyramid_grid(const Pyramid *p);
ReadyPlanes pyramid_ready_planes(const Pyramid *p);

// ---- ready.c

enum { READY_SIDE_PX = 1600 }; // the longest side where no level lies between it and TILER_WHOLE_MAX_PX

// What `kind` says about planes of this picture, without their offset; false where it says nothing possible.
bool ready_planes_make(const Grid *g, uint32_t kind, int count, ReadyPlanes *ret);
size_t ready_planes_bytes(const ReadyPlanes *r);
// Appends the planes of a picture of RGB, YCbCr or grey.
void ready_planes_add(const Pixels *px, bool is_ycc, Buf *out);

// ---- table.c: the binary table of tiles, last entry of the ZIP; little-endian
//
//   8  "VPYRAMID"     4 version (1, 2)   4 width   4 height   4 tile side   4 levels   4 sizes
//   8  offset of the ready planes (0: none)   4 their kind   4 how many (1 or 3)
//   in version 2, whose level 0 is cut from the master: 8 offset of the index   8 its bytes; no tiles of
//   level
//   0
//   16 a size: 4 width, 4 height, 8 span     8 a tile: span     (a span: offset in the low 40 bits, size in
//   the high 24) 4  CRC-32 of all before   4 zero   8 bytes in the table with this footer   8 "VPYR-END"
//
// The footer ends where the ZIP's central directory begins, so it is found without reading the directory.

enum { TABLE_HEAD_BYTES = 48, TABLE_SIZE_BYTES = 16, TABLE_FOOT_BYTES = 24 };
#define SPAN_OFFSET_MAX ((UINT64_C(1) << 40) - 1)
#define SPAN_SIZE_MAX ((UINT64_C(1) << 24) - 1)
#define TABLE_BYTES_MAX (UINT64_C(64) << 20)

uint64_t span_pack(PyramidSpan span);
PyramidSpan span_unpack(uint64_t packed);

typedef struct {
    PyramidFacts facts;
    Grid grid;
    ReadyPlanes ready;
    IndexPlace index;
    uint64_t sizes[PYRAMID_SIZES_MAX]; // packed spans
    uint64_t *tiles;                   // packed spans, in the order of the grid; owned; 0: cut
} Table;

void table_write(const Table *t, Buf *out);
// data_bytes: where the table begins; every span ends before it. ERR_CORRUPT.
bool table_read(Str bytes, uint64_t data_bytes, Table *ret, Err *err) MUST_CHECK;
void table_free(Table *t);

// ---- zip.c: a ZIP (APPNOTE 6.3) of stored entries, written in one pass; zip64 where a number needs it

typedef struct ZipWriter ZipWriter;

ZipWriter *zip_open(int fd); // an empty file; not closed
bool zip_add(ZipWriter *z, Str name, Str bytes, PyramidSpan *ret, Err *err) MUST_CHECK;
uint64_t zip_at(const ZipWriter *z); // where the next entry begins
bool zip_finish(ZipWriter *z, Err *err) MUST_CHECK;
void zip_closep(ZipWriter **z);

// Where the central directory begins, from the end of the file. ERR_CORRUPT.
bool zip_find_directory(int fd, uint64_t *ret_offset, Err *err) MUST_CHECK;

// ---- jpeg.c: single JPEGs in memory, by libjpeg-turbo

enum { JPEG_SIDE_MAX_PX = 65535, JPEG_TILE_BYTES_MAX = 16 << 20 };

typedef struct JpegWriter JpegWriter;

// 4:2:0; with ycc, three channels are YCbCr already. One thread at a time.
JpegWriter *jpeg_writer_open(int quality, bool ycc);
void jpeg_writer_closep(JpegWriter **w);
// Appends a complete JFIF of 1 or 3 channels to `out`; with restarts there is a restart marker at each row of
// MCUs.
bool jpeg_write(JpegWriter *w, const Pixels *px, bool restarts, Buf *out, Err *err) MUST_CHECK;

// The same from a part of a JPEG's coefficients, with Huffman tables of its own. The decoder has read all of
// them (jpeg_read_coefficients); left and top are a multiple of its MCU. ERR_CORRUPT.
struct jpeg_decompress_struct;
struct jvirt_barray_control;
typedef struct {
    int left_px, top_px, width_px, height_px;
} JpegPart;
bool jpeg_write_blocks(JpegWriter *w, struct jpeg_decompress_struct *from,
    struct jvirt_barray_control **blocks, JpegPart part, Buf *out, Err *err) MUST_CHECK;

// ---- jpeg_join.c

// Appends a JPEG of one row of MCUs, made by jpeg_write with restarts: number 0, 1, ... of the picture
// `whole`.
void jpeg_join(Buf *whole, int number, Str row);
void jpeg_join_end(Buf *whole, int height_px);

typedef struct JpegReader JpegReader;

JpegReader *jpeg_reader_open(void); // one thread at a time
void jpeg_reader_closep(JpegReader **r);
// Decodes a JPEG that must be as large as `to`, to 1 (luma only) or 3 channels. ERR_CORRUPT.
bool jpeg_read(JpegReader *r, Str bytes, const Pixels *to, Err *err) MUST_CHECK;

// A picture as JPEG holds it: brightness, and chroma that may have half the samples on an axis (1: as many,
// 2: half).
enum { JPEG_PLANES = 3 };
typedef struct {
    int count; // 1 or 3
    int across[JPEG_PLANES], down[JPEG_PLANES];
    Pixels plane[JPEG_PLANES]; // one channel each
} JpegPlanes;

// Decodes a JPEG of width_px x height_px (at most side_px) into planes of side_px x side_px, made by the
// caller; says how they are sampled. With luma_only the chroma is not even computed. ERR_CORRUPT.
bool jpeg_read_planes(JpegReader *r, Str bytes, int width_px, int height_px, bool luma_only, JpegPlanes *to,
    Err *err) MUST_CHECK;

// jpeg_rows.c: the JPEG without the rows of MCUs outside top_px .. top_px + height_px, which are widened to
// whole rows. `to` has room for jpeg.n bytes. False: it has no restart marker at each row, or all of it is
// wanted.
bool jpeg_cut_rows(Str jpeg, int *top_px, int *height_px, char *to, Str *ret);

// A JPEG written from 1 plane or 3 of 4:2:0, sixteen rows of brightness and eight of chroma at a time. Rows
// are as long as jpeg_planes_stride says, for whole MCUs; what lies outside the picture repeats its edge.
enum { JPEG_PLANE_ROWS = 16 };
int jpeg_planes_stride(int width_px);
bool jpeg_planes_start(JpegWriter *w, int width_px, int height_px, int planes, Buf *out, Err *err) MUST_CHECK;
bool jpeg_planes_rows(JpegWriter *w, uint8_t *const rows[JPEG_PLANES][JPEG_PLANE_ROWS], Err *err) MUST_CHECK;
bool jpeg_planes_finish(JpegWriter *w, Err *err) MUST_CHECK;

// ---- tiler.c: rows in, pyramid file out, in memory bounded by two rows of tiles, or of MCUs if that would
// be much

typedef struct Tiler Tiler;

typedef struct {
    int width_px, height_px, channels; // as the rows come: before turning; 1 or 3
    Turn turn;
    int tile_px, quality;
    bool ycc;         // three channels are YCbCr
    bool tiles_given; // those of level 0 come by tiler_put_tile
    bool rows_halved; // the rows are those of level 1 (for a side of more than TILER_WHOLE_MAX_PX); needs
                      // tiles_given
    bool tiles_cut;   // with both of these: level 0 is not in the file but an index, tiler_put_index
    bool by_strips;   // as if the picture were very wide: see tiler.c; not for one that is turned
} TilerAsk;

enum { TILER_WHOLE_MAX_PX = 2048 }; // the largest level that is kept whole, for the standard sizes

// Writes to `fd`, an empty file; not closed. ERR_LIMIT.
Tiler *tiler_open(int fd, const TilerAsk *ask, Err *err) MUST_CHECK;
bool tiler_row(Tiler *t, const uint8_t *row, Err *err) MUST_CHECK; // height_px times, top first
bool tiler_put_tile(Tiler *t, int column, int row, Str jpeg, Err *err) MUST_CHECK; // of level 0
bool tiler_put_index(Tiler *t, Str index, Err *err) MUST_CHECK;                    // before tiler_finish
bool tiler_put_whole(
    Tiler *t, Str jpeg, Err *err) MUST_CHECK;     // all of level 0 as a standard size, if it is one
bool tiler_finish(Tiler *t, Err *err) MUST_CHECK; // after the last row
void tiler_closep(Tiler **t);

// ---- resample.c: one-dimensional filters; the same result on every processor

// For each of `count` outputs: the first of `taps` inputs it is made from, and their weights; each output has
// `stride` of them, those behind `taps` are zero.
typedef struct {
    int count, taps, stride;
    int *first;
    int16_t *weights; // count * stride; they add up to RESAMPLE_ONE; NULL if there are
    int8_t *fast;     // these instead: resample_fast.c
} Resample;

enum { RESAMPLE_BITS = 14, RESAMPLE_ONE = 1 << RESAMPLE_BITS, RESAMPLE_SLACK = 8 };

// Weights of 14 bits; or whole 99ths where sixteen taps are enough: three times as fast, and what they add is
// less than JPEG does.
typedef enum { RESAMPLE_FINE, RESAMPLE_FAST } ResampleCare;

// What the processor does best, or plain C: the same result.
typedef enum { RESAMPLE_BEST, RESAMPLE_PLAIN } ResampleBy;

static inline bool resample_by_avx2(ResampleBy by)
{
#ifdef __x86_64__
    return by == RESAMPLE_BEST && __builtin_cpu_supports("avx2");
#else
    return (void)by, false;
#endif
}

int resample_taps(double step, int limit);
// Output i is centred on input coordinate start + (i + 0.5) * step (sample k of the input covers k .. k+1).
// Cubic (Catmull-Rom), widened by `step` when making smaller. Inputs outside 0 .. limit-1 repeat the edge.
Resample resample_make(double start, double step, int count, int limit, ResampleCare care);
void resample_free(Resample *r); // for CLEANUP
// One channel. `from` may be read RESAMPLE_SLACK bytes beyond its end.
void resample_row(const Resample *r, const uint8_t *from, uint8_t *to, ResampleBy by);
// One output row `i` of `bytes` bytes from the rows first[i] .. first[i]+taps-1.
void resample_column(
    const Resample *r, int i, const uint8_t *const *rows, size_t bytes, uint8_t *to, ResampleBy by);

// resample_fast.c. The weights of one output; false if 16 bits might not hold what they make.
enum { RESAMPLE_FAST_TAPS_MAX = 16 };
bool resample_fast_round(const double *from, double sum, int taps, int8_t *to);
void resample_fast_row(const Resample *r, const uint8_t *from, uint8_t *to, ResampleBy by);
void resample_fast_column(
    const Resample *r, int i, const uint8_t *const *rows, size_t bytes, uint8_t *to, ResampleBy by);

void pixels_scale(const Pixels *from, const Pixels *to);
// The mean of 2x2 pixels; `to` is ceil(from / 2), a last odd row or column stands for itself.
void pixels_halve(const Pixels *from, const Pixels *to);
// One row of that; lone_first: the first pixel has no partner (the picture is mirrored and odd).
void halve_rows(const uint8_t *a, const uint8_t *b, int width_px, int channels, bool lone_first, uint8_t *to);

// ---- shrink.c: a picture made smaller while its rows come, in memory of the result and a few rows

typedef struct Shrink Shrink;

typedef struct {
    int width_px, height_px, channels; // as the rows come
    int to_width_px, to_height_px;
    double left, top, step_x, step_y; // as for resample_make
} ShrinkAsk;

// The whole picture so that its longer side, which is longer, becomes side_px.
ShrinkAsk shrink_fit(int width_px, int height_px, int channels, int side_px);
Shrink *shrink_open(const ShrinkAsk *ask);
void shrink_row(Shrink *s, const uint8_t *row); // height_px times, top first
Pixels shrink_take(Shrink *s);                  // after the last; the caller frees .p
void shrink_closep(Shrink **s);

typedef struct {
    RenderFormat format;
    int width_px, height_px, channels; // 1 .. 4; JPEG takes 1 or 3
    bool bitonal;                      // every sample is 0 or 255
    int quality;
    // Only PNG and TIFF, and only from samples.c:
    bool samples;              // what follows counts; no profile unless one is given
    int bits;                  // of a sample, 8, 16 or 32, in the byte order of this machine
    bool floating;             // 32-bit floating point
    bool cmyk, many;           // colours that are neither grey nor RGB; up to SAMPLES_CHANNELS_MAX channels
    bool alpha_last;           // with `many` or `cmyk`: the last channel is alpha
    Str profile;               // ICC, empty: none
    const PictureWords *words; // what the file says of itself (PNG and JPEG), or NULL
} EncodeAsk;

// ---- encode_tiff.c, encode_gif.c, encode_codecs.c: used by encode.c alone

typedef struct TiffWriter TiffWriter;

TiffWriter *tiff_writer_open(const EncodeAsk *ask, Buf *out);
bool tiff_row(TiffWriter *w, const uint8_t *row, Err *err) MUST_CHECK;
bool tiff_finish(TiffWriter *w, Err *err) MUST_CHECK;
void tiff_writer_closep(TiffWriter **w);
void gif_encode(const Pixels *px, Buf *out); // 1 or 3 channels
bool jp2_encode(const Pixels *px, Buf *out, Err *err) MUST_CHECK;
bool avif_encode(const Pixels *px, int quality, Buf *out, Err *err) MUST_CHECK;
size_t tiff_memory_bytes(const EncodeAsk *ask);
size_t gif_memory_bytes(const EncodeAsk *ask);
size_t jp2_memory_bytes(const EncodeAsk *ask);
size_t avif_memory_bytes(const EncodeAsk *ask);

// ---- encode.c: rows in, a file of a format out

typedef struct Encoder Encoder;

size_t encode_memory_bytes(const EncodeAsk *ask);
Encoder *encoder_open(const EncodeAsk *ask, Buf *out, Err *err) MUST_CHECK;
bool encoder_row(Encoder *e, const uint8_t *row, Err *err) MUST_CHECK;
bool encoder_finish(Encoder *e, Err *err) MUST_CHECK;
void encoder_closep(Encoder **e);

// ---- exif.c

// The orientation (1 .. 8) from the body of a JPEG APP1 segment ("Exif\0\0" and a TIFF directory); 1 if it
// does not say.
int exif_orientation(Str segment);

// ---- tiffdir.c

enum { TIFF_PAGES_MAX = 4096 };

typedef struct {
    bool big_endian;
    int offset_bytes;  // of an offset in this file: 4, or 8 for BigTIFF
    uint64_t first_at; // where the offset of the first directory stands
    int pages;         // pictures of their own: smaller copies and masks do not count
    struct {
        uint64_t at, next_at; // its directory, and where in it the offset of the next one stands
    } page[TIFF_PAGES_MAX];
    int bits; // per sample, of page 0
} TiffLook;

// False if the chain of directories is broken: the file is cut off or worse.
bool tiff_look(int fd, TiffLook *ret);
