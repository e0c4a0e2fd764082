// SPDX-License-Identifier: Apache-2.0
// From a licence as people write it to the exact URI of the statement. Two vocabularies count, because IIIF
// Presentation 3 allows no other: Creative Commons and the twelve of rightsstatements.org, both with http:.
#include "catalog/record.h"

enum { LICENCE_MAX_BYTES = 200, WORDS_MAX = 24 };

static const char CC0[] = "http://creativecommons.org/publicdomain/zero/1.0/";
static const char MARK[] = "http://creativecommons.org/publicdomain/mark/1.0/";

static const struct {
    const char *code, *label, *uri; // code and label as letters only
} STATEMENTS[] = {
    {"inc", "incopyright", "http://rightsstatements.org/vocab/InC/1.0/"},
    {"incoweu", "incopyrighteuorphanwork", "http://rightsstatements.org/vocab/InC-OW-EU/1.0/"},
    {"incedu", "incopyrighteducationalusepermitted", "http://rightsstatements.org/vocab/InC-EDU/1.0/"},
    {"incnc", "incopyrightnoncommercialusepermitted", "http://rightsstatements.org/vocab/InC-NC/1.0/"},
    {"incruu", "incopyrightrightsholdersunlocatableorunidentifiable",
        "http://rightsstatements.org/vocab/InC-RUU/1.0/"},
    {"noccr", "nocopyrightcontractualrestrictions", "http://rightsstatements.org/vocab/NoC-CR/1.0/"},
    {"nocnc", "nocopyrightnoncommercialuseonly", "http://rightsstatements.org/vocab/NoC-NC/1.0/"},
    {"nocoklr", "nocopyrightotherknownlegalrestrictions", "http://rightsstatements.org/vocab/NoC-OKLR/1.0/"},
    {"nocus", "nocopyrightunitedstates", "http://rightsstatements.org/vocab/NoC-US/1.0/"},
    {"cne", "copyrightnotevaluated", "http://rightsstatements.org/vocab/CNE/1.0/"},
    {"und", "copyrightundetermined", "http://rightsstatements.org/vocab/UND/1.0/"},
    {"nkc", "noknowncopyright", "http://rightsstatements.org/vocab/NKC/1.0/"},
};

// Licences by what they ask for (bits) and version.
enum { ASKS_BY = 1, ASKS_NC = 2, ASKS_ND = 4, ASKS_SA = 8 };
#define CC_VERSIONS(kind)                                                                                    \
    {                                                                                                        \
        "http://creativecommons.org/licenses/" kind "/1.0/",                                                 \
            "http://creativecommons.org/licenses/" kind "/2.0/",                                             \
            "http://creativecommons.org/licenses/" kind "/2.5/",                                             \
            "http://creativecommons.org/licenses/" kind "/3.0/",                                             \
            "http://creativecommons.org/licenses/" kind "/4.0/"                                              \
    }
