// SPDX-License-Identifier: Apache-2.0
// app/tender: a quiet thread beside serve that looks after the vault: brings the second one up to date, reads
// both through when it is time to (museum.conf: second_vault, second_vault_days, fixity_days,
// fixity_rate_mb), mends one from the other and signs the certificate.
#pragma once

#include "app/home.h"

typedef struct Tender Tender;

Tender *tender_open(const Home *home, Err *err) MUST_CHECK; // home must outlive it
void tender_close(Tender *t); // stops at the next file; the run goes on at the next start
