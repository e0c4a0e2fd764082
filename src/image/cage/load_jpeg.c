// SPDX-License-Identifier: Apache-2.0
#include "image/cage/child.h"
#include "image/splice_index.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jerror.h>
#include <jpeglib.h>

enum { CHUNK_BYTES = 64 << 10, SCANS_MAX = 200, ROWS_AT_ONCE = 16, SEGMENT_MAX_BYTES = 0xffff };
enum { BLOCKS_MAX_BYTES = 128 << 20 }; // of coefficients, when they need not be held to be decoded

typedef struct {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr trap;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    int fd;
    uint64_t at;
    bool ended;     // asked for bytes after the end of the file
    bool in_pixels; // between the first and the last row
    Err err;        // why the jump was taken
    uint8_t chunk[CHUNK_BYTES];

    SpliceHead head;
    bool spliced;   // level 0 is cut from the master's own data
    bool by_blocks; // which are not of a kind that can be cut as it is read: all coefficients come first
    SpliceIndexWriter *index; // instead of the tiles of level 0
    Tiler *tiler;
    Small *small; // instead of the pyramid
    Colour *colour;
    uint8_t *rows;
    JOCTET *icc;
} Loader;

static _Noreturn void give_up(Loader *l)
{
    longjmp(l->jump, 1);
}

static void failed(j_common_ptr codec)
{
    Loader *l = codec->client_data;
    char text[JMSG_LENGTH_MAX];
    codec->err->format_message(codec, text);
    ErrKind kind = ERR_CORRUPT;
    switch (codec->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
        kind = ERR_LIMIT;
        break;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
        kind = ERR_UNSUPPORTED;
        break;
    default:
        break;
    }
    err_note_at(&l->err, __FILE__, __LINE__, kind, "not a whole JPEG: %s", text);
    give_up(l);
}

// Warnings are libjpeg's word for damaged data. Stray bytes between segments are no damage: cameras leave
// them.
static void message(j_common_ptr codec, int level)
{
    Loader *l = codec->client_data;
    if (level >= 0)
        return;
    if (!l->in_pixels && codec->err->msg_code == JWRN_EXTRANEOUS_DATA)
        return;
    if (codec->err->msg_code == JWRN_JFIF_MAJOR || codec->err->msg_code == JWRN_ADOBE_XFORM)
        return;
    char text[JMSG_LENGTH_MAX];
    codec->err->format_message(codec, text);
    if (l->ended)
        err_note_at(&l->err, __FILE__, __LINE__, ERR_CORRUPT, "the JPEG is cut off: its end is missing");
    else
        err_note_at(&l->err, __FILE__, __LINE__, ERR_CORRUPT, "the JPEG is damaged: %s", text);
    give_up(l);
}

static void check_scans(j_common_ptr codec)
{
    Loader *l = codec->client_data;
    if (l->codec.input_scan_number <= SCANS_MAX)
        return;
    err_note_at(&l->err, __FILE__, __LINE__, ERR_LIMIT, "the JPEG has more than %d scans", SCANS_MAX);
    give_up(l);
}

static void source_start(j_decompress_ptr codec)
{
    (void)codec;
}

static boolean source_more(j_decompress_ptr codec)
{
    static const JOCTET end[2] = {0xff, JPEG_EOI};
    Loader *l = codec->client_data;
    ssize_t n;
    do
        n = pread(l->fd, l->chunk, CHUNK_BYTES, (off_t)l->at);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        err_note_errno_at(&l->err, __FILE__, __LINE__, "cannot read the file");
        give_up(l);
    }
    l->at += (uint64_t)n;
    l->source.next_input_byte = n > 0 ? l->chunk : end;
    l->source.bytes_in_buffer = n > 0 ? (size_t)n : sizeof(end);
    if (n == 0) {
        l->ended = true;
        WARNMS(codec, JWRN_JPEG_EOF);
    }
    return TRUE;
}

