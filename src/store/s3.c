// SPDX-License-Identifier: Apache-2.0
#include "store/s3.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "store/s3_int.h"

#include <curl/curl.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUCKET_MARK "{bucket}"

enum {
    IDLE_MAX = 16,
    ATTEMPTS = 6,
    FIRST_PAUSE_MS = 200,
    PAUSE_MAX_MS = 20 * 1000,
    CONNECT_S = 15,
    SILENCE_S = 30, // fewer than SLOW_BYTES a second for so long: the connection is given up
    SLOW_BYTES = 100,
    PATH_MAX_BYTES = 2048,
    HEADERS_MAX = 8,
    TICK_MS = 50,
};

struct S3 {
    Arena *arena;
    S3Config config;
    Str host;         // for the header
    const char *base; // "https://host"
    bool in_host;     // the bucket is named in the host, not in the path
    pthread_mutex_t mutex;
    CURL *idle[IDLE_MAX]; // connections to be used again
    int idle_count;
};

// ---- opening

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort();
}

static bool is_loopback(Str host)
{
    Str name = host, port;
    if (!str_starts(host, S("[")))
        (void)str_cut(host, ':', &name, &port);
    return str_eq(name, S("localhost")) || str_starts(name, S("127.")) || str_eq(name, S("[::1]")) ||
           str_starts(name, S("[::1]:"));
}

static bool is_host(Str host)
{
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                (c && strchr(".-:[]", c))))
            return false;
    }
    return host.n > 0;
}

static bool is_bucket(Str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                (c && strchr(".-_", c))))
            return false;
    }
    return name.n >= 3 && name.n <= 255;
}

static bool read_endpoint(S3 *s, Err *err)
{
    Str endpoint = s->config.endpoint, host;
    size_t at;
    bool tls = str_starts(endpoint, S("https://"));
    if (!tls && !str_starts(endpoint, S("http://")))
        return err_set(err, ERR_INVALID, "the S3 endpoint must begin with https://");
    host = str_slice(endpoint, tls ? 8 : 7, endpoint.n);
    if (str_ends(host, S("/")))
        host = str_slice(host, 0, host.n - 1);
    s->in_host = str_find(host, S(BUCKET_MARK), &at);
    if (s->in_host)
        host = arena_printf(s->arena, FMT_STR FMT_STR FMT_STR, ARG_STR(str_slice(host, 0, at)),
            ARG_STR(s->config.bucket), ARG_STR(str_slice(host, at + sizeof(BUCKET_MARK) - 1, host.n)));
    if (!is_host(host))
        return err_set(err, ERR_INVALID, "the S3 endpoint must be https://HOST or https://HOST:PORT");
    if (!tls && !is_loopback(host))
        return err_set(err, ERR_INVALID,
            "the S3 endpoint must begin with https://: only this machine itself may be "
            "spoken to without encryption");
    s->host = host;
    s->base = arena_printf(s->arena, "%s://" FMT_STR "", tls ? "https" : "http", ARG_STR(host)).p;
    return true;
}

S3 *s3_open(const S3Config *config, Err *err)
{
    Arena *a = arena_open();
    S3 *s = mem_alloc(sizeof(*s));
    *s = (S3){.arena = a, .config = *config};
    pthread_mutex_init(&s->mutex, NULL);
    s->config.endpoint = arena_copy(a, config->endpoint);
    s->config.region = arena_copy(a, config->region.n ? config->region : S("us-east-1"));
    s->config.bucket = arena_copy(a, config->bucket);
    s->config.ca_file = arena_copy(a, config->ca_file);
    s->config.keys = (S3Keys){arena_copy(a, config->keys.access_key), arena_copy(a, config->keys.secret_key),
        arena_copy(a, config->keys.session_token)};
    bool good = (is_bucket(s->config.bucket) || err_set(err, ERR_INVALID, "not a name for a bucket: " FMT_STR,
                                                    ARG_STR(str_slice(config->bucket, 0, 100)))) &&
                ((s->config.keys.access_key.n && s->config.keys.secret_key.n) ||
                    err_set(err, ERR_INVALID, "there are no S3 keys")) &&
                read_endpoint(s, err);
    if (!good) {
        s3_close(s);
        return NULL;
    }
    pthread_once(&curl_once, start_curl);
    return s;
}

