// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <sodium.h>

enum { WITH_PADDING = sodium_base64_VARIANT_ORIGINAL };

Str base64_text(Arena *a, Str bytes)
{
    const size_t room = sodium_base64_ENCODED_LEN(bytes.n, WITH_PADDING); // with the NUL
    char *text = arena_alloc(a, room);
    sodium_bin2base64(text, room, (const unsigned char *)bytes.p, bytes.n, WITH_PADDING);
    return (Str){text, room - 1};
}

static bool decode(Str text, void *to, size_t room, size_t *ret_count)
{
    const char *end;
    return sodium_base642bin(to, room, text.p, text.n, NULL, ret_count, &end, WITH_PADDING) == 0 &&
           end == text.p + text.n;
}

bool base64_read(Arena *a, Str text, Str *ret, Err *err)
{
    const size_t room = text.n / 4 * 3 + 1;
    char *bytes = arena_alloc(a, room);
    ret->p = bytes;
    return decode(text, bytes, room, &ret->n) || err_set(err, ERR_INVALID, "not base64");
}

bool base64_into(Str text, void *to, size_t count)
{
    size_t got;
    return decode(text, to, count, &got) && got == count;
}
