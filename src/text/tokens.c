// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "text/int.h"

// Reads a text once, left to right. A word grows in `word`; a character of a script without spaces is a token
// at once, and remembers itself so that the next one can make a pair with it.
typedef struct {
    Arena *a;
    Str lang;
    TextToken *tokens;
    size_t count, capacity;
    uint32_t position;

    char word[WORD_MAX_BYTES];
    size_t word_size;
    uint32_t word_at;
    bool word_digits; // nothing but digits so far
    bool joined_to;   // nothing but a joining sign since the last token

    char pile[32]; // the last character, with its marks, if the next may follow directly
    size_t pile_size;
    uint32_t pile_char;
    size_t pile_token;

    uint32_t run_at, run_position; // of a chain of words held together by apostrophes and hyphens
    char run[WORD_MAX_BYTES];
    size_t run_size;
    int run_parts;
} Scan;

static TextToken *add_token(Scan *s, TextKind kind, Str text, uint32_t at, uint32_t end)
{
    TextToken *t = arena_push(s->a, &s->tokens, &s->count, &s->capacity);
    *t = (TextToken){.text = arena_copy(s->a, text),
        .at = at,
        .size = end - at,
        .position = s->position,
        .kind = kind,
        .touches = s->joined_to};
    return t;
}

static void end_run(Scan *s, uint32_t end)
{
    if (s->run_parts > 1 && s->run_size < WORD_MAX_BYTES) {
        uint32_t here = s->position;
        s->position = s->run_position;
        add_token(s, TEXT_JOINED, (Str){s->run, s->run_size}, s->run_at, end);
        s->position = here;
    }
    s->run_parts = 0;
    s->run_size = 0;
}

static void end_word(Scan *s, uint32_t end)
{
    if (s->word_size == 0)
        return;
    Str word = {s->word, s->word_size};
    TextToken *t = add_token(s, s->word_digits ? TEXT_NUMBER : TEXT_WORD, word, s->word_at, end);
    if (!s->word_digits && s->lang.n) {
        Str stem = text_stem(word, s->lang);
        if (!str_eq(stem, word))
            t->stem = arena_copy(s->a, stem);
    }
    if (s->run_parts == 0) {
        s->run_at = s->word_at;
        s->run_position = s->position;
    }
    s->run_parts++;
    size_t room = WORD_MAX_BYTES - s->run_size;
    memcpy(s->run + s->run_size, word.p, MIN_OF(room, word.n));
    s->run_size += MIN_OF(room, word.n);
    s->position++;
    s->word_size = 0;
    s->joined_to = true;
}

static void end_pile(Scan *s)
{
    s->pile_size = 0;
}

