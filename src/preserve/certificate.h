// SPDX-License-Identifier: Apache-2.0
// preserve/certificate, inside: where fixity keeps its files.
#pragma once

#include "base/base.h"

int fixity_folder(const char *home, Err *err) MUST_CHECK; // home/preserve, made if missing; -1
