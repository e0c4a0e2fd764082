// SPDX-License-Identifier: Apache-2.0
// info.json of the Image API 3.0 and 2.1. What an image may be asked for under its Grant is told here, so
// that a viewer never runs into a refusal.
#include "base/json.h"
#include "tile/int.h"

static const char *const EXTRA_3[] = {
    "canonicalLinkHeader", "mirroring", "profileLinkHeader", "rotationArbitrary", "sizeUpscaling"};
static const char *const EXTRA_2[] = {"canonicalLinkHeader", "mirroring", "profileLinkHeader", "regionSquare",
    "rotationArbitrary", "sizeAboveFull", "sizeByForcedWh"};
static const char *const PREFERRED[] = {"webp", "jpg"}; // where tiles are stored as both
static const char *const QUALITIES[] = {"color", "gray", "bitonal"};

static void put_names(JsonWriter *w, const char *name, const char *const *names, size_t count)
{
    json_put_name(w, str_from(name));
    json_put_list(w);
    for (size_t i = 0; i < count; i++)
        json_put_text(w, str_from(names[i]));
    json_put_list_end(w);
}

// Beyond jpg and png, which level 2 has anyway.
static void put_formats(JsonWriter *w, const char *name)
{
    json_put_name(w, str_from(name));
    json_put_list(w);
    for (int f = 0; f < RENDER_FORMATS; f++)
        if (f != RENDER_JPEG && f != RENDER_PNG)
            json_put_text(w, str_from(format_name((RenderFormat)f)));
    json_put_list_end(w);
}

static void put_maxima(JsonWriter *w, const InfoAsk *ask)
{
    int side = limits_side(ask->facts, ask->limits);
    json_put_member_int(w, S("maxWidth"), side);
    json_put_member_int(w, S("maxHeight"), side);
    json_put_member_int(w, S("maxArea"), MIN_OF(ask->limits->area_max_px, (int64_t)side * side));
}

static void put_sizes(JsonWriter *w, const InfoAsk *ask)
{
    const PyramidFacts *f = ask->facts;
    json_put_name(w, S("sizes"));
    json_put_list(w);
    for (int i = 0; i < f->sizes_count; i++) {
        if (MAX_OF(f->sizes[i].width_px, f->sizes[i].height_px) > limits_side(f, ask->limits))
            continue;
        json_put_map(w);
        json_put_member_int(w, S("width"), f->sizes[i].width_px);
        json_put_member_int(w, S("height"), f->sizes[i].height_px);
        json_put_map_end(w);
    }
    json_put_list_end(w);
}

static void put_tiles(JsonWriter *w, const InfoAsk *ask)
{
    const PyramidFacts *f = ask->facts;
    int hidden = limits_levels_hidden(f, ask->limits);
    if (hidden >= f->levels)
        return;
    json_put_name(w, S("tiles"));
    json_put_list(w);
    json_put_map(w);
    json_put_member_int(w, S("width"), f->tile_px);
    json_put_member_int(w, S("height"), f->tile_px);
    json_put_name(w, S("scaleFactors"));
    json_put_list(w);
    for (int level = hidden; level < f->levels; level++)
        json_put_int(w, INT64_C(1) << level);
    json_put_list_end(w);
    json_put_map_end(w);
    json_put_list_end(w);
}

static void put_profile_2(JsonWriter *w, const InfoAsk *ask)
{
    json_put_name(w, S("profile"));
    json_put_list(w);
    json_put_text(w, S("http://iiif.io/api/image/2/level2.json"));
    json_put_map(w);
    put_formats(w, "formats");
    put_names(w, "qualities", QUALITIES, COUNT_OF(QUALITIES));
    put_names(w, "supports", EXTRA_2, COUNT_OF(EXTRA_2));
    put_maxima(w, ask);
    json_put_map_end(w);
    json_put_list_end(w);
}

void info_write_rest(const InfoAsk *ask, Buf *out)
{
    // Written as a map of its own, whose brace is then exchanged for the comma after the id.
    JsonWriter w = json_writer(out);
    json_put_map(&w);
    if (ask->version == 3)
        json_put_member(&w, S("type"), S("ImageService3"));
    json_put_member(&w, S("protocol"), S("http://iiif.io/api/image"));
    json_put_member_int(&w, S("width"), ask->facts->width_px);
    json_put_member_int(&w, S("height"), ask->facts->height_px);
    put_sizes(&w, ask);
    put_tiles(&w, ask);
    if (ask->version == 3) {
        json_put_member(&w, S("profile"), S("level2"));
        put_maxima(&w, ask);
        json_put_member_if(&w, S("rights"), ask->rights);
        put_names(&w, "extraQualities", QUALITIES, COUNT_OF(QUALITIES));
        if (ask->webp)
            put_names(&w, "preferredFormats", PREFERRED, COUNT_OF(PREFERRED));
        put_formats(&w, "extraFormats");
        put_names(&w, "extraFeatures", EXTRA_3, COUNT_OF(EXTRA_3));
    } else {
        put_profile_2(&w, ask);
    }
    json_put_map_end(&w);
    assert(out->p[0] == '{');
    out->p[0] = ',';
}

Str info_json(int version, Str base_url, Str id_sent, Str rest, Arena *a)
{
    Str head = version == 3 ? S("{\"@context\":\"http://iiif.io/api/image/3/context.json\",\"id\":\"")
                            : S("{\"@context\":\"http://iiif.io/api/image/2/context.json\",\"@id\":\"");
    // The id is told as it was asked for. Of what may stand in an address, quote and backslash alone would
    // break the JSON.
    CLEANUP(buf_free) Buf safe = buf_with_max(3 * id_sent.n + 1);
    for (size_t i = 0; i < id_sent.n; i++) {
        if (id_sent.p[i] == '"' || id_sent.p[i] == '\\')
            buf_printf(&safe, "%%%02X", id_sent.p[i]);
        else
            buf_add_char(&safe, id_sent.p[i]);
    }
    Str parts[] = {
        head, base_url, version == 3 ? S("/iiif/3/") : S("/iiif/2/"), buf_str(&safe), S("\""), rest};
    return arena_join(a, parts, COUNT_OF(parts), S(""));
}

// Which of the two JSON types the client would rather have: by the q values, and by our own liking otherwise.
Str info_content_type(int version, Str accept)
{
    static const char *const ld[] = {
        "application/ld+json", "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\""};
    double q_ld = -1, q_json = -1;
    Str item;
    while (str_next(&accept, ',', &item)) {
        Str name, rest, part;
        double q = 1;
        if (!str_cut(item, ';', &name, &rest)) {
            name = item;
            rest = S("");
        }
        while (str_next(&rest, ';', &part)) {
            part = str_trim(part);
            if (str_starts(part, S("q=")) && !str_to_double(str_slice(part, 2, part.n), &q))
                q = 0;
        }
        name = str_trim(name);
        if (str_eq_nocase(name, S("application/ld+json")))
            q_ld = q;
        else if (str_eq_nocase(name, S("application/json")))
            q_json = q;
    }
    bool like_ld = q_ld < 0 && q_json < 0 ? version == 3 : q_ld >= q_json;
    return like_ld ? str_from(ld[version == 3]) : S("application/json");
}
