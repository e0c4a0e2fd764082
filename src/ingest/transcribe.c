// SPDX-License-Identifier: Apache-2.0
// The texts of a delivery become the record's transcripts (catalog/transcript.h). A text that is taken in
// again takes the place of the one before it, of the same picture and language; what was not delivered stays.
#include "ingest/transcribe.h"
#include "base/file.h"
#include "base/utf8.h"
#include "catalog/transcript.h"
#include "ingest/textfile.h"
#include "ingest/texts.h"

#include <math.h>
#include <sys/stat.h>

enum { TRANSCRIPTS_MAX_BYTES = 2 * 1024 * 1024 }; // of a record, as JSON

typedef struct {
    Run *run;
    const Filed *f;
    Arena *a;
    Buf out;
    JsonWriter w;
    RECORD_LIST(Transcript) written; // media and lang of those put already
} Work;

// ---- reading

static bool read_whole(int fd, WrittenKind kind, Arena *a, Str *ret, Err *err)
{
    if (kind == WRITTEN_XML || kind == WRITTEN_HOCR)
        return file_read_all(fd, WRITTEN_FILE_MAX_BYTES, a, ret, err);
    Encoding encoding;
    CLEANUP(textfile_closep) TextFile *t = textfile_open(fd, S(""), &encoding, err);
    if (!t)
        return false;
    while (!textfile_at_end(t))
        if (!textfile_more(t, WRITTEN_FILE_MAX_BYTES, err))
            return false;
    *ret = arena_copy(a, textfile_window(t));
    size_t bad;
    return utf8_valid(*ret, &bad) || err_set(err, ERR_CORRUPT, "it is not a text");
}

static bool read_text(Work *work, const DeliveryText *text, Written *ret, Err *err)
{
    Str bytes;
    struct stat st;
    CLEANUP(fd_closep) int fd = delivery_open_text(work->run->delivery, text, err);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) == 0 && st.st_size > WRITTEN_FILE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "it has more than %d bytes", WRITTEN_FILE_MAX_BYTES);
    return read_whole(fd, text->kind, work->a, &bytes, err) &&
           written_read(text->kind, bytes, work->a, ret, err);
}

// ---- writing

static void put_box(Work *work, const WrittenPart *part, const WrittenPage *page, const RecordMedia *media)
{
    double x = 1, y = 1;
    if (!part->has_box || !media)
        return;
    if (page && page->width > 0 && page->height > 0) {
        x = media->width_px / page->width;
        y = media->height_px / page->height;
    }
    double left = MAX_OF(part->left * x, 0), top = MAX_OF(part->top * y, 0);
    double right = MIN_OF((part->left + part->width) * x, media->width_px);
    double bottom = MIN_OF((part->top + part->height) * y, media->height_px);
    if (right - left >= 1 && bottom - top >= 1)
        json_put_member(&work->w, S("xywh"),
            arena_printf(work->a, "%lld,%lld,%lld,%lld", llround(floor(left)), llround(floor(top)),
                llround(right - floor(left)), llround(bottom - floor(top))));
}

static void put_part(Work *work, const WrittenPart *part, const WrittenPage *page, const RecordMedia *media)
{
    json_put_map(&work->w);
    json_put_member(&work->w, S("text"), part->text);
    put_box(work, part, page, media);
    if (part->has_time)
        json_put_member(&work->w, S("t"), arena_printf(work->a, "%g,%g", part->from_s, part->to_s));
    json_put_map_end(&work->w);
}

static void begin(Work *work, Str media, Str lang)
{
    json_put_map(&work->w);
    json_put_member_if(&work->w, S("media"), media);
    json_put_member_if(&work->w, S("lang"), lang);
    *arena_push(work->a, &work->written.items, &work->written.count, &work->written.capacity) =
        (Transcript){.media = media, .lang = lang};
}

// The parts of one page of the text, of one picture. page < 0: all.
static void put_transcript(Work *work, const Written *text, Str lang, int page, const RecordMedia *media)
{
    bool any = false;
    for (size_t i = 0; i < text->count; i++)
        any |= page < 0 || text->parts[i].page == page;
    if (!any)
        return;
    begin(work, media ? media->id : S(""), lang);
    json_put_name(&work->w, S("parts"));
    json_put_list(&work->w);
    for (size_t i = 0; i < text->count; i++) {
        const WrittenPart *part = &text->parts[i];
        const WrittenPage *of = (size_t)part->page < text->pages_count ? &text->pages[part->page] : NULL;
        if (page < 0 || part->page == page)
            put_part(work, part, of, media);
    }
    json_put_list_end(&work->w);
    json_put_map_end(&work->w);
}

