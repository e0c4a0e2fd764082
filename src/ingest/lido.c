// SPDX-License-Identifier: Apache-2.0
// One <lido> at a time is expanded into a small tree and read by a table of paths. Where LIDO has more than
// we have a field for, the text that it means for display is taken.
#include "ingest/lido.h"

#include "base/utf8.h"

#include <libxml/tree.h>
#include <libxml/xmlreader.h>
#include <stdlib.h>

struct Lido {
    xmlTextReader *reader;
    int64_t records;
};

typedef struct {
    Delivered *d;
    const FieldRules *rules;
    Arena *a;
} Reading;

typedef void Visit(Reading *r, xmlNode *node, FieldKind kind);

static bool is_called(const xmlNode *node, Str name)
{
    return node->type == XML_ELEMENT_NODE && str_eq(str_from((const char *)node->name), name);
}

// Calls visit for every element at the path below node: "a/b/c", local names.
static void each(Reading *r, xmlNode *node, Str path, FieldKind kind, Visit *visit)
{
    Str head = path, rest = {0};
    bool deeper = str_cut(path, '/', &head, &rest);
    for (xmlNode *child = node->children; child; child = child->next) {
        if (!is_called(child, head))
            continue;
        if (deeper)
            each(r, child, rest, kind, visit);
        else
            visit(r, child, kind);
    }
}

static Str text_of(Reading *r, const xmlNode *node)
{
    xmlChar *content = xmlNodeGetContent(node);
    Str from = field_trim(str_from((const char *)content));
    char *to = arena_alloc(r->a, from.n + 1);
    size_t count = 0;
    // Line breaks and indents are the file's, not the text's.
    for (size_t i = 0; i < from.n; i++) {
        bool space = memchr(" \t\r\n", from.p[i], 4);
        if (!space || (count && to[count - 1] != ' '))
            to[count++] = space ? ' ' : from.p[i];
    }
    xmlFree(content);
    return (Str){to, count};
}

static Str attribute(Reading *r, xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetProp(node, (const xmlChar *)name); // by local name, in any name space
    for (xmlAttr *at = node->properties; at && !value; at = at->next)
        if (strcmp((const char *)at->name, name) == 0)
            value = xmlNodeListGetString(node->doc, at->children, 1);
    Str text = arena_copy(r->a, str_from((const char *)value));
    xmlFree(value);
    return text;
}

static Str lang_of(Reading *r, const xmlNode *node)
{
    xmlChar *lang = xmlNodeGetLang(node);
    Str text = arena_copy(r->a, str_from((const char *)lang));
    xmlFree(lang);
    return field_is_lang(text) ? text : (Str){0};
}

// The first element at the path that has a text.
static Str first_text(Reading *r, xmlNode *node, Str path)
{
    Str head = path, rest = {0}, found = {0};
    bool deeper = str_cut(path, '/', &head, &rest);
    for (xmlNode *child = node->children; child && found.n == 0; child = child->next)
        if (is_called(child, head))
            found = deeper ? first_text(r, child, rest) : text_of(r, child);
    return found;
}

static Str first_uri(Reading *r, xmlNode *node, const char *name)
{
    for (xmlNode *child = node->children; child; child = child->next) {
        Str text = is_called(child, str_from(name)) ? text_of(r, child) : (Str){0};
        if (str_starts(text, S("http://")) || str_starts(text, S("https://")))
            return text;
    }
    return (Str){0};
}

// ---- what stands at a path

static void put_text(Reading *r, xmlNode *node, FieldKind kind)
{
    field_put(r->d, (Field){.kind = kind, .lang = lang_of(r, node)}, str_from((const char *)node->name),
        text_of(r, node), r->rules, r->a);
}

