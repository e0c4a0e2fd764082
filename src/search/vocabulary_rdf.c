// SPDX-License-Identifier: Apache-2.0
// SKOS as RDF/XML, by libxml2: no network, no entities of the document's own, bounded depth.
#include "search/vocabulary.h"

#include <libxml/xmlreader.h>

typedef struct {
    Vocabulary *v;
    Arena *a;
    Str id, broader;
    struct {
        Str lang, text;
    } * labels;
    size_t count, capacity;
} Reading;

static Str attribute(xmlTextReader *x, Arena *a, const char *name, const char *space)
{
    xmlChar *value = xmlTextReaderGetAttributeNs(x, (const xmlChar *)name, (const xmlChar *)space);
    Str found = value ? arena_copy(a, str_from((const char *)value)) : (Str){0};
    xmlFree(value);
    return found;
}

#define RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define XML "http://www.w3.org/XML/1998/namespace"

static bool is_named(xmlTextReader *x, const char *name)
{
    const xmlChar *local = xmlTextReaderConstLocalName(x);
    return local && strcmp((const char *)local, name) == 0;
}

static void end_concept(Reading *r)
{
    for (size_t i = 0; i < r->count; i++)
        vocabulary_add(r->v, r->id, str_trim(r->broader), r->labels[i].lang, r->labels[i].text);
    r->id = r->broader = (Str){0};
    r->labels = NULL;
    r->count = r->capacity = 0;
}

static void read_node(Reading *r, xmlTextReader *x)
{
    int type = xmlTextReaderNodeType(x);
    if (type == XML_READER_TYPE_END_ELEMENT && xmlTextReaderDepth(x) == 1)
        end_concept(r);
    if (type != XML_READER_TYPE_ELEMENT)
        return;
    Str about = attribute(x, r->a, "about", RDF);
    if (about.n && xmlTextReaderDepth(x) == 1)
        r->id = about;
    if (is_named(x, "broader")) {
        Str up = attribute(x, r->a, "resource", RDF);
        r->broader = arena_printf(r->a, FMT_STR " " FMT_STR, ARG_STR(r->broader), ARG_STR(up));
    }
    if (!is_named(x, "prefLabel") && !is_named(x, "altLabel"))
        return;
    Str lang = attribute(x, r->a, "lang", XML);
    xmlChar *text = xmlTextReaderReadString(x);
    if (text && r->id.n) {
        *arena_push(r->a, &r->labels, &r->count, &r->capacity) =
            (typeof(*r->labels)){lang, arena_copy(r->a, str_trim(str_from((const char *)text)))};
    }
    xmlFree(text);
}

bool vocabulary_read_rdf(Vocabulary *v, Str bytes, Err *err)
{
    xmlTextReader *x = xmlReaderForMemory(
        bytes.p, (int)bytes.n, NULL, "UTF-8", XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!x)
        return err_set(err, ERR_INVALID, "the vocabulary cannot be read as XML");
    CLEANUP(arena_closep) Arena *a = arena_open();
    Reading r = {.v = v, .a = a};
    int more;
    bool entities = false;
    while ((more = xmlTextReaderRead(x)) == 1 && !entities) {
        entities = xmlTextReaderNodeType(x) == XML_READER_TYPE_DOCUMENT_TYPE;
        read_node(&r, x);
    }
    xmlFreeTextReader(x);
    if (entities)
        return err_set(err, ERR_INVALID, "a vocabulary has no document type");
    return more == 0 || err_set(err, ERR_INVALID, "the vocabulary is not well-formed XML");
}
