// SPDX-License-Identifier: Apache-2.0
// libjpeg reports errors by a jump out of its functions. Between setjmp and the last call nothing here owns
// anything but the codec itself, so a jump leaks nothing.
#include "image/int.h"
#include "image/splice.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

enum { OUT_CHUNK_BYTES = 16 << 10, ROWS_AT_ONCE = 16 };

typedef struct {
    struct jpeg_error_mgr mgr; // first: libjpeg hands back a pointer to it
    jmp_buf jump;
} Trap;

static void trap_exit(j_common_ptr codec)
{
    longjmp(((Trap *)(void *)codec->err)->jump, 1);
}

static void trap_message(j_common_ptr codec, int level)
{
    if (level < 0) // a warning: the data is damaged
        codec->err->num_warnings++;
}

static struct jpeg_error_mgr *trap_set(Trap *trap)
{
    jpeg_std_error(&trap->mgr);
    trap->mgr.error_exit = trap_exit;
    trap->mgr.emit_message = trap_message;
    return &trap->mgr;
}

// ---- writing

struct JpegWriter {
    struct jpeg_compress_struct codec;
    struct jpeg_destination_mgr to;
    Trap trap;
    int quality;
    bool ycc;
    Buf *out;
    uint8_t chunk[OUT_CHUNK_BYTES];
};

static void to_start(j_compress_ptr codec)
{
    JpegWriter *w = codec->client_data;
    w->to.next_output_byte = w->chunk;
    w->to.free_in_buffer = OUT_CHUNK_BYTES;
}

static boolean to_more(j_compress_ptr codec)
{
    JpegWriter *w = codec->client_data;
    buf_add_bytes(w->out, w->chunk, OUT_CHUNK_BYTES);
    to_start(codec);
    return TRUE;
}

static void to_end(j_compress_ptr codec)
{
    JpegWriter *w = codec->client_data;
    buf_add_bytes(w->out, w->chunk, OUT_CHUNK_BYTES - w->to.free_in_buffer);
}

JpegWriter *jpeg_writer_open(int quality, bool ycc)
{
    JpegWriter *w = mem_alloc(sizeof(*w));
    w->codec.err = trap_set(&w->trap);
    if (setjmp(w->trap.jump))
        abort(); // only for lack of memory
    jpeg_create_compress(&w->codec);
    w->codec.client_data = w;
    w->to.init_destination = to_start;
    w->to.empty_output_buffer = to_more;
    w->to.term_destination = to_end;
    w->codec.dest = &w->to;
    w->quality = quality;
    w->ycc = ycc;
    return w;
}

void jpeg_writer_closep(JpegWriter **w)
{
    if (!*w)
        return;
    jpeg_destroy_compress(&(*w)->codec);
    free(*w);
    *w = NULL;
}

static void set_up(JpegWriter *w, int width_px, int height_px, int channels, bool restarts)
{
    struct jpeg_compress_struct *c = &w->codec;
    c->image_width = (JDIMENSION)width_px;
    c->image_height = (JDIMENSION)height_px;
    c->input_components = channels;
    c->in_color_space = channels == 1 ? JCS_GRAYSCALE : w->ycc ? JCS_YCbCr : JCS_RGB;
    jpeg_set_defaults(c);
    jpeg_set_quality(c, w->quality, TRUE);
    c->dct_method = JDCT_ISLOW;
    c->restart_in_rows = restarts ? 1 : 0;
}

static bool write_failed(JpegWriter *w, Err *err)
{
    char text[JMSG_LENGTH_MAX];
    w->codec.err->format_message((j_common_ptr)&w->codec, text);
    jpeg_abort_compress(&w->codec);
    return err_set(err, ERR_LIMIT, "cannot make a JPEG: %s", text);
}