static void encode(uint32_t c, char out[4], size_t *ret_size)
{
    if (c < 0x80) {
        out[0] = (char)c;
        *ret_size = 1;
    } else if (c < 0x800) {
        out[0] = (char)(0xC0 | (c >> 6));
        out[1] = (char)(0x80 | (c & 0x3F));
        *ret_size = 2;
    } else if (c < 0x10000) {
        out[0] = (char)(0xE0 | (c >> 12));
        out[1] = (char)(0x80 | ((c >> 6) & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        *ret_size = 3;
    } else {
        out[0] = (char)(0xF0 | (c >> 18));
        out[1] = (char)(0x80 | ((c >> 12) & 0x3F));
        out[2] = (char)(0x80 | ((c >> 6) & 0x3F));
        out[3] = (char)(0x80 | (c & 0x3F));
        *ret_size = 4;
    }
}

static void grow_word(Scan *s, uint32_t c, uint32_t at, bool digit)
{
    if (s->word_size == 0) {
        s->word_at = at;
        s->word_digits = true;
    }
    s->word_digits &= digit;
    char bytes[4];
    size_t n;
    encode(c, bytes, &n);
    if (s->word_size + n > WORD_MAX_BYTES)
        return; // the head of a monster is enough to find it
    memcpy(s->word + s->word_size, bytes, n);
    s->word_size += n;
}

static void add_pile(Scan *s, uint32_t c, uint32_t at, uint32_t end)
{
    char bytes[4];
    size_t n;
    encode(c, bytes, &n);
    bool follows = s->pile_size > 0;
    if (follows) {
        char pair[sizeof(s->pile) + 4];
        memcpy(pair, s->pile, s->pile_size);
        memcpy(pair + s->pile_size, bytes, n);
        uint32_t pair_at = s->tokens[s->pile_token].at;
        s->position--; // a pair stands where its first character does
        add_token(s, TEXT_PAIR, (Str){pair, s->pile_size + n}, pair_at, end);
        s->position++;
    }
    s->joined_to |= follows;
    s->pile_token = s->count;
    add_token(s, TEXT_SINGLE, (Str){bytes, n}, at, end);
    s->position++;
    memcpy(s->pile, bytes, n);
    s->pile_size = n;
    s->pile_char = c;
    s->joined_to = true;
}

// か followed by a voicing mark of its own becomes が, also in the tokens already made.
static bool voice_last(Scan *s, uint32_t mark, uint32_t end)
{
    uint32_t voiced = s->pile_size ? char_voiced(s->pile_char, mark) : 0;
    if (!voiced)
        return false;
    char bytes[4];
    size_t n;
    encode(voiced, bytes, &n);
    TextToken *single = &s->tokens[s->pile_token];
    single->text = arena_copy(s->a, (Str){bytes, n});
    single->size = end - single->at;
    if (s->pile_token > 0 && single[-1].kind == TEXT_PAIR && single[-1].position + 1 == single->position) {
        Str old = single[-1].text;
        Str parts[] = {str_slice(old, 0, old.n - 3), {bytes, n}}; // kana are three bytes
        single[-1].text = arena_join(s->a, parts, 2, S(""));
        single[-1].size = end - single[-1].at;
    }
    memcpy(s->pile, bytes, n);
    s->pile_size = n;
    s->pile_char = voiced;
    return true;
}

// A vowel sign of Thai, Khmer...: part of the character before it, in the tokens already made too.
static void mark_last(Scan *s, uint32_t c, uint32_t end)
{
    char bytes[4];
    size_t n;
    encode(c, bytes, &n);
    if (s->word_size) {
        grow_word(s, c, s->word_at, false);
        return;
    }
    if (!s->pile_size || s->pile_size + n > sizeof(s->pile))
        return;
    memcpy(s->pile + s->pile_size, bytes, n);
    s->pile_size += n;
    for (size_t i = s->pile_token; i + 2 > s->pile_token; i--) {
        TextToken *t = &s->tokens[i];
        Str parts[] = {t->text, {bytes, n}};
        t->text = arena_join(s->a, parts, 2, S(""));
        t->size = end - t->at;
        if (i == 0 || t[-1].kind != TEXT_PAIR || t->kind == TEXT_PAIR)
            break;
    }
}

static void gap(Scan *s, uint32_t at)
{
    end_word(s, at);
    end_run(s, at);
    end_pile(s);
    s->joined_to = false;
}

// An apostrophe, hyphen, full stop...: inside a chain of letters it keeps the parts near each other.
static void join(Scan *s, uint32_t c, uint32_t at)
{
    bool in_word = s->word_size > 0;
    end_word(s, at);
    end_pile(s);
    bool one_word = c == '\'' || c == '-' || c == 0x2019 || c == 0x2010 || c == 0x2011;
    if (!one_word || !in_word)
        end_run(s, at);
    s->joined_to = in_word || s->joined_to;
}

static void step(Scan *s, uint32_t c, const CharFold *fold, uint32_t at, uint32_t end)
{
    switch (fold->class) {
    case CHAR_GAP:
        gap(s, at);
        return;
    case CHAR_JOIN:
        join(s, c, at);
        return;
    case CHAR_WORD:
    case CHAR_DIGIT:
        end_pile(s);
        for (int i = 0; i < fold->count; i++)
            grow_word(s, fold->to[i], at, fold->class == CHAR_DIGIT);
        return;
    case CHAR_MARK:
        for (int i = 0; i < fold->count; i++)
            mark_last(s, fold->to[i], end);
        return;
    case CHAR_PILE:
        end_word(s, at);
        end_run(s, at);
        for (int i = 0; i < fold->count; i++)
            if (!voice_last(s, fold->to[i], end))
                add_pile(s, fold->to[i], at, end);
        return;
    }
}

static CharFold ascii_fold(unsigned char c)
{
    static const char joins[] = "'-./_,:";
    CharFold fold = {.class = CHAR_GAP, .count = 1, .to = {c}};
    if (c >= 'a' && c <= 'z')
        fold.class = CHAR_WORD;
    else if (c >= 'A' && c <= 'Z')
        fold = (CharFold){.class = CHAR_WORD, .count = 1, .to = {c | 0x20u}};
    else if (c >= '0' && c <= '9')
        fold.class = CHAR_DIGIT;
    else if (c && strchr(joins, c))
        fold.class = CHAR_JOIN;
    return fold;
}

bool text_tokens(Arena *a, Str text, Str lang, TextToken **ret, size_t *ret_count, Err *err)
{
    (void)err;
    Str rest = utf8_head(text, TEXT_INPUT_MAX_BYTES);
    const char *begin = rest.p;
    Scan s = {.a = a, .lang = lang};
    while (rest.n) {
        uint32_t at = (uint32_t)(rest.p - begin);
        uint32_t c = (unsigned char)rest.p[0];
        CharFold fold;
        if (c < 0x80) {
            rest = str_slice(rest, 1, rest.n);
            fold = ascii_fold((unsigned char)c);
        } else {
            utf8_next(&rest, &c);
            fold = char_fold(c);
        }
        step(&s, c, &fold, at, (uint32_t)(rest.p - begin));
    }
    gap(&s, (uint32_t)(rest.p - begin));
    *ret = s.tokens;
    *ret_count = s.count;
    return true;
}

Str text_stem_of(Arena *a, Str word, Str lang)
{
    return arena_copy(a, text_stem(word, lang));
}

Str text_key(Arena *a, Str text)
{
    Str folded = text_fold(a, text);
    char *out = arena_alloc(a, folded.n + 1);
    size_t n = 0;
    Str rest = folded;
    uint32_t c;
    for (Str before = rest; utf8_next(&rest, &c); before = rest) {
        CharClass class = c < 0x80 ? ascii_fold((unsigned char)c).class : char_fold(c).class;
        if (class == CHAR_GAP || class == CHAR_JOIN)
            continue;
        size_t size = (size_t)(rest.p - before.p);
        memcpy(out + n, before.p, size);
        n += size;
    }
    return (Str){out, n};
}
