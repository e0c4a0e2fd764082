// SPDX-License-Identifier: Apache-2.0
// Styles, script and the deep zoom, compiled in. Their addresses carry a digest of their bytes: kept for
// ever.
#include "assets.h"

#include "site/int.h"

static bool takes_gzip(Str accept)
{
    Str piece, name, rest;
    while (str_next(&accept, ',', &piece)) {
        if (!str_cut(piece, ';', &name, &rest)) {
            name = piece;
            rest = S("");
        }
        if (str_eq_nocase(str_trim(name), S("gzip")))
            return !str_eq(str_trim(rest), S("q=0"));
    }
    return false;
}

void assets_answer(Visit *v)
{
    Str path = http_path(v->r);
    for (size_t i = 0; i < COUNT_OF(ASSETS); i++) {
        const Asset *asset = &ASSETS[i];
        if (!str_eq(asset->address, path))
            continue;
        bool packed = asset->packed.n && takes_gzip(http_header(v->r, "Accept-Encoding"));
        *v->answer = (HttpAnswer){.status = 200,
            .content_type = asset->type,
            .body = packed ? asset->packed : asset->bytes,
            .etag = arena_printf(
                v->a, "\"" FMT_STR "%s\"", ARG_STR(str_slice(path, 8, path.n)), packed ? "-gz" : ""),
            .cache_control = S("public, max-age=31536000, immutable")};
        http_answer_header(v->answer, "X-Content-Type-Options", S("nosniff"));
        http_answer_header(v->answer, "Vary", S("Accept-Encoding"));
        if (packed)
            http_answer_header(v->answer, "Content-Encoding", S("gzip"));
        return;
    }
    Err err = {.kind = ERR_NOT_FOUND};
    trouble_answer(v, &err);
}
