// SPDX-License-Identifier: Apache-2.0
#include "preserve/bagit.h"

#include "base/file.h"
#include "base/utf8.h"
#include "preserve/anydigest.h"
#include "preserve/sorter.h"
#include "preserve/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TAG_FILE_MAX_BYTES = 16 * 1024 * 1024,
    MANIFESTS_MAX = 16,
    LINES_READ_BYTES = 64 * 1024,
    DECODED_MAX = 4, // bytes of UTF-8 that a byte of another encoding becomes
};

// What a manifest says, by path.
typedef struct {
    Str name, algorithm;
    Sorter *lines;
    Str path, digest; // the line at hand
    bool more;        // there is one
} Manifest;

typedef struct {
    Arena *arena, *scratch; // scratch: until the next line
    int dir;
    size_t run_bytes;
    BagReport *report;
    void *ctx;
    BagSum sum;
    Str encoding;
    Manifest payload[MANIFESTS_MAX];
    size_t payload_count;
} Bag;

static void tell(Bag *bag, bool error, const char *format, ...) PRINTF_LIKE(3, 4);
static void tell(Bag *bag, bool error, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (error)
        bag->sum.errors++;
    else
        bag->sum.warnings++;
    if (bag->report && n >= 0)
        bag->report(bag->ctx, error, (Str){text, MIN_OF((size_t)n, sizeof(text) - 1)});
}

// ---- tag files

// To UTF-8, from what bagit.txt says the tag files are in.
static bool decode(Bag *bag, Str raw, Str *ret)
{
    if (str_eq_nocase(bag->encoding, S("UTF-8"))) {
        *ret = raw;
        return utf8_valid(raw, NULL);
    }
    iconv_t converter = iconv_open("UTF-8", arena_cstr(bag->arena, bag->encoding));
    if (converter == (iconv_t)-1)
        return false;
    size_t room = raw.n * 4 + 4, left = room, in_left = raw.n;
    char *out = arena_alloc(bag->arena, room), *at = out, *in = arena_alloc(bag->arena, raw.n + 1);
    if (raw.n)
        memcpy(in, raw.p, raw.n);
    bool good = iconv(converter, &in, &in_left, &at, &left) != (size_t)-1;
    iconv_close(converter);
    *ret = (Str){out, room - left};
    return good;
}

static bool read_tag_file(Bag *bag, Str name, size_t max_bytes, Str *ret)
{
    Err err = {0};
    Str raw;
    CLEANUP(fd_closep) int fd = tree_open_beneath(bag->dir, name, &err);
    if (fd < 0 || !file_read_all(fd, max_bytes, bag->arena, &raw, &err)) {
        tell(bag, true, FMT_STR ": %s", ARG_STR(name), err.text);
        return false;
    }
    if (decode(bag, raw, ret))
        return true;
    tell(bag, true, FMT_STR " is not " FMT_STR, ARG_STR(name), ARG_STR(bag->encoding));
    return false;
}

// Lines end with LF, CR or both.
static bool next_line(Str *rest, Str *ret)
{
    if (rest->n == 0)
        return false;
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
        n++;
    *ret = str_slice(*rest, 0, n);
    size_t skip = n + 1 < rest->n && rest->p[n] == '\r' && rest->p[n + 1] == '\n' ? 2 : 1;
    *rest = str_slice(*rest, n + skip, rest->n);
    return true;
}

static bool is_digits(Str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0 && s.n < 4;
}

// "BagIt-Version: 1.0": a name, the colon right behind it, one space, a value.
static bool declared(Str line, Str name, Str *ret)
{
    return str_starts(line, name) && str_starts(str_slice(line, name.n, line.n), S(": ")) &&
           (*ret = str_trim(str_slice(line, name.n + 2, line.n)), ret->n > 0);
}

static bool read_declaration(Bag *bag)
{
    Str text, first = {0}, second = {0}, version, encoding, major, minor;
    int whole, part;
    bag->encoding = S("UTF-8");
    if (!read_tag_file(bag, S("bagit.txt"), 4096, &text))
        return false;
    if (str_starts(text, S("\xef\xbb\xbf")))
        tell(bag, true, "bagit.txt begins with a byte order mark");
    if (!next_line(&text, &first) || !next_line(&text, &second) || str_trim(text).n)
        tell(bag, true, "bagit.txt does not have exactly two lines");
    if (!declared(first, S("BagIt-Version"), &version) || !str_cut(version, '.', &major, &minor) ||
        !is_digits(major) || !is_digits(minor) || !str_to_int(major, 0, 99, &whole) ||
        !str_to_int(minor, 0, 99, &part)) {
        tell(bag, true, "bagit.txt does not name a BagIt version");
        return false;
    }
    bag->sum.version = whole * 100 + part;
    if (bag->sum.version > 100)
        tell(bag, true, "BagIt version " FMT_STR " is not known", ARG_STR(version));
    if (!declared(second, S("Tag-File-Character-Encoding"), &encoding)) {
        tell(bag, true, "bagit.txt does not name an encoding");
        return false;
    }
    bag->encoding = encoding;
    return true;
}

