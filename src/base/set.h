// SPDX-License-Identifier: Apache-2.0
// base/set: many short texts, each once, to be asked for. Lives in an arena; the texts are borrowed. One
// thread.
#pragma once

#include "base/base.h"

typedef struct {
    Str *slots;
    size_t mask, count;
} StrSet;

StrSet str_set(Arena *a, size_t max);    // room for `max` texts and no more
bool str_set_add(StrSet *set, Str text); // false: it is there already
bool str_set_has(const StrSet *set, Str text);
StrSet str_set_of(Arena *a, const Str *texts, size_t count);