static void source_skip(j_decompress_ptr codec, long count)
{
    Loader *l = codec->client_data;
    size_t left = count > 0 ? (size_t)count : 0;
    size_t here = MIN_OF(left, l->source.bytes_in_buffer);
    l->source.next_input_byte += here;
    l->source.bytes_in_buffer -= here;
    l->at += left - here;
}

static void loader_open(Loader *l, int fd)
{
    l->fd = fd;
    l->codec.err = jpeg_std_error(&l->trap);
    l->trap.error_exit = failed;
    l->trap.emit_message = message;
    l->codec.client_data = l;
}

static void loader_closep(Loader **given)
{
    Loader *l = *given;
    jpeg_destroy_decompress(&l->codec);
    splice_index_writer_closep(&l->index);
    tiler_closep(&l->tiler);
    small_closep(&l->small);
    colour_closep(&l->colour);
    free(l->rows);
    free(l->icc);
    free(l);
    *given = NULL;
}

static int orientation(const Loader *l)
{
    for (jpeg_saved_marker_ptr m = l->codec.marker_list; m; m = m->next) {
        Str body = {(const char *)m->data, m->data_length};
        if (m->marker == JPEG_APP0 + 1 && str_starts(body, S("Exif\0\0")))
            return exif_orientation(body);
    }
    return 1;
}

static void read_colour(Loader *l, ImageFacts *facts)
{
    unsigned int bytes = 0;
    char name[sizeof(facts->colour) - 4];
    if (l->codec.num_components == 1) {
        snprintf(facts->colour, sizeof(facts->colour), "grey");
        return;
    }
    if (jpeg_read_icc_profile(&l->codec, &l->icc, &bytes))
        l->colour = colour_open((Str){(const char *)l->icc, bytes}, 3, name, sizeof(name));
    if (l->colour)
        snprintf(facts->colour, sizeof(facts->colour), "icc:%s", name);
    else
        snprintf(facts->colour, sizeof(facts->colour), "srgb");
}

static bool is_large(const struct jpeg_decompress_struct *c)
{
    return MAX_OF(c->image_width, c->image_height) > TILER_WHOLE_MAX_PX;
}

// Eighths of the size that still leave side_px on the longer side: libjpeg then computes no more than it
// must. Halves, quarters and eighths are much faster than the others, so they may leave less.
static void shrink(struct jpeg_decompress_struct *c, const CageQuestion *question)
{
    const int64_t longer_px = MAX_OF(c->image_width, c->image_height);
    unsigned eighths = 8;
    if (question->job == CAGE_SMALL)
        for (eighths = 1; eighths < 8; eighths++)
            if (longer_px * eighths / 8 >= question->side_px ||
                ((eighths & (eighths - 1)) == 0 && longer_px * eighths / 8 >= question->least_px))
                break;
    c->scale_num = eighths;
    c->scale_denom = 8;
    jpeg_calc_output_dimensions(c);
}

// Several scans must be held whole to be decoded, too; what has one could be decoded as it is read.
static bool is_blocks(struct jpeg_decompress_struct *c, SpliceHead *head)
{
    return splice_frame(c, head) &&
           (jpeg_has_multiple_scans(c) || splice_blocks_bytes(c) <= BLOCKS_MAX_BYTES);
}