static void check_oxum(Bag *bag, Str value)
{
    Str bytes, files;
    int64_t bytes_said, files_said;
    if (!str_cut(value, '.', &bytes, &files) || !str_to_int64(bytes, &bytes_said) ||
        !str_to_int64(files, &files_said))
        tell(bag, true, "Payload-Oxum makes no sense");
    else if ((uint64_t)bytes_said != bag->sum.bytes || (uint64_t)files_said != bag->sum.files)
        tell(bag, true, "Payload-Oxum says " FMT_STR ", there are %llu.%llu", ARG_STR(value),
            (unsigned long long)bag->sum.bytes, (unsigned long long)bag->sum.files);
}

static void check_info(Bag *bag)
{
    const char *name = bag->sum.version < 95 ? "package-info.txt" : "bag-info.txt";
    Str text, line, label, value;
    if (tree_kind(bag->dir, name) == TREE_NOTHING ||
        !read_tag_file(bag, str_from(name), TAG_FILE_MAX_BYTES, &text))
        return;
    while (next_line(&text, &line)) {
        bool continued = line.n && (line.p[0] == ' ' || line.p[0] == '\t');
        if (line.n == 0 || continued)
            continue;
        if (!str_cut(line, ':', &label, &value))
            tell(bag, bag->sum.version >= 100, "%s has a line without a colon", name);
        else if (str_eq_nocase(str_trim(label), S("Payload-Oxum")))
            check_oxum(bag, str_trim(value));
    }
}

// ---- paths

// Nothing absolute, nothing that climbs, nothing that a shell or another system takes for another place.
static bool path_safe(Str path)
{
    if (path.n == 0 || path.p[0] == '/' || path.p[0] == '~' || path.p[0] == '\\' ||
        path.p[path.n - 1] == '/' || memchr(path.p, '\0', path.n) || (path.n > 1 && path.p[1] == ':'))
        return false;
    for (Str rest = path, part; str_next(&rest, '/', &part);)
        if (part.n == 0 || str_eq(part, S(".")) || str_eq(part, S("..")))
            return false;
    return true;
}

static Str without_dot(Str path)
{
    while (str_starts(path, S("./")))
        path = str_slice(path, 2, path.n);
    return path;
}

// %25, %0A and %0D back; other percent signs stand for themselves.
static Str decoded(Bag *bag, Str path)
{
    char *out = arena_alloc(bag->scratch, path.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < path.n; i++) {
        Str code = str_slice(path, i, MIN_OF(i + 3, path.n));
        char c = str_eq(code, S("%25"))          ? '%'
                 : str_eq_nocase(code, S("%0A")) ? '\n'
                 : str_eq_nocase(code, S("%0D")) ? '\r'
                                                 : 0;
        out[n++] = c ? c : path.p[i];
        i += c ? 2 : 0;
    }
    return (Str){out, n};
}

Str bagit_path(Arena *a, Str path)
{
    CLEANUP(buf_free) Buf out = buf_with_max(3 * path.n + 1);
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '%' || path.p[i] == '\n' || path.p[i] == '\r')
            buf_printf(&out, "%%%02X", (unsigned)path.p[i]);
        else
            buf_add_char(&out, path.p[i]);
    return arena_copy(a, buf_str(&out));
}

// The path on the disk: as written, or decoded where that is what is there.
static Str on_disk(Bag *bag, Str path)
{
    if (!memchr(path.p, '%', path.n))
        return path;
    Str other = decoded(bag, path);
    bool literal = tree_kind(bag->dir, arena_cstr(bag->scratch, path)) == TREE_FILE;
    return bag->sum.version < 100 && literal ? path : other;
}

// ---- manifests

