// SPDX-License-Identifier: Apache-2.0
#include "catalog/transcript.h"

size_t transcripts_find(const Record *record, Arena *a, Transcript **ret)
{
    size_t count = 0;
    *ret = NULL;
    for (size_t i = 0; i < record->more_names.count && i < record->more_values.count; i++) {
        const Json *list = &record->more_values.items[i];
        if (!str_eq(record->more_names.items[i], S("transcripts")) || list->kind != JSON_IS_LIST)
            continue;
        *ret = arena_array(a, Transcript, MIN_OF(list->count, (size_t)TRANSCRIPTS_MAX) + 1);
        for (size_t k = 0; k < list->count && count < TRANSCRIPTS_MAX; k++) {
            const Json *one = &list->items[k], *parts = json_list(one, S("parts"));
            if (parts)
                (*ret)[count++] = (Transcript){
                    .media = json_text(one, S("media")), .lang = json_text(one, S("lang")), .parts = parts};
        }
    }
    return count;
}

size_t transcript_count(const Transcript *t)
{
    return MIN_OF(t->parts->count, (size_t)TRANSCRIPT_PARTS_MAX);
}

bool transcript_box_read(Str text, TranscriptBox *ret)
{
    int numbers[4];
    Str rest = text, piece;
    for (int i = 0; i < 4; i++) {
        bool last = i == 3;
        if (last)
            piece = rest;
        else if (!str_cut(rest, ',', &piece, &rest))
            return false;
        if (!str_to_int(piece, i < 2 ? 0 : 1, INT32_MAX / 2, &numbers[i]))
            return false;
    }
    *ret = (TranscriptBox){numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

// "12.5,14" or "12.5".
static bool is_time(Str text)
{
    Str from = text, to = {0};
    double value;
    bool two = str_cut(text, ',', &from, &to);
    return text.n <= 40 && str_to_double(from, &value) && value >= 0 &&
           (!two || (str_to_double(to, &value) && value >= 0));
}

TranscriptPart transcript_part(const Transcript *t, size_t index, Arena *a)
{
    const Json *json = &t->parts->items[index];
    TranscriptPart part = {.text = json_text(json, S("text"))};
    Str box = json_text(json, S("xywh")), time = json_text(json, S("t")), page = json_text(json, S("page"));
    int number;
    if (box.n && transcript_box_read(box, &part.box)) {
        part.has_box = true;
        part.place = arena_printf(
            a, "xywh=%d,%d,%d,%d", part.box.left_px, part.box.top_px, part.box.width_px, part.box.height_px);
    } else if (time.n && is_time(time)) {
        part.place = arena_printf(a, "t=" FMT_STR, ARG_STR(time));
    } else if (str_to_int(page, 1, INT32_MAX / 2, &number)) {
        part.place = arena_printf(a, "page=%d", number);
    }
    return part;
}
