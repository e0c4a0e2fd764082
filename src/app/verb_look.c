// SPDX-License-Identifier: Apache-2.0
#include "app/index.h"
#include "app/model.h"
#include "app/narrow.h"
#include "app/sight.h"
#include "app/term.h"
#include "app/verbs.h"
#include "base/file.h"
#include "base/json.h"

#include <fcntl.h>
#include <stdio.h>

enum { OUTPUT_MAX_BYTES = 16 * 1024 * 1024 };

typedef struct {
    const char *file, *region, *image, *kind, *colours, *q, *filter;
    bool mirrored, lines, perhaps, all, json, points, facets;
    int64_t limit;
    SearchAsk within; // words and filters that narrow it
} Wish;

static bool read_kind(const char *text, VisualQuestion *ret)
{
    static const struct {
        const char *name;
        VisualQuestion question;
    } kinds[] = {{"detail", VISUAL_DETAIL}, {"like", VISUAL_LIKE}, {"same", VISUAL_SAME}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (strcmp(text, kinds[i].name) == 0) {
            *ret = kinds[i].question;
            return true;
        }
    }
    return false;
}

static bool may_see(const Home *home, ViewerRole role, Str object_id)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogVersion version;
    Grant grant;
    Err unseen = {0};
    return catalog_find(home->catalog, object_id, a, &version, &unseen) &&
           rights_decide(role, version.terms, &grant, &unseen) && grant.side_max_px > 0;
}

// The index may be behind: what counts is the record as it stands.
static void drop_unseen(const Home *home, ViewerRole role, VisualAnswer *answer)
{
    size_t kept = 0;
    for (size_t i = 0; i < answer->count; i++) {
        if (!may_see(home, role, answer->hits[i].object_id))
            continue;
        answer->objects[kept] = answer->hits[i].object_id;
        answer->hits[kept++] = answer->hits[i];
    }
    for (size_t i = answer->count; i < answer->total; i++)
        answer->objects[kept + i - answer->count] = answer->objects[i];
    answer->total -= answer->count - kept;
    answer->count = kept;
}

// What is hidden and what never was sound the same here too.
static bool find_image(const Home *home, const Wish *wish, ViewerRole role, CatalogImage *ret, Err *err)
{
    const char *hint = role == VIEWER_STAFF ? "" : " that visitors may see (--all looks at all)";
    const bool known = catalog_find_image(home->catalog, str_from(wish->image), home->arena, ret, err);
    if (!known && err->kind != ERR_NOT_FOUND)
        return false;
    return (known && may_see(home, role, ret->object_id)) ||
           err_set(err, ERR_NOT_FOUND, "no such picture%s", hint);
}

static bool read_picture(const Home *home, const Wish *wish, Arena *a, VisualAsk *ask, Err *err)
{
    int region[4] = {0};
    if (*wish->region && !visual_read_region(str_from(wish->region), region))
        return err_set(err, ERR_INVALID, "--region is x,y,width,height in pixels");
    if (*wish->image) {
        CatalogImage image;
        return find_image(home, wish, ask->role, &image, err) &&
               sight_region_of(home, &image, region, a, &ask->picture, err);
    }
    CLEANUP(fd_closep) int fd = file_open(AT_FDCWD, wish->file, err);
    return fd >= 0 && sight_upload_file(home, fd, region, a, &ask->picture, err);
}

// ---- narrowing, as the pages do: by the text index, before anything is ranked

static bool catch_up_words(const Home *home, const volatile bool *stop, Err *err)
{
    int64_t sequence;
    return index_catch_up(home, stop, &sequence, err) || err->kind == ERR_BUSY;
}

static bool find_only(const Home *home, const Wish *wish, VisualAsk *ask, Err *err)
{
    Str *only;
    Search *search = search_open(index_dir(home), false, err);
    const bool good = search && search_all(search, &wish->within, home->arena, &only, &ask->only_count, err);
    search_close(search);
    if (good) {
        ask->only = only;
        ask->has_only = true;
    }
    return good;
}