// False if it was told of.
static bool parse_line(
    Bag *bag, const Manifest *manifest, Str text, bool payload, Str *ret_path, Str *ret_digest)
{
    size_t n = 0;
    while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t')
        n++;
    Str digest = str_slice(text, 0, n), path = str_slice(text, n, text.n);
    while (path.n && (path.p[0] == ' ' || path.p[0] == '\t'))
        path = str_slice(path, 1, path.n);
    if (str_starts(path, S("*"))) {
        tell(bag, false, FMT_STR " was made with md5sum tools", ARG_STR(manifest->name));
        path = str_slice(path, 1, path.n);
    }
    if (str_starts(path, S("./")))
        tell(bag, false, FMT_STR " has a path with a leading ./", ARG_STR(manifest->name));
    path = without_dot(path);
    if (!path_safe(path) || (payload && !str_starts(path, S("data/")))) {
        tell(bag, true, FMT_STR " names a file outside: " FMT_STR, ARG_STR(manifest->name), ARG_STR(path));
        return false;
    }
    *ret_path = on_disk(bag, path);
    *ret_digest = digest;
    return true;
}

// The lines of a manifest of any length, in little memory.
typedef struct {
    int fd;
    iconv_t converter; // NULL: they are in UTF-8
    char raw[LINES_READ_BYTES];
    size_t raw_count; // bytes there that are not whole characters yet
    char text[SORTER_ENTRY_MAX_BYTES + DECODED_MAX * LINES_READ_BYTES + 1];
    size_t begin, end; // of what is decoded and not yet given
    bool over;         // the file is
} Lines;

static bool lines_decode(Lines *l)
{
    char *in = l->raw, *out = l->text + l->end;
    size_t in_left = l->raw_count, room = sizeof(l->text) - l->end, out_left = room;
    if (iconv(l->converter, &in, &in_left, &out, &out_left) == (size_t)-1 && errno != EINVAL)
        return false;
    memmove(l->raw, in, in_left);
    l->raw_count = in_left;
    l->end += room - out_left;
    return !l->over || in_left == 0;
}

static bool lines_read(Lines *l)
{
    memmove(l->text, l->text + l->begin, l->end - l->begin);
    l->end -= l->begin;
    l->begin = 0;
    char *to = l->converter ? l->raw + l->raw_count : l->text + l->end;
    size_t room = l->converter ? sizeof(l->raw) - l->raw_count : LINES_READ_BYTES;
    ssize_t n = read(l->fd, to, room);
    if (n < 0)
        return false;
    l->over = n == 0;
    *(l->converter ? &l->raw_count : &l->end) += (size_t)n;
    return !l->converter || lines_decode(l);
}

// *ret has no end of line. False for bytes that are not in the encoding, and for a line without end.
static bool lines_next(Lines *l, Str *ret, bool *ret_more)
{
    size_t at = l->begin;
    for (;;) {
        while (at < l->end && l->text[at] != '\n' && l->text[at] != '\r')
            at++;
        if (l->over || at + 1 < l->end)
            break; // the byte behind the end is known: "\r\n" is one
        if (at - l->begin > SORTER_ENTRY_MAX_BYTES)
            return false;
        at -= l->begin;
        if (!lines_read(l))
            return false;
        at += l->begin;
    }
    *ret_more = l->begin < l->end;
    *ret = (Str){l->text + l->begin, at - l->begin};
    bool two = at + 1 < l->end && l->text[at] == '\r' && l->text[at + 1] == '\n';
    l->begin = MIN_OF(at + (two ? 2 : 1), l->end);
    return utf8_valid(*ret, NULL);
}

static bool sort_lines(Bag *bag, Manifest *manifest, Lines *l, bool payload, Err *err)
{
    Str line, path, digest;
    bool more;
    for (;;) {
        if (!lines_next(l, &line, &more))
            return err_set(err, ERR_CORRUPT, FMT_STR " is not " FMT_STR ", or has a line beyond %d bytes",
                ARG_STR(manifest->name), ARG_STR(bag->encoding), SORTER_ENTRY_MAX_BYTES);
        if (!more)
            return true;
        arena_reset(bag->scratch);
        if (str_trim(line).n && parse_line(bag, manifest, line, payload, &path, &digest) &&
            !sorter_add(manifest->lines, path, digest, err))
            return false;
    }
}

