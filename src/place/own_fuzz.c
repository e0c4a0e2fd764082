// SPDX-License-Identifier: Apache-2.0
// The museum's own table of places, and every line of it as a place that a record names.
#include "place/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    static Places *shipped;
    const Str csv = {(const char *)data, size};
    Str rest = csv, line;
    int bad;
    Err first = {0}, err = {0};
    if (shipped == NULL)
        shipped = places_open();
    Places *own = places_empty();
    const bool good = places_learn(own, csv, &bad, &first, &err);
    assert(good || (err.kind != ERR_NONE && places_own(own) == 0));
    for (int lines = 0; lines < 50 && str_next(&rest, '\n', &line); lines++) {
        Place place;
        const Places *tables[] = {own, shipped};
        for (size_t i = 0; i < COUNT_OF(tables); i++) {
            if (places_find(tables[i], &line, 1, a, &place) == PLACE_KNOWN)
                assert(place.latitude >= -90 && place.latitude <= 90 && place.longitude >= -180 &&
                       place.longitude <= 180 && place.radius_km >= 0);
        }
        double latitude, longitude;
        (void)place_read_spot(line, &latitude, &longitude);
    }
    places_close(own);
    return 0;
}
