// SPDX-License-Identifier: Apache-2.0
// From what a record writes to a place. A text is cut into pieces ("Jingdezhen", "China"; 陕西省, 宝鸡市),
// each piece may be several places, and those count that every other piece has a place for, too. The piece
// that says it most exactly wins; where it still may be one of several, nothing does.
#include "base/utf8.h"
#include "place/int.h"
#include "text/text.h"

enum {
    PIECES_MAX = 24,
    BEARERS_MAX = 24, // of one name
    TEXT_MAX_BYTES = 600,
    HAN_NAME_MAX = 10, // characters
    NEAR_KM = 50,
    SAME_KM = 50, // two of one name closer than this are one
};

// A town is meant when nobody says which if it has this many times the people of the next of its name.
#define DOMINANT 10.0

typedef struct {
    const Entry *bearers[BEARERS_MAX];
    int count;
    bool near, perhaps;
} Piece;

typedef struct {
    const Places *p;
    Arena *a;
    Piece pieces[PIECES_MAX];
    int count;
    bool undecided; // "Iran or Iraq"
} Reading;

// ---- pieces

static bool is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF);
}

static bool divides(uint32_t c)
{
    static const uint32_t SIGNS[] = {',', ';', ':', '(', ')', '[', ']', '/', '>', '<', '|', '\n', '\t',
        0x2013, 0x2014, 0x3001, 0xFF0C, 0xFF1B, 0xFF1A, 0xFF08, 0xFF09, 0x3010, 0x3011, 0xB7, 0x30FB, 0x2022};
    for (size_t i = 0; i < COUNT_OF(SIGNS); i++) {
        if (SIGNS[i] == c)
            return true;
    }
    return false;
}

static int find_entries(const Reading *r, Str key, const Entry **ret)
{
    const int own = register_find(&r->p->own, key, ret, 1); // the museum knows best
    return own ? own : register_find(&r->p->shipped, key, ret, BEARERS_MAX);
}

// Words before a name that say something about it. Folded, with a blank behind.
typedef enum { SAYS_NOTHING, SAYS_PERHAPS, SAYS_NEAR, SAYS_PART } Says;

static bool take_word(Str *text, Says *ret)
{
    static const struct {
        const char *word;
        Says says;
    } WORDS[] = {{"probably ", SAYS_PERHAPS}, {"possibly ", SAYS_PERHAPS}, {"perhaps ", SAYS_PERHAPS},
        {"attributed to ", SAYS_PERHAPS}, {"said to be from ", SAYS_PERHAPS},
        {"reportedly from ", SAYS_PERHAPS}, {"wohl ", SAYS_PERHAPS}, {"vermutlich ", SAYS_PERHAPS},
        {"wahrscheinlich ", SAYS_PERHAPS}, {"vielleicht ", SAYS_PERHAPS}, {"moglicherweise ", SAYS_PERHAPS},
        {"probablement ", SAYS_PERHAPS}, {"peut-etre ", SAYS_PERHAPS}, {"? ", SAYS_PERHAPS},
        {"near ", SAYS_NEAR}, {"bei ", SAYS_NEAR}, {"vicinity of ", SAYS_NEAR}, {"environs of ", SAYS_NEAR},
        {"area of ", SAYS_NEAR}, {"pres de ", SAYS_NEAR}, {"made in ", SAYS_NOTHING}, {"from ", SAYS_NOTHING},
        {"in ", SAYS_NOTHING}, {"the ", SAYS_NOTHING}, {"city of ", SAYS_NOTHING},
        {"province of ", SAYS_NOTHING}, {"kingdom of ", SAYS_NOTHING}, {"republic of ", SAYS_NOTHING},
        {"ancient ", SAYS_NOTHING}, {"modern ", SAYS_NOTHING}, {"present-day ", SAYS_NOTHING},
        {"northern ", SAYS_PART}, {"southern ", SAYS_PART}, {"eastern ", SAYS_PART}, {"western ", SAYS_PART},
        {"central ", SAYS_PART}, {"north ", SAYS_PART}, {"south ", SAYS_PART}, {"east ", SAYS_PART},
        {"west ", SAYS_PART}, {"northeastern ", SAYS_PART}, {"northwestern ", SAYS_PART},
        {"southeastern ", SAYS_PART}, {"southwestern ", SAYS_PART}, {"今", SAYS_NOTHING},
        {"可能是", SAYS_PERHAPS}, {"传", SAYS_PERHAPS}};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        const Str word = str_from(WORDS[i].word);
        if (!str_starts(*text, word))
            continue;
        *text = str_slice(*text, word.n, text->n);
        *ret = WORDS[i].says;
        return true;
    }
    return false;
}

