// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "base/json.h"
#include "search/int.h"

#include <stdio.h>

enum { MANIFEST_FORM = 1, MANIFEST_MAX_BYTES = 1024 * 1024, SEGMENTS_MAX = 1000 };

// A name from the file becomes a name in the folder: nothing but what we write ourselves.
static bool read_name(const Json *map, Str member, char *to, size_t size)
{
    Str name = json_text(map, member);
    if (name.n >= size)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!((name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= '0' && name.p[i] <= '9') ||
                name.p[i] == '-'))
            return false;
    memcpy(to, name.p, name.n);
    to[name.n] = 0;
    return true;
}

bool current_read(int dir, Arena *a, Manifest *ret, Err *err)
{
    CLEANUP(fd_closep) int fd = file_open(dir, "current", err);
    Str text;
    if (fd < 0 || !file_read_all(fd, MANIFEST_MAX_BYTES, a, &text, err))
        return false;
    const Json *tree = json_parse(text, a, err);
    const Json *list = json_list(tree, S("segments"));
    if (!tree || !list || json_int(tree, S("form"), 0) != MANIFEST_FORM || list->count > SEGMENTS_MAX)
        return err_set(err, ERR_CORRUPT, "the index says nothing we can read");
    Manifest m = {.generation = json_int(tree, S("generation"), 0),
        .sequence = json_int(tree, S("sequence"), 0),
        .default_rank = (int)json_int(tree, S("defaultRank"), -1),
        .segments = arena_array(a, ManifestSegment, list->count),
        .count = list->count};
    bool good = read_name(tree, S("vocabulary"), m.digest, sizeof(m.digest));
    for (size_t i = 0; good && i < list->count; i++)
        good = read_name(&list->items[i], S("name"), m.segments[i].name, sizeof(m.segments[i].name)) &&
               read_name(&list->items[i], S("dead"), m.segments[i].dead, sizeof(m.segments[i].dead)) &&
               m.segments[i].name[0];
    if (!good)
        return err_set(err, ERR_CORRUPT, "the index names files that cannot be its own");
    *ret = m;
    return true;
}

bool current_write(int dir, const Manifest *m, Err *err)
{
    CLEANUP(buf_free) Buf b = buf_with_max(MANIFEST_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member_int(&w, S("form"), MANIFEST_FORM);
    json_put_member_int(&w, S("generation"), m->generation);
    json_put_member_int(&w, S("sequence"), m->sequence);
    json_put_member(&w, S("vocabulary"), str_from(m->digest));
    json_put_member_int(&w, S("defaultRank"), m->default_rank);
    json_put_name(&w, S("segments"));
    json_put_list(&w);
    for (size_t i = 0; i < m->count; i++) {
        json_put_map(&w);
        json_put_member(&w, S("name"), str_from(m->segments[i].name));
        json_put_member(&w, S("dead"), str_from(m->segments[i].dead));
        json_put_map_end(&w);
    }
    json_put_list_end(&w);
    json_put_map_end(&w);
    if (b.full)
        return err_set(err, ERR_LIMIT, "the index has too many parts");
    return file_replace(dir, "current", buf_str(&b), true, err);
}
