// SPDX-License-Identifier: Apache-2.0
// ingest/years: the years that a date as museums write it stands for. Pure.
//
// "c. 1938-1948", "1787-88", "early 19th century", "18. Jh.", "3rd century BCE", "1960s", "03.05.1938",
// "公元前3世纪", "西周", "清乾隆", "明治12年", "Edo period". Years are astronomical: 1 BCE is 0.
#pragma once

#include "base/base.h"

typedef enum {
    YEARS_FOUND,
    YEARS_NONE,       // says that nothing is known ("n.d."), or is empty
    YEARS_UNREADABLE, // no year that we can see, or a day that does not exist
} YearsAnswer;

YearsAnswer years_guess(Str text, int *ret_earliest, int *ret_latest);
