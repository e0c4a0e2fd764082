// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request head, and what follows it as a chunked body, in two pieces.
#include "http/int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Head head;
    HeadProblem problem;
    size_t used = 0;
    Str bytes = {(const char *)data, MIN_OF(size, (size_t)HEAD_MAX_BYTES + HEAD_SLACK_BYTES)};
    HeadState state = head_parse(bytes, size >= HEAD_MAX_BYTES, &head, &used, &problem);
    Str body = str_slice(bytes, state == HEAD_DONE ? used : 0, bytes.n);
    if (state == HEAD_DONE) {
        assert(used > 0 && used <= HEAD_MAX_BYTES && head.path.n > 0);
        Range range;
        (void)range_parse(head_find(&head, S("Range")), 1000, &range);
        (void)gzip_wanted(head_find(&head, S("Accept-Encoding")));
        (void)etag_matches(head_find(&head, S("If-None-Match")), S("\"x\""));
    }
    Chunks chunks = {0};
    Buf out = buf_with_max(64 * 1024);
    Str first = str_slice(body, 0, body.n / 2), second = str_slice(body, body.n / 2, body.n);
    if (chunks_feed(&chunks, &first, &out))
        (void)chunks_feed(&chunks, &second, &out);
    buf_free(&out);
    return 0;
}
