// SPDX-License-Identifier: Apache-2.0
// app/second: the second vault: a folder, or s3://bucket/prefix with the server, region and keys that
// museum.conf or the environment name. Keys are never printed, never on a command line, and not in
// museum.conf itself.
#pragma once

#include "app/home.h"

bool second_is_away(Str where); // "s3://..."
// create: what is not there yet is made, like our vault. stop: may be NULL.
Store *second_open(const Home *home, Str where, bool create, const volatile bool *stop, Err *err) MUST_CHECK;
