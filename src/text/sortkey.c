// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "text/int.h"

#include <pthread.h>
#include <stdlib.h>
#include <unicode/ucol.h>
#include <unicode/ustring.h>

enum { SORTED_MAX_BYTES = 120 }; // what lies beyond does not change where a title stands

// A collator is not to be shared between threads, and costs much to open: one a thread.
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void drop_collator(void *collator)
{
    ucol_close(collator);
}

static void make_key(void)
{
    if (pthread_key_create(&key, drop_collator) != 0)
        abort();
}

static UCollator *this_collator(void)
{
    pthread_once(&once, make_key);
    UCollator *c = pthread_getspecific(key);
    if (c)
        return c;
    UErrorCode status = U_ZERO_ERROR;
    c = ucol_open("", &status);
    if (U_FAILURE(status))
        return NULL;
    ucol_setAttribute(c, UCOL_STRENGTH, UCOL_PRIMARY, &status);
    ucol_setAttribute(c, UCOL_NUMERIC_COLLATION, UCOL_ON, &status);
    if (pthread_setspecific(key, c) != 0)
        abort();
    return c;
}

void text_sort_key(Str text, unsigned char ret[TEXT_SORT_KEY_BYTES])
{
    memset(ret, 0, TEXT_SORT_KEY_BYTES);
    UChar wide[SORTED_MAX_BYTES + 1];
    int32_t length = 0;
    UErrorCode status = U_ZERO_ERROR;
    text = utf8_head(text, SORTED_MAX_BYTES);
    u_strFromUTF8WithSub(wide, SORTED_MAX_BYTES, &length, text.p, (int32_t)text.n, 0xFFFD, NULL, &status);
    UCollator *c = this_collator();
    unsigned char whole[SORTED_MAX_BYTES * 6];
    int32_t size = c && U_SUCCESS(status) ? ucol_getSortKey(c, wide, length, whole, sizeof(whole)) : 0;
    if (size > 1)
        memcpy(ret, whole, (size_t)MIN_OF(size - 1, TEXT_SORT_KEY_BYTES));
}
