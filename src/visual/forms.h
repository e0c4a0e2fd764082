// SPDX-License-Identifier: Apache-2.0
// visual/forms: the forms (form.h) of the pictures of one segment, in a file beside it that never changes;
// and which of them a drawing lies on. About 1.1 KB a picture.
//
//   FormsHead | FormsEntry[pictures] | rows | zeros up to a multiple of 32 | groups
//
// rows, of each picture from its `at` on: height x FORM_PLANES x ((width + 7) / 8) bytes.
// groups, for a quick look at all of them: FORMS_LANES pictures of like shape beside each other, in half the
// cells, each group a FormsGroup and then, of each of its cells, a nibble of each picture with the four
// planes of form_halve.
#pragma once

#include "visual/form.h"

enum { FORMS_LANES = 32, FORMS_NOBODY = UINT16_MAX };

typedef struct {
    uint32_t at;
    uint8_t width, height;
    uint16_t zero;
} FormsEntry;

typedef struct {
    uint16_t picture[FORMS_LANES]; // of the segment; FORMS_NOBODY: a free lane
    uint16_t width, height;        // cells, of the largest
    uint32_t zero[7];              // so that what follows lies even
} FormsGroup;

typedef struct {
    uint32_t pictures, groups_count;
    const FormsEntry *entries;
    const uint8_t *rows;
    const FormsGroup **groups;
    const void *map;
    size_t map_bytes;
} Forms;

// The bytes of a file; free with free(). Not more pictures than a segment has.
char *forms_file(const Form *forms, int count, size_t *ret_bytes);
// Maps the file (the descriptor stays the caller's) and checks every number that is followed later.
// ERR_CORRUPT.
Forms *forms_open(int fd, uint32_t pictures, Err *err) MUST_CHECK;
void forms_close(Forms *f); // NULL is fine
void forms_get(const Forms *f, uint32_t picture, Form *ret);