static bool start(Loader *l, const Task *task, ImageFacts *facts, Err *err)
{
    struct jpeg_decompress_struct *c = &l->codec;
    jpeg_create_decompress(c);
    c->client_data = l;
    l->source = (struct jpeg_source_mgr){.init_source = source_start,
        .fill_input_buffer = source_more,
        .skip_input_data = source_skip,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = source_start};
    c->src = &l->source;
    l->progress.progress_monitor = check_scans;
    c->progress = &l->progress;
    jpeg_save_markers(c, JPEG_APP0 + 1, SEGMENT_MAX_BYTES);
    jpeg_save_markers(c, JPEG_APP0 + 2, SEGMENT_MAX_BYTES);
    jpeg_read_header(c, TRUE);
    if (c->num_components != 1 && c->num_components != 3)
        return false;
    Turn turn = turn_of_exif(orientation(l));
    *facts = (ImageFacts){.width_px = (int)(turn.swap ? c->image_height : c->image_width),
        .height_px = (int)(turn.swap ? c->image_width : c->image_height),
        .pages = 1,
        .frames = 1,
        .bits = 8};
    snprintf(facts->format, sizeof(facts->format), "%s", look_mime(FORMAT_JPEG));
    read_colour(l, facts);
    if (!task_seen(task, facts, err))
        return false;
    if (task->question.job == CAGE_PROBE)
        return true;
    shrink(c, &task->question);
    if (task->question.job == CAGE_SMALL) {
        l->small = small_open(task, (int)c->output_width, (int)c->output_height, c->num_components, turn);
        return true;
    }
    bool upright = !turn.flip_x && !turn.flip_y && !turn.swap;
    bool own = upright && !l->colour;
    bool cut = own && splice_head(c, &l->head);
    l->by_blocks = own && !cut && is_blocks(c, &l->head);
    l->spliced = cut || l->by_blocks;
    if (cut && task->question.cut && is_large(c))
        l->index = splice_index_writer_open(&l->head, task->question.tile_px);
    TilerAsk ask = {.width_px = (int)c->output_width,
        .height_px = (int)c->output_height,
        .channels = c->num_components,
        .turn = turn,
        .tile_px = task->question.tile_px,
        .quality = task->question.quality,
        .ycc = c->num_components == 3 && !l->colour,
        .tiles_given = l->spliced,
        .tiles_cut = l->index != NULL,
        .rows_halved = l->spliced && is_large(c)};
    l->tiler = tiler_open(task->to, &ask, err);
    return l->tiler != NULL;
}

static bool read_pixels(Loader *l, Err *err)
{
    struct jpeg_decompress_struct *c = &l->codec;
    size_t stride = (size_t)c->output_width * (size_t)c->num_components;
    c->out_color_space = c->num_components == 1 ? JCS_GRAYSCALE : l->colour || l->small ? JCS_RGB : JCS_YCbCr;
    l->in_pixels = true;
    jpeg_start_decompress(c);
    l->rows = mem_alloc(stride * ROWS_AT_ONCE);
    JSAMPROW rows[ROWS_AT_ONCE];
    for (size_t i = 0; i < ROWS_AT_ONCE; i++)
        rows[i] = l->rows + i * stride;
    while (c->output_scanline < c->output_height) {
        JDIMENSION count = jpeg_read_scanlines(c, rows, ROWS_AT_ONCE);
        for (JDIMENSION i = 0; i < count; i++) {
            if (l->colour)
                colour_row(l->colour, rows[i], (int)c->output_width);
            if (l->small)
                small_row(l->small, rows[i]);
            else if (!tiler_row(l->tiler, rows[i], err))
                return false;
        }
    }
    l->in_pixels = false;
    jpeg_finish_decompress(c);
    return l->small || tiler_finish(l->tiler, err);
}

static bool give_tile(void *ctx, int column, int row, Str jpeg, Err *err)
{
    return tiler_put_tile(ctx, column, row, jpeg, err);
}

static bool index_tile(void *ctx, int column, int row, Str jpeg, Err *err)
{
    Loader *l = ctx;
    splice_index_tile(l->index, column, row, jpeg);
    return tiler_put_tile(l->tiler, column, row, jpeg, err);
}

static bool index_mark(void *ctx, int mcu_row, int column, const SpliceMark *mark, Err *err)
{
    (void)err;
    splice_index_mark(((Loader *)ctx)->index, mcu_row, column, mark);
    return true;
}

static bool index_half_row(void *ctx, const uint8_t *row, Err *err)
{
    return tiler_row(((Loader *)ctx)->tiler, row, err);
}

