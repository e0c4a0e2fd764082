// SPDX-License-Identifier: Apache-2.0
// preserve/format: which file format is this, by its first bytes, with the id of the PRONOM registry
// (https://www.nationalarchives.gov.uk/PRONOM/), and is it one that lasts? Pure.
#pragma once

#include "base/base.h"

enum { FORMAT_HEAD_BYTES = 4096 };

typedef enum { FORMAT_LASTING, FORMAT_WATCH, FORMAT_AT_RISK } FormatRisk;

typedef struct {
    Str name, mime;
    Str pronom; // "fmt/353"; empty if the registry's id cannot be told from the head alone
    FormatRisk risk;
    Str reason; // why it is watched or at risk, for people; empty for a lasting one
} Format;

// head: the first FORMAT_HEAD_BYTES of the file, or all of a shorter one. Never fails: an unknown format is
// at risk.
Format format_of(Str head);
