// SPDX-License-Identifier: Apache-2.0
// site/chains: works linked by a motif, as the visitor may see them. Of this room alone.
#pragma once

#include "site/int.h"

// A link and the work at its other end.
typedef struct {
    ChainLink link;
    const Seen *there;
    const RecordMedia *here_media, *there_media;
} SeenLink;

// The links of a work to works that may be seen, surest first, at most `limit`. None while there is no graph.
bool chains_see(
    const Visit *v, const Seen *here, size_t limit, SeenLink **ret, size_t *ret_count, Err *err) MUST_CHECK;
const RecordMedia *chains_media(const Seen *seen, Str image_id); // NULL: not among those that may be shown

bool record_years(const Record *record, int *ret_earliest, int *ret_latest); // of all its dates
Str year_text(const Visit *v, int year);                                     // "300 BCE"

CropBox chains_box(const ChainEnd *end, const RecordMedia *media);
PartMotif chains_motif_part(const Visit *v, const Seen *here, const SeenLink *link);
// "/look/why?...": the evidence.
Url chains_why(const Visit *v, const SeenLink *link);
void chains_put_link(const Visit *v, const SeenLink *link, JsonWriter *w);
