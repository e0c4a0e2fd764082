// SPDX-License-Identifier: Apache-2.0
// What stands written in the pictures of a work: on its page, as IIIF annotations, and searched.
#include "site/int.h"

#include "base/utf8.h"
#include "catalog/transcript.h"

enum { LINES_SHOWN = 400, FINDINGS_SHOWN = 12, CROP_WIDTH_MAX_PX = 900, CROP_HEIGHT_MIN_PX = 48 };

// ---- places

static const RecordMedia *picture_called(const Seen *seen, Str image_id)
{
    const RecordMedia *media;
    for (size_t i = 0; (media = seen_picture(seen, i)); i++)
        if (str_eq(media->id, image_id))
            return media;
    return NULL;
}

// The box with some of what stands around it, inside the picture; false if it lies outside.
static bool widened(const RecordMedia *media, TranscriptBox box, int by, TranscriptBox *ret)
{
    int left = MAX_OF(box.left_px - by, 0), top = MAX_OF(box.top_px - by, 0);
    int64_t right = MIN_OF((int64_t)box.left_px + box.width_px + by, (int64_t)media->width_px);
    int64_t bottom = MIN_OF((int64_t)box.top_px + box.height_px + by, (int64_t)media->height_px);
    if (right <= left || bottom <= top)
        return false;
    *ret = (TranscriptBox){left, top, (int)(right - left), (int)(bottom - top)};
    return true;
}

static Url region_url(const Visit *v, Str image_id, TranscriptBox box, int width_max_px)
{
    Str service = manifest_image_url(v->a, S(""), image_id);
    Str size = box.width_px > width_max_px ? arena_printf(v->a, "%d,", width_max_px) : S("max");
    return url_local(arena_printf(v->a, FMT_STR "/%d,%d,%d,%d/" FMT_STR "/0/default.jpg", ARG_STR(service),
        box.left_px, box.top_px, box.width_px, box.height_px, ARG_STR(size)));
}

// "12.5,14" as "0:12".
static Str when_said(Arena *a, Str time)
{
    Str from = time, to;
    double seconds;
    (void)str_cut(time, ',', &from, &to);
    if (!str_to_double(from, &seconds) || seconds > 1e7)
        return S("");
    int whole = (int)seconds;
    return whole >= 3600 ? arena_printf(a, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
                         : arena_printf(a, "%d:%02d", whole / 60, whole % 60);
}

static Str when_of(const Visit *v, Str place)
{
    return str_starts(place, S("t=")) ? when_said(v->a, str_slice(place, 2, place.n)) : S("");
}

// ---- on the page

static PartLine line_part(const Visit *v, const Seen *seen, const Transcript *t, size_t index)
{
    TranscriptPart part = transcript_part(t, index, v->a);
    const RecordMedia *media = picture_called(seen, t->media);
    TranscriptBox near;
    PartLine line = {.text = part.text, .lang = lang_or(t->lang, S("")), .when = when_of(v, part.place)};
    if (media && part.has_box && widened(media, part.box, part.box.height_px, &near)) {
        line.region = region_url(v, media->id, near, INT32_MAX);
        line.picture = manifest_image_url(v->a, S(""), media->id);
        line.box = arena_printf(
            v->a, "%d,%d,%d,%d", part.box.left_px, part.box.top_px, part.box.width_px, part.box.height_px);
    }
    return line;
}

// A transcript of a picture that may not be seen is not shown either.
static bool may_read(const Seen *seen, const Transcript *t)
{
    return !t->media.n || picture_called(seen, t->media);
}

static void fill_lines(const Visit *v, const Seen *seen, PageObject *page)
{
    Transcript *found;
    size_t count = transcripts_find(&seen->record, v->a, &found);
    PartLine *lines = arena_array(v->a, PartLine, LINES_SHOWN);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; may_read(seen, &found[i]) && k < transcript_count(&found[i]); k++) {
            page->lines_more += page->lines.count == LINES_SHOWN;
            if (page->lines.count < LINES_SHOWN)
                lines[page->lines.count++] = line_part(v, seen, &found[i], k);
        }
    page->lines.items = lines;
}

static PartFinding finding_part(const Visit *v, const Seen *seen, const SearchReason *reason)
{
    Str image = reason->place, place = S(""), text;
    TranscriptBox box, crop, near;
    PartFinding finding = {.words = reason_marked(v, reason), .lang = lang_or(reason->lang, S(""))};
    (void)str_cut(reason->place, '#', &image, &place);
    const RecordMedia *media = picture_called(seen, image);
    finding.when = when_of(v, place);
    text = str_starts(place, S("xywh=")) ? str_slice(place, 5, place.n) : S("");
    if (!media || !transcript_box_read(text, &box) ||
        !widened(media, box, MAX_OF(box.height_px / 3, CROP_HEIGHT_MIN_PX / 4), &crop) ||
        !widened(media, box, 2 * box.height_px, &near))
        return finding;
    finding.region = region_url(v, media->id, near, INT32_MAX);
    finding.crop = region_url(v, media->id, crop, CROP_WIDTH_MAX_PX);
    finding.width = crop.width_px;
    finding.height = crop.height_px;
    finding.picture = manifest_image_url(v->a, S(""), media->id);
    finding.box = text;
    return finding;
}

