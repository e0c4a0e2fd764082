// SPDX-License-Identifier: Apache-2.0
// Forms with a file (RFC 7578), as far as one picture needs it.
#include "site/int.h"

enum { BOUNDARY_MAX_BYTES = 70, PART_HEAD_MAX_BYTES = 4096 };

static bool find_nocase(Str text, Str what, size_t *ret_at)
{
    for (size_t at = 0; at + what.n <= text.n; at++) {
        if (str_eq_nocase(str_slice(text, at, at + what.n), what)) {
            *ret_at = at;
            return true;
        }
    }
    return false;
}

static Str boundary_of(Str content_type)
{
    size_t at;
    if (!find_nocase(content_type, S("boundary="), &at))
        return S("");
    Str rest = str_slice(content_type, at + 9, content_type.n), boundary;
    if (str_starts(rest, S("\""))) {
        rest = str_slice(rest, 1, rest.n);
        return str_cut(rest, '"', &boundary, &rest) ? boundary : S("");
    }
    (void)(str_cut(rest, ';', &rest, &boundary) || true);
    return str_trim(rest);
}

// Takes one part off the front of *rest: what lies between the blank line after its head and the next
// boundary.
static bool next_part(Str *rest, Str mark, Str *ret_head, Str *ret_body)
{
    size_t at, end;
    if (!str_find(*rest, S("\r\n\r\n"), &at) || at > PART_HEAD_MAX_BYTES)
        return false;
    const Str body = str_slice(*rest, at + 4, rest->n);
    if (!str_find(body, mark, &end))
        return false;
    *ret_head = str_slice(*rest, 0, at);
    *ret_body = str_slice(body, 0, end);
    *rest = str_slice(body, end + mark.n, body.n);
    return true;
}

// The value of name="..." of a form's part; "filename=" is not it.
static bool is_named(Str head, Str name)
{
    size_t at;
    for (Str rest = head; find_nocase(rest, S("name=\""), &at); rest = str_slice(rest, at + 6, rest.n)) {
        const Str value = str_slice(rest, at + 6, rest.n);
        if ((at == 0 || rest.p[at - 1] == ' ' || rest.p[at - 1] == ';') && value.n > name.n &&
            str_starts(value, name) && value.p[name.n] == '"')
            return true;
    }
    return false;
}

static void take_part(Str head, Str part, Upload *ret)
{
    size_t at;
    if (find_nocase(head, S("filename="), &at)) {
        if (ret->picture.n == 0)
            ret->picture = part;
    } else if (is_named(head, S("again"))) {
        ret->again = part;
    } else if (is_named(head, S("q"))) {
        ret->q = part;
        ret->has_q = true;
    }
}

static bool read_form(Str content_type, Str body, Upload *ret, Err *err)
{
    const Str boundary = boundary_of(content_type);
    if (boundary.n == 0 || boundary.n > BOUNDARY_MAX_BYTES)
        return err_set(err, ERR_INVALID, "the form does not say where its parts end");
    char text[BOUNDARY_MAX_BYTES + 4] = "\r\n--";
    memcpy(text + 4, boundary.p, boundary.n);
    const Str mark = {text, boundary.n + 4};
    if (!str_starts(body, str_slice(mark, 2, mark.n)))
        return err_set(err, ERR_INVALID, "the form does not begin with its boundary");
    Str rest = str_slice(body, mark.n - 2, body.n), head, part;
    while (next_part(&rest, mark, &head, &part))
        take_part(head, part, ret);
    return true;
}

bool upload_read(Str content_type, Str body, Upload *ret, Err *err)
{
    Upload upload = {0};
    if (content_type.n < 19 || !str_eq_nocase(str_slice(content_type, 0, 19), S("multipart/form-data")))
        upload.picture = body;
    else if (!read_form(content_type, body, &upload, err))
        return false;
    if (upload.picture.n == 0 && upload.again.n == 0)
        return err_set(err, ERR_INVALID, "no picture was sent");
    *ret = upload;
    return true;
}
