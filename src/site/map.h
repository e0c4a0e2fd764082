// SPDX-License-Identifier: Apache-2.0
// site/map: where works come from, as a picture and as a list. Of this room alone.
//
// Works of one place are one mark: a dot where the place is a town or better, a soft area with a hollow ring
// where it is a region or a country. Only works that this visitor may see are handed in, so nothing else is
// in a mark or a count. docs/decisions/086-places.md tells how places are found and drawn.
#pragma once

#include "site/int.h"

typedef struct {
    const Seen *const *works; // each once
    size_t count;
    bool as_given; // numbered in this order (a walk) and not by time
    bool open;     // the list is seen at once
    bool way;      // a line from each place to the next: of works that have something in common
} MapAsk;

// A map without marks (`has` false) where no place is known; its list may still say what is not on it. Empty
// where the works name no places.
PartMap map_part(const Visit *v, const MapAsk *ask);
// For scripts: a list of places with `name`, `latitude`, `longitude`, `kilometres`, `how`, `works`, and
// `earliest` with `latest`.
void map_put(const Visit *v, const MapAsk *ask, JsonWriter *w);
