// SPDX-License-Identifier: Apache-2.0
#include "manifest/int.h"

static const struct {
    const char *en, *zh_hans;
} WORDS[LABELS] = {
    [LABEL_PAGE] = {"Object page", "藏品页面"},
    [LABEL_DATA] = {"Record as JSON", "藏品数据（JSON）"},
    [LABEL_CREDIT] = {"Credit", "致谢"},
    [LABEL_MAKER] = {"Maker", "作者"},
    [LABEL_DATE] = {"Date", "年代"},
    [LABEL_PLACE] = {"Place", "地点"},
    [LABEL_MATERIAL] = {"Materials", "材质"},
    [LABEL_TECHNIQUE] = {"Technique", "技法"},
    [LABEL_CLASSIFICATION] = {"Classification", "类别"},
    [LABEL_SUBJECT] = {"Subject", "主题"},
    [LABEL_DIMENSIONS] = {"Dimensions", "尺寸"},
    [LABEL_INSCRIPTION] = {"Inscription", "题识"},
    [LABEL_PROVENANCE] = {"Provenance", "来源"},
    [LABEL_ACCESSION] = {"Accession number", "藏品编号"},
    [LABEL_COLLECTION] = {"Collection", "收藏"},
    [LABEL_SOURCE] = {"Source", "数据来源"},
    [LABEL_RIGHTS] = {"Rights", "权利"},
    [LABEL_PICTURE] = {"Picture", "图片"},
    [LABEL_NO_PICTURE] = {"No picture of this object is open to the public", "此藏品暂无公开图片"},
};

static void put_both(JsonWriter *w, Str name, Str en, Str zh_hans)
{
    json_put_name(w, name);
    json_put_map(w);
    json_put_name(w, S("en"));
    json_put_list(w);
    json_put_text(w, en);
    json_put_list_end(w);
    json_put_name(w, S("zh-Hans"));
    json_put_list(w);
    json_put_text(w, zh_hans);
    json_put_list_end(w);
    json_put_map_end(w);
}

void label_put_member(JsonWriter *w, Str name, Label label)
{
    put_both(w, name, str_from(WORDS[label].en), str_from(WORDS[label].zh_hans));
}

void label_put_page(JsonWriter *w, Arena *a, Str name, int page)
{
    put_both(w, name, arena_printf(a, "Page %d", page), arena_printf(a, "第 %d 页", page));
}

static Str key_of(Str lang)
{
    return !lang.n || str_eq(lang, S("und")) || str_eq(lang, S("zxx")) ? S("none") : lang;
}

static void add_escaped(Buf *b, Str text)
{
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '<':
            buf_add(b, S("&lt;"));
            break;
        case '>':
            buf_add(b, S("&gt;"));
            break;
        case '&':
            buf_add(b, S("&amp;"));
            break;
        default:
            buf_add_char(b, text.p[i]);
        }
    }
}

// A value that begins with '<' and ends with '>' is read as HTML by every client. Ours is text: one that
// happens to look so is wrapped, so that "<untitled>" is shown and nothing in a record becomes markup.
static Str as_text(Arena *a, Str text)
{
    text = str_trim(text);
    if (!str_starts(text, S("<")) || !str_ends(text, S(">")))
        return text;
    CLEANUP(buf_free) Buf b = buf_with_max(text.n * 5 + 32);
    buf_add(&b, S("<span>"));
    add_escaped(&b, text);
    buf_add(&b, S("</span>"));
    return arena_copy(a, buf_str(&b));
}

void langs_put(JsonWriter *w, Arena *a, const RecordText *values, size_t count)
{
    bool *done = arena_array(a, bool, count + 1);
    json_put_map(w);
    for (size_t i = 0; i < count; i++) {
        if (done[i])
            continue;
        Str key = key_of(values[i].lang);
        json_put_name(w, key);
        json_put_list(w);
        for (size_t k = i; k < count; k++) {
            if (done[k] || !str_eq(key_of(values[k].lang), key))
                continue;
            done[k] = true;
            json_put_text(w, as_text(a, values[k].text));
        }
        json_put_list_end(w);
    }
    json_put_map_end(w);
}
