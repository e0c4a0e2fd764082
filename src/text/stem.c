// SPDX-License-Identifier: Apache-2.0
#include "text/int.h"

#include <libstemmer.h>
#include <pthread.h>
#include <stdlib.h>

// Snowball needs about a microsecond a word, and a museum uses the same words over and over: each thread
// keeps its stemmers and the last words it stemmed.
enum { CACHE_SLOTS = 2048, CACHED_MAX_BYTES = 28 };

static const struct {
    char lang[4];
    const char *stemmer;
} stemmers[] = {
    {"en", "english"},
    {"fr", "french"},
    {"de", "german"},
    {"es", "spanish"},
    {"it", "italian"},
    {"pt", "portuguese"},
    {"nl", "dutch"},
    {"da", "danish"},
    {"sv", "swedish"},
    {"no", "norwegian"},
    {"nb", "norwegian"},
    {"fi", "finnish"},
    {"hu", "hungarian"},
    {"ro", "romanian"},
    {"ru", "russian"},
    {"tr", "turkish"},
    {"el", "greek"},
    {"ar", "arabic"},
    {"ca", "catalan"},
    {"ga", "irish"},
    {"id", "indonesian"},
    {"lt", "lithuanian"},
    {"hy", "armenian"},
    {"eu", "basque"},
    {"hi", "hindi"},
    {"sr", "serbian"},
    {"ta", "tamil"},
    {"yi", "yiddish"},
};

typedef struct {
    unsigned char lang; // index + 1; 0: free
    unsigned char word_size, stem_size;
    char word[CACHED_MAX_BYTES], stem[CACHED_MAX_BYTES];
} Slot;

typedef struct {
    struct sb_stemmer *open[COUNT_OF(stemmers)];
    Slot slots[CACHE_SLOTS];
} Thread;

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop_thread(void *kept)
{
    Thread *t = kept;
    for (size_t i = 0; i < COUNT_OF(stemmers); i++)
        if (t->open[i])
            sb_stemmer_delete(t->open[i]);
    free(t);
}

static void make_key(void)
{
    if (pthread_key_create(&key, drop_thread) != 0)
        abort();
}

static Thread *this_thread(void)
{
    pthread_once(&once, make_key);
    Thread *t = pthread_getspecific(key);
    if (!t) {
        t = mem_alloc(sizeof(Thread));
        if (pthread_setspecific(key, t) != 0)
            abort();
    }
    return t;
}

static int stemmer_of(Str lang)
{
    size_t n = 0;
    while (n < lang.n && n < 3 && lang.p[n] != '-')
        n++;
    for (size_t i = 0; i < COUNT_OF(stemmers); i++)
        if (n == 2 && str_eq_nocase(str_slice(lang, 0, n), str_from(stemmers[i].lang)))
            return (int)i;
    return -1;
}

Str text_stem(Str word, Str lang)
{
    int which = stemmer_of(lang);
    if (which < 0 || word.n < 3 || word.n > WORD_MAX_BYTES)
        return word;
    Thread *t = this_thread();
    uint32_t hash = 2166136261u + (uint32_t)which;
    for (size_t i = 0; i < word.n; i++)
        hash = (hash ^ (unsigned char)word.p[i]) * 16777619u;
    Slot *slot = &t->slots[(hash ^ (hash >> 15)) % CACHE_SLOTS];
    if (slot->lang == which + 1 && str_eq((Str){slot->word, slot->word_size}, word))
        return (Str){slot->stem, slot->stem_size};
    if (!t->open[which])
        t->open[which] = sb_stemmer_new(stemmers[which].stemmer, "UTF_8");
    if (!t->open[which])
        return word;
    const sb_symbol *stem = sb_stemmer_stem(t->open[which], (const sb_symbol *)word.p, (int)word.n);
    Str found = {(const char *)stem, (size_t)sb_stemmer_length(t->open[which])};
    if (!stem || found.n == 0)
        return word;
    if (word.n <= CACHED_MAX_BYTES && found.n <= CACHED_MAX_BYTES) {
        slot->lang = (unsigned char)(which + 1);
        slot->word_size = (unsigned char)word.n;
        slot->stem_size = (unsigned char)found.n;
        memcpy(slot->word, word.p, word.n);
        memcpy(slot->stem, found.p, found.n);
    }
    return found;
}