static const char *const VERSIONS[] = {"1.0", "2.0", "2.5", "3.0", "4.0"};
static const struct {
    unsigned asks;
    const char *uris[COUNT_OF(VERSIONS)];
} LICENCES[] = {
    {ASKS_BY, CC_VERSIONS("by")},
    {ASKS_BY | ASKS_SA, CC_VERSIONS("by-sa")},
    {ASKS_BY | ASKS_ND, CC_VERSIONS("by-nd")},
    {ASKS_BY | ASKS_NC, CC_VERSIONS("by-nc")},
    {ASKS_BY | ASKS_NC | ASKS_SA, CC_VERSIONS("by-nc-sa")},
    {ASKS_BY | ASKS_NC | ASKS_ND, CC_VERSIONS("by-nc-nd")},
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Lower-case words: runs of letters, and runs of digits with points ("4.0").
typedef struct {
    char text[LICENCE_MAX_BYTES];
    Str words[WORDS_MAX];
    size_t count;
} Words;

static bool split(Str licence, Words *to)
{
    *to = (Words){0};
    if (licence.n > LICENCE_MAX_BYTES)
        return false;
    for (size_t i = 0; i < licence.n; i++) {
        char c = licence.p[i];
        to->text[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    Str text = {to->text, licence.n};
    for (size_t i = 0; i < text.n && to->count < WORDS_MAX;) {
        size_t from = i;
        while (i < text.n && is_letter(text.p[i]))
            i++;
        if (i == from)
            while (i < text.n && (is_digit(text.p[i]) || (i > from && text.p[i] == '.')))
                i++;
        if (i == from)
            i++;
        else
            to->words[to->count++] = str_slice(text, from, i);
    }
    return true;
}

static bool has(const Words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (str_eq(words->words[i], str_from(word)))
            return true;
    return false;
}

static bool has_pair(const Words *words, const char *first, const char *second)
{
    for (size_t i = 0; i + 1 < words->count; i++)
        if (str_eq(words->words[i], str_from(first)) && str_eq(words->words[i + 1], str_from(second)))
            return true;
    return false;
}

// The letters alone: "In Copyright (EU)" is "incopyrighteu".
static Str letters_of(const Words *words, size_t from, char *room)
{
    size_t n = 0;
    for (size_t i = from; i < words->count; i++)
        if (is_letter(words->words[i].p[0])) {
            memcpy(room + n, words->words[i].p, words->words[i].n);
            n += words->words[i].n;
        }
    return (Str){room, n};
}

static Str statement(const Words *words)
{
    char room[LICENCE_MAX_BYTES];
    size_t from = 0;
    for (size_t i = 0; i < words->count; i++) // the code follows "vocab" or "page" in the URI
        if (str_eq(words->words[i], S("vocab")) || str_eq(words->words[i], S("page")))
            from = i + 1;
    if (from == 0 && words->count && str_eq(words->words[0], S("rightsstatements")))
        from = 1;
    Str letters = letters_of(words, from, room);
    for (size_t i = 0; i < COUNT_OF(STATEMENTS); i++)
        if (str_eq(letters, str_from(STATEMENTS[i].code)) || str_eq(letters, str_from(STATEMENTS[i].label)))
            return str_from(STATEMENTS[i].uri);
    return (Str){0};
}

static unsigned asked(const Words *w)
{
    unsigned asks = 0;
    if (has(w, "by") || has(w, "attribution"))
        asks |= ASKS_BY;
    if (has(w, "nc") || has(w, "noncommercial") || has_pair(w, "non", "commercial"))
        asks |= ASKS_NC;
    if (has(w, "nd") || has(w, "noderivatives") || has(w, "noderivs") || has_pair(w, "no", "derivatives") ||
        has_pair(w, "no", "derivs"))
        asks |= ASKS_ND;
    if (has(w, "sa") || has(w, "sharealike") || has_pair(w, "share", "alike"))
        asks |= ASKS_SA;
    return asks;
}

// What may stand behind the version of a licence that is not ported to a country: "4.0 International".
static bool is_unported(const Words *words, size_t version_at)
{
    static const char *const PLAIN[] = {"international", "unported", "generic", "license", "licence"};
    for (size_t i = version_at + 1; i < words->count; i++) {
        bool plain = false;
        for (size_t p = 0; p < COUNT_OF(PLAIN); p++)
            plain = plain || str_eq(words->words[i], str_from(PLAIN[p]));
        if (str_eq(words->words[i], S("deed")) || str_eq(words->words[i], S("legalcode")))
            return true; // ".../by/4.0/deed.fr": the language of the page
        if (!plain)
            return false;
    }
    return true;
}

static Str licence_uri(const Words *words, bool *ret_unported)
{
    unsigned asks = asked(words);
    for (size_t i = 0; i < COUNT_OF(LICENCES); i++)
        for (size_t v = 0; LICENCES[i].asks == asks && v < COUNT_OF(VERSIONS); v++)
            for (size_t w = 0; w < words->count; w++)
                if (str_eq(words->words[w], str_from(VERSIONS[v]))) {
                    *ret_unported = is_unported(words, w);
                    return str_from(LICENCES[i].uris[v]);
                }
    return (Str){0};
}

// http://creativecommons.org/licenses/by/3.0/us/ : ported to a country, a licence of its own. It is only
// known if it is given as its URI.
static Str creative_commons(const Words *words, Str licence)
{
    bool unported = false;
    Str uri = licence_uri(words, &unported);
    if (uri.n == 0 || unported)
        return uri;
    bool given = str_starts(licence, S("http://creativecommons.org/licenses/")) ||
                 str_starts(licence, S("https://creativecommons.org/licenses/"));
    return given && str_ends(licence, S("/")) ? licence : (Str){0};
}

static bool is_public_domain(const Words *w)
{
    char room[LICENCE_MAX_BYTES];
    Str letters = letters_of(w, 0, room);
    return str_eq(letters, S("publicdomain")) || str_eq(letters, S("pd")) || str_eq(letters, S("pdm")) ||
           str_eq(letters, S("publicdomainmark")) || str_eq(letters, S("ccpdm")) ||
           str_eq(letters, S("ccpublicdomainmark")) || str_eq(letters, S("creativecommonspublicdomainmark"));
}

static bool is_cc(const Words *w)
{
    return has(w, "cc") || has(w, "creativecommons") || has_pair(w, "creative", "commons");
}

static bool is_cc0(const Words *w)
{
    return has_pair(w, "cc", "0") || (is_cc(w) && has(w, "zero")) ||
           (is_cc(w) && has(w, "dedication") && !asked(w));
}

Str record_rights_uri(Str licence)
{
    Words words;
    Str query;
    licence = str_trim(licence);
    if (str_starts(licence, S("http")))
        (void)str_cut(licence, '?', &licence, &query); // ".../page/InC/1.0/?language=fr"
    if (!split(licence, &words) || words.count == 0)
        return (Str){0};
    if (is_cc0(&words))
        return str_from(CC0);
    if (is_public_domain(&words) || (is_cc(&words) && has(&words, "publicdomain") && has(&words, "mark")))
        return str_from(MARK);
    if (is_cc(&words))
        return creative_commons(&words, licence);
    return statement(&words);
}