void s3_close(S3 *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->idle_count; i++)
        curl_easy_cleanup(s->idle[i]);
    OPENSSL_cleanse((void *)(uintptr_t)s->config.keys.secret_key.p, s->config.keys.secret_key.n);
    pthread_mutex_destroy(&s->mutex);
    arena_close(s->arena);
    free(s);
}

static CURL *take_handle(S3 *s)
{
    CURL *curl = NULL;
    pthread_mutex_lock(&s->mutex);
    if (s->idle_count > 0)
        curl = s->idle[--s->idle_count];
    pthread_mutex_unlock(&s->mutex);
    if (curl)
        curl_easy_reset(curl); // keeps the connection
    else if (!(curl = curl_easy_init()))
        abort();
    return curl;
}

static void give_handle(S3 *s, CURL *curl)
{
    pthread_mutex_lock(&s->mutex);
    bool keep = s->idle_count < IDLE_MAX;
    if (keep)
        s->idle[s->idle_count++] = curl;
    pthread_mutex_unlock(&s->mutex);
    if (!keep)
        curl_easy_cleanup(curl);
}

// ---- one attempt

typedef struct {
    S3 *s;
    S3Request *request;
    Arena *arena;
    CURL *curl;
    S3Answer answer;
    Buf body;
    uint64_t sent; // of what is sent
    uint64_t skip; // of the answer, when a server does not understand ranges
    bool began;    // the answer's body has begun
    int64_t retry_after_s;
    Err take_err; // of the one who takes the body
} Attempt;

static bool stopped(const Attempt *at)
{
    return at->s->config.stop && *at->s->config.stop && !at->request->last_words;
}

static size_t on_send(char *to, size_t one, size_t count, void *attempt)
{
    Attempt *at = attempt;
    S3Request *r = at->request;
    size_t want = (size_t)MIN_OF((uint64_t)(one * count), r->count - at->sent);
    if (r->fd < 0) {
        memcpy(to, r->bytes.p + at->sent, want);
    } else {
        ssize_t got;
        do
            got = pread(r->fd, to, want, (off_t)(r->from + at->sent));
        while (got < 0 && errno == EINTR);
        if (got < 0 || (got == 0 && want > 0))
            return CURL_READFUNC_ABORT;
        want = (size_t)got;
    }
    at->sent += want;
    return want;
}

