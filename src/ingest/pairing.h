// SPDX-License-Identifier: Apache-2.0
// ingest/pairing: which picture belongs to which record, by its file name. Pure.
//
//   1996.99.2.jpg  1996-99-2.jpg  1996_99_2.tif     the picture of 1996.99.2 (or 1996/99/2)
//   1996.99.2_01.jpg  1996.99.2-b.jpg  1996.99.2 (2).jpg  1996.99.2_back.jpg    further views of it
#pragma once

#include "base/base.h"

// The form in which names are compared: lower case, every run of signs and spaces one '-'.
Str pairing_key(Arena *a, Str name);
Str pairing_stem(Str file_name); // without folders and the extension
// The name without the mark of a further view; false if it has none.
bool pairing_cut_view(Str stem, Str *ret_base);
bool pairing_is_picture(Str file_name); // by its extension
// A picture that may as well be a letter or a report: shown only when somebody says so.
bool pairing_is_document(Str file_name);
// A file named in a table, as a path below the delivery: '\' read as '/'. ERR_INVALID: absolute, or with
// "..". A path of a drive ("C:\Photos\1.jpg") is taken by its last part, and *ret_bare set: the folder means
// nothing here.
bool pairing_path(Str named, Arena *a, Str *ret_path, bool *ret_bare, Err *err) MUST_CHECK;
