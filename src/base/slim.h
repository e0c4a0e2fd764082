// SPDX-License-Identifier: Apache-2.0
// base/slim: gives back the memory that only loading the program and its libraries needed.
#pragma once

// Once, when all that is needed at the start was opened. Costs nothing later but a page fault where a page is
// used again.
void slim(void);