static bool narrow(const Home *home, const Wish *wish, VisualAsk *ask, const volatile bool *stop, Err *err)
{
    const bool narrows = wish->within.q.n > 0 || wish->within.filters_count > 0;
    if (!narrows && !wish->facets)
        return true;
    return catch_up_words(home, stop, err) && (!narrows || find_only(home, wish, ask, err));
}

static bool find_facets(
    const Home *home, const Wish *wish, const VisualAnswer *answer, SearchAnswer *ret, Err *err)
{
    *ret = (SearchAnswer){0};
    if (!wish->facets)
        return true;
    Search *search = search_open(index_dir(home), false, err);
    const bool good = search && search_facets_among(search, &wish->within, answer->objects, answer->total,
                                    home->arena, ret, err);
    search_close(search);
    return good;
}

// ---- answers

static void print_people(const Home *home, const VisualAnswer *answer, const SearchAnswer *facets)
{
    Arena *a = home->arena;
    if (answer->count == 0)
        puts(answer->too_plain ? "There is nothing in this picture to search by." : "Nothing found.");
    for (size_t i = 0; i < answer->count; i++) {
        const VisualHit *hit = &answer->hits[i];
        Err err = {0};
        CatalogVersion version;
        Record record = {0};
        const Json *tree = catalog_find(home->catalog, hit->object_id, a, &version, &err)
                               ? json_parse(version.json, a, &err)
                               : NULL;
        if (tree && !record_parse(tree, a, &record, &err))
            record = (Record){0};
        printf("%5.1f %%  %-24.*s  " FMT_STR, hit->score * 100, ARG_STR(term_safe(a, hit->object_id)),
            ARG_STR(term_safe(a, record_title(&record, home->conf.language))));
        if (hit->has_place)
            printf("  at %.0f,%.0f,%.0f,%.0f%s%s", hit->left * hit->width_px, hit->top * hit->height_px,
                hit->width * hit->width_px, hit->height * hit->height_px,
                hit->negative ? ", light for dark" : "", hit->drawn ? ", by its lines" : "");
        putchar('\n');
    }
    if (answer->total > answer->count)
        printf("and %zu more (--limit)\n", answer->total - answer->count);
    narrow_print_facets(a, facets);
}

