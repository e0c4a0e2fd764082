// SPDX-License-Identifier: Apache-2.0
#include "site/page.h"

#include "base/utf8.h"

enum { PHRASE_MAX_BYTES = 4096 };

static bool is_plain(Str address)
{
    for (size_t i = 0; i < address.n; i++) {
        unsigned char c = (unsigned char)address.p[i];
        if (c <= ' ' || c == '\\' || c == 127)
            return false;
    }
    return true;
}

static bool is_web(Str address)
{
    Str scheme = str_slice(address, 0, 8);
    return str_eq_nocase(scheme, S("https://")) || str_eq_nocase(str_slice(scheme, 0, 7), S("http://"));
}

Url url_local(Str address)
{
    bool rooted = str_starts(address, S("/")) && !str_starts(address, S("//"));
    return (Url){(rooted || is_web(address)) && is_plain(address) ? address : S("")};
}

Url url_jpeg(Arena *a, Str base64)
{
    return (Url){arena_printf(a, "data:image/jpeg;base64," FMT_STR, ARG_STR(base64))};
}

Url url_foreign(Str address)
{
    address = str_trim(address);
    return (Url){is_web(address) && is_plain(address) ? address : S("")};
}

// The whole of a control character or of bytes that are no UTF-8 is shown as U+FFFD: XML-minded readers of
// our pages refuse a document for one of them.
static void put_escaped(Buf *b, Str text, bool in_attribute)
{
    size_t from = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        Str instead;
        if (c == '&')
            instead = S("&amp;");
        else if (c == '<')
            instead = S("&lt;");
        else if (c == '>')
            instead = S("&gt;");
        else if (c == '"' && in_attribute)
            instead = S("&quot;");
        else if (c == '\'' && in_attribute)
            instead = S("&#39;");
        else if ((c < ' ' && c != '\n' && c != '\t') || c == 127)
            instead = S("\xEF\xBF\xBD");
        else
            continue;
        buf_add(b, str_slice(text, from, i));
        buf_add(b, instead);
        from = i + 1;
    }
    buf_add(b, str_slice(text, from, text.n));
}

void put_text(Buf *b, Str text)
{
    put_escaped(b, text, false);
}

void put_attribute(Buf *b, Str text)
{
    put_escaped(b, text, true);
}

void put_uri(Buf *b, Str text)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '.' || c == '_' || c == '~' || c == ':';
        if (plain) {
            buf_add_char(b, (char)c);
        } else {
            buf_add_char(b, '%');
            buf_add_char(b, HEX[c >> 4]);
            buf_add_char(b, HEX[c & 15]);
        }
    }
}

void put_number(Buf *b, int64_t number)
{
    buf_printf(b, "%lld", (long long)number);
}

// "</script>" and "<!--" would end or change the element whatever JSON says: '<' is written as its escape.
void put_json(Buf *b, JsonText json)
{
    for (size_t i = 0; i < json.json.n; i++) {
        if (json.json.p[i] == '<')
            buf_add(b, S("\\u003c"));
        else
            buf_add_char(b, json.json.p[i]);
    }
}

// 1234567 as "1,234,567".
static void put_grouped(Buf *b, int64_t number)
{
    char digits[24];
    int count = 0;
    bool negative = number < 0;
    uint64_t left = negative ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[count++] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (negative)
        buf_add_char(b, '-');
    while (count) {
        buf_add_char(b, digits[--count]);
        if (count && count % 3 == 0)
            buf_add_char(b, ',');
    }
}

static const WordArgument *find_argument(Str name, const WordArgument *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(arguments[i].name, name))
            return &arguments[i];
    }
    return NULL;
}

static Str choose_half(Str text, const WordArgument *arguments, size_t count)
{
    size_t at;
    if (!str_find(text, S(" | "), &at))
        return text;
    for (size_t i = 0; i < count; i++) {
        if (arguments[i].is_number && arguments[i].number == 1)
            return str_slice(text, 0, at);
    }
    return str_slice(text, at + 3, text.n);
}

void put_phrase(Buf *b, const Words *w, Word word, const WordArgument *arguments, size_t count, PutText *put)
{
    Str rest = choose_half(w->phrases[word], arguments, count), head, name;
    while (str_cut(rest, '{', &head, &rest) && str_cut(rest, '}', &name, &rest)) {
        put(b, head);
        const WordArgument *argument = find_argument(name, arguments, count);
        assert(argument); // tools/pages has checked it
        if (argument->is_number)
            put_grouped(b, argument->number);
        else
            put(b, argument->text);
    }
    put(b, rest);
}

Str phrase(const Words *w, Word word)
{
    return w->phrases[word];
}

Str phrase_with(Arena *a, const Words *w, Word word, const WordArgument *arguments, size_t count)
{
    CLEANUP(buf_free) Buf b = buf_with_max(PHRASE_MAX_BYTES);
    put_phrase(&b, w, word, arguments, count, buf_add);
    return arena_copy(a, buf_str(&b));
}
