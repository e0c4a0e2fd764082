// SPDX-License-Identifier: Apache-2.0
// app/metrics: counts for /metrics in the Prometheus text format (version 0.0.4). Any thread.
#pragma once

#include "app/home.h"
#include "app/index.h"
#include "app/sight.h"
#include "http/http.h"

typedef enum { ROUTE_TILE, ROUTE_PAGE, ROUTE_API, ROUTE_OTHER, ROUTES } Route;

Route route_of(Str path);
void metrics_count(Route route, int status, uint64_t sent_bytes, int64_t duration_us);
void metrics_write(const Home *home, Index *index, Sight *sight, const HttpCounts *http, Buf *out);
