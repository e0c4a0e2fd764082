// SPDX-License-Identifier: Apache-2.0
// ingest/media: a record's list of pictures brought up to date. Pure.
#pragma once

#include "base/base.h"
#include "catalog/record.h"

// The picture's name as a safe file name for the vault: no folders, no control characters, valid UTF-8, at
// most 160 bytes with the extension kept.
Str media_file_name(Str name, Arena *a);

// Puts delivered pictures into the list of those the object has (which may be empty). A file is known by its
// bytes, else by its name; a known one keeps its number, id and path; a new one gets the next number. Pages
// of a file (`page` from 1, one after the other) share its number and path. A page that new bytes of the file
// do not have any more is gone.
// What was not delivered stays. The delivered come first, in their order; *ret_new[i] says whether bytes of
// delivered[i] are not in the object yet. Of the delivered ones: page, name, format, sha512, size_bytes,
// width_px, height_px, label, label_lang, rights. Twice the same bytes are one picture: *ret_new false, and
// not in the list again.
void media_merge(Str object_id, const RecordMediaList *before, const RecordMedia *delivered, size_t count,
    Arena *a, RecordMediaList *ret, bool *ret_new);
