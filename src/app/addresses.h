// SPDX-License-Identifier: Apache-2.0
// app/addresses: tells people where to point their browser, with a square code that a phone can read.
#pragma once

#include "base/base.h"

// listen: as configured; port: the real one; public_url: empty if there is none.
void addresses_print(Arena *a, Str listen, int port, Str public_url);
