// SPDX-License-Identifier: Apache-2.0
// A request head (RFC 9112), read strictly: whatever two servers in a row could understand differently is
// refused.
//
//   GET /iiif/3/vase:1/info.json?x=1 HTTP/1.1 CRLF
//   Name: value CRLF ... CRLF
#include "http/int.h"

static HeadState bad(HeadProblem *problem, int status, const char *why)
{
    *problem = (HeadProblem){status, why};
    return HEAD_BAD;
}

static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(Str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_token_char((unsigned char)s.p[i]))
            return false;
    return s.n > 0;
}

static bool has_control(Str s, bool tab_is_fine)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && !(c == '\t' && tab_is_fine)) || c == 0x7f)
            return true;
    }
    return false;
}

static HttpMethod method_of(Str s)
{
    static const struct {
        Str name;
        HttpMethod method;
    } methods[] = {
        {{"GET", 3}, HTTP_GET},
        {{"HEAD", 4}, HTTP_HEAD},
        {{"POST", 4}, HTTP_POST},
        {{"PUT", 3}, HTTP_PUT},
        {{"DELETE", 6}, HTTP_DELETE},
        {{"OPTIONS", 7}, HTTP_OPTIONS},
    };
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_eq(s, methods[i].name))
            return methods[i].method;
    return HTTP_OTHER;
}

bool host_valid(Str host)
{
    if (host.n == 0 || host.n > HOST_MAX_BYTES)
        return false;
    Str name = host, port;
    if (host.p[0] == '[') {
        const char *end = memchr(host.p, ']', host.n);
        if (!end)
            return false;
        size_t length = (size_t)(end - host.p);
        name = str_slice(host, 1, length);
        port = str_slice(host, length + 1, host.n);
        if (port.n && port.p[0] != ':')
            return false;
        port = str_slice(port, 1, port.n);
        for (size_t i = 0; i < name.n; i++)
            if (!strchr("0123456789abcdefABCDEF:.", name.p[i]) || !name.p[i])
                return false;
    } else {
        if (!str_cut(host, ':', &name, &port))
            port = S("");
        for (size_t i = 0; i < name.n; i++)
            if (!is_token_char((unsigned char)name.p[i]) || strchr("!#$&'*+^`|", name.p[i]))
                return false;
    }
    int number;
    return name.n && (port.n == 0 || (port.p[0] != '-' && str_to_int(port, 0, 65535, &number)));
}

// "/path?query", or "http://host/path?query", whose host then counts; "*" for OPTIONS.
static HeadState parse_target(Str target, Head *head, HeadProblem *problem)
{
    if (has_control(target, false) || memchr(target.p, ' ', target.n) || memchr(target.p, '#', target.n))
        return bad(problem, 400, "bad characters in the address");
    for (int i = 0; i < 2; i++) {
        Str scheme = i ? S("https://") : S("http://");
        if (target.n <= scheme.n || !str_eq_nocase(str_slice(target, 0, scheme.n), scheme))
            continue;
        Str rest = str_slice(target, scheme.n, target.n);
        size_t host_bytes = 0;
        while (host_bytes < rest.n && rest.p[host_bytes] != '/' && rest.p[host_bytes] != '?')
            host_bytes++;
        head->host = str_slice(rest, 0, host_bytes);
        if (!host_valid(head->host))
            return bad(problem, 400, "bad host in the address");
        target = host_bytes < rest.n ? str_slice(rest, host_bytes, rest.n) : S("/");
        break;
    }
    bool star = head->method == HTTP_OPTIONS && str_eq(target, S("*"));
    if (!star && (target.n == 0 || target.p[0] != '/'))
        return bad(problem, 400, "the address must begin with a slash");
    if (!str_cut(target, '?', &head->path, &head->query)) {
        head->path = target;
        head->query = S("");
    }
    return HEAD_DONE;
}

