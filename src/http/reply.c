// SPDX-License-Identifier: Apache-2.0
// From the answer of a room to what goes out: conditions (RFC 9110 section 13), ranges (14), compression,
// head. No socket here.
#include "base/clock.h"
#include "http/int.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_BYTES_MIN = 1024, GZIP_BYTES_MAX = 32 * 1024 * 1024, GZIP_LEVEL = 5 };

const char *status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Answer";
}

static Str without_weak(Str etag)
{
    return str_starts(etag, S("W/")) ? str_slice(etag, 2, etag.n) : etag;
}

bool etag_matches(Str field, Str etag)
{
    if (etag.n == 0 || field.n == 0)
        return false;
    if (str_eq(str_trim(field), S("*")))
        return true;
    Str wanted = without_weak(etag), item;
    while (str_next(&field, ',', &item))
        if (str_eq(without_weak(str_trim(item)), wanted))
            return true;
    return false;
}

// Seconds since 1970 of "Fri, 20 Nov 2026 10:00:00 GMT". Other forms are not understood, so not obeyed.
static bool parse_date(Str s, int64_t *ret_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int day, year, hour, minute, second, month = -1;
    if (s.n != 29 || !str_ends(s, S(" GMT")) || !str_to_int(str_slice(s, 5, 7), 1, 31, &day) ||
        !str_to_int(str_slice(s, 12, 16), 1970, 9999, &year) ||
        !str_to_int(str_slice(s, 17, 19), 0, 23, &hour) ||
        !str_to_int(str_slice(s, 20, 22), 0, 59, &minute) ||
        !str_to_int(str_slice(s, 23, 25), 0, 60, &second))
        return false;
    for (int i = 0; i < 12; i++)
        if (memcmp(s.p + 8, months + i * 3, 3) == 0)
            month = i + 1;
    if (month < 0)
        return false;
    // Days from the civil calendar, counting years from March.
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
    *ret_s = ((days * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

RangeKind range_parse(Str field, uint64_t size_bytes, Range *ret)
{
    Str first, last;
    int64_t from = 0, to = 0;
    if (!str_starts(field, S("bytes=")) || !str_cut(str_slice(field, 6, field.n), '-', &first, &last))
        return RANGE_NONE;
    if (memchr(last.p, ',', last.n)) // several parts: the whole is a correct answer too
        return RANGE_NONE;
    first = str_trim(first);
    last = str_trim(last);
    bool has_first = first.n > 0, has_last = last.n > 0;
    if ((!has_first && !has_last) || (has_first && !str_to_int64(first, &from)) ||
        (has_last && !str_to_int64(last, &to)) || from < 0 || to < 0 || (has_first && has_last && to < from))
        return RANGE_NONE;
    uint64_t size = size_bytes;
    if (!has_first) {
        uint64_t count = MIN_OF((uint64_t)to, size);
        *ret = (Range){size - count, count};
        return count ? RANGE_ONE : RANGE_UNSATISFIABLE;
    }
    if ((uint64_t)from >= size)
        return RANGE_UNSATISFIABLE;
    uint64_t end = has_last ? MIN_OF((uint64_t)to + 1, size) : size;
    *ret = (Range){(uint64_t)from, end - (uint64_t)from};
    return RANGE_ONE;
}

bool gzip_wanted(Str accept)
{
    Str item;
    while (str_next(&accept, ',', &item)) {
        Str name, weight, value;
        double q = 1;
        if (!str_cut(item, ';', &name, &weight))
            name = item;
        else if (str_cut(weight, '=', &weight, &value) && !str_to_double(str_trim(value), &q))
            q = 0;
        name = str_trim(name);
        if ((str_eq_nocase(name, S("gzip")) || str_eq(name, S("*"))) && q > 0)
            return true;
    }
    return false;
}

static bool is_text(Str type)
{
    return str_starts(type, S("text/")) || str_starts(type, S("application/json")) ||
           str_starts(type, S("application/ld+json")) || str_starts(type, S("application/javascript")) ||
           str_starts(type, S("application/xml")) || str_starts(type, S("image/svg+xml")) ||
           str_starts(type, S("application/manifest+json"));
}

static Str find_answer_header(const HttpAnswer *answer, const char *name)
{
    for (int i = 0; i < answer->headers_count; i++)
        if (str_eq_nocase(str_from(answer->headers[i].name), str_from(name)))
            return answer->headers[i].value;
    return S("");
}

static bool compressible(const HttpAnswer *answer)
{
    return answer->kind == HTTP_BODY_MEMORY && answer->body.n >= GZIP_BYTES_MIN &&
           answer->body.n <= GZIP_BYTES_MAX && is_text(answer->content_type) &&
           find_answer_header(answer, "Content-Encoding").n == 0;
}

static bool gzip(Arena *a, Str text, Str *ret)
{
    z_stream z = {0};
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, text.n);
    unsigned char *out = arena_alloc(a, bound);
    z.next_in = (unsigned char *)(uintptr_t)text.p; // zlib only reads it
    z.avail_in = (uInt)text.n;
    z.next_out = out;
    z.avail_out = (uInt)bound;
    bool fits = deflate(&z, Z_FINISH) == Z_STREAM_END;
    *ret = (Str){(char *)out, z.total_out};
    deflateEnd(&z);
    return fits && ret->n < text.n;
}

static bool compress_body(HttpRequest *r)
{
    HttpAnswer *answer = &r->answer;
    Str packed;
    if (!gzip_wanted(http_header(r, "Accept-Encoding")) || http_header(r, "Range").n ||
        !gzip(http_arena(r), answer->body, &packed))
        return false;
    answer->body = packed;
    http_answer_header(answer, "Content-Encoding", S("gzip"));
    // Other bytes may not carry the same strong tag.
    if (answer->etag.n && !str_starts(answer->etag, S("W/")))
        answer->etag = arena_printf(http_arena(r), "W/" FMT_STR, ARG_STR(answer->etag));
    return true;
}

bool http_not_modified(const HttpRequest *r, const HttpAnswer *answer)
{
    if (answer->status != 200 || (r->head.method != HTTP_GET && r->head.method != HTTP_HEAD))
        return false;
    Str tags = http_header(r, "If-None-Match");
    if (tags.n)
        return etag_matches(tags, answer->etag);
    int64_t since_s;
    return answer->modified_ms && parse_date(http_header(r, "If-Modified-Since"), &since_s) &&
           answer->modified_ms / 1000 <= since_s;
}

// If-Range: the range counts only if the client's part is of the same bytes.
static bool range_is_current(const HttpRequest *r, const HttpAnswer *answer)
{
    Str condition = http_header(r, "If-Range");
    if (condition.n == 0)
        return true;
    int64_t date_s;
    if (parse_date(condition, &date_s))
        return answer->modified_ms && answer->modified_ms / 1000 == date_s;
    return answer->etag.n && !str_starts(answer->etag, S("W/")) && str_eq(condition, answer->etag);
}

static void drop_body(HttpAnswer *answer)
{
    answer->kind = HTTP_BODY_MEMORY;
    answer->body = S("");
    answer->size_bytes = 0;
}

static uint64_t body_bytes(const HttpAnswer *answer)
{
    return answer->kind == HTTP_BODY_FILE ? answer->size_bytes : answer->body.n;
}

static void cut_range(HttpRequest *r)
{
    HttpAnswer *answer = &r->answer;
    Str field = http_header(r, "Range");
    Range range;
    if (field.n == 0 || !range_is_current(r, answer))
        return;
    uint64_t size = body_bytes(answer);
    switch (range_parse(field, size, &range)) {
    case RANGE_NONE:
        return;
    case RANGE_UNSATISFIABLE:
        answer->status = 416;
        drop_body(answer);
        http_answer_header(
            answer, "Content-Range", arena_printf(http_arena(r), "bytes */%llu", (unsigned long long)size));
        return;
    case RANGE_ONE:
        answer->status = 206;
        http_answer_header(answer, "Content-Range",
            arena_printf(http_arena(r), "bytes %llu-%llu/%llu", (unsigned long long)range.first,
                (unsigned long long)(range.first + range.count - 1), (unsigned long long)size));
        answer->offset += range.first;
        answer->size_bytes = range.count;
        answer->body = str_slice(answer->body, (size_t)range.first, (size_t)(range.first + range.count));
    }
}

// ---- the head

typedef struct {
    char *p;
} Pen; // room was measured before

static void put(Pen *pen, Str s)
{
    if (s.n)
        pen->p = (char *)memcpy(pen->p, s.p, s.n) + s.n;
}

static void put_number(Pen *pen, uint64_t value)
{
    char digits[20];
    size_t n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        *pen->p++ = digits[--n];
}

// A value that came from outside must not begin a header of its own.
static void put_field(Pen *pen, Str name, Str value)
{
    put(pen, name);
    put(pen, S(": "));
    char *from = pen->p;
    put(pen, value);
    for (char *c = from; c < pen->p; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    put(pen, S("\r\n"));
}

static size_t head_room(const HttpAnswer *answer)
{
    size_t room = 512 + answer->content_type.n + answer->etag.n + answer->cache_control.n;
    for (int i = 0; i < answer->headers_count; i++)
        room += strlen(answer->headers[i].name) + answer->headers[i].value.n + 4;
    return room;
}

static void write_head(HttpRequest *r, Str date, uint64_t length, bool ranges)
{
    const HttpAnswer *answer = &r->answer;
    Reply *reply = &r->reply;
    size_t room = head_room(answer);
    reply->head = room <= sizeof(reply->head_small) ? reply->head_small : arena_alloc(http_arena(r), room);
    Pen pen = {reply->head};
    if (answer->status == 200) {
        put(&pen, S("HTTP/1.1 200 OK\r\nDate: "));
    } else {
        put(&pen, S("HTTP/1.1 "));
        put_number(&pen, (uint64_t)answer->status);
        put(&pen, S(" "));
        put(&pen, str_from(status_text(answer->status)));
        put(&pen, S("\r\nDate: "));
    }
    put(&pen, date);
    put(&pen, S("\r\n"));
    bool bodiless = answer->status == 304 || answer->status == 204 || answer->status < 200;
    if (!bodiless) {
        put(&pen, S("Content-Length: "));
        put_number(&pen, length);
        put(&pen, S("\r\n"));
        if (answer->content_type.n && answer->status != 416)
            put_field(&pen, S("Content-Type"), answer->content_type);
    }
    if (answer->etag.n)
        put_field(&pen, S("ETag"), answer->etag);
    if (answer->modified_ms)
        put_field(&pen, S("Last-Modified"), time_http(http_arena(r), answer->modified_ms));
    if (answer->cache_control.n)
        put_field(&pen, S("Cache-Control"), answer->cache_control);
    if (ranges)
        put(&pen, S("Accept-Ranges: bytes\r\n"));
    for (int i = 0; i < answer->headers_count; i++)
        put_field(&pen, str_from(answer->headers[i].name), answer->headers[i].value);
    if (reply->close)
        put(&pen, S("Connection: close\r\n"));
    else if (r->head.minor == 0)
        put(&pen, S("Connection: keep-alive\r\n"));
    put(&pen, S("\r\n"));
    reply->head_bytes = (size_t)(pen.p - reply->head);
    assert(reply->head_bytes <= MAX_OF(room, sizeof(reply->head_small)));
}

// Conditions first: what need not be sent need not be compressed or cut.
static void shape_body(HttpRequest *r, bool may_compress, bool *ret_ranges)
{
    HttpAnswer *answer = &r->answer;
    bool get = r->head.method == HTTP_GET || r->head.method == HTTP_HEAD;
    bool packable = may_compress && compressible(answer);
    *ret_ranges = false;
    if (packable)
        http_answer_header(answer, "Vary", S("Accept-Encoding"));
    if (http_not_modified(r, answer)) {
        answer->status = 304;
        drop_body(answer);
        return;
    }
    if (packable && compress_body(r))
        return;
    *ret_ranges = answer->status == 200 && get && body_bytes(answer) > 0;
    if (*ret_ranges && r->head.method == HTTP_GET)
        cut_range(r);
}

void reply_prepare(HttpRequest *r, Str date, bool may_compress)
{
    HttpAnswer *answer = &r->answer;
    if (answer->status < 200 || answer->status > 599) {
        *answer = (HttpAnswer){.status = 500,
            .content_type = S("text/plain; charset=utf-8"),
            .release = answer->release,
            .held = answer->held};
    }
    bool ranges;
    shape_body(r, may_compress, &ranges);
    Reply *reply = &r->reply;
    reply->status = answer->status;
    reply->close |= !r->head.keep_alive;
    uint64_t length = body_bytes(answer);
    write_head(r, date, length, ranges);
    bool silent = r->head.method == HTTP_HEAD;
    reply->is_file = answer->kind == HTTP_BODY_FILE && !silent;
    reply->body = silent || reply->is_file ? S("") : answer->body;
    reply->fd = answer->fd;
    reply->offset = answer->offset;
    reply->left = reply->is_file ? length : reply->body.n;
    reply->head_sent = 0;
    reply->sent_bytes = 0;
}