static bool open_lines(Bag *bag, Str name, Lines *l, Err *err)
{
    uint64_t bytes;
    l->fd = tree_open_beneath(bag->dir, name, err);
    if (l->fd < 0 || !file_size(l->fd, &bytes, err))
        return false;
    if (bytes > (uint64_t)BAGIT_MANIFEST_MAX_MB << 20)
        return err_set(err, ERR_LIMIT, FMT_STR " is longer than %d MB", ARG_STR(name), BAGIT_MANIFEST_MAX_MB);
    if (str_eq_nocase(bag->encoding, S("UTF-8")))
        return true;
    iconv_t converter = iconv_open("UTF-8", arena_cstr(bag->arena, bag->encoding));
    l->converter = converter == (iconv_t)-1 ? NULL : converter;
    return l->converter || err_set(err, ERR_CORRUPT, FMT_STR " is not an encoding", ARG_STR(bag->encoding));
}

// False, and told of, if it cannot be read.
static bool read_manifest(Bag *bag, Str name, Str prefix, bool payload, Manifest *ret)
{
    Err err = {0};
    Manifest manifest = {.name = name, .algorithm = str_slice(name, prefix.n, name.n - 4)};
    if (!anydigest_bytes(manifest.algorithm)) {
        tell(bag, payload, FMT_STR ": the algorithm is not known", ARG_STR(name));
        return false;
    }
    Lines *l = mem_alloc(sizeof(Lines));
    manifest.lines = sorter_open(bag->run_bytes);
    bool good = open_lines(bag, name, l, &err) && sort_lines(bag, &manifest, l, payload, &err) &&
                sorter_begin(manifest.lines, &err);
    if (l->converter)
        iconv_close(l->converter);
    fd_close(l->fd);
    free(l);
    if (good) {
        *ret = manifest;
        return true;
    }
    tell(bag, true, FMT_STR ": %s", ARG_STR(name), err.text);
    sorter_close(manifest.lines);
    return false;
}

// To the next line; behind the last, and told of, if the disk fails.
static void next_of(Bag *bag, Manifest *manifest)
{
    Err err = {0};
    if (sorter_next(manifest->lines, &manifest->path, &manifest->digest, &manifest->more, &err))
        return;
    tell(bag, true, FMT_STR ": %s", ARG_STR(manifest->name), err.text);
    manifest->more = false;
}

static void first_of(Bag *bag, Manifest *manifest)
{
    Err err = {0};
    manifest->more = sorter_begin(manifest->lines, &err);
    if (manifest->more)
        next_of(bag, manifest);
    else
        tell(bag, true, FMT_STR ": %s", ARG_STR(manifest->name), err.text);
}

static void check_line(Bag *bag, const Manifest *manifest)
{
    Err err = {0};
    AnyDigest digest;
    CLEANUP(fd_closep) int fd = tree_open_beneath(bag->dir, manifest->path, &err);
    if (fd < 0 || !anydigest_of_file(fd, manifest->algorithm, &digest, &err))
        tell(bag, true, FMT_STR ": " FMT_STR, ARG_STR(manifest->name), ARG_STR(str_from(err.text)));
    else if (!anydigest_is(&digest, manifest->digest))
        tell(bag, true, FMT_STR " does not have the " FMT_STR " that " FMT_STR " says",
            ARG_STR(manifest->path), ARG_STR(manifest->algorithm), ARG_STR(manifest->name));
}

static void check_manifest(Bag *bag, Manifest *manifest)
{
    CLEANUP(arena_closep) Arena *before = arena_open();
    Str path = {0}, digest = {0};
    for (first_of(bag, manifest); manifest->more; next_of(bag, manifest)) {
        if (path.n && str_eq(path, manifest->path)) {
            tell(bag, bag->sum.version >= 100 || !str_eq_nocase(digest, manifest->digest),
                FMT_STR " names " FMT_STR " twice", ARG_STR(manifest->name), ARG_STR(path));
            continue;
        }
        if (path.n && str_eq_nocase(path, manifest->path))
            tell(bag, false, FMT_STR " and " FMT_STR " differ in case only", ARG_STR(path),
                ARG_STR(manifest->path));
        check_line(bag, manifest);
        arena_reset(before);
        path = arena_copy(before, manifest->path);
        digest = arena_copy(before, manifest->digest);
    }
}

// ---- the payload

static bool is_system_file(Str name)
{
    return str_eq_nocase(name, S(".DS_Store")) || str_eq_nocase(name, S("Thumbs.db")) ||
           str_starts(name, S("._"));
}

