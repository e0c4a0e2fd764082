// SPDX-License-Identifier: Apache-2.0
// A record on the wall: picture, title, maker, date.
#include "site/int.h"

// What tools/shapes wrote into the style: classes r0 .. r151, class i for a picture SHAPE_FIRST *
// SHAPE_STEP^i as wide as it is high.
static const double SHAPE_FIRST = 0.25, SHAPE_STEP = 1.02, SHAPE_HALF_STEP = 1.01;
enum { SHAPES = 152 };

Str card_shape(Arena *a, int width_px, int height_px)
{
    double shape = (double)width_px / height_px, here = SHAPE_FIRST;
    int i = 0;
    while (i < SHAPES - 1 && here * SHAPE_HALF_STEP < shape) {
        here *= SHAPE_STEP;
        i++;
    }
    // Beyond the narrowest and the widest a picture is shown whole inside its frame.
    bool edge = shape < SHAPE_FIRST / SHAPE_STEP || shape > here * SHAPE_STEP;
    return arena_printf(a, "r%d%s", i, edge ? " edge-shape" : "");
}

Str seen_title(const Visit *v, const Seen *seen, Str *ret_lang)
{
    const Record *record = &seen->record;
    RecordText title = lang_pick(record->titles.items, record->titles.count, v->w->tag, record->lang);
    if (!title.text.n) {
        *ret_lang = v->w->tag;
        return record->accession.n ? record->accession : phrase(v->w, WORD_OBJECT_UNTITLED);
    }
    *ret_lang = lang_or(title.lang, lang_or(record->lang, S("")));
    return title.text;
}

Str seen_makers(const Visit *v, const Seen *seen)
{
    size_t count = seen->record.makers.count;
    Str *names = arena_array(v->a, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = seen->record.makers.items[i].name;
    return arena_join(v->a, names, count, S(" · "));
}

Str seen_dates(const Visit *v, const Seen *seen)
{
    size_t count = seen->record.dates.count;
    Str *texts = arena_array(v->a, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        texts[i] = seen->record.dates.items[i].text;
    return arena_join(v->a, texts, count, S("; "));
}

// How wide a picture stands on the page, for the browser's choice among the sizes. A wall's rows are 15rem
// high, 9.5rem on a phone (web/style/site.css), so there the width follows from the proportion.
static Str sizes_text(const Visit *v, const RecordMedia *media, PictureUse use)
{
    double shape = (double)media->width_px / media->height_px;
    switch (use) {
    case PICTURE_WALL:
        return arena_printf(v->a, "(max-width: 40rem) %dpx, %dpx", (int)(shape * 165), (int)(shape * 260));
    case PICTURE_DOOR:
        return S("(max-width: 40rem) 45vw, 16rem");
    case PICTURE_HERO:
        return S("(max-width: 60rem) 92vw, 50vw");
    case PICTURE_STAGE:
        return shape >= 1 ? S("94vw") : arena_printf(v->a, "min(94vw, %dvh)", (int)(76 * shape));
    case PICTURE_THUMB:
        return arena_printf(v->a, "%dpx", (int)(shape * 88));
    }
    return S("");
}

static Str alt_text(const Visit *v, const Seen *seen, const RecordMedia *media, PictureUse use)
{
    Str lang, title = seen_title(v, seen, &lang), makers = seen_makers(v, seen);
    switch (use) {
    case PICTURE_WALL: // the caption in the same link says it; twice would only be noise
    case PICTURE_DOOR:
    case PICTURE_THUMB:
        return S("");
    case PICTURE_HERO:
    case PICTURE_STAGE:
        break;
    }
    if (media->label.n && !str_eq(media->label, title))
        title = arena_printf(v->a, FMT_STR " (" FMT_STR ")", ARG_STR(title), ARG_STR(media->label));
    return makers.n ? arena_printf(v->a, FMT_STR ", " FMT_STR, ARG_STR(title), ARG_STR(makers)) : title;
}

PartPicture picture_part(const Visit *v, const Seen *seen, const RecordMedia *media, PictureUse use)
{
    ManifestSize sizes[MANIFEST_SIZES_MAX];
    int count = manifest_sizes(media->width_px, media->height_px, seen->grant, sizes);
    assert(count > 0); // seen_picture gives only such
    CLEANUP(buf_free) Buf set = buf_with_max(count * (media->id.n * 3 + 80));
    for (int i = 0; i < count; i++) {
        Str url = manifest_picture_url(v->a, S(""), media->id, sizes[i]);
        buf_printf(&set, "%s" FMT_STR " %dw", i ? ", " : "", ARG_STR(url), sizes[i].width_px);
    }
    int plain = use == PICTURE_HERO || use == PICTURE_STAGE ? count - 1 : MIN_OF(count - 1, 2);
    return (PartPicture){
        .src = url_local(manifest_picture_url(v->a, S(""), media->id, sizes[plain])),
        .srcset = arena_copy(v->a, buf_str(&set)),
        .sizes = sizes_text(v, media, use),
        .alt = alt_text(v, seen, media, use),
        .width = sizes[count - 1].width_px,
        .height = sizes[count - 1].height_px,
        .eager = use == PICTURE_HERO || use == PICTURE_STAGE,
    };
}

PartCard card_part(const Visit *v, const Seen *seen)
{
    const Record *record = &seen->record;
    const RecordMedia *media = seen_picture(seen, 0);
    Str address = manifest_object_url(v->a, S(""), record->id);
    if (seen->old)
        address = arena_printf(v->a, FMT_STR "?version=%d", ARG_STR(address), seen->version.version);
    PartCard card = {.address = url_local(address)};
    card.title = seen_title(v, seen, &card.title_lang);
    card.maker = seen_makers(v, seen);
    card.maker_lang = lang_or(record->makers.count ? record->makers.items[0].lang : S(""), card.title_lang);
    card.date = seen_dates(v, seen);
    card.has_picture = media != NULL;
    if (media) {
        card.picture = picture_part(v, seen, media, PICTURE_WALL);
        card.shape = card_shape(v->a, media->width_px, media->height_px);
    }
    return card;
}