static bool take_tail(Str *text)
{
    static const char *const WORDS[] = {" province", " prefecture", " county", " city", " state", " region",
        " district", " area", " kilns", " kiln"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        const Str word = str_from(WORDS[i]);
        if (text->n > word.n && str_ends(*text, word)) {
            *text = str_slice(*text, 0, text->n - word.n);
            return true;
        }
    }
    return false;
}

// "southern" of a town is not a place that we know.
static void keep_wide(Piece *piece)
{
    int kept = 0;
    for (int i = 0; i < piece->count; i++) {
        if (piece->bearers[i]->kind != PLACE_TOWN)
            piece->bearers[kept++] = piece->bearers[i];
    }
    piece->count = kept;
}

static Piece *add_piece(Reading *r)
{
    if (r->count == PIECES_MAX)
        return NULL;
    r->pieces[r->count] = (Piece){0};
    return &r->pieces[r->count];
}

// folded: text_fold of the piece.
static void read_words(Reading *r, Str folded, bool perhaps)
{
    Piece *piece = add_piece(r);
    bool part = false, again = true;
    if (piece == NULL)
        return;
    piece->perhaps = perhaps;
    while (str_ends(folded, S("?")))
        piece->perhaps = true, folded = str_trim(str_slice(folded, 0, folded.n - 1));
    while (folded.n && again) {
        Says says = SAYS_NOTHING;
        piece->count = find_entries(r, text_key(r->a, folded), piece->bearers);
        if (piece->count)
            break;
        again = take_word(&folded, &says) || take_tail(&folded);
        piece->perhaps |= says == SAYS_PERHAPS;
        piece->near |= says == SAYS_NEAR;
        part |= says == SAYS_PART;
    }
    if (part)
        keep_wide(piece);
    r->count += piece->count > 0;
}

static bool agree(const Entry *a, const Entry *b)
{
    const bool countries = memcmp(a->country, "--", 2) != 0 && memcmp(b->country, "--", 2) != 0;
    if (countries && memcmp(a->country, b->country, 2) != 0)
        return false;
    if (countries && (a->kind == PLACE_COUNTRY || b->kind == PLACE_COUNTRY))
        return true;
    const double apart = place_apart_km(a->latitude, a->longitude, b->latitude, b->longitude);
    return apart <= MAX_OF(a->km, b->km) * 1.4 + SAME_KM;
}

static bool agrees_with(const Piece *piece, const Entry *entry)
{
    for (int i = 0; i < piece->count; i++) {
        if (agree(piece->bearers[i], entry))
            return true;
    }
    return false;
}

// Whether a further piece of a Chinese address says more of the same place.
static bool goes_on(const Reading *r, int first, const Piece *piece)
{
    for (int i = first; i < r->count; i++) {
        bool good = false;
        for (int b = 0; b < piece->count; b++)
            good |= agrees_with(&r->pieces[i], piece->bearers[b]);
        if (!good)
            return false;
    }
    return true;
}

// The longest name that `text` begins with; its bytes, or 0.
static size_t longest_name(const Reading *r, Str text, Piece *piece)
{
    size_t ends[HAN_NAME_MAX + 1] = {0};
    int count = 0;
    uint32_t c;
    for (Str rest = text; count < HAN_NAME_MAX && utf8_next(&rest, &c) && is_han(c);)
        ends[++count] = (size_t)(rest.p - text.p);
    for (; count >= 2; count--) {
        piece->count = find_entries(r, text_key(r->a, str_slice(text, 0, ends[count])), piece->bearers);
        if (piece->count)
            return ends[count];
    }
    return 0;
}