// curl goes back to the start when a kept connection turns out to be dead.
static int on_seek(void *attempt, curl_off_t offset, int origin)
{
    Attempt *at = attempt;
    if (origin != SEEK_SET || offset < 0)
        return CURL_SEEKFUNC_CANTSEEK;
    at->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static Str unquoted(Str text)
{
    bool quoted = text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"';
    return quoted ? str_slice(text, 1, text.n - 1) : text;
}

static size_t on_header(char *bytes, size_t one, size_t count, void *attempt)
{
    Attempt *at = attempt;
    S3Answer *answer = &at->answer;
    Str name, value;
    if (!str_cut((Str){bytes, one * count}, ':', &name, &value)) {
        if (str_starts((Str){bytes, one * count}, S("HTTP/"))) // 100 Continue, then another
            *answer = (S3Answer){0};
        return one * count;
    }
    value = str_trim(value);
    if (str_eq_nocase(name, S("ETag")))
        answer->etag = arena_copy(at->arena, unquoted(value));
    else if (str_eq_nocase(name, S("x-amz-meta-sha512")))
        answer->sha512 = arena_copy(at->arena, value);
    else if (str_eq_nocase(name, S("x-amz-server-side-encryption")))
        answer->etag_is_no_md5 = !str_eq(value, S("AES256"));
    else if (str_eq_nocase(name, S("x-amz-server-side-encryption-customer-algorithm")))
        answer->etag_is_no_md5 = true;
    else if (str_eq_nocase(name, S("Retry-After")))
        (void)str_to_int64(value, &at->retry_after_s);
    else if (str_eq_nocase(name, S("Content-Length"))) {
        int64_t length;
        if (str_to_int64(value, &length) && length >= 0)
            answer->length = (uint64_t)length;
    }
    return one * count;
}

static void begin_body(Attempt *at)
{
    long status = 0;
    curl_easy_getinfo(at->curl, CURLINFO_RESPONSE_CODE, &status);
    at->answer.status = (int)status;
    at->began = true;
    if (at->request->taken && status == 200) // the range was not understood
        at->skip = at->request->taken;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *attempt)
{
    Attempt *at = attempt;
    S3Request *r = at->request;
    Str piece = {bytes, one * count};
    if (!at->began)
        begin_body(at);
    if (!r->take || at->answer.status >= 300) {
        buf_add(&at->body, piece);
        return at->body.full ? 0 : piece.n;
    }
    size_t skip = (size_t)MIN_OF(at->skip, (uint64_t)piece.n);
    at->skip -= skip;
    piece = str_slice(piece, skip, piece.n);
    if (piece.n && !r->take(r->ctx, piece, &at->take_err))
        return 0;
    r->taken += piece.n;
    return one * count;
}

static int on_tick(void *attempt, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return stopped(attempt);
}

static struct curl_slist *add_header(struct curl_slist *list, Arena *a, Str name, Str value)
{
    struct curl_slist *longer =
        curl_slist_append(list, arena_printf(a, FMT_STR ": " FMT_STR "", ARG_STR(name), ARG_STR(value)).p);
    if (!longer)
        abort();
    return longer;
}

// Signs and sets everything that goes over the wire; returns the headers, for the caller to free.
static struct curl_slist *dress(Attempt *at)
{
    S3 *s = at->s;
    S3Request *r = at->request;
    Arena *a = at->arena;
    int64_t now_ms = clock_now_ms();
    S3Pair headers[HEADERS_MAX] = {{S("host"), s->host}, {S("x-amz-content-sha256"), r->payload_sha256},
        {S("x-amz-date"), s3_date(a, now_ms)}};
    size_t count = 3;
    if (s->config.keys.session_token.n)
        headers[count++] = (S3Pair){S("x-amz-security-token"), s->config.keys.session_token};
    if (r->header.name.n)
        headers[count++] = r->header;
    if (r->take && r->taken)
        headers[count++] = (S3Pair){S("range"), arena_printf(a, "bytes=%llu-", (unsigned long long)r->taken)};
    Str path = s->in_host ? arena_printf(a, "/" FMT_STR, ARG_STR(r->key))
                          : arena_printf(a, "/" FMT_STR "%s" FMT_STR, ARG_STR(s->config.bucket),
                                r->key.n ? "/" : "", ARG_STR(r->key));
    S3Signed signed_ = s3_sign(&s->config.keys,
        &(S3Signing){.method = r->method,
            .path = path,
            .query = r->query,
            .query_count = r->query_count,
            .headers = headers,
            .headers_count = count,
            .payload_sha256 = r->payload_sha256,
            .region = s->config.region,
            .service = S("s3"),
            .time_ms = now_ms},
        a);
    struct curl_slist *list = add_header(NULL, a, S("Authorization"), signed_.authorization);
    for (size_t i = 0; i < count; i++)
        list = add_header(list, a, headers[i].name, headers[i].value);
    const char *url = arena_printf(a, "%s" FMT_STR "%s" FMT_STR "", s->base, ARG_STR(signed_.path),
        signed_.query.n ? "?" : "", ARG_STR(signed_.query))
                          .p;
    curl_easy_setopt(at->curl, CURLOPT_URL, url);
    curl_easy_setopt(at->curl, CURLOPT_HTTPHEADER, list);
    return list;
}

static void set_body(Attempt *at)
{
    S3Request *r = at->request;
    CURL *curl = at->curl;
    if (str_eq(r->method, S("HEAD"))) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    if (str_eq(r->method, S("PUT")) || str_eq(r->method, S("POST"))) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->count);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_send);
        curl_easy_setopt(curl, CURLOPT_READDATA, at);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, at);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, arena_cstr(at->arena, r->method));
}

