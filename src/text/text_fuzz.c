// SPDX-License-Identifier: Apache-2.0
#include "text/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size}, ways[4];
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TextToken *tokens;
    size_t count;
    int earliest, latest;
    unsigned char key[TEXT_SORT_KEY_BYTES];
    Str folded = text_fold(a, text);
    if (text_fold(a, folded).n > 18 * size + 4 || !text_tokens(a, text, S("en"), &tokens, &count, &err))
        abort();
    for (size_t i = 0; i < count; i++)
        if (tokens[i].at + tokens[i].size > size || tokens[i].text.n == 0)
            abort();
    text_key(a, text);
    text_romanise(a, text);
    text_pinyin_split(a, folded, ways, 4);
    if (text_years(text, &earliest, &latest) && earliest > latest)
        abort();
    TextMeasure measures[8];
    size_t found = text_measures(text, measures, COUNT_OF(measures));
    for (size_t i = 0; i < found; i++)
        if (measures[i].at + measures[i].size > size || measures[i].size == 0 || !(measures[i].value >= 0))
            abort();
    text_period_in(text, true);
    text_sort_key(text, key);
    return 0;
}
