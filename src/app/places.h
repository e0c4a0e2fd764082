// SPDX-License-Identifier: Apache-2.0
// app/places: the tables of places: the one that comes with the program, and the museum's own (places.csv).
#pragma once

#include "app/home.h"
#include "place/place.h"

#define HOME_PLACES "places.csv"

// A table of the museum's own that cannot be read, or rows of it, are told on stderr; the rest counts.
Places *places_of_home(const Home *home);
