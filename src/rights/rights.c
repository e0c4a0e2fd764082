// SPDX-License-Identifier: Apache-2.0
#include "rights/rights.h"

enum { SIDE_MIN_PX = 16, SIDE_MAX_PX = 100000 };

bool rights_decide(ViewerRole role, Terms terms, Grant *ret, Err *err)
{
    if (role == VIEWER_STAFF) {
        *ret = (Grant){.record = true, .side_max_px = RIGHTS_SIDE_UNLIMITED};
        return true;
    }
    switch (terms.access) {
    case ACCESS_NONE:
        return err_set(err, ERR_DENIED, "not public");
    case ACCESS_RECORD:
        *ret = (Grant){.record = true};
        return true;
    case ACCESS_SIDE:
        *ret = (Grant){.record = true, .side_max_px = terms.side_max_px};
        return true;
    case ACCESS_FULL:
        *ret = (Grant){.record = true, .side_max_px = RIGHTS_SIDE_UNLIMITED};
        return true;
    }
    return err_set(err, ERR_DENIED, "unknown terms");
}

bool rights_terms_parse(Str text, Terms *ret, Err *err)
{
    text = str_trim(text);
    Str number = str_starts(text, S("side ")) ? str_trim(str_slice(text, 5, text.n)) : text;
    int side_px;
    if (str_eq(text, S("none")))
        *ret = (Terms){.access = ACCESS_NONE};
    else if (str_eq(text, S("record")))
        *ret = (Terms){.access = ACCESS_RECORD};
    else if (str_eq(text, S("full")))
        *ret = (Terms){.access = ACCESS_FULL};
    else if (str_to_int(number, SIDE_MIN_PX, SIDE_MAX_PX, &side_px))
        *ret = (Terms){.access = ACCESS_SIDE, .side_max_px = side_px};
    else
        return err_set(err, ERR_INVALID,
            "access must be none, record, full or a side in pixels (16 to 100000), not \"" FMT_STR "\"",
            ARG_STR(str_slice(text, 0, 80)));
    return true;
}

Str rights_terms_text(Arena *a, Terms terms)
{
    switch (terms.access) {
    case ACCESS_NONE:
        return S("none");
    case ACCESS_RECORD:
        return S("record");
    case ACCESS_SIDE:
        return arena_printf(a, "side %d", terms.side_max_px);
    case ACCESS_FULL:
        return S("full");
    }
    return S("none");
}

int rights_terms_rank(Terms terms)
{
    return (int)terms.access;
}

int rights_rank_visible(ViewerRole role)
{
    return role == VIEWER_STAFF ? (int)ACCESS_NONE : (int)ACCESS_RECORD;
}

int rights_rank_pixels(ViewerRole role)
{
    return role == VIEWER_STAFF ? (int)ACCESS_NONE : (int)ACCESS_SIDE;
}
