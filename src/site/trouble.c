// SPDX-License-Identifier: Apache-2.0
// What could not be answered: a page for people, JSON for scripts.
#include "site/int.h"

typedef struct {
    Word title, says;
} TroubleWords;

static TroubleWords words_of(ErrKind kind)
{
    switch (kind) {
    case ERR_NOT_FOUND:
    case ERR_DENIED:
        return (TroubleWords){WORD_TROUBLE_NOT_FOUND_TITLE, WORD_TROUBLE_NOT_FOUND_SAYS};
    case ERR_INVALID:
    case ERR_LIMIT:
    case ERR_UNSUPPORTED:
        return (TroubleWords){WORD_TROUBLE_INVALID_TITLE, WORD_TROUBLE_INVALID_SAYS};
    case ERR_BUSY:
        return (TroubleWords){WORD_TROUBLE_BUSY_TITLE, WORD_TROUBLE_BUSY_SAYS};
    case ERR_NONE:
    case ERR_CORRUPT:
    case ERR_IO:
        break;
    }
    return (TroubleWords){WORD_TROUBLE_OTHER_TITLE, WORD_TROUBLE_OTHER_SAYS};
}

// Of a photograph that was sent along, not of the address.
static TroubleWords words_for(const Visit *v, ErrKind kind)
{
    if (http_method(v->r) == HTTP_POST && (kind == ERR_INVALID || kind == ERR_LIMIT))
        return (TroubleWords){WORD_TROUBLE_SENT_TITLE, WORD_TROUBLE_SENT_SAYS};
    return words_of(kind);
}

static void send_page(Visit *v, int status, TroubleWords words, Str more)
{
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    PageTrouble page = {
        .head = frame_head(v, &(Frame){.title = phrase(v->w, words.title), .hide = true}),
        .foot = frame_foot(v),
        .title = phrase(v->w, words.title),
        .says = phrase(v->w, words.says),
        .more = more,
        .status = status,
    };
    page_trouble_put(&b, v->w, &page);
    frame_send_page(v, status, &b);
}

// The text of an error of ours may name what a script sent, never what is on this machine: trouble inside is
// told by its kind alone.
static void send_json(Visit *v, int status, const Err *err)
{
    bool theirs = err->kind == ERR_INVALID || err->kind == ERR_LIMIT || err->kind == ERR_UNSUPPORTED;
    Str text = theirs && err->text[0] ? str_from(err->text) : phrase(v->w, words_of(err->kind).title);
    CLEANUP(buf_free) Buf b = buf_with_max(64 * 1024);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_name(&w, S("error"));
    json_put_map(&w);
    json_put_member_int(&w, S("status"), status);
    json_put_member(&w, S("kind"), str_from(err_kind_name(err->kind)));
    json_put_member(&w, S("text"), text);
    json_put_map_end(&w);
    json_put_map_end(&w);
    frame_send(v, status, S("application/json; charset=utf-8"), &b);
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
}

static bool for_scripts(const Visit *v)
{
    Str path = http_path(v->r);
    return str_starts(path, S("/api/")) || str_starts(path, S("/iiif/"));
}

void trouble_answer(Visit *v, const Err *err)
{
    Err told = *err;
    if (told.kind == ERR_DENIED)
        told.kind = ERR_NOT_FOUND;
    int status = http_status_of(told.kind);
    if (for_scripts(v))
        send_json(v, status, &told);
    else
        send_page(v, status, words_for(v, told.kind), S(""));
    v->answer->cache_control = S("no-store");
    if (told.kind == ERR_BUSY)
        http_answer_header(v->answer, "Retry-After", S("2"));
}

void trouble_gone_answer(Visit *v, Str reason)
{
    send_page(v, 410, (TroubleWords){WORD_TROUBLE_GONE_TITLE, WORD_TROUBLE_GONE_SAYS}, reason);
}

void trouble_method_answer(Visit *v)
{
    send_page(v, 405, (TroubleWords){WORD_TROUBLE_METHOD_TITLE, WORD_TROUBLE_METHOD_SAYS}, S(""));
    http_answer_header(v->answer, "Allow", S("GET, HEAD, OPTIONS"));
}
