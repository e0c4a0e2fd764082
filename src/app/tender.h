// SPDX-License-Identifier: Apache-2.0
// app/tender: a quiet thread beside serve that reads the vault through when it is time to (museum.conf:
// fixity_days, fixity_rate_mb, second_vault), mends what it can and signs the certificate.
#pragma once

#include "app/home.h"

typedef struct Tender Tender;

Tender *tender_open(const Home *home, Err *err) MUST_CHECK; // home must outlive it
void tender_close(Tender *t); // stops at the next file; the run goes on at the next start