static const RecordMedia *media_of(const Filed *f, const RecordMedia *delivered)
{
    for (size_t i = 0; i < f->record->media.count; i++) {
        const RecordMedia *media = &f->record->media.items[i];
        if (str_eq(media->sha512, delivered->sha512) && media->page == delivered->page)
            return media;
    }
    return NULL;
}

static void tell(Work *work, DeliveryText *text, const Err *err)
{
    Item at = {.shown = text->shown};
    if (!text->claimed)
        run_tell(work->run, INGEST_WARNING, &at, (Str){0},
            arena_printf(work->a, "%s; it is passed over", err->text));
}

static Str lang_of(const DeliveryText *text, const Written *written)
{
    return text->lang.n ? text->lang : written->lang;
}

// Page 1 of the text belongs to page 1 of the picture's file, and so on; all of it to a picture of one page.
static void put_beside(Work *work, size_t at, DeliveryText *text)
{
    const RecordMedia *media = media_of(work->f, &work->f->delivered[at]);
    Err err = {0};
    Written written;
    bool good = media && read_text(work, text, &written, &err);
    if (media && !good)
        tell(work, text, &err);
    text->claimed = true;
    if (good)
        put_transcript(
            work, &written, lang_of(text, &written), media->page > 0 ? media->page - 1 : -1, media);
}

static void put_called(Work *work, DeliveryText *text)
{
    Err err = {0};
    Written written;
    if (read_text(work, text, &written, &err))
        put_transcript(work, &written, lang_of(text, &written), -1, NULL);
    else
        tell(work, text, &err);
    text->claimed = true;
}

// ---- the record's list

static bool is_replaced(const Work *work, const Json *old)
{
    Str media = json_text(old, S("media")), lang = json_text(old, S("lang"));
    for (size_t i = 0; i < work->written.count; i++)
        if (str_eq(work->written.items[i].media, media) && str_eq(work->written.items[i].lang, lang))
            return true;
    return false;
}

static const Json *list_of(const Record *record)
{
    for (size_t i = 0; record && i < record->more_names.count && i < record->more_values.count; i++)
        if (str_eq(record->more_names.items[i], S("transcripts")) &&
            record->more_values.items[i].kind == JSON_IS_LIST)
            return &record->more_values.items[i];
    return NULL;
}

// Copies: the lists may be another record's.
static void set_list(Record *record, const Json *list, Arena *a)
{
    size_t count = MIN_OF(record->more_names.count, record->more_values.count), kept = 0;
    Str *names = arena_array(a, Str, count + 1);
    Json *values = arena_array(a, Json, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!str_eq(record->more_names.items[i], S("transcripts"))) {
            names[kept] = record->more_names.items[i];
            values[kept++] = record->more_values.items[i];
        }
    names[kept] = S("transcripts");
    values[kept++] = *list;
    record->more_names.items = names;
    record->more_values.items = values;
    record->more_names.count = record->more_values.count = kept;
    record->more_names.capacity = record->more_values.capacity = count + 1;
}

static void put_texts(Work *work)
{
    const Filed *f = work->f;
    DeliveryText **texts;
    size_t count;
    for (size_t i = 0; i < f->count; i++) {
        count = delivery_texts_beside(work->run->delivery, &f->shots[i]->picture, work->a, &texts);
        for (size_t k = 0; k < count; k++)
            put_beside(work, i, texts[k]);
    }
    count = delivery_texts_called(work->run->delivery, f->record->id, f->record->accession, work->a, &texts);
    for (size_t k = 0; k < count; k++)
        put_called(work, texts[k]);
}

void transcribe(Run *run, const Filed *f, Arena *a)
{
    Work work = {.run = run, .f = f, .a = a, .out = buf_with_max(TRANSCRIPTS_MAX_BYTES)};
    const Json *kept = list_of(f->record), *list = NULL;
    Err err = {0};
    Str text;
    if (!kept)
        kept = list_of(f->before);
    work.w = json_writer(&work.out);
    json_put_list(&work.w);
    put_texts(&work);
    for (size_t i = 0; kept && i < kept->count; i++)
        if (!is_replaced(&work, &kept->items[i]))
            json_put_tree(&work.w, &kept->items[i]);
    json_put_list_end(&work.w);
    if (kept || work.written.count) {
        if (buf_into(&work.out, a, &text, &err))
            list = json_parse(text, a, &err);
        if (list && list->count)
            set_list(f->record, list, a);
        else if (!list)
            run_tell(run, INGEST_WARNING, &(Item){.shown = f->record->id}, S("transcripts"),
                arena_printf(a, "the transcripts of the record are over %d bytes together; none is changed",
                    TRANSCRIPTS_MAX_BYTES));
    }
    buf_free(&work.out);
}