static void set_manners(Attempt *at)
{
    CURL *curl = at->curl;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(
        curl, CURLOPT_PROTOCOLS_STR, str_starts(str_from(at->s->base), S("https:")) ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    if (is_loopback(at->s->host))
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (at->s->config.ca_file.n)
        curl_easy_setopt(curl, CURLOPT_CAINFO, arena_cstr(at->arena, at->s->config.ca_file));
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, at);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, at);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_tick);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, at);
}

static ErrKind kind_of(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ERR_DENIED;
    case 404:
        return ERR_NOT_FOUND;
    default:
        return ERR_IO;
    }
}

// An answer that says no. Only what passes by itself is worth another try.
static bool refused(Attempt *at, bool *ret_again, Err *err)
{
    Str code = {0}, text = {0}, root;
    int status = at->answer.status;
    if (s3_answer_text(buf_str(&at->body), at->arena, "Code", &code, &root))
        (void)s3_answer_text(buf_str(&at->body), at->arena, "Message", &text, &root);
    *ret_again = status >= 500 || status == 429 || status == 408 || str_eq(code, S("RequestTimeout")) ||
                 str_eq(code, S("SlowDown")) || str_eq(code, S("BadDigest")) ||
                 str_eq(code, S("XAmzContentSHA256Mismatch"));
    if (str_eq(code, S("NoSuchBucket")))
        return err_set(err, ERR_NOT_FOUND, "there is no bucket " FMT_STR, ARG_STR(at->s->config.bucket));
    if (str_eq(code, S("RequestTimeTooSkewed")))
        return err_set(err, ERR_DENIED, "the clock of this machine is wrong, says the S3 server");
    return err_set(err, kind_of(status), FMT_STR " " FMT_STR ": the S3 server says %d " FMT_STR "%s" FMT_STR,
        ARG_STR(at->request->method), ARG_STR(str_slice(at->request->key, 0, 200)), status,
        ARG_STR(str_slice(code, 0, 60)), text.n ? ": " : "", ARG_STR(utf8_head(text, 150)));
}

static bool judge(Attempt *at, CURLcode done, bool *ret_again, Err *err)
{
    *ret_again = false;
    if (at->take_err.kind != ERR_NONE) {
        *err = at->take_err;
        return false;
    }
    if (stopped(at))
        return err_set(err, ERR_BUSY, "stopped");
    if (done == CURLE_OK && at->answer.status >= 200 && at->answer.status < 300)
        return true;
    if (done == CURLE_OK || at->answer.status >= 300)
        return refused(at, ret_again, err);
    *ret_again = done != CURLE_PEER_FAILED_VERIFICATION && done != CURLE_SSL_CACERT_BADFILE &&
                 done != CURLE_ABORTED_BY_CALLBACK && done != CURLE_WRITE_ERROR &&
                 done != CURLE_UNSUPPORTED_PROTOCOL;
    return err_set(err, ERR_IO, "S3 server " FMT_STR ": %s", ARG_STR(at->s->host), curl_easy_strerror(done));
}

