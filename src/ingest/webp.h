// SPDX-License-Identifier: Apache-2.0
// ingest/webp: tiles as WebP beside a pyramid that is made already.
#pragma once

#include "ingest/ingest.h"

// Nothing to do unless house->webp_tiles, or when they are there. page: 0 or from 1, as in the record. False
// only when the machine is at fault (ERR_IO). Any thread.
bool webp_ensure(
    const IngestHouse *house, const Sha512 *master, int page, int master_fd, Err *err) MUST_CHECK;
