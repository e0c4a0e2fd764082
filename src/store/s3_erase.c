// SPDX-License-Identifier: Apache-2.0
// Taking away, for the one case in which the law asks for it, and what killed uploads left.
#include "store/s3_int.h"

static bool delete_one(S3 *s, Str key, Str version, Arena *a, Err *err)
{
    S3Answer answer;
    const S3Pair query[] = {{S("versionId"), version}};
    S3Request r = {
        .method = S("DELETE"), .key = key, .query = query, .query_count = version.n ? 1 : 0, .fd = -1};
    Err why = {0};
    if (s3_request(s, &r, a, &answer, &why) || why.kind == ERR_NOT_FOUND)
        return true;
    *err = why;
    return false;
}

bool s3_delete(S3 *s, Str key, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    return delete_one(s, key, (Str){0}, a, err);
}

// A page of versions, newest first for each key.
static bool list_versions(S3 *s, Str prefix, const S3Page *before, Arena *a, S3Page *ret, Err *err)
{
    S3Answer answer;
    S3Pair query[5] = {{S("versions"), S("")}, {S("prefix"), prefix}, {S("encoding-type"), S("url")}};
    size_t count = 3;
    if (before->next_key.n)
        query[count++] = (S3Pair){S("key-marker"), before->next_key};
    if (before->next_version.n)
        query[count++] = (S3Pair){S("version-id-marker"), before->next_version};
    S3Request r = {.method = S("GET"), .query = query, .query_count = count, .fd = -1};
    return s3_request(s, &r, a, &answer, err) && s3_answer_page(answer.body, a, ret, err);
}

typedef enum { OLD_ONES, MARKERS } Which;

// OLD_ONES: of each key all but the newest. MARKERS: what says that a key was deleted, and names it. The
// markers go last: without its marker, what is behind it would be there again.
static bool delete_versions(S3 *s, Str prefix, Which which, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    S3Page page = {.more = true};
    Str last = {0};
    while (page.more) {
        S3Page next;
        if (!list_versions(s, prefix, &page, a, &next, err))
            return false;
        for (size_t i = 0; i < next.count; i++) {
            const S3Entry *e = &next.entries[i];
            bool newest = !str_eq(e->key, last);
            last = e->key;
            if ((which == OLD_ONES ? !newest : e->marker) && !delete_one(s, e->key, e->version, a, err))
                return false;
        }
        if (next.more && next.next_key.n == 0)
            return err_set(err, ERR_CORRUPT, "the S3 server's list of versions does not say how it goes on");
        page = next;
    }
    return true;
}

// Servers without versions say so, or say that there are none.
static bool no_versions(const Err *err)
{
    size_t at;
    Str text = str_from(err->text);
    return str_find(text, S(" 501"), &at) || str_find(text, S("NotImplemented"), &at);
}

bool s3_erase_old(S3 *s, Str prefix, Err *err)
{
    Err why = {0};
    if ((delete_versions(s, prefix, OLD_ONES, &why) && delete_versions(s, prefix, MARKERS, &why)) ||
        no_versions(&why))
        return true;
    *err = why;
    return false;
}

bool s3_abort_uploads(S3 *s, Str prefix, uint64_t *ret_count, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    S3Page page = {.more = true};
    uint64_t count = 0;
    while (page.more) {
        S3Answer answer;
        const S3Pair query[] = {{S("uploads"), S("")}, {S("prefix"), prefix}, {S("encoding-type"), S("url")},
            {S("key-marker"), page.next_key}, {S("upload-id-marker"), page.next_version}};
        S3Request r = {.method = S("GET"), .query = query, .query_count = page.next_key.n ? 5 : 3, .fd = -1};
        if (!s3_request(s, &r, a, &answer, err) || !s3_answer_page(answer.body, a, &page, err))
            return false;
        for (size_t i = 0; i < page.count; i++) {
            const S3Pair id[] = {{S("uploadId"), page.entries[i].version}};
            S3Request drop = {
                .method = S("DELETE"), .key = page.entries[i].key, .query = id, .query_count = 1, .fd = -1};
            Err why = {0};
            if (!s3_request(s, &drop, a, &answer, &why) && why.kind != ERR_NOT_FOUND) {
                *err = why;
                return false;
            }
            count++;
        }
        if (page.more && page.next_key.n == 0)
            return err_set(err, ERR_CORRUPT, "the S3 server's list of uploads does not say how it goes on");
    }
    *ret_count = count;
    return true;
}
