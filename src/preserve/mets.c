// SPDX-License-Identifier: Apache-2.0
#include "preserve/mets.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "preserve/markup.h"

#define SOFTWARE "vitrine " VITRINE_VERSION

static void add_time(Buf *out, int64_t time_ms)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    buf_add(out, time_rfc3339(a, time_ms));
}

static void wrap(Buf *out, const char *element, const char *id, size_t number, const char *type)
{
    buf_printf(
        out, "<mets:%s ID=\"%s-%zu\"><mets:mdWrap MDTYPE=\"%s\"><mets:xmlData>", element, id, number, type);
}

static void unwrap(Buf *out, const char *element)
{
    buf_printf(out, "</mets:xmlData></mets:mdWrap></mets:%s>\n", element);
}

static void write_file_object(Buf *out, const MetsObject *object, const MetsFile *file, size_t number)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    wrap(out, "techMD", "object", number, "PREMIS:OBJECT");
    buf_add(out, S("<premis:object xsi:type=\"premis:file\"><premis:objectIdentifier>"
                   "<premis:objectIdentifierType>path in the object</premis:objectIdentifierType>"
                   "<premis:objectIdentifierValue>"));
    markup_text(out, object->object_id);
    buf_add_char(out, '/');
    markup_text(out, file->path);
    buf_add(out, S("</premis:objectIdentifierValue></premis:objectIdentifier><premis:objectCharacteristics>"
                   "<premis:fixity><premis:messageDigestAlgorithm>SHA-512</premis:messageDigestAlgorithm>"));
    markup_element(out, "premis:messageDigest", sha512_hex(a, &file->digest));
    buf_printf(out,
        "</premis:fixity><premis:size>%llu</premis:size><premis:format><premis:formatDesignation>",
        (unsigned long long)file->size_bytes);
    markup_element(out, "premis:formatName", file->format.name);
    buf_add(out, S("</premis:formatDesignation>"));
    if (file->format.pronom.n) {
        buf_add(
            out, S("<premis:formatRegistry><premis:formatRegistryName>PRONOM</premis:formatRegistryName>"));
        markup_element(out, "premis:formatRegistryKey", file->format.pronom);
        buf_add(out, S("</premis:formatRegistry>"));
    }
    buf_add(out, S("</premis:format></premis:objectCharacteristics>"));
    markup_element(out, "premis:originalName", file->original_name);
    buf_add(out, S("</premis:object>"));
    unwrap(out, "techMD");
}

static void write_mix(Buf *out, const MetsFile *file, size_t number)
{
    wrap(out, "techMD", "mix", number, "NISOIMG");
    buf_printf(out,
        "<mix:mix><mix:BasicImageInformation><mix:BasicImageCharacteristics><mix:imageWidth>%d</"
        "mix:imageWidth>"
        "<mix:imageHeight>%d</mix:imageHeight></mix:BasicImageCharacteristics></mix:BasicImageInformation></"
        "mix:mix>",
        file->width_px, file->height_px);
    unwrap(out, "techMD");
}

static void write_event(Buf *out, size_t number, const char *type, int64_t time_ms, Str detail, size_t agent)
{
    wrap(out, "digiprovMD", "event", number, "PREMIS:EVENT");
    buf_printf(out,
        "<premis:event><premis:eventIdentifier><premis:eventIdentifierType>number in the object"
        "</premis:eventIdentifierType><premis:eventIdentifierValue>%zu</premis:eventIdentifierValue>"
        "</premis:eventIdentifier><premis:eventType>%s</premis:eventType><premis:eventDateTime>",
        number, type);
    add_time(out, time_ms);
    buf_add(out, S("</premis:eventDateTime>"));
    if (detail.n) {
        buf_add(out, S("<premis:eventDetailInformation>"));
        markup_element(out, "premis:eventDetail", detail);
        buf_add(out, S("</premis:eventDetailInformation>"));
    }
    buf_printf(out,
        "<premis:eventOutcomeInformation><premis:eventOutcome>success</premis:eventOutcome>"
        "</premis:eventOutcomeInformation><premis:linkingAgentIdentifier><premis:linkingAgentIdentifierType>"
        "number in the object</premis:linkingAgentIdentifierType><premis:linkingAgentIdentifierValue>%zu"
        "</premis:linkingAgentIdentifierValue></premis:linkingAgentIdentifier></premis:event>",
        agent);
    unwrap(out, "digiprovMD");
}