// 陕西省宝鸡市扶风县...: from the wide to the narrow without anything between; what comes after the last name
// that fits (a tomb, a village) is more exact than we know.
static bool read_han(Reading *r, Str folded, bool perhaps)
{
    static const char *const LEVELS[] = {"省", "市", "县", "区", "府", "州", "地区"};
    const int first = r->count;
    for (Piece *piece; folded.n && (piece = add_piece(r)) != NULL;) {
        const size_t bytes = longest_name(r, folded, piece);
        if (bytes == 0 || !goes_on(r, first, piece))
            break;
        piece->perhaps = perhaps;
        r->count++;
        folded = str_slice(folded, bytes, folded.n);
        for (size_t i = 0; i < COUNT_OF(LEVELS); i++) {
            if (str_starts(folded, str_from(LEVELS[i]))) {
                folded = str_slice(folded, strlen(LEVELS[i]), folded.n);
                break;
            }
        }
    }
    return r->count > first;
}

static void read_piece(Reading *r, Str text, bool *perhaps)
{
    Str folded = text_fold(r->a, text), rest = folded;
    uint32_t c = 0;
    Says says = SAYS_NOTHING;
    if (str_eq(str_trim(folded), S("?"))) {
        for (int i = 0; i < r->count; i++)
            r->pieces[i].perhaps = true;
        return;
    }
    (void)utf8_next(&rest, &c);
    if (is_han(c)) {
        while (take_word(&folded, &says))
            *perhaps |= says == SAYS_PERHAPS;
        if (read_han(r, folded, *perhaps))
            return;
    }
    read_words(r, folded, *perhaps);
}

static bool says_or(Str folded)
{
    static const char *const WORDS[] = {" or ", " oder ", " ou ", "或", " / "};
    size_t at;
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        if (str_find(folded, str_from(WORDS[i]), &at))
            return true;
    }
    return false;
}

static void read_text(Reading *r, Str text)
{
    text = utf8_head(text, TEXT_MAX_BYTES);
    const Str whole = text_fold(r->a, text);
    Piece *piece = add_piece(r);
    bool perhaps = false;
    uint32_t c;
    if (piece && (piece->count = find_entries(r, text_key(r->a, whole), piece->bearers)) > 0) {
        piece->perhaps = memchr(whole.p, '?', whole.n) != NULL;
        r->count++;
        return;
    }
    r->undecided |= says_or(whole);
    const char *from = text.p;
    for (Str rest = text; rest.n;) {
        const char *at = rest.p;
        (void)utf8_next(&rest, &c);
        const bool ends = divides(c);
        if (!ends && rest.n)
            continue;
        const Str one = str_trim((Str){from, (size_t)((ends ? at : rest.p) - from)});
        if (one.n)
            read_piece(r, one, &perhaps);
        from = rest.p;
    }
}

// ---- deciding

// Only those bearers stay that every other piece agrees with.
static void keep_agreed(Reading *r)
{
    Piece kept[PIECES_MAX];
    for (int i = 0; i < r->count; i++) {
        kept[i] = r->pieces[i];
        kept[i].count = 0;
        for (int b = 0; b < r->pieces[i].count; b++) {
            bool good = true;
            for (int k = 0; k < r->count && good; k++)
                good = k == i || agrees_with(&r->pieces[k], r->pieces[i].bearers[b]);
            if (good)
                kept[i].bearers[kept[i].count++] = r->pieces[i].bearers[b];
        }
    }
    memcpy(r->pieces, kept, sizeof(kept[0]) * (size_t)r->count);
}

static const Entry *widest_of_all(const Piece *piece)
{
    const Entry *widest = piece->bearers[0];
    for (int i = 1; i < piece->count; i++) {
        if (piece->bearers[i]->km > widest->km)
            widest = piece->bearers[i];
    }
    for (int i = 0; i < piece->count; i++) {
        if (!agree(widest, piece->bearers[i]))
            return NULL;
    }
    return widest;
}