// <objectWorkType>, <classification>, <subjectConcept>: terms, and the concept they name.
static void put_term(Reading *r, xmlNode *node, FieldKind kind)
{
    Str uri = first_uri(r, node, "conceptID"), type = attribute(r, node, "type");
    size_t at;
    if (str_find(type, S("europeana"), &at))
        return; // "IMAGE": for a portal's machines
    for (xmlNode *child = node->children; child; child = child->next) {
        if (!is_called(child, S("term")) || str_eq(attribute(r, child, "addedSearchTerm"), S("yes")))
            continue;
        size_t before =
            kind == FIELD_SUBJECT ? r->d->record.subjects.count : r->d->record.classification.count;
        put_text(r, child, kind);
        RecordTerms *terms = kind == FIELD_SUBJECT ? &r->d->record.subjects : &r->d->record.classification;
        if ((kind == FIELD_SUBJECT || kind == FIELD_CLASSIFICATION) && terms->count > before)
            terms->items[before].uri = uri;
    }
}

static Str preferred_name(Reading *r, xmlNode *set)
{
    Str first = {0};
    for (xmlNode *child = set->children; child; child = child->next) {
        if (!is_called(child, S("appellationValue")))
            continue;
        if (first.n == 0 || str_eq(attribute(r, child, "pref"), S("preferred")))
            first = text_of(r, child);
        if (str_eq(attribute(r, child, "pref"), S("preferred")))
            break;
    }
    return first;
}

static void put_actor(Reading *r, xmlNode *in_role, FieldKind kind)
{
    RecordMaker maker = {.role = first_text(r, in_role, S("roleActor/term")), .lang = lang_of(r, in_role)};
    (void)kind;
    for (xmlNode *actor = in_role->children; actor; actor = actor->next) {
        if (!is_called(actor, S("actor")))
            continue;
        maker.uri = first_uri(r, actor, "actorID");
        for (xmlNode *set = actor->children; set && maker.name.n == 0; set = set->next)
            if (is_called(set, S("nameActorSet")))
                maker.name = preferred_name(r, set);
    }
    if (memchr(maker.name.p, ',', maker.name.n)) { // "Semper, Gottfried"
        Str last, first;
        (void)str_cut(maker.name, ',', &last, &first);
        maker.sort = maker.name;
        if (first.n && !memchr(first.p, ',', first.n))
            maker.name =
                arena_printf(r->a, FMT_STR " " FMT_STR, ARG_STR(str_trim(first)), ARG_STR(str_trim(last)));
    }
    if (maker.name.n)
        *arena_push(r->a, &r->d->record.makers.items, &r->d->record.makers.count,
            &r->d->record.makers.capacity) = maker;
}

static void put_date(Reading *r, xmlNode *node, FieldKind kind)
{
    Str shown = first_text(r, node, S("displayDate")), from = first_text(r, node, S("date/earliestDate")),
        to = first_text(r, node, S("date/latestDate"));
    (void)kind;
    if (shown.n == 0 && from.n)
        shown = str_eq(from, to) || to.n == 0
                    ? from
                    : arena_printf(r->a, FMT_STR " - " FMT_STR, ARG_STR(from), ARG_STR(to));
    if (shown.n == 0)
        return;
    field_put(r->d, (Field){.kind = FIELD_DATE}, S("displayDate"), shown, r->rules, r->a);
    if (r->d->record.dates.count == 1) {
        r->d->earliest = from;
        r->d->latest = to.n ? to : from;
    }
}

static void put_place(Reading *r, xmlNode *node, FieldKind kind)
{
    Str name = first_text(r, node, S("displayPlace"));
    if (name.n == 0)
        name = first_text(r, node, S("place/namePlaceSet/appellationValue"));
    const bool first = r->d->record.places.count == 0;
    field_put(r->d, (Field){.kind = kind, .lang = lang_of(r, node)}, S("place"), name, r->rules, r->a);
    Str spot = first_text(r, node, S("place/gml/Point/pos")), north, east; // latitude, longitude
    if (first && str_cut(spot, ' ', &north, &east))
        r->d->spot = arena_printf(r->a, FMT_STR "," FMT_STR, ARG_STR(north), ARG_STR(east));
}