bool jpeg_write(JpegWriter *w, const Pixels *px, bool restarts, Buf *out, Err *err)
{
    assert(px->channels == 1 || px->channels == 3);
    struct jpeg_compress_struct *c = &w->codec;
    w->out = out;
    if (setjmp(w->trap.jump))
        return write_failed(w, err);
    set_up(w, px->width_px, px->height_px, px->channels, restarts);
    jpeg_start_compress(c, TRUE);
    while (c->next_scanline < c->image_height) {
        JSAMPROW rows[ROWS_AT_ONCE];
        JDIMENSION count = MIN_OF(ROWS_AT_ONCE, c->image_height - c->next_scanline);
        for (JDIMENSION i = 0; i < count; i++)
            rows[i] = pixels_at(px, 0, (int)(c->next_scanline + i));
        jpeg_write_scanlines(c, rows, count);
    }
    jpeg_finish_compress(c);
    if (out->full)
        return err_set(err, ERR_LIMIT, "a JPEG became too big");
    return true;
}

int jpeg_planes_stride(int width_px)
{
    return (width_px + JPEG_PLANE_ROWS - 1) / JPEG_PLANE_ROWS * JPEG_PLANE_ROWS;
}

bool jpeg_planes_start(JpegWriter *w, int width_px, int height_px, int planes, Buf *out, Err *err)
{
    assert(w->ycc);
    w->out = out;
    if (setjmp(w->trap.jump))
        return write_failed(w, err);
    set_up(w, width_px, height_px, planes, false);
    w->codec.raw_data_in = TRUE;
    jpeg_start_compress(&w->codec, TRUE);
    return true;
}

bool jpeg_planes_rows(JpegWriter *w, uint8_t *const rows[JPEG_PLANES][JPEG_PLANE_ROWS], Err *err)
{
    struct jpeg_compress_struct *c = &w->codec;
    JSAMPROW pointers[JPEG_PLANES][JPEG_PLANE_ROWS];
    memcpy(pointers, rows, sizeof(pointers));
    if (setjmp(w->trap.jump))
        return write_failed(w, err);
    // An MCU of a grey picture is one block: half of the rows at a time.
    int at_once = c->max_v_samp_factor * DCTSIZE;
    for (int y = 0; y < JPEG_PLANE_ROWS && c->next_scanline < c->image_height; y += at_once) {
        JSAMPARRAY planes[JPEG_PLANES] = {pointers[0] + y, pointers[1], pointers[2]};
        jpeg_write_raw_data(c, planes, (JDIMENSION)at_once);
    }
    return true;
}

bool jpeg_planes_finish(JpegWriter *w, Err *err)
{
    if (setjmp(w->trap.jump))
        return write_failed(w, err);
    jpeg_finish_compress(&w->codec);
    w->codec.raw_data_in = FALSE;
    return !w->out->full || err_set(err, ERR_LIMIT, "the picture became too big");
}

static void set_up_blocks(JpegWriter *w, const struct jpeg_decompress_struct *from, JpegPart part)
{
    struct jpeg_compress_struct *c = &w->codec;
    set_up(w, part.width_px, part.height_px, from->num_components, true);
    c->optimize_coding = TRUE;
    for (int i = 0; i < from->num_components; i++) {
        JQUANT_TBL **quant = &c->quant_tbl_ptrs[i];
        if (!*quant)
            *quant = jpeg_alloc_quant_table((j_common_ptr)c);
        memcpy((*quant)->quantval, from->comp_info[i].quant_table->quantval, sizeof((*quant)->quantval));
        (*quant)->sent_table = FALSE;
        c->comp_info[i].quant_tbl_no = i;
        // One component alone has one block an MCU, whatever its factors say.
        c->comp_info[i].h_samp_factor = from->num_components == 1 ? 1 : from->comp_info[i].h_samp_factor;
        c->comp_info[i].v_samp_factor = from->num_components == 1 ? 1 : from->comp_info[i].v_samp_factor;
    }
}

static int ceil_part(int px, int factor, int max_factor)
{
    return (px * factor + max_factor * DCTSIZE - 1) / (max_factor * DCTSIZE);
}