static void write_agent(Buf *out, size_t number, Str name, const char *type)
{
    wrap(out, "digiprovMD", "agent", number, "PREMIS:AGENT");
    buf_printf(out,
        "<premis:agent><premis:agentIdentifier><premis:agentIdentifierType>number in the object"
        "</premis:agentIdentifierType><premis:agentIdentifierValue>%zu</premis:agentIdentifierValue>"
        "</premis:agentIdentifier>",
        number);
    markup_element(out, "premis:agentName", name);
    buf_printf(out, "<premis:agentType>%s</premis:agentType></premis:agent>", type);
    unwrap(out, "digiprovMD");
}

// The program is agent 1; who wrote version n is agent n + 1.
static void write_history(Buf *out, const MetsObject *object)
{
    size_t events = 0;
    for (size_t i = 0; i < object->versions_count; i++)
        write_event(out, ++events, i ? "metadata modification" : "ingestion", object->versions[i].created_ms,
            object->versions[i].message, i + 2);
    if (object->versions_count)
        write_event(out, ++events, "message digest calculation", object->versions[0].created_ms, (Str){0}, 1);
    if (object->verified_ms)
        write_event(out, ++events, "fixity check", object->verified_ms, (Str){0}, 1);
    write_agent(out, 1, S(SOFTWARE), "software");
    for (size_t i = 0; i < object->versions_count; i++)
        write_agent(out, i + 2, object->versions[i].user_name, "person");
}

static void write_file_list(Buf *out, const MetsObject *object)
{
    buf_add(out, S("<mets:fileSec><mets:fileGrp USE=\"original\">\n"));
    for (size_t i = 0; i < object->files_count; i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        const MetsFile *file = &object->files[i];
        buf_printf(out, "<mets:file ID=\"file-%zu\" ADMID=\"object-%zu", i + 1, i + 1);
        if (file->width_px > 0)
            buf_printf(out, " mix-%zu", i + 1);
        buf_printf(out,
            "\" SIZE=\"%llu\" MIMETYPE=\"" FMT_STR "\" CHECKSUMTYPE=\"SHA-512\" CHECKSUM=\"" FMT_STR "\">",
            (unsigned long long)file->size_bytes, ARG_STR(file->format.mime),
            ARG_STR(sha512_hex(a, &file->digest)));
        buf_add(out, S("<mets:FLocat LOCTYPE=\"URL\" xlink:type=\"simple\" xlink:href=\""));
        buf_add(out, uri_encode(a, file->path, "/"));
        buf_add(out, S("\"/></mets:file>\n"));
    }
    buf_add(out, S("</mets:fileGrp></mets:fileSec>\n"));
}

void mets_write(const MetsObject *object, Buf *out)
{
    buf_add(out,
        S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<mets:mets xmlns:mets=\"http://www.loc.gov/METS/\" "
          "xmlns:xlink=\"http://www.w3.org/1999/xlink\" xmlns:premis=\"http://www.loc.gov/premis/v3\" "
          "xmlns:mix=\"http://www.loc.gov/mix/v20\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
          "OBJID=\""));
    markup_text(out, object->object_id);
    buf_add(out, S("\" LABEL=\""));
    markup_text(out, object->title);
    buf_add(out, S("\">\n<mets:metsHdr CREATEDATE=\""));
    add_time(out, object->now_ms);
    buf_add(
        out, S("\"><mets:agent ROLE=\"CREATOR\" TYPE=\"OTHER\" OTHERTYPE=\"SOFTWARE\"><mets:name>" SOFTWARE
               "</mets:name></mets:agent></mets:metsHdr>\n<mets:amdSec ID=\"administration\">\n"));
    for (size_t i = 0; i < object->files_count; i++) {
        write_file_object(out, object, &object->files[i], i + 1);
        if (object->files[i].width_px > 0)
            write_mix(out, &object->files[i], i + 1);
    }
    write_history(out, object);
    buf_add(out, S("</mets:amdSec>\n"));
    write_file_list(out, object);
    buf_add(out, S("<mets:structMap TYPE=\"physical\"><mets:div TYPE=\"object\" ADMID=\"event-1\">"));
    for (size_t i = 0; i < object->files_count; i++)
        buf_printf(out, "<mets:fptr FILEID=\"file-%zu\"/>", i + 1);
    buf_add(out, S("</mets:div></mets:structMap>\n</mets:mets>\n"));
}