static void put_measures(Reading *r, xmlNode *node, FieldKind kind)
{
    Str shown = first_text(r, node, S("displayObjectMeasurements"));
    for (xmlNode *part = node->children; part && shown.n == 0; part = part->next)
        for (xmlNode *set = is_called(part, S("objectMeasurements")) ? part->children : NULL; set;
             set = set->next)
            if (is_called(set, S("measurementSet")))
                field_put(r->d, (Field){.kind = kind}, S("measurementSet"),
                    arena_printf(r->a, FMT_STR " " FMT_STR " " FMT_STR,
                        ARG_STR(first_text(r, set, S("measurementType"))),
                        ARG_STR(first_text(r, set, S("measurementValue"))),
                        ARG_STR(first_text(r, set, S("measurementUnit")))),
                    r->rules, r->a);
    field_put(r->d, (Field){.kind = kind}, S("displayObjectMeasurements"), shown, r->rules, r->a);
}

static void put_material(Reading *r, xmlNode *node, FieldKind kind)
{
    Str shown = first_text(r, node, S("displayMaterialsTech"));
    if (shown.n)
        field_put(r->d, (Field){.kind = kind, .lang = lang_of(r, node)}, S("displayMaterialsTech"), shown,
            r->rules, r->a);
    else
        each(r, node, S("materialsTech/termMaterialsTech/term"), kind, put_text);
}

// Who made it, when, where, of what. Other events (acquisition, exhibition) have dates and people that are
// not the object's.
static void put_event(Reading *r, xmlNode *node, FieldKind kind)
{
    static const char *const MAKING[] = {
        "lido00007", "lido00012", "lido00032", "lido00224", "lido00228", "lido00010"};
    Str concept = first_text(r, node, S("eventType/conceptID")),
        term = first_text(r, node, S("eventType/term"));
    bool making = false;
    size_t at;
    (void)kind;
    for (size_t i = 0; i < COUNT_OF(MAKING); i++)
        making = making || str_ends(concept, str_from(MAKING[i]));
    static const char *const WORDS[] = {
        "roduction", "reation", "erstellung", "ntwurf", "esign", "abrication", "Entstehung"};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        making = making || str_find(term, str_from(WORDS[i]), &at);
    if (!making)
        return;
    each(r, node, S("eventActor/actorInRole"), FIELD_MAKER, put_actor);
    each(r, node, S("eventDate"), FIELD_DATE, put_date);
    each(r, node, S("eventPlace"), FIELD_PLACE, put_place);
    each(r, node, S("eventMaterialsTech"), FIELD_MATERIAL, put_material);
}

// A rights statement as a URI, else in words.
static void put_rights(Reading *r, xmlNode *node, FieldKind kind)
{
    Str uri = first_uri(r, node, "conceptID");
    Str text = uri.n ? uri : first_text(r, node, S("term"));
    field_put(r->d, (Field){.kind = kind}, S("rightsType"), text, r->rules, r->a);
}

