// SPDX-License-Identifier: Apache-2.0
#include "preserve/markup.h"

#include "base/utf8.h"

void markup_text(Buf *out, Str text)
{
    uint32_t c;
    while (utf8_next(&text, &c)) {
        bool allowed = c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xFFFE && c != 0xFFFF);
        if (c == '<')
            buf_add(out, S("&lt;"));
        else if (c == '>')
            buf_add(out, S("&gt;"));
        else if (c == '&')
            buf_add(out, S("&amp;"));
        else if (c == '"')
            buf_add(out, S("&quot;"));
        else
            utf8_add(out, allowed ? c : 0xFFFD);
    }
}

void markup_element(Buf *out, const char *name, Str text)
{
    if (text.n == 0)
        return;
    buf_printf(out, "<%s>", name);
    markup_text(out, text);
    buf_printf(out, "</%s>", name);
}

void markup_csv(Buf *out, Str text)
{
    buf_add_char(out, '"');
    if (text.n && strchr("=+-@\t\r", text.p[0]))
        buf_add_char(out, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '"');
}
