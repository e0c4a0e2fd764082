// SPDX-License-Identifier: Apache-2.0
// Any bytes as a mapping file, as column names and as dates.
#include "ingest/mapping.h"
#include "ingest/pairing.h"
#include "ingest/years.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str text = {(const char *)data, size}, rest = text, line, path;
    Arena *a = arena_open();
    Mapping mapping = {0};
    Err err;
    bool good = mapping_parse(text, a, &mapping, &err), bare;
    while (str_next(&rest, '\n', &line)) {
        Field fields[MAPPING_FIELDS_MAX];
        Str lang;
        int from = 1, to = 0;
        if (mapping_fields(good ? &mapping : NULL, line, fields, &lang) < 1)
            abort();
        if (years_guess(line, &from, &to) == YEARS_FOUND && from > to)
            abort();
        if (pairing_path(line, a, &path, &bare, &err) && (path.n == 0 || path.p[0] == '/'))
            abort();
        (void)pairing_key(a, line);
        (void)pairing_cut_view(line, &path);
    }
    arena_close(a);
    return 0;
}