static const struct {
    const char *path;
    FieldKind kind;
    Visit *visit;
} PATHS[] = {
    {"lidoRecID", FIELD_ID, put_text},
    {"descriptiveMetadata/objectIdentificationWrap/titleWrap/titleSet/appellationValue", FIELD_TITLE,
        put_text},
    {"descriptiveMetadata/objectClassificationWrap/objectWorkTypeWrap/objectWorkType", FIELD_CLASSIFICATION,
        put_term},
    {"descriptiveMetadata/objectClassificationWrap/classificationWrap/classification", FIELD_CLASSIFICATION,
        put_term},
    {"descriptiveMetadata/objectIdentificationWrap/inscriptionsWrap/inscriptions/inscriptionTranscription",
        FIELD_INSCRIPTION, put_text},
    {"descriptiveMetadata/objectIdentificationWrap/repositoryWrap/repositorySet/workID", FIELD_ACCESSION,
        put_text},
    {"descriptiveMetadata/objectIdentificationWrap/repositoryWrap/repositorySet/repositoryName/legalBodyName/"
     "appellationValue",
        FIELD_COLLECTION, put_text},
    {"descriptiveMetadata/objectIdentificationWrap/objectDescriptionWrap/objectDescriptionSet/"
     "descriptiveNoteValue",
        FIELD_TEXT, put_text},
    {"descriptiveMetadata/objectIdentificationWrap/objectMeasurementsWrap/objectMeasurementsSet",
        FIELD_DIMENSIONS, put_measures},
    {"descriptiveMetadata/objectIdentificationWrap/objectMaterialsTechWrap/objectMaterialsTechSet",
        FIELD_MATERIAL, put_material},
    {"descriptiveMetadata/eventWrap/eventSet/event", FIELD_DATE, put_event},
    {"descriptiveMetadata/objectRelationWrap/subjectWrap/subjectSet/subject/subjectConcept", FIELD_SUBJECT,
        put_term},
    {"descriptiveMetadata/objectRelationWrap/subjectWrap/subjectSet/subject/subjectActor/actor/nameActorSet/"
     "appellationValue",
        FIELD_SUBJECT, put_text},
    {"descriptiveMetadata/objectRelationWrap/subjectWrap/subjectSet/subject/subjectPlace/place/namePlaceSet/"
     "appellationValue",
        FIELD_SUBJECT, put_text},
    {"administrativeMetadata/rightsWorkWrap/rightsWorkSet/rightsType", FIELD_RIGHTS, put_rights},
    {"administrativeMetadata/rightsWorkWrap/rightsWorkSet/creditLine", FIELD_CREDIT, put_text},
    {"administrativeMetadata/recordWrap/recordInfoSet/recordInfoLink", FIELD_URL, put_text},
    {"administrativeMetadata/recordWrap/recordSource/legalBodyName/appellationValue", FIELD_SOURCE, put_text},
    {"administrativeMetadata/resourceWrap/resourceSet/resourceRepresentation/linkResource", FIELD_IMAGE,
        put_text},
};

// ---- the document

Lido *lido_open(Str text, Err *err)
{
    xmlTextReader *reader = xmlReaderForMemory(
        text.p, (int)text.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!reader)
        return err_null(err, ERR_CORRUPT, "the XML cannot be read");
    Lido *l = mem_alloc(sizeof(*l));
    l->reader = reader;
    return l;
}

void lido_close(Lido *l)
{
    if (!l)
        return;
    xmlFreeTextReader(l->reader);
    free(l);
}

static LidoStep failed(Err *err, const char *why)
{
    err_note_at(err, __FILE__, __LINE__, ERR_CORRUPT, "%s", why);
    return LIDO_FAILED;
}

LidoStep lido_next(Lido *l, const FieldRules *rules, Arena *a, Delivered *ret, Err *err)
{
    int got;
    while ((got = xmlTextReaderRead(l->reader)) == 1) {
        if (xmlTextReaderNodeType(l->reader) == XML_READER_TYPE_DOCUMENT_TYPE)
            return failed(err, "the XML has a document type, which LIDO has not; it is not read");
        bool is_record = xmlTextReaderNodeType(l->reader) == XML_READER_TYPE_ELEMENT &&
                         strcmp((const char *)xmlTextReaderConstLocalName(l->reader), "lido") == 0;
        if (!is_record)
            continue;
        xmlNode *node = xmlTextReaderExpand(l->reader);
        if (!node)
            return failed(err, "the XML is damaged");
        Delivered d = {0};
        Reading r = {.d = &d, .rules = rules, .a = a};
        for (size_t i = 0; i < COUNT_OF(PATHS); i++)
            each(&r, node, str_from(PATHS[i].path), PATHS[i].kind, PATHS[i].visit);
        for (xmlNode *part = node->children; part && d.record.lang.n == 0; part = part->next)
            if (is_called(part, S("descriptiveMetadata")))
                d.record.lang = lang_of(&r, part);
        l->records++;
        *ret = d;
        return LIDO_RECORD;
    }
    if (got < 0)
        return failed(err, "the XML is damaged");
    return l->records ? LIDO_END : failed(err, "there is no LIDO record in it");
}
