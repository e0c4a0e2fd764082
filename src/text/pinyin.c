// SPDX-License-Identifier: Apache-2.0
// Reading Latin words as Chinese syllables: pinyin as it is, Wade-Giles by spelling every pinyin syllable the
// other way.
#include "text/int.h"

#include <pthread.h>
#include <stdlib.h>

enum { SYLLABLE_MAX_BYTES = 7, SYLLABLES_IN_WORD_MAX = 12, STEPS_MAX = 4000 };

typedef struct {
    char written[SYLLABLE_MAX_BYTES + 1]; // as typed
    uint16_t syllable;
} Spelling;

static Spelling *pinyin, *wade;
static size_t pinyin_count, wade_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int by_spelling(const void *x, const void *y)
{
    return strcmp(((const Spelling *)x)->written, ((const Spelling *)y)->written);
}

static bool replace_head(Str *rest, const char *from, const char *to, char *out)
{
    if (!str_starts(*rest, str_from(from)))
        return false;
    *rest = str_slice(*rest, strlen(from), rest->n);
    strcat(out, to);
    return true;
}

// Wade-Giles without its apostrophes and dots, which nobody types.
static void spell_wade(const char *syllable, char *out)
{
    static const char *const whole[][2] = {{"zhi", "chih"}, {"chi", "chih"}, {"shi", "shih"}, {"ri", "jih"},
        {"zi", "tzu"}, {"ci", "tzu"}, {"si", "ssu"}, {"yan", "yen"}, {"ye", "yeh"}, {"you", "yu"},
        {"er", "erh"}, {"ge", "ko"}, {"ke", "ko"}, {"he", "ho"}, {"e", "o"}, {"gui", "kuei"},
        {"kui", "kuei"}};
    static const char *const initials[][2] = {{"zh", "ch"}, {"ch", "ch"}, {"sh", "sh"}, {"b", "p"},
        {"d", "t"}, {"g", "k"}, {"j", "ch"}, {"q", "ch"}, {"z", "ts"}, {"c", "ts"}, {"x", "hs"}, {"r", "j"}};
    static const char *const finals[][2] = {
        {"iong", "iung"}, {"ong", "ung"}, {"ian", "ien"}, {"ie", "ieh"}, {"ue", "ueh"}, {"uo", "o"}};
    *out = 0;
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        if (strcmp(syllable, whole[i][0]) == 0) {
            strcpy(out, whole[i][1]);
            return;
        }
    Str rest = str_from(syllable);
    for (size_t i = 0; i < COUNT_OF(initials); i++)
        if (replace_head(&rest, initials[i][0], initials[i][1], out))
            break;
    bool keeps_uo = strcmp(syllable, "guo") == 0 || strcmp(syllable, "kuo") == 0 ||
                    strcmp(syllable, "huo") == 0 || strcmp(syllable, "shuo") == 0;
    for (size_t i = 0; i < COUNT_OF(finals); i++) {
        size_t at;
        if (!str_find(rest, str_from(finals[i][0]), &at) || at + strlen(finals[i][0]) != rest.n ||
            (keeps_uo && i + 1 == COUNT_OF(finals)))
            continue;
        strncat(out, rest.p, at);
        strcat(out, finals[i][1]);
        return;
    }
    strncat(out, rest.p, rest.n);
}

static void set_written(Spelling *spelling, const char *text)
{
    size_t n = MIN_OF(strlen(text), (size_t)SYLLABLE_MAX_BYTES);
    memcpy(spelling->written, text, n);
    spelling->written[n] = 0;
}

static void make_spellings(void)
{
    pinyin = mem_alloc(han_syllables_count * sizeof(Spelling));
    wade = mem_alloc(han_syllables_count * sizeof(Spelling));
    for (size_t i = 1; i < han_syllables_count; i++) {
        const char *s = han_syllables[i];
        if (strlen(s) == 1 && !strchr("aeo", *s))
            continue; // "n", "m" are readings, but they cut any word to pieces
        pinyin[pinyin_count].syllable = wade[wade_count].syllable = (uint16_t)i;
        set_written(&pinyin[pinyin_count++], s);
        char other[2 * SYLLABLE_MAX_BYTES + 2];
        spell_wade(s, other);
        set_written(&wade[wade_count++], other);
    }
    qsort(pinyin, pinyin_count, sizeof(Spelling), by_spelling);
    qsort(wade, wade_count, sizeof(Spelling), by_spelling);
}

typedef struct {
    const Spelling *spellings;
    size_t count;
    Str word;
    uint16_t chosen[SYLLABLES_IN_WORD_MAX];
    int steps;
    Arena *a;
    Str *ways;
    int ways_count, ways_max;
} Splitter;

static void add_way(Splitter *s, int syllables)
{
    Str parts[SYLLABLES_IN_WORD_MAX];
    for (int i = 0; i < syllables; i++)
        parts[i] = str_from(han_syllables[s->chosen[i]]);
    Str way = arena_join(s->a, parts, (size_t)syllables, S(" "));
    for (int i = 0; i < s->ways_count; i++)
        if (str_eq(s->ways[i], way))
            return;
    s->ways[s->ways_count++] = way;
}

static size_t first_spelling(const Splitter *s, Str head)
{
    size_t from = 0, to = s->count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (str_compare(str_from(s->spellings[middle].written), head) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

// Long syllables first: "xian" before "xi an", as most words are meant. Bounded, whatever the word.
static void split(Splitter *s, size_t at, int syllables)
{
    if (at == s->word.n) {
        add_way(s, syllables);
        return;
    }
    if (syllables == SYLLABLES_IN_WORD_MAX)
        return;
    for (size_t n = MIN_OF(SYLLABLE_MAX_BYTES, s->word.n - at); n > 0; n--) {
        Str head = str_slice(s->word, at, at + n);
        for (size_t i = first_spelling(s, head); i < s->count; i++) {
            if (!str_eq(str_from(s->spellings[i].written), head))
                break;
            if (s->ways_count == s->ways_max || ++s->steps > STEPS_MAX)
                return;
            s->chosen[syllables] = s->spellings[i].syllable;
            split(s, at + n, syllables + 1);
        }
    }
}

int text_pinyin_split(Arena *a, Str word, Str *ret_ways, int ways_max)
{
    pthread_once(&once, make_spellings);
    Splitter s = {.spellings = pinyin,
        .count = pinyin_count,
        .word = word,
        .a = a,
        .ways = ret_ways,
        .ways_max = ways_max};
    if (word.n == 0 || word.n > SYLLABLES_IN_WORD_MAX * SYLLABLE_MAX_BYTES)
        return 0;
    split(&s, 0, 0);
    if (s.ways_count)
        return s.ways_count;
    s.spellings = wade;
    s.count = wade_count;
    s.steps = 0;
    split(&s, 0, 0);
    return s.ways_count;
}