static void print_json(const VisualAnswer *answer, const SearchAnswer *facets, bool points)
{
    CLEANUP(buf_free) Buf out = buf_with_max(OUTPUT_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member_int(&w, S("sequence"), answer->sequence);
    json_put_member_bool(&w, S("too_plain"), answer->too_plain);
    json_put_member_int(&w, S("total"), (int64_t)answer->total);
    json_put_name(&w, S("hits"));
    json_put_list(&w);
    for (size_t i = 0; i < answer->count; i++) {
        json_put_map(&w);
        json_put_member(&w, S("id"), answer->hits[i].object_id);
        visual_write_hit(&answer->hits[i], points, &w);
        json_put_map_end(&w);
    }
    json_put_list_end(&w);
    if (facets->facets_count)
        narrow_put_facets(&w, facets);
    json_put_map_end(&w);
    printf(FMT_STR "\n", ARG_STR(buf_str(&out)));
}

static bool look_in_index(const Home *home, VisualAsk *ask, VisualAnswer *ret, Err *err)
{
    HomeModel model;
    if (!home_model_open(home, &model, err))
        return false;
    ask->ledger = home->catalog;
    Visual *visual = sight_open_index(home, false, err);
    const bool good =
        visual && home_model_use(&model, visual, err) && visual_ask(visual, ask, home->arena, ret, err);
    if (good)
        drop_unseen(home, ask->role, ret);
    visual_close(visual);
    home_model_close(&model);
    return good;
}

// What the ledger has and the indexes have not is taken in first, unless a running server does that.
static bool look(const Home *home, const Wish *wish, VisualAsk *ask, const volatile bool *stop, Err *err)
{
    int64_t sequence;
    VisualAnswer answer;
    SearchAnswer facets;
    if (!sight_catch_up(home, stop, &sequence, err) && err->kind != ERR_BUSY)
        return false;
    if (!narrow(home, wish, ask, stop, err) ||
        (ask->question != VISUAL_PALETTE && !read_picture(home, wish, home->arena, ask, err)))
        return false;
    if (!look_in_index(home, ask, &answer, err) || !find_facets(home, wish, &answer, &facets, err))
        return false;
    if (wish->json)
        print_json(&answer, &facets, wish->points);
    else
        print_people(home, &answer, &facets);
    return true;
}

// -1: go on.
static int check(Wish *wish, const Rest *rest, VisualAsk *ask)
{
    Err err = {0};
    const int pictures = (rest->words_count > 0) + (*wish->image != '\0') + (*wish->colours != '\0');
    if (rest->words_count > 1 || pictures != 1)
        return verb_misused("look", "name one picture file, or --image, or --colours");
    if (!read_kind(wish->kind, &ask->question))
        return verb_misused("look", "--kind is detail, like or same");
    if (*wish->colours) {
        ask->question = VISUAL_PALETTE;
        ask->colours_count = visual_read_colours(str_from(wish->colours), ask->colours);
        if (ask->colours_count == 0)
            return verb_misused(
                "look", "--colours takes up to %d colours such as 1f4e79,d9c9a3", PALETTE_MAX);
    }
    if (wish->limit < 1 || wish->limit > VISUAL_LIMIT_MAX)
        return verb_misused("look", "--limit must be from 1 to %d", VISUAL_LIMIT_MAX);
    wish->within.q = str_from(wish->q);
    wish->within.role = wish->all ? VIEWER_STAFF : VIEWER_PUBLIC;
    if (!narrow_read(str_from(wish->filter), &wish->within, &err))
        return verb_misused("look", "%s", err.text);
    return -1;
}

int verb_look(const Call *call)
{
    Wish wish = {
        .region = "", .image = "", .kind = "detail", .colours = "", .q = "", .filter = "", .limit = 20};
    const Option options[] = {
        {"region", OPTION_TEXT, "X,Y,W,H", "only this part of the picture, in pixels", &wish.region},
        {"image", OPTION_TEXT, "ID", "look with a picture of the museum instead of a file", &wish.image},
        {"kind", OPTION_TEXT, "KIND", "detail (default), like or same", &wish.kind},
        {"colours", OPTION_TEXT, "RRGGBB,...", "works in these colours", &wish.colours},
        {"q", OPTION_TEXT, "WORDS", "only among what a search for these words finds", &wish.q},
        {"filter", OPTION_TEXT, "F=V&...", NARROW_OPTION_HELP, &wish.filter},
        {"facets", OPTION_FLAG, NULL, "count the values of the facets in all that was found", &wish.facets},
        {"mirrored", OPTION_FLAG, NULL, "mirror images too", &wish.mirrored},
        {"lines", OPTION_FLAG, NULL, "also what has the same lines, drawn, woven or carved", &wish.lines},
        {"perhaps", OPTION_FLAG, NULL, "also what is more likely chance", &wish.perhaps},
        {"limit", OPTION_NUMBER, "N", "how many to show, 1 to 100 (default 20)", &wish.limit},
        {"all", OPTION_FLAG, NULL, "also what visitors may not see", &wish.all},
        {"json", OPTION_FLAG, NULL, "print the answer as JSON", &wish.json},
        {"points", OPTION_FLAG, NULL, "with --json: the spots that agree", &wish.points},
    };
    Rest rest;
    VisualAsk ask = {0};
    int code = verb_options(call, "look", options, COUNT_OF(options), &rest);
    if (code < 0)
        code = check(&wish, &rest, &ask);
    if (code >= 0)
        return code;
    wish.file = rest.words_count > 0 ? rest.words[0] : NULL;
    ask.mirrored = wish.mirrored;
    ask.lines = wish.lines ? VISUAL_LINES_ALWAYS : VISUAL_LINES_QUICK;
    ask.perhaps = wish.perhaps;
    ask.limit = (int)wish.limit;
    ask.role = wish.within.role;
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_WORK, &home, &err))
        return verb_failed(&err);
    code = look(&home, &wish, &ask, call->stop, &err) ? EXIT_GOOD : verb_failed(&err);
    home_close(&home);
    return code;
}
