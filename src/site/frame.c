// SPDX-License-Identifier: Apache-2.0
// What every page has: head, foot, policy.
#include "site/int.h"

#include "base/digest.h"

// No script, style, picture or form leads anywhere but here; nothing inline runs. data: and blob: pictures
// are the deep zoom's own.
static const char POLICY[] =
    "default-src 'none'; img-src 'self' data: blob:; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'";

// The address of this very page with another ?lang=.
static Str with_lang(const Visit *v, Str base, Str tag)
{
    CLEANUP(buf_free) Buf b = buf_with_max(64 * 1024);
    Str name, value;
    buf_add(&b, base);
    buf_add(&b, http_path(v->r));
    buf_add(&b, S("?"));
    for (size_t at = 0; http_parameter_next(v->r, &at, &name, &value);) {
        if (str_eq(name, S("lang")))
            continue;
        put_uri(&b, name);
        buf_add_char(&b, '=');
        put_uri(&b, value);
        buf_add_char(&b, '&');
    }
    buf_add(&b, S("lang="));
    buf_add(&b, tag);
    return arena_copy(v->a, buf_str(&b));
}

PartHead frame_head(const Visit *v, const Frame *frame)
{
    const SiteConfig *config = &v->site->config;
    PartLanguage *languages = arena_array(v->a, PartLanguage, COUNT_OF(WORDS));
    PartAlternate *alternates = arena_array(v->a, PartAlternate, COUNT_OF(WORDS));
    size_t alternates_count = frame->path.n && !frame->hide ? COUNT_OF(WORDS) : 0;
    Str canonical = frame->path.n
                        ? arena_printf(v->a, FMT_STR FMT_STR, ARG_STR(v->base_url), ARG_STR(frame->path))
                        : S("");
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        languages[i] = (PartLanguage){.tag = WORDS[i].tag,
            .name = phrase(&WORDS[i], WORD_LANGUAGE),
            .address = url_local(with_lang(v, S(""), WORDS[i].tag)),
            .chosen = &WORDS[i] == v->w};
        alternates[i] = (PartAlternate){
            .tag = WORDS[i].tag, .address = url_local(with_lang(v, v->base_url, WORDS[i].tag))};
    }
    Str title =
        frame->title.n && !str_eq(frame->title, config->museum_name)
            ? arena_printf(v->a, FMT_STR " · " FMT_STR, ARG_STR(frame->title), ARG_STR(config->museum_name))
            : config->museum_name;
    return (PartHead){.lang = v->w->tag,
        .title = title,
        .description = frame->description,
        .museum = config->museum_name,
        .museum_lang = config->museum_lang,
        .hide = frame->hide,
        .canonical = url_local(canonical),
        .alternates = {alternates, alternates_count},
        .manifest = url_local(frame->manifest),
        .picture = url_local(frame->picture),
        .kind = frame->kind.n ? frame->kind : S("website"),
        .q = frame->q,
        .box = frame->box,
        .languages = {languages, COUNT_OF(WORDS)}};
}

PartFoot frame_foot(const Visit *v)
{
    return (PartFoot){.museum = v->site->config.museum_name, .museum_lang = v->site->config.museum_lang};
}

void frame_send(Visit *v, int status, Str content_type, const Buf *body)
{
    Err err = {0};
    Str bytes;
    if (!buf_into(body, v->a, &bytes, &err)) {
        http_answer_error(v->r, &err, v->answer);
        return;
    }
    Sha256 digest = sha256_of(bytes);
    Str hex = hex_from_bytes(v->a, digest.bytes, 12);
    *v->answer = (HttpAnswer){.status = status,
        .content_type = content_type,
        .body = bytes,
        .etag = status == 200 ? arena_printf(v->a, "\"" FMT_STR "\"", ARG_STR(hex)) : S(""),
        // What may be shown can change at any moment: ask again, but nothing is sent twice.
        .cache_control = S("no-cache")};
    http_answer_header(v->answer, "X-Content-Type-Options", S("nosniff"));
}

// A choice of language made with ?lang= stays.
static void keep_lang(Visit *v)
{
    Str asked;
    if (!http_parameter(v->r, S("lang"), &asked) || !lang_find(asked))
        return;
    http_answer_header(v->answer, "Set-Cookie",
        arena_printf(v->a, "lang=" FMT_STR "; Path=/; Max-Age=31536000; SameSite=Lax", ARG_STR(v->w->tag)));
}

void frame_send_page(Visit *v, int status, const Buf *body)
{
    frame_send(v, status, S("text/html; charset=utf-8"), body);
    http_answer_header(v->answer, "Content-Language", v->w->tag);
    http_answer_header(v->answer, "Content-Security-Policy", str_from(POLICY));
    http_answer_header(v->answer, "Referrer-Policy", S("strict-origin-when-cross-origin"));
    http_answer_header(v->answer, "Cross-Origin-Opener-Policy", S("same-origin"));
    http_answer_header(v->answer, "Vary", S("Accept-Language, Cookie"));
    keep_lang(v);
}
