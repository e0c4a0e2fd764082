// SPDX-License-Identifier: Apache-2.0
// base/process: which process is this, and does that one still live? For work that a dead process left
// behind.
#pragma once

#include "base/base.h"

typedef struct {
    char text[96]; // boot, process number and start time: no other process ever has the same
} ProcessTag;

ProcessTag process_tag(void);
// Does the process with this tag still run on this machine? False for a text that is no tag.
bool process_is_alive(Str tag);
