// SPDX-License-Identifier: Apache-2.0
// Why a record was found: the words where they stand, with marks, and what stood in for them.
#include "site/int.h"

enum { REASON_MAX_BYTES = 16 * 1024 };

void reasons_find(
    const Visit *v, const SearchAsk *ask, const Seen *seen, const SearchReason **ret, size_t *ret_count)
{
    const SiteConfig *config = &v->site->config;
    Err err = {0};
    SearchReason *reasons = NULL;
    size_t count = 0;
    // A member we do not know is shown to nobody, so it explains nothing either; transcripts are the
    // exception.
    Record record = seen->record;
    record.more_names.count = record.more_values.count = 0;
    for (size_t i = 0; i < seen->record.more_names.count; i++) {
        if (str_eq(seen->record.more_names.items[i], S("transcripts"))) {
            record.more_names.items = &seen->record.more_names.items[i];
            record.more_values.items = &seen->record.more_values.items[i];
            record.more_names.count = record.more_values.count = 1;
        }
    }
    Search *search = ask->q.n ? config->search_keep(config->search_ctx) : NULL;
    if (!search || !search_explain(search, ask, &record, v->a, &reasons, &count, &err))
        count = 0; // an explanation is welcome, not owed
    config->search_drop(config->search_ctx, search);
    *ret = reasons;
    *ret_count = count;
}

static const struct {
    Str field;
    Word word;
} FIELDS[] = {
    {S("maker"), WORD_FIELD_MAKER},
    {S("date"), WORD_FIELD_DATE},
    {S("period"), WORD_FACET_PERIOD},
    {S("place"), WORD_FIELD_PLACE},
    {S("material"), WORD_FIELD_MATERIAL},
    {S("technique"), WORD_FIELD_TECHNIQUE},
    {S("classification"), WORD_FIELD_CLASSIFICATION},
    {S("subject"), WORD_FIELD_SUBJECT},
    {S("dimensions"), WORD_FIELD_DIMENSIONS},
    {S("inscription"), WORD_FIELD_INSCRIPTION},
    {S("provenance"), WORD_FIELD_PROVENANCE},
    {S("accession"), WORD_FIELD_ACCESSION},
    {S("collection"), WORD_FIELD_COLLECTION},
    {S("credit"), WORD_FIELD_CREDIT},
};

static Str field_title(const Visit *v, Str field)
{
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        if (str_eq(FIELDS[i].field, field))
            return phrase(v->w, FIELDS[i].word);
    }
    return S("");
}

static void put_marked(Buf *b, const SearchReason *reason)
{
    size_t at = 0;
    for (size_t i = 0; i < reason->marks_count; i++) {
        size_t from = reason->marks[i].at, to = from + reason->marks[i].size;
        if (from < at || to > reason->snippet.n)
            continue;
        put_text(b, str_slice(reason->snippet, at, from));
        buf_add(b, S("<mark>"));
        put_text(b, str_slice(reason->snippet, from, to));
        buf_add(b, S("</mark>"));
        at = to;
    }
    put_text(b, str_slice(reason->snippet, at, reason->snippet.n));
}

Html reason_marked(const Visit *v, const SearchReason *reason)
{
    Err err = {0};
    Html html;
    CLEANUP(buf_free) Buf b = buf_with_max(REASON_MAX_BYTES);
    put_marked(&b, reason);
    return buf_into(&b, v->a, &html.markup, &err) ? html : (Html){0};
}

Html reason_html(const Visit *v, const SearchAsk *ask, const Seen *seen, bool *ret_inside)
{
    const SearchReason *reasons;
    size_t count;
    Err err = {0};
    Html html;
    reasons_find(v, ask, seen, &reasons, &count);
    *ret_inside = count && str_eq(reasons[0].field, S("transcript")) && reasons[0].place.n;
    // The caption shows title, maker and date: a word found there as it was typed needs no explanation.
    if (!count || (!reasons[0].expansion.n &&
                      (str_eq(reasons[0].field, S("title")) || str_eq(reasons[0].field, S("maker")) ||
                          str_eq(reasons[0].field, S("date")))))
        return (Html){0};
    CLEANUP(buf_free) Buf b = buf_with_max(REASON_MAX_BYTES);
    Str title = field_title(v, reasons[0].field);
    if (title.n) {
        put_text(&b, title);
        buf_add(&b, S(": "));
    }
    buf_add(&b, S("<span lang=\""));
    put_attribute(&b, lang_or(reasons[0].lang, S("")));
    buf_add(&b, S("\">"));
    put_marked(&b, &reasons[0]);
    buf_add(&b, S("</span>"));
    return buf_into(&b, v->a, &html.markup, &err) ? html : (Html){0};
}