static bool see_payload(void *ctx, Str path, Err *err)
{
    Bag *bag = ctx;
    Err why = {0};
    uint64_t bytes;
    arena_reset(bag->scratch);
    Str folder, name = path, full = arena_printf(bag->scratch, "data/" FMT_STR, ARG_STR(path));
    size_t listed = 0;
    (void)err;
    CLEANUP(fd_closep) int fd = tree_open_beneath(bag->dir, full, &why);
    if (fd >= 0 && file_size(fd, &bytes, &why)) {
        bag->sum.files++;
        bag->sum.bytes += bytes;
    }
    str_cut_last(path, '/', &folder, &name);
    if (is_system_file(name))
        tell(bag, false, FMT_STR " is a file of the system, not of the collection", ARG_STR(full));
    for (size_t i = 0; i < bag->payload_count; i++) {
        Manifest *m = &bag->payload[i]; // in the order of this walk
        while (m->more && sorter_compare(m->path, full) < 0)
            next_of(bag, m);
        listed += m->more && str_eq(m->path, full);
    }
    if (listed == 0 || (bag->sum.version >= 100 && listed < bag->payload_count))
        tell(bag, true, FMT_STR " is not in every manifest", ARG_STR(full));
    return true;
}

static void check_payload(Bag *bag)
{
    Err err = {0};
    for (size_t i = 0; i < bag->payload_count; i++)
        first_of(bag, &bag->payload[i]);
    CLEANUP(fd_closep)
    int data = tree_kind(bag->dir, "data") == TREE_FOLDER ? tree_open_folder(bag->dir, "data", &err) : -1;
    if (data < 0)
        tell(bag, true, "there is no folder data/");
    else if (!tree_each_file(data, see_payload, bag, &err))
        tell(bag, true, "data/: %s", err.text);
}

static void check_fetch(Bag *bag)
{
    Str text, line, url, length, path;
    if (tree_kind(bag->dir, "fetch.txt") == TREE_NOTHING ||
        !read_tag_file(bag, S("fetch.txt"), TAG_FILE_MAX_BYTES, &text))
        return;
    while (next_line(&text, &line)) {
        if (str_trim(line).n == 0)
            continue;
        arena_reset(bag->scratch);
        bool parsed = str_cut(line, ' ', &url, &path) && str_cut(str_trim(path), ' ', &length, &path);
        path = parsed ? without_dot(str_trim(path)) : (Str){0};
        if (!path_safe(path) || !str_starts(path, S("data/")))
            tell(bag, true, "fetch.txt wants a file outside of the payload: " FMT_STR,
                ARG_STR(str_slice(line, 0, 200)));
        else if (tree_kind(bag->dir, arena_cstr(bag->scratch, on_disk(bag, path))) != TREE_FILE)
            tell(bag, true, FMT_STR " was not fetched; we fetch nothing", ARG_STR(path));
    }
}

// Every payload file is in every manifest, and what a manifest names is there: the second shows in the
// digests.
static void check_manifests(Bag *bag)
{
    Str *names;
    size_t count;
    Err err = {0};
    if (!tree_names(bag->dir, ".", bag->arena, &names, &count, &err)) {
        tell(bag, true, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        Manifest manifest;
        if (!str_ends(names[i], S(".txt")))
            continue;
        if (str_starts(names[i], S("manifest-")) && bag->payload_count < MANIFESTS_MAX) {
            if (read_manifest(bag, names[i], S("manifest-"), true, &bag->payload[bag->payload_count])) {
                check_manifest(bag, &bag->payload[bag->payload_count]);
                bag->payload_count++;
            }
        } else if (str_starts(names[i], S("tagmanifest-")) &&
                   read_manifest(bag, names[i], S("tagmanifest-"), false, &manifest)) {
            check_manifest(bag, &manifest);
            sorter_close(manifest.lines);
        }
    }
    if (bag->payload_count == 0)
        tell(bag, true, "there is no payload manifest");
}

bool bagit_check_in(const char *path, size_t run_bytes, BagReport *report, void *ctx, BagSum *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(arena_closep) Arena *scratch = arena_open();
    CLEANUP(fd_closep) int dir = tree_open_folder(AT_FDCWD, path, err);
    if (dir < 0)
        return false;
    Bag bag = {
        .arena = a, .scratch = scratch, .dir = dir, .run_bytes = run_bytes, .report = report, .ctx = ctx};
    if (read_declaration(&bag)) {
        check_manifests(&bag);
        check_payload(&bag);
        check_fetch(&bag);
        check_info(&bag);
    }
    for (size_t i = 0; i < bag.payload_count; i++)
        sorter_close(bag.payload[i].lines);
    *ret = bag.sum;
    return true;
}

bool bagit_check(const char *path, BagReport *report, void *ctx, BagSum *ret, Err *err)
{
    return bagit_check_in(path, SORTER_RUN_BYTES, report, ctx, ret, err);
}