// The arrays are made before the start, which gives them their memory, and filled after it.
static void copy_blocks(struct jpeg_compress_struct *c, struct jpeg_decompress_struct *from,
    jvirt_barray_ptr *to_blocks, jvirt_barray_ptr *from_blocks, JpegPart part)
{
    for (int i = 0; i < c->num_components; i++) {
        const jpeg_component_info *to = &c->comp_info[i];
        int left = ceil_part(part.left_px, to->h_samp_factor, c->max_h_samp_factor);
        int top = ceil_part(part.top_px, to->v_samp_factor, c->max_v_samp_factor);
        for (JDIMENSION y = 0; y < to->height_in_blocks; y++) {
            JBLOCKARRAY row = c->mem->access_virt_barray((j_common_ptr)c, to_blocks[i], y, 1, TRUE);
            JBLOCKARRAY source = from->mem->access_virt_barray(
                (j_common_ptr)from, from_blocks[i], (JDIMENSION)top + y, 1, FALSE);
            memcpy(row[0], source[0] + left, to->width_in_blocks * sizeof(JBLOCK));
        }
    }
}

bool jpeg_write_blocks(JpegWriter *w, struct jpeg_decompress_struct *from,
    struct jvirt_barray_control **blocks, JpegPart part, Buf *out, Err *err)
{
    struct jpeg_compress_struct *c = &w->codec;
    jvirt_barray_ptr arrays[JPEG_PLANES];
    assert(w->ycc && from->num_components <= JPEG_PLANES);
    w->out = out;
    if (setjmp(w->trap.jump)) {
        write_failed(w, err);
        return err_set(err, ERR_CORRUPT, "the JPEG is damaged: its data are beyond what a picture can hold");
    }
    set_up_blocks(w, from, part);
    int max_h = c->comp_info[0].h_samp_factor, max_v = c->comp_info[0].v_samp_factor;
    for (int i = 0; i < c->num_components; i++) {
        int h = c->comp_info[i].h_samp_factor, v = c->comp_info[i].v_samp_factor;
        int across = ceil_part(part.width_px, h, max_h), down = ceil_part(part.height_px, v, max_v);
        arrays[i] = c->mem->request_virt_barray((j_common_ptr)c, JPOOL_IMAGE, TRUE,
            (JDIMENSION)((across + h - 1) / h * h), (JDIMENSION)((down + v - 1) / v * v), (JDIMENSION)v);
    }
    jpeg_write_coefficients(c, arrays);
    copy_blocks(c, from, arrays, blocks, part);
    jpeg_finish_compress(c);
    return !out->full || err_set(err, ERR_LIMIT, "a tile of the JPEG is too big");
}

// ---- reading

struct JpegReader {
    struct jpeg_decompress_struct codec;
    struct jpeg_source_mgr from;
    Trap trap;
};

static void from_nothing(j_decompress_ptr codec)
{
    (void)codec;
}

static boolean from_end(j_decompress_ptr codec)
{
    longjmp(((Trap *)(void *)codec->err)->jump, 1);
}

static void from_skip(j_decompress_ptr codec, long count)
{
    struct jpeg_source_mgr *from = codec->src;
    if (count <= 0)
        return;
    if ((size_t)count > from->bytes_in_buffer)
        longjmp(((Trap *)(void *)codec->err)->jump, 1);
    from->next_input_byte += count;
    from->bytes_in_buffer -= (size_t)count;
}

JpegReader *jpeg_reader_open(void)
{
    JpegReader *r = mem_alloc(sizeof(*r));
    r->codec.err = trap_set(&r->trap);
    if (setjmp(r->trap.jump))
        abort(); // only for lack of memory
    jpeg_create_decompress(&r->codec);
    r->from.init_source = from_nothing;
    r->from.term_source = from_nothing;
    r->from.fill_input_buffer = from_end;
    r->from.skip_input_data = from_skip;
    r->from.resync_to_restart = jpeg_resync_to_restart;
    r->codec.src = &r->from;
    return r;
}

void jpeg_reader_closep(JpegReader **r)
{
    if (!*r)
        return;
    jpeg_destroy_decompress(&(*r)->codec);
    free(*r);
    *r = NULL;
}

static bool read_head(struct jpeg_decompress_struct *c, int width_px, int height_px)
{
    return jpeg_read_header(c, TRUE) == JPEG_HEADER_OK && c->image_width == (JDIMENSION)width_px &&
           c->image_height == (JDIMENSION)height_px && (c->num_components == 1 || c->num_components == 3);
}

