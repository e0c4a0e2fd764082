// SPDX-License-Identifier: Apache-2.0
// preserve/pdf: plain sheets of paper (A4) as PDF 1.7 (ISO 32000-1): headings, text, and a table of two
// columns. Nothing is embedded: Latin text is set in the standard fonts that every viewer has; all other text
// in the Chinese, Japanese or Korean font that viewers bring for the character collections of ISO
// 32000-1, 9.7.5.2. Scripts that are in none of those (Arabic, Thai, ...) show as blanks. Pure.
#pragma once

#include "base/base.h"

enum { PDF_MAX_BYTES = 1024 * 1024 };

typedef enum { PDF_HEADING, PDF_SUBHEADING, PDF_TEXT, PDF_FIXED, PDF_ROW } PdfStyle;

typedef struct {
    PdfStyle style;
    Str label; // PDF_ROW: the left column
    Str text;  // wrapped; PDF_FIXED: wherever it is too long
} PdfLine;

// ERR_LIMIT.
bool pdf_write(
    Str title, Str author, const PdfLine *lines, size_t count, Arena *a, Str *ret, Err *err) MUST_CHECK;
