// SPDX-License-Identifier: Apache-2.0
// How much of the collection came up in what people searched for, and some of what never did.
#include "site/int.h"

enum { DAYS_DEFAULT = 30, DAYS_MAX = 3650 };

static bool coverage_find(const Visit *v, int *ret_days, SearchCoverage *ret, Err *err)
{
    const SiteConfig *config = &v->site->config;
    Str days;
    *ret_days = DAYS_DEFAULT;
    if (http_parameter(v->r, S("days"), &days) && !str_to_int(days, 1, DAYS_MAX, ret_days))
        return err_set(err, ERR_INVALID, "days must be a number from 1 to %d", DAYS_MAX);
    Search *search = config->search_keep(config->search_ctx);
    bool good = search ? search_coverage(search, v->role, *ret_days - 1, WALL_COUNT, v->a, ret, err)
                       : err_set(err, ERR_BUSY, "the index is being made");
    config->search_drop(config->search_ctx, search);
    return good;
}

static bool fill_never(const Visit *v, const SearchCoverage *coverage, PageCoverage *page, Err *err)
{
    Seen *seen;
    size_t count;
    if (!seen_find_many(v, coverage->never, coverage->never_count, &seen, &count, err))
        return false;
    PartCard *cards = arena_array(v->a, PartCard, count + 1);
    for (size_t i = 0; i < count; i++)
        cards[i] = card_part(v, &seen[i]);
    page->never.items = cards;
    page->never.count = count;
    return true;
}

void coverage_answer(Visit *v)
{
    Err err = {0};
    SearchCoverage coverage;
    int days;
    PageCoverage page = {0};
    if (!coverage_find(v, &days, &coverage, &err) || !fill_never(v, &coverage, &page, &err)) {
        trouble_answer(v, &err);
        return;
    }
    Str title = phrase(v->w, WORD_COVERAGE_HEADING);
    page.head = frame_head(v, &(Frame){.title = title, .path = S("/coverage"), .hide = true, .box = true});
    page.foot = frame_foot(v);
    page.heading = title;
    page.days = days;
    page.works = coverage.records;
    page.shown = coverage.shown;
    page.percent = coverage.records ? coverage.shown * 100 / coverage.records : 0;
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_coverage_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
}

void api_coverage_answer(Visit *v)
{
    Err err = {0};
    SearchCoverage coverage;
    int days;
    if (!coverage_find(v, &days, &coverage, &err)) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member_int(&w, S("days"), days);
    json_put_member_int(&w, S("works"), coverage.records);
    json_put_member_int(&w, S("shown"), coverage.shown);
    json_put_name(&w, S("never"));
    json_put_list(&w);
    for (size_t i = 0; i < coverage.never_count; i++)
        json_put_text(&w, coverage.never[i]);
    json_put_list_end(&w);
    json_put_map_end(&w);
    api_send_json(v, &b);
}
