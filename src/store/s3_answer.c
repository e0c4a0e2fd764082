// SPDX-License-Identifier: Apache-2.0
#include "store/s3_answer.h"

#include "base/utf8.h"

#include <libxml/xmlreader.h>

enum { DEPTH_MAX = 8 };

typedef struct {
    Arena *arena;
    S3Page page;
    size_t capacity;
    S3Entry entry;                // that is being read
    bool url;                     // keys are percent-encoded
    char path[DEPTH_MAX + 1][64]; // names of the open elements
    Buf text;                     // of the element that is open
} Reading;

static void ignore_errors(
    void *ctx, const char *message, xmlParserSeverities severity, xmlTextReaderLocatorPtr locator)
{
    (void)ctx;
    (void)message;
    (void)severity;
    (void)locator;
}

static xmlTextReaderPtr open_reader(Str xml)
{
    if (xml.n == 0 || xml.n > S3_ANSWER_MAX_BYTES)
        return NULL;
    xmlTextReaderPtr reader = xmlReaderForMemory(
        xml.p, (int)xml.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (reader)
        xmlTextReaderSetErrorHandler(reader, ignore_errors, NULL);
    return reader;
}

static bool is_in(const Reading *r, int depth, const char *name)
{
    return strcmp(r->path[depth], name) == 0;
}

static bool is_list(const Reading *r)
{
    return is_in(r, 0, "ListBucketResult") || is_in(r, 0, "ListVersionsResult") ||
           is_in(r, 0, "ListMultipartUploadsResult");
}

static bool is_entry(const char *name)
{
    return strcmp(name, "Contents") == 0 || strcmp(name, "CommonPrefixes") == 0 ||
           strcmp(name, "Version") == 0 || strcmp(name, "DeleteMarker") == 0 || strcmp(name, "Upload") == 0;
}

static bool take_key(Reading *r, Str text, Str *ret, Err *err)
{
    Str key = text;
    if (r->url && !uri_decode(r->arena, text, true, &key, err))
        return false;
    if (key.n > S3_KEY_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the list has a key of %zu bytes", key.n);
    *ret = arena_copy(r->arena, key);
    return true;
}

static bool take_member(Reading *r, const char *name, Str text, Err *err)
{
    int64_t size;
    S3Entry *e = &r->entry;
    if (strcmp(name, "Key") == 0 || strcmp(name, "Prefix") == 0)
        return take_key(r, text, &e->key, err);
    if (strcmp(name, "Size") == 0) {
        if (!str_to_int64(text, &size) || size < 0)
            return err_set(err, ERR_CORRUPT, "the list has a size that is none");
        e->size_bytes = (uint64_t)size;
    }
    if (strcmp(name, "ETag") == 0) {
        bool quoted = text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"';
        e->etag = arena_copy(r->arena, quoted ? str_slice(text, 1, text.n - 1) : text);
    }
    if (strcmp(name, "VersionId") == 0 || strcmp(name, "UploadId") == 0)
        e->version = arena_copy(r->arena, text);
    return true;
}

static bool take_fact(Reading *r, const char *name, Str text, Err *err)
{
    S3Page *p = &r->page;
    if (strcmp(name, "EncodingType") == 0)
        r->url = str_eq(text, S("url"));
    if (strcmp(name, "IsTruncated") == 0)
        p->more = str_eq(text, S("true"));
    if (strcmp(name, "NextKeyMarker") == 0)
        return take_key(r, text, &p->next_key, err);
    if (strcmp(name, "NextVersionIdMarker") == 0 || strcmp(name, "NextUploadIdMarker") == 0)
        p->next_version = arena_copy(r->arena, text);
    return true;
}

static bool end_element(Reading *r, int depth, Err *err)
{
    const char *name = r->path[depth];
    Str text = buf_str(&r->text);
    if (r->text.full)
        return err_set(err, ERR_LIMIT, "the list has too long a text");
    if (depth == 1 && is_entry(name)) {
        if (r->page.count >= S3_KEYS_MAX)
            return err_set(err, ERR_LIMIT, "the list has more than %d keys on a page", S3_KEYS_MAX);
        r->entry.folder = strcmp(name, "CommonPrefixes") == 0;
        r->entry.marker = strcmp(name, "DeleteMarker") == 0;
        *arena_push(r->arena, &r->page.entries, &r->page.count, &r->capacity) = r->entry;
        r->entry = (S3Entry){0};
    } else if (depth == 1 && !take_fact(r, name, text, err)) {
        return false;
    } else if (depth == 2 && is_entry(r->path[1]) && !take_member(r, name, text, err)) {
        return false;
    }
    buf_clear(&r->text);
    return true;
}

static bool take_node(Reading *r, xmlTextReaderPtr reader, Err *err)
{
    int depth = xmlTextReaderDepth(reader);
    const xmlChar *value;
    switch (xmlTextReaderNodeType(reader)) {
    case XML_READER_TYPE_ELEMENT:
        if (depth > DEPTH_MAX)
            return err_set(err, ERR_LIMIT, "the answer is nested too deep");
        snprintf(
            r->path[depth], sizeof(r->path[depth]), "%s", (const char *)xmlTextReaderConstLocalName(reader));
        buf_clear(&r->text);
        return !xmlTextReaderIsEmptyElement(reader) || end_element(r, depth, err);
    case XML_READER_TYPE_END_ELEMENT:
        return end_element(r, depth, err);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        value = xmlTextReaderConstValue(reader);
        buf_add(&r->text, str_from((const char *)value));
        return true;
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
        return err_set(err, ERR_CORRUPT, "the answer has a document type or an entity");
    default:
        return true;
    }
}

static bool read_all(Reading *r, xmlTextReaderPtr reader, Err *err)
{
    int more;
    while ((more = xmlTextReaderRead(reader)) == 1)
        if (!take_node(r, reader, err))
            return false;
    return more == 0 || err_set(err, ERR_CORRUPT, "the answer is not XML");
}

// A server names its encoding before the keys or behind them; so what was encoded is known only at the end of
// a first look.
static bool says_url(Str xml)
{
    size_t at;
    return str_find(xml, S("<EncodingType>url</EncodingType>"), &at);
}

bool s3_answer_page(Str xml, Arena *a, S3Page *ret, Err *err)
{
    xmlTextReaderPtr reader = open_reader(xml);
    if (!reader)
        return err_set(err, ERR_CORRUPT, "the answer is empty or too long");
    Reading r = {.arena = a, .text = buf_with_max(64 * 1024), .url = says_url(xml)};
    bool good = read_all(&r, reader, err);
    if (good && !is_list(&r))
        good = err_set(err, ERR_CORRUPT, "the answer is no list");
    buf_free(&r.text);
    xmlFreeTextReader(reader);
    if (good)
        *ret = r.page;
    return good;
}

bool s3_answer_text(Str xml, Arena *a, const char *name, Str *ret, Str *ret_root)
{
    xmlTextReaderPtr reader = open_reader(xml);
    bool found = false;
    *ret = *ret_root = (Str){0};
    if (!reader)
        return false;
    int more;
    while ((more = xmlTextReaderRead(reader)) == 1) {
        int depth = xmlTextReaderDepth(reader), type = xmlTextReaderNodeType(reader);
        if (type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE)
            break;
        if (type != XML_READER_TYPE_ELEMENT || depth > 1)
            continue;
        const char *local = (const char *)xmlTextReaderConstLocalName(reader);
        if (depth == 0)
            *ret_root = arena_copy(a, str_from(local));
        if (depth == 1 && !found && strcmp(local, name) == 0) {
            xmlChar *text = xmlTextReaderReadString(reader);
            *ret = arena_copy(a, str_from((const char *)text));
            xmlFree(text);
            found = true;
        }
    }
    xmlFreeTextReader(reader);
    return more == 0 && ret_root->n;
}
