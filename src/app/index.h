// SPDX-License-Identifier: Apache-2.0
// app/index: keeps the text index following the ledger. Whoever can get the writing lock does the work; the
// others read.
#pragma once

#include "app/home.h"

typedef struct Index Index;

// Starts a thread that follows the ledger of home (which must stay open). The museum can be served while the
// first index is still being made: what is not in it yet is simply not found.
Index *index_open(const Home *home, Err *err) MUST_CHECK;
void index_close(Index *index);
Search *index_keep(void *index); // the index of the moment; NULL while there is none. Any thread.
void index_drop(void *index, Search *search);
int64_t index_sequence(Index *index);
bool index_writes(Index *index); // are we the one who writes it?

// One catching up, here and now, for the command line. ERR_BUSY if a running server does it instead.
bool index_catch_up(const Home *home, const volatile bool *stop, int64_t *ret_sequence, Err *err) MUST_CHECK;
const char *index_dir(const Home *home);