static bool try_once(
    S3 *s, S3Request *r, Arena *a, S3Answer *ret, bool *ret_again, int64_t *ret_after_s, Err *err)
{
    CLEANUP(arena_closep) Arena *own = arena_open();
    Attempt at = {.s = s, .request = r, .arena = own, .curl = take_handle(s)};
    at.body = buf_with_max(S3_ANSWER_MAX_BYTES);
    *ret_again = false;
    if (stopped(&at)) {
        give_handle(s, at.curl);
        return err_set(err, ERR_BUSY, "stopped");
    }
    set_manners(&at);
    set_body(&at);
    struct curl_slist *headers = dress(&at);
    CURLcode done = curl_easy_perform(at.curl);
    long status = 0;
    curl_easy_getinfo(at.curl, CURLINFO_RESPONSE_CODE, &status);
    at.answer.status = (int)status;
    bool good = judge(&at, done, ret_again, err);
    curl_slist_free_all(headers);
    give_handle(s, at.curl);
    if (good) {
        *ret = at.answer;
        ret->body = arena_copy(a, buf_str(&at.body));
        ret->etag = arena_copy(a, at.answer.etag);
        ret->sha512 = arena_copy(a, at.answer.sha512);
    }
    buf_free(&at.body);
    *ret_after_s = at.retry_after_s;
    return good;
}

// ---- and again

// Doubles each time; by chance up to half longer, so that many clients do not come back together.
static bool pause_before(const S3 *s, int attempt, int64_t after_s, Err *err)
{
    uint16_t chance;
    random_bytes(&chance, sizeof(chance));
    int64_t pause_ms = MIN_OF((int64_t)FIRST_PAUSE_MS << MIN_OF(attempt, 16), (int64_t)PAUSE_MAX_MS);
    pause_ms += pause_ms * chance / (2 * UINT16_MAX);
    pause_ms = MAX_OF(pause_ms, MIN_OF(after_s * 1000, (int64_t)PAUSE_MAX_MS));
    for (int64_t at_ms = 0; at_ms < pause_ms; at_ms += TICK_MS) {
        if (s->config.stop && *s->config.stop)
            return err_set(err, ERR_BUSY, "stopped");
        usleep(TICK_MS * 1000);
    }
    return true;
}

bool s3_request(S3 *s, S3Request *r, Arena *a, S3Answer *ret, Err *err)
{
    int attempts = r->attempts ? r->attempts : ATTEMPTS;
    if (r->fd < 0)
        r->count = r->bytes.n;
    if (r->payload_sha256.n == 0) {
        Sha256 digest = sha256_of(r->bytes);
        r->payload_sha256 = hex_from_bytes(a, digest.bytes, sizeof(digest.bytes));
    }
    for (int attempt = 0;; attempt++) {
        bool again;
        int64_t after_s = 0;
        uint64_t before = r->taken;
        Err why = {0};
        if (try_once(s, r, a, ret, &again, &after_s, &why))
            return true;
        if (r->taken > before)
            attempt = 0; // it got on: what helps once helps again
        if (!again || attempt + 1 >= attempts) {
            *err = why;
            return false;
        }
        if (!pause_before(s, attempt, after_s, err))
            return false;
    }
}

// ---- asking

bool s3_get(S3 *s, Str key, S3Take *take, void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    S3Answer answer;
    S3Request r = {.method = S("GET"), .key = key, .fd = -1, .take = take, .ctx = ctx};
    return s3_request(s, &r, a, &answer, err);
}

bool s3_head(S3 *s, Str key, Arena *a, S3Head *ret, Err *err)
{
    S3Answer answer;
    S3Request r = {.method = S("HEAD"), .key = key, .fd = -1};
    if (!s3_request(s, &r, a, &answer, err))
        return false;
    *ret = (S3Head){answer.length, answer.etag, answer.sha512};
    return true;
}

bool s3_list(S3 *s, Str prefix, Str after, bool folders, Arena *a, S3Page *ret, Err *err)
{
    S3Answer answer;
    S3Pair query[5] = {{S("list-type"), S("2")}, {S("prefix"), prefix}, {S("encoding-type"), S("url")}};
    size_t count = 3;
    if (after.n)
        query[count++] = (S3Pair){S("start-after"), after};
    if (folders)
        query[count++] = (S3Pair){S("delimiter"), S("/")};
    S3Request r = {.method = S("GET"), .query = query, .query_count = count, .fd = -1};
    return s3_request(s, &r, a, &answer, err) && s3_answer_page(answer.body, a, ret, err);
}
