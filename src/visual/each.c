// SPDX-License-Identifier: Apache-2.0
// The pictures of the index, one after the other, for who keeps something beside it.
#include "visual/index.h"

int64_t visual_each(Visual *v, void (*each)(void *ctx, const VisualEntry *entry), void *ctx)
{
    index_refresh(v);
    pthread_rwlock_rdlock(&v->guard);
    for (int p = 0; p < v->parts_count; p++) {
        const IndexPart *part = &v->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++) {
            const VisualEntry entry = {.object_id = visual_segment_object(part->segment, i),
                .image_id = visual_segment_image(part->segment, i),
                .master = part->segment->picture[i].master,
                .rank = part->counts[i]};
            if (part->ranks[i] != RANK_GONE)
                each(ctx, &entry);
        }
    }
    const int64_t sequence = v->sequence;
    pthread_rwlock_unlock(&v->guard);
    return sequence;
}

uint32_t visual_vocabulary(Visual *v)
{
    return words_version(v->words);
}
