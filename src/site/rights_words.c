// SPDX-License-Identifier: Apache-2.0
// Rights statements in words: what they are called, and what they mean to somebody who wants to use a
// picture.
#include "site/int.h"

static const struct {
    Str starts;
    Str name;
    Word says;
} STATEMENTS[] = {
    {S("creativecommons.org/publicdomain/zero/1.0/"), S("CC0 1.0"), WORD_RIGHTS_CC0},
    {S("creativecommons.org/publicdomain/mark/1.0/"), S("Public Domain Mark 1.0"), WORD_RIGHTS_MARK},
    {S("creativecommons.org/licenses/by/"), S("CC BY"), WORD_RIGHTS_BY},
    {S("creativecommons.org/licenses/by-sa/"), S("CC BY-SA"), WORD_RIGHTS_BY_SA},
    {S("creativecommons.org/licenses/by-nc/"), S("CC BY-NC"), WORD_RIGHTS_NC},
    {S("creativecommons.org/licenses/by-nc-sa/"), S("CC BY-NC-SA"), WORD_RIGHTS_NC},
    {S("creativecommons.org/licenses/by-nc-nd/"), S("CC BY-NC-ND"), WORD_RIGHTS_NC},
    {S("creativecommons.org/licenses/by-nd/"), S("CC BY-ND"), WORD_RIGHTS_ND},
    {S("rightsstatements.org/vocab/InC"), S("In copyright"), WORD_RIGHTS_INC},
    {S("rightsstatements.org/vocab/NoC"), S("No copyright, other restrictions"), WORD_RIGHTS_NOC},
    {S("rightsstatements.org/vocab/NKC"), S("No known copyright"), WORD_RIGHTS_MARK},
    {S("rightsstatements.org/vocab/"), S("Copyright undetermined"), WORD_RIGHTS_UNKNOWN},
};

// "creativecommons.org/licenses/by/4.0/" ends with its version, which belongs to the name.
static Str licence_name(Arena *a, Str name, Str rest)
{
    Str version;
    return str_starts(name, S("CC BY")) && str_next(&rest, '/', &version)
               ? arena_printf(a, FMT_STR " " FMT_STR, ARG_STR(name), ARG_STR(version))
               : name;
}

RightsWords rights_words(const Visit *v, Str uri, Str licence)
{
    Str at = uri;
    if (str_starts(at, S("http://")) || str_starts(at, S("https://")))
        at = str_slice(at, str_starts(at, S("https://")) ? 8 : 7, at.n);
    for (size_t i = 0; i < COUNT_OF(STATEMENTS); i++) {
        if (str_starts(at, STATEMENTS[i].starts))
            return (RightsWords){
                .name = licence_name(v->a, STATEMENTS[i].name, str_slice(at, STATEMENTS[i].starts.n, at.n)),
                .says = phrase(v->w, STATEMENTS[i].says)};
    }
    return (RightsWords){.name = licence.n ? licence : uri};
}
