// SPDX-License-Identifier: Apache-2.0
// Any bytes as each kind of text: the first byte says which. What comes out keeps to the limits.
#include "base/utf8.h"
#include "ingest/written.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Written written;
    size_t bytes = 0, bad;
    if (size == 0)
        return 0;
    Str text = {(const char *)data + 1, size - 1};
    WrittenKind kind = (WrittenKind)(data[0] % 4);
    if ((kind == WRITTEN_CUES || kind == WRITTEN_TEXT) && !utf8_valid(text, &bad))
        return 0;
    if (!written_read(kind, text, a, &written, &err))
        return 0;
    for (size_t i = 0; i < written.count; i++) {
        const WrittenPart *part = &written.parts[i];
        bytes += part->text.n;
        if (part->text.n == 0 || !utf8_valid(part->text, &bad) || part->page < 0 ||
            (part->has_box && !(part->width > 0 && part->height > 0)) ||
            (part->has_time && part->to_s < part->from_s))
            abort();
    }
    if (written.count > WRITTEN_PARTS_MAX || bytes > WRITTEN_TEXT_MAX_BYTES ||
        written.pages_count > WRITTEN_PAGES_MAX)
        abort();
    return 0;
}