// Kyoto, the town and the region around it: the wider one claims less. A country rather than a town abroad.
// A town far larger than the next of its name.
static const Entry *meant(const Piece *piece)
{
    const Entry *widest = widest_of_all(piece), *best = NULL;
    double next = 0;
    bool counted = true;
    if (widest)
        return widest;
    for (int i = 0; i < piece->count; i++) {
        const Entry *e = piece->bearers[i];
        if (e->kind == PLACE_COUNTRY && best == NULL)
            best = e;
        else if (e->kind != PLACE_TOWN)
            return NULL;
    }
    if (best)
        return best;
    for (int i = 0; i < piece->count; i++) {
        const Entry *e = piece->bearers[i];
        counted &= e->weight > 0;
        if (best == NULL || e->weight > best->weight) {
            next = best ? best->weight : 0;
            best = e;
        } else {
            next = MAX_OF(next, e->weight);
        }
    }
    return counted && best->weight >= DOMINANT * next ? best : NULL;
}

static double finest_km(const Piece *piece)
{
    double km = 1e9;
    for (int i = 0; i < piece->count; i++)
        km = MIN_OF(km, piece->bearers[i]->kind == PLACE_COUNTRY ? 1e8 : piece->bearers[i]->km);
    return km;
}

static const Piece *own_piece(const Reading *r)
{
    const Piece *own = NULL;
    for (int i = 0; i < r->count; i++) {
        const Entry *e = r->pieces[i].bearers[0];
        if (e->kind == PLACE_OWN && (own == NULL || e->km < own->bearers[0]->km))
            own = &r->pieces[i];
    }
    return own;
}

static PlaceAnswer answer_of(const Reading *r, const Entry *e, const Piece *piece, Place *ret)
{
    bool perhaps = false;
    for (int i = 0; i < r->count; i++)
        perhaps |= r->pieces[i].perhaps;
    if (e->kept)
        return PLACE_KEPT;
    *ret = (Place){.kind = e->kind,
        .latitude = e->latitude,
        .longitude = e->longitude,
        .radius_km = piece->near ? MAX_OF(e->km, NEAR_KM) : e->km,
        .perhaps = perhaps,
        .name = e->name};
    return PLACE_KNOWN;
}

static PlaceAnswer decide(Reading *r, Place *ret)
{
    const Piece *finest = own_piece(r);
    if (r->count == 0)
        return r->undecided ? PLACE_SEVERAL : PLACE_UNKNOWN;
    if (finest)
        return answer_of(r, finest->bearers[0], finest, ret);
    if (r->undecided)
        return PLACE_SEVERAL;
    keep_agreed(r);
    finest = &r->pieces[0];
    for (int i = 0; i < r->count; i++) {
        if (r->pieces[i].count == 0)
            return PLACE_SEVERAL;
        if (finest_km(&r->pieces[i]) < finest_km(finest))
            finest = &r->pieces[i];
    }
    const Entry *e = meant(finest);
    return e ? answer_of(r, e, finest, ret) : PLACE_SEVERAL;
}

PlaceAnswer places_find(const Places *p, const Str *texts, size_t count, Arena *a, Place *ret)
{
    PlaceAnswer first = PLACE_UNKNOWN;
    Place place = {0};
    Reading *all = arena_new(a, Reading), *one = arena_new(a, Reading);
    *all = (Reading){.p = p, .a = a};
    count = MIN_OF(count, (size_t)PLACE_TEXTS_MAX);
    for (size_t i = 0; i < count; i++)
        read_text(all, texts[i]);
    PlaceAnswer answer = decide(all, &place);
    // Two places that have nothing to do with each other: the first that is known stands for the work.
    for (size_t i = 0; i < count && count > 1 && answer == PLACE_SEVERAL && first == PLACE_UNKNOWN; i++) {
        *one = (Reading){.p = p, .a = a};
        read_text(one, texts[i]);
        first = decide(one, &place);
    }
    if (first != PLACE_UNKNOWN)
        answer = first;
    if (answer == PLACE_KNOWN)
        *ret = place;
    return answer;
}
