// SPDX-License-Identifier: Apache-2.0
// The evidence for one hit: the part on both pictures, and the spots that agree, by number.
#include "site/look.h"

#include <math.h>

enum { SPOTS_SHOWN = 24, SIDE_PX = 900, SPOTS_ACROSS = 34 };

// One of the two pictures. Points are fractions of `of`, in pixels of the picture.
typedef struct {
    const Seen *seen; // NULL: the picture was sent along
    const RecordMedia *media;
    CropBox box; // what is shown
    double of[4];
    const VisualPoint *outline, *points;
    int outline_count, points_count;
} Side;

static VisualPoint place(const Side *s, VisualPoint point)
{
    return (VisualPoint){
        s->of[0] + point.x * s->of[2] - s->box.left_px, s->of[1] + point.y * s->of[3] - s->box.top_px};
}

static void name_work(const Visit *v, const Side *s, PartEvidence *part)
{
    part->picture = crop_part(v, s->seen, s->media, s->box, SIDE_PX, S(""));
    part->address = url_local(manifest_object_url(v->a, S(""), s->seen->record.id));
    part->title = seen_title(v, s->seen, &part->title_lang);
    part->maker = seen_makers(v, s->seen);
}

static PartEvidence evidence(const Visit *v, const Side *s)
{
    const int side = MAX_OF(s->box.width_px, s->box.height_px), size = MAX_OF(1, side / SPOTS_ACROSS);
    PartEvidence part = {.shape = card_shape(v->a, s->box.width_px, s->box.height_px),
        .view = arena_printf(v->a, "0 0 %d %d", s->box.width_px, s->box.height_px)};
    if (s->seen)
        name_work(v, s, &part);
    CLEANUP(buf_free) Buf outline = buf_with_max(LOOK_OUTLINE_MAX_BYTES);
    for (int i = 0; i < s->outline_count; i++) {
        const VisualPoint p = place(s, s->outline[i]);
        buf_printf(&outline, "%s%.0f,%.0f", i ? " " : "", p.x, p.y);
    }
    part.outline = arena_copy(v->a, buf_str(&outline));
    PartSpot *spots = arena_array(v->a, PartSpot, SPOTS_SHOWN);
    for (int i = 0; i < s->points_count && i < SPOTS_SHOWN; i++) {
        const VisualPoint p = place(s, s->points[i]);
        spots[part.spots.count++] = (PartSpot){
            .n = i + 1, .x = lround(p.x), .y = lround(p.y), .low = lround(p.y + size * 0.35), .size = size};
    }
    part.spots.items = spots;
    return part;
}

static PartEvidence evidence_asked(const Visit *v, const Look *look, const VisualHit *hit)
{
    const int whole[4] = {0, 0, look->media->width_px, look->media->height_px};
    const int *r = look->is_part ? look->region : whole;
    return evidence(v, &(Side){.seen = look->seen,
                           .media = look->media,
                           .box = crop_box(look->media, r[0], r[1], r[2], r[3], 0),
                           .of = {r[0], r[1], r[2], r[3]},
                           .outline = look->ask.lasso,
                           .outline_count = look->ask.lasso_count,
                           .points = hit->asked,
                           .points_count = hit->points_count});
}

static PartEvidence evidence_sent(const Visit *v, const Look *look, const VisualHit *hit)
{
    const int width = look->again_width_px, height = look->again_height_px;
    PartEvidence part = evidence(v, &(Side){.box = {0, 0, width, height},
                                        .of = {0, 0, width, height},
                                        .outline = look->ask.lasso,
                                        .outline_count = look->ask.lasso_count,
                                        .points = hit->asked,
                                        .points_count = hit->points_count});
    part.picture = look_sent(v, look);
    part.title = phrase(v->w, WORD_LOOK_SENT);
    return part;
}

static PartEvidence evidence_found(const Visit *v, const LookFound *found)
{
    const VisualHit *hit = found->hit;
    const double w = found->media->width_px, h = found->media->height_px;
    return evidence(v,
        &(Side){.seen = found->seen,
            .media = found->media,
            .box = crop_box(found->media, hit->left * w, hit->top * h, hit->width * w, hit->height * h, 0.2),
            .of = {0, 0, w, h},
            .outline = hit->outline,
            .outline_count = hit->outline_count,
            .points = hit->found,
            .points_count = hit->points_count});
}

static void answer_why(Visit *v, const Look *look, const LookFound *found)
{
    const VisualHit *hit = found->hit;
    const PageWhy page = {
        .head = frame_head(
            v, &(Frame){.title = phrase(v->w, WORD_WHY_TITLE), .path = S("/look/why"), .hide = true}),
        .foot = frame_foot(v),
        .back = look_narrowed(v, look, "/look", &(SearchPlace){.ask = &look->within}, S("")),
        .sure = lround(hit->score * 100),
        .spots = hit->points_count,
        .negative = hit->negative,
        .mirrored = hit->mirrored,
        .drawn = hit->drawn,
        .again = look->again,
        .asked = look->uploaded ? evidence_sent(v, look, hit) : evidence_asked(v, look, hit),
        .found = evidence_found(v, found)};
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_why_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
    if (look->uploaded)
        v->answer->cache_control = S("no-store");
}

static const LookFound *find_evidence(const Visit *v, Look *look, Err *err)
{
    Str object_id;
    LookFound *found;
    size_t count;
    if (!http_parameter(v->r, S("hit"), &object_id))
        return err_null(err, ERR_INVALID, "hit= names the work that was found");
    if (!look_ask_one(v, look, object_id, err) || !look_see(v, look, &found, &count, err))
        return NULL;
    if (count == 0 || !found[0].hit->has_place)
        return err_null(err, ERR_NOT_FOUND, "nothing there agrees");
    return &found[0];
}

void look_why_answer(Visit *v)
{
    Err err = {0};
    Look look = {.shown = true};
    const LookFound *found = find_evidence(v, &look, &err);
    if (found)
        answer_why(v, &look, found);
    else
        trouble_answer(v, &err);
}