static bool find_inside(
    const Visit *v, const Seen *seen, Str q, const SearchReason **ret, size_t *ret_count, Err *err)
{
    const SiteConfig *config = &v->site->config;
    SearchAsk ask = {.q = q, .role = v->role};
    SearchReason *found = NULL;
    Search *search = config->search_keep(config->search_ctx);
    bool good = search ? search_inside(search, &ask, &seen->record, v->a, &found, ret_count, err)
                       : err_set(err, ERR_BUSY, "the index is being made");
    config->search_drop(config->search_ctx, search);
    *ret = found;
    return good;
}

// ?q=: where the words of the search that led here stand in the pictures.
static void fill_findings(const Visit *v, const Seen *seen, PageObject *page)
{
    Err err = {0};
    Str q, image, place;
    const SearchReason *found;
    size_t count;
    if (!http_parameter(v->r, S("q"), &q) || !q.n || !find_inside(v, seen, q, &found, &count, &err))
        return; // welcome, not owed
    PartFinding *findings = arena_array(v->a, PartFinding, FINDINGS_SHOWN);
    for (size_t i = 0; i < count && page->findings.count < FINDINGS_SHOWN; i++) {
        image = found[i].place;
        (void)str_cut(found[i].place, '#', &image, &place);
        if (!image.n || picture_called(seen, image))
            findings[page->findings.count++] = finding_part(v, seen, &found[i]);
    }
    page->findings.items = findings;
}

void transcript_fill(const Visit *v, const Seen *seen, PageObject *page)
{
    fill_findings(v, seen, page);
    fill_lines(v, seen, page);
}

// ---- as IIIF

static ManifestAsk manifest_ask(const Visit *v, const Seen *seen)
{
    return (ManifestAsk){.record = &seen->record, .grant = seen->grant, .base_url = v->base_url};
}

void text_answer(Visit *v, Str image_id)
{
    Err err = {0};
    Seen seen;
    Str object_id, number;
    CLEANUP(buf_free) Buf b = buf_with_max(MANIFEST_MAX_BYTES);
    bool good = (str_cut_last(image_id, ':', &object_id, &number) ||
                    err_set(&err, ERR_NOT_FOUND, "no such picture")) &&
                seen_find(v, object_id, &seen, &err);
    ManifestAsk ask = good ? manifest_ask(v, &seen) : (ManifestAsk){0};
    if (good && manifest_write_text(&ask, image_id, &b, &err))
        send_iiif(v, &b);
    else
        trouble_answer(v, &err);
}

// Which of the standard's parameters were sent that we do not use.
static size_t ignored_of(const Visit *v, Str *ret)
{
    static const Str KNOWN[] = {S("motivation"), S("date"), S("user")};
    size_t count = 0;
    Str value;
    for (size_t i = 0; i < COUNT_OF(KNOWN); i++)
        if (http_parameter(v->r, KNOWN[i], &value))
            ret[count++] = KNOWN[i];
    return count;
}

void inside_answer(Visit *v, Str object_id)
{
    Err err = {0};
    Seen seen;
    Str q = S(""), ignored[3];
    const SearchReason *found = NULL;
    size_t count = 0;
    CLEANUP(buf_free) Buf b = buf_with_max(MANIFEST_MAX_BYTES);
    http_parameter(v->r, S("q"), &q);
    if (!seen_find(v, object_id, &seen, &err) || (q.n && !find_inside(v, &seen, q, &found, &count, &err))) {
        trouble_answer(v, &err);
        return;
    }
    ManifestPlace *places = arena_array(v->a, ManifestPlace, count + 1);
    for (size_t i = 0; i < count; i++)
        places[i] = (ManifestPlace){.transcript = found[i].transcript, .part = found[i].part};
    Str service = manifest_search_url(v->a, v->base_url, object_id), asked = uri_encode(v->a, q, "");
    ManifestFound answer = {
        .request_url = arena_printf(v->a, FMT_STR "?q=" FMT_STR, ARG_STR(service), ARG_STR(asked)),
        .ignored = ignored,
        .ignored_count = ignored_of(v, ignored),
        .places = places,
        .count = count};
    ManifestAsk ask = manifest_ask(v, &seen);
    if (manifest_write_found(&ask, &answer, &b, &err))
        send_iiif(v, &b);
    else
        trouble_answer(v, &err);
}