// Level 0 stays in the master; the index says where.
static bool index_pixels(Loader *l, const Task *task, Err *err)
{
    uint64_t scan_at = l->at - l->source.bytes_in_buffer;
    CLEANUP(buf_free) Buf index = buf_with_max(TABLE_BYTES_MAX);
    SpliceSink sink = {.ctx = l, .tile = index_tile, .half_row = index_half_row, .mark = index_mark};
    return splice_jpeg(&l->head, l->fd, scan_at, task->question.tile_px, &sink, err) &&
           splice_index_finish(l->index, task->from_bytes, &index, err) &&
           tiler_put_index(l->tiler, buf_str(&index), err) && tiler_finish(l->tiler, err);
}

static bool give_whole(void *ctx, int column, int row, Str jpeg, Err *err)
{
    (void)column, (void)row;
    return tiler_put_whole(ctx, jpeg, err);
}

static bool give_half_row(void *ctx, const uint8_t *row, Err *err)
{
    return tiler_row(ctx, row, err);
}

// A large picture comes in one pass, its level 1 computed from the coefficients. A small one is also decoded,
// because its standard sizes need all its pixels.
static bool splice_pixels(Loader *l, const Task *task, Err *err)
{
    uint64_t scan_at = l->at - l->source.bytes_in_buffer;
    bool large = is_large(&l->codec);
    SpliceSink tiles = {.ctx = l->tiler, .tile = give_tile, .half_row = large ? give_half_row : NULL};
    SpliceSink whole = {.ctx = l->tiler, .tile = give_whole};
    if (!splice_jpeg(&l->head, l->fd, scan_at, task->question.tile_px, &tiles, err))
        return false;
    if (large)
        return tiler_finish(l->tiler, err);
    return splice_jpeg(&l->head, l->fd, scan_at, TILER_WHOLE_MAX_PX, &whole, err) && read_pixels(l, err);
}

// From the beginning again, to be decoded.
static void start_again(Loader *l)
{
    jpeg_abort_decompress(&l->codec);
    l->at = 0;
    l->ended = false;
    l->source.bytes_in_buffer = 0;
    jpeg_read_header(&l->codec, TRUE);
    shrink(&l->codec, &(CageQuestion){.job = CAGE_DERIVE});
}

static bool cut_blocks(Loader *l, const Task *task, Err *err)
{
    bool large = is_large(&l->codec);
    SpliceSink tiles = {.ctx = l->tiler, .tile = give_tile, .half_row = large ? give_half_row : NULL};
    SpliceSink whole = {.ctx = l->tiler, .tile = give_whole};
    l->in_pixels = true;
    jvirt_barray_ptr *blocks = jpeg_read_coefficients(&l->codec);
    l->in_pixels = false;
    if (!splice_blocks(&l->codec, blocks, task->question.tile_px, &tiles, err))
        return false;
    if (large)
        return tiler_finish(l->tiler, err);
    if (!splice_blocks(&l->codec, blocks, TILER_WHOLE_MAX_PX, &whole, err))
        return false;
    start_again(l);
    return read_pixels(l, err);
}

static bool derive(Loader *l, const Task *task, Err *err)
{
    return l->by_blocks ? cut_blocks(l, task, err)
           : l->index   ? index_pixels(l, task, err)
           : l->spliced ? splice_pixels(l, task, err)
                        : read_pixels(l, err);
}

bool load_jpeg(const Task *task, ImageFacts *ret, CageSmall *ret_small, Err *err)
{
    CLEANUP(loader_closep) Loader *l = mem_alloc(sizeof(*l));
    ImageFacts facts;
    if (task->question.page != 0)
        return err_set(err, ERR_INVALID, "the file has no page %d", task->question.page);
    loader_open(l, task->from);
    if (setjmp(l->jump)) {
        *err = l->err;
        return false;
    }
    if (!start(l, task, &facts, err))
        return false;
    if (task->question.job == CAGE_DERIVE && !derive(l, task, err))
        return false;
    if (l->small && !(read_pixels(l, err) && small_finish(l->small, task, ret_small, err)))
        return false;
    *ret = facts;
    return true;
}