static HeadState parse_request_line(Str line, Head *head, HeadProblem *problem)
{
    Str method, target, version;
    if (!str_cut(line, ' ', &method, &target) || !str_cut_last(target, ' ', &target, &version) ||
        !is_token(method))
        return bad(problem, 400, "bad request line");
    if (version.n != 8 || !str_starts(version, S("HTTP/")) || version.p[6] != '.')
        return bad(problem, 400, "bad protocol version");
    if (version.p[5] != '1')
        return bad(problem, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    if (version.p[7] < '0' || version.p[7] > '9')
        return bad(problem, 400, "bad protocol version");
    head->minor = version.p[7] - '0';
    head->method = method_of(method);
    return parse_target(target, head, problem);
}

static HeadState parse_field(Str line, Head *head, HeadProblem *problem)
{
    if (head->fields_count == HEAD_FIELDS_MAX)
        return bad(problem, 431, "too many header fields");
    HeadField *field = &head->fields[head->fields_count];
    // A folded line begins with white space, and "Name :" ends its name with it: neither is a token.
    if (!str_cut(line, ':', &field->name, &field->value) || !is_token(field->name))
        return bad(problem, 400, "bad header field");
    field->value = str_trim(field->value);
    if (has_control(field->value, true))
        return bad(problem, 400, "control character in a header field");
    head->fields_count++;
    return HEAD_DONE;
}

bool head_has_token(Str list, Str token)
{
    Str item, name, rest;
    while (str_next(&list, ',', &item)) {
        if (!str_cut(item, ';', &name, &rest))
            name = item;
        if (str_eq_nocase(str_trim(name), token))
            return true;
    }
    return false;
}

static bool digits_only(Str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0 && s.n <= 18;
}

// What the fields say about the body and the connection. Each may be said once.
static HeadState weigh_fields(Head *head, HeadProblem *problem)
{
    int hosts = 0, lengths = 0, codings = 0;
    bool close = false, keep = false;
    for (int i = 0; i < head->fields_count; i++) {
        Str name = head->fields[i].name, value = head->fields[i].value;
        if (str_eq_nocase(name, S("Host"))) {
            hosts++;
            if (!host_valid(value))
                return bad(problem, 400, "bad Host");
            if (head->host.n == 0)
                head->host = value;
        } else if (str_eq_nocase(name, S("Content-Length"))) {
            int64_t bytes = 0;
            if (lengths++ || !digits_only(value) || !str_to_int64(value, &bytes))
                return bad(problem, 400, "bad Content-Length");
            head->body_bytes = (uint64_t)bytes;
        } else if (str_eq_nocase(name, S("Transfer-Encoding"))) {
            if (codings++ || head->minor == 0)
                return bad(problem, 400, "bad Transfer-Encoding");
            if (!str_eq_nocase(value, S("chunked")))
                return bad(problem, 501, "unknown Transfer-Encoding");
            head->chunked = true;
        } else if (str_eq_nocase(name, S("Connection"))) {
            close |= head_has_token(value, S("close"));
            keep |= head_has_token(value, S("keep-alive"));
        } else if (str_eq_nocase(name, S("Expect"))) {
            head->expect_continue |= str_eq_nocase(value, S("100-continue"));
        }
    }
    if (hosts > 1 || (hosts == 0 && head->minor > 0))
        return bad(problem, 400, hosts ? "more than one Host" : "no Host");
    if (codings && lengths)
        return bad(problem, 400, "both Content-Length and Transfer-Encoding");
    head->keep_alive = !close && (head->minor > 0 || keep);
    return HEAD_DONE;
}

// One line without its CRLF; MORE if its end has not come.
static HeadState next_line(Str bytes, size_t *at, Str *ret, HeadProblem *problem)
{
    Str rest = str_slice(bytes, *at, bytes.n);
    const char *end = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
    if (!end) {
        if (rest.n && rest.p[rest.n - 1] == '\r')
            rest.n--;
        return has_control(rest, true) ? bad(problem, 400, "control character in the head") : HEAD_MORE;
    }
    size_t n = (size_t)(end - rest.p);
    if (n == 0 || rest.p[n - 1] != '\r')
        return bad(problem, 400, "a line must end with CR LF");
    *ret = str_slice(rest, 0, n - 1);
    *at += n + 1;
    return has_control(*ret, true) ? bad(problem, 400, "control character in the head") : HEAD_DONE;
}

HeadState head_parse(Str bytes, bool full, Head *ret, size_t *ret_used, HeadProblem *problem)
{
    ret->fields_count = 0;
    ret->host = ret->path = ret->query = S("");
    ret->chunked = ret->expect_continue = ret->keep_alive = false;
    ret->body_bytes = 0;
    size_t at = 0;
    while (at < 4 && bytes.n - at >= 2 && memcmp(bytes.p + at, "\r\n", 2) == 0)
        at += 2; // some clients send an empty line after a body
    Str line = S("");
    HeadState state = next_line(bytes, &at, &line, problem);
    if (state == HEAD_MORE && full)
        return bad(problem, 414, "the address is too long");
    if (state == HEAD_DONE)
        state = parse_request_line(line, ret, problem);
    while (state == HEAD_DONE) {
        state = next_line(bytes, &at, &line, problem);
        if (state == HEAD_MORE && full)
            return bad(problem, 431, "the header is too long");
        if (state == HEAD_DONE && line.n == 0) {
            if (at > HEAD_MAX_BYTES)
                return bad(problem, 431, "the header is too long");
            *ret_used = at;
            return weigh_fields(ret, problem);
        }
        if (state == HEAD_DONE)
            state = parse_field(line, ret, problem);
    }
    return state;
}

Str head_find(const Head *head, Str name)
{
    for (int i = 0; i < head->fields_count; i++)
        if (head->fields[i].name.n == name.n && str_eq_nocase(head->fields[i].name, name))
            return head->fields[i].value;
    return S("");
}