static bool read_rows(struct jpeg_decompress_struct *c, const Pixels *to)
{
    c->out_color_space = to->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    c->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(c);
    while (c->output_scanline < c->output_height) {
        JSAMPROW rows[ROWS_AT_ONCE];
        JDIMENSION count = MIN_OF(ROWS_AT_ONCE, c->output_height - c->output_scanline);
        for (JDIMENSION i = 0; i < count; i++)
            rows[i] = pixels_at(to, 0, (int)(c->output_scanline + i));
        jpeg_read_scanlines(c, rows, count);
    }
    return c->err->num_warnings == 0;
}

static void reader_start(JpegReader *r, Str bytes)
{
    r->from.next_input_byte = (const JOCTET *)bytes.p;
    r->from.bytes_in_buffer = bytes.n;
    r->trap.mgr.num_warnings = 0;
}

static bool read_failed(JpegReader *r, Err *err)
{
    jpeg_abort_decompress(&r->codec);
    return err_set(err, ERR_CORRUPT, "a tile of the pyramid file is damaged");
}

bool jpeg_read(JpegReader *r, Str bytes, const Pixels *to, Err *err)
{
    assert(to->channels == 1 || to->channels == 3);
    reader_start(r, bytes);
    if (setjmp(r->trap.jump))
        return read_failed(r, err);
    if (!read_head(&r->codec, to->width_px, to->height_px) || !read_rows(&r->codec, to))
        return read_failed(r, err);
    jpeg_abort_decompress(&r->codec);
    return true;
}

bool jpeg_read_splice_head(JpegReader *r, Str head, SpliceHead *ret)
{
    reader_start(r, head);
    if (setjmp(r->trap.jump)) {
        jpeg_abort_decompress(&r->codec);
        return false;
    }
    bool good = jpeg_read_header(&r->codec, TRUE) == JPEG_HEADER_OK && splice_head(&r->codec, ret);
    jpeg_abort_decompress(&r->codec);
    return good;
}

static bool read_raw(struct jpeg_decompress_struct *c, JpegPlanes *to)
{
    JSAMPROW rows[JPEG_PLANES][JPEG_PLANE_ROWS];
    JSAMPARRAY planes[JPEG_PLANES] = {rows[0], rows[1], rows[2]};
    if (c->jpeg_color_space != JCS_YCbCr || c->max_h_samp_factor > 2 || c->max_v_samp_factor > 2)
        return false;
    to->count = JPEG_PLANES;
    for (int i = 0; i < JPEG_PLANES; i++) {
        to->across[i] = c->max_h_samp_factor / c->comp_info[i].h_samp_factor;
        to->down[i] = c->max_v_samp_factor / c->comp_info[i].v_samp_factor;
    }
    if (to->across[0] != 1 || to->down[0] != 1)
        return false;
    c->raw_data_out = TRUE;
    c->out_color_space = JCS_YCbCr;
    c->dct_method = JDCT_ISLOW;
    jpeg_start_decompress(c);
    int at_once = c->max_v_samp_factor * DCTSIZE;
    while (c->output_scanline < c->output_height) {
        int top = (int)c->output_scanline;
        for (int i = 0; i < JPEG_PLANES; i++)
            for (int y = 0; y < at_once / to->down[i]; y++)
                rows[i][y] = pixels_at(&to->plane[i], 0, top / to->down[i] + y);
        jpeg_read_raw_data(c, planes, (JDIMENSION)at_once);
    }
    return c->err->num_warnings == 0;
}

bool jpeg_read_planes(
    JpegReader *r, Str bytes, int width_px, int height_px, bool luma_only, JpegPlanes *to, Err *err)
{
    reader_start(r, bytes);
    if (setjmp(r->trap.jump))
        return read_failed(r, err);
    if (!read_head(&r->codec, width_px, height_px))
        return read_failed(r, err);
    bool good;
    r->codec.raw_data_out = FALSE;
    if (luma_only || r->codec.num_components == 1) {
        Pixels luma = to->plane[0];
        luma.width_px = width_px;
        luma.height_px = height_px;
        to->count = 1;
        to->across[0] = to->down[0] = 1;
        good = read_rows(&r->codec, &luma);
    } else {
        good = read_raw(&r->codec, to);
    }
    if (!good)
        return read_failed(r, err);
    jpeg_abort_decompress(&r->codec);
    return true;
}
