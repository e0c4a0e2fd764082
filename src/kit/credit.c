// SPDX-License-Identifier: Apache-2.0
// The same facts in three spellings: RDF in an SVG, XMP (ISO 16684-1; the properties of Dublin Core, XMP
// Rights, Photoshop and Creative Commons that people's programs show), and PNG's own keywords.
#include "kit/int.h"
#include "manifest/manifest.h"

enum { WORDS_MAX_BYTES = 32 * 1024, TEXT_MAX_BYTES = 2000 };

// What the file says of how it was made.
static Str piece_words(KitPiece piece)
{
    switch (piece) {
    case KIT_PART:
        return S("part");
    case KIT_TILE:
        return S("seamless tile");
    case KIT_FLAT:
        return S("in few colours");
    case KIT_TRACE:
        return S("drawn in curves");
    case KIT_STICKER:
        return S("cut out of its ground");
    case KIT_FACTS:
    case KIT_PIECES:
        break;
    }
    return S("colours and repeat");
}

static Str conditions(Derive derive, Arena *a)
{
    static const Str by[] = {[DERIVE_FREE] = {"", 0},
        [DERIVE_CREDIT] = S("Give the credit."),
        [DERIVE_SHARE_ALIKE] = S("Give the credit; share what you make under the same licence.")};
    const Str commerce = derive.no_commerce ? S("Not for commerce.") : S("");
    return str_trim(arena_printf(a, FMT_STR " " FMT_STR, ARG_STR(by[derive.as]), ARG_STR(commerce)));
}

static Str makers(const Record *record, Arena *a)
{
    Str *names = arena_array(a, Str, record->makers.count + 1);
    for (size_t i = 0; i < record->makers.count; i++)
        names[i] = record->makers.items[i].name;
    return arena_join(a, names, record->makers.count, S("; "));
}

static Str bounded(Str text)
{
    size_t n = MIN_OF(text.n, (size_t)TEXT_MAX_BYTES);
    while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
        n--; // never inside a character
    return str_slice(text, 0, n);
}

Credit credit_make(const Kit *kit, const KitSource *source, KitPiece piece, Str base_url, Arena *a)
{
    const Record *record = &source->record;
    const Str title = bounded(record_title(record, record->lang)), words = piece_words(piece);
    const Str service = manifest_image_url(a, base_url, source->media->id);
    const Str region = kit_region_text(source->region, a);
    const Str name = title.n ? title : record->accession.n ? bounded(record->accession) : bounded(record->id);
    Credit credit = {
        .title = arena_printf(a, FMT_STR " (" FMT_STR ")", ARG_STR(name), ARG_STR(words)),
        .maker = bounded(makers(record, a)),
        .credit = bounded(record->credit.n ? record->credit : kit->museum_name),
        .collection = bounded(record->collection.n ? record->collection : kit->museum_name),
        .accession = bounded(record->accession),
        .rights = bounded(source->media->rights.n ? source->media->rights : record->rights),
        // Without an address of its own the museum can still say where the record came from.
        .page = base_url.n || !record->url.n ? manifest_object_url(a, base_url, record->id)
                                             : bounded(record->url),
        .source =
            arena_printf(a, FMT_STR "/" FMT_STR "/max/0/default.jpg", ARG_STR(service), ARG_STR(region)),
        .conditions = conditions(source->derive, a),
    };
    credit.licence = bounded(record->licence.n ? record->licence : credit.rights);
    credit.description =
        arena_printf(a, "Made from the part " FMT_STR " of a picture of " FMT_STR ": " FMT_STR ".",
            ARG_STR(region), ARG_STR(name), ARG_STR(words));
    return credit;
}

// ---- XML

// Text and attribute alike. Characters that XML has no place for are left out.
static void put_xml(Buf *b, Str text)
{
    for (size_t i = 0; i < text.n; i++) {
        const unsigned char c = (unsigned char)text.p[i];
        if (c == '<')
            buf_add(b, S("&lt;"));
        else if (c == '>')
            buf_add(b, S("&gt;"));
        else if (c == '&')
            buf_add(b, S("&amp;"));
        else if (c == '"')
            buf_add(b, S("&quot;"));
        else if (c >= ' ')
            buf_add_char(b, (char)c);
        else if (c == '\n' || c == '\t')
            buf_add_char(b, ' ');
    }
}

static void put_plain(Buf *b, const char *name, Str text)
{
    if (!text.n)
        return;
    buf_printf(b, "<%s>", name);
    put_xml(b, text);
    buf_printf(b, "</%s>\n", name);
}

// A property with a value in the language nobody asked for, as Dublin Core in XMP wants it.
static void put_alt(Buf *b, const char *name, Str text)
{
    if (!text.n)
        return;
    buf_printf(b, "<%s><rdf:Alt><rdf:li xml:lang=\"x-default\">", name);
    put_xml(b, text);
    buf_printf(b, "</rdf:li></rdf:Alt></%s>\n", name);
}

static void put_one_of(Buf *b, const char *name, const char *list, Str text)
{
    if (!text.n)
        return;
    buf_printf(b, "<%s><rdf:%s><rdf:li>", name, list);
    put_xml(b, text);
    buf_printf(b, "</rdf:li></rdf:%s></%s>\n", list, name);
}

static void put_address(Buf *b, const char *name, Str address)
{
    if (!address.n)
        return;
    buf_printf(b, "<%s rdf:resource=\"", name);
    put_xml(b, address);
    buf_add(b, S("\"/>\n"));
}

static void put_rdf(const Credit *c, Buf *b)
{
    buf_add(b, S("<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
                 "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
                 "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" "
                 "xmlns:xmpRights=\"http://ns.adobe.com/xap/1.0/rights/\" "
                 "xmlns:photoshop=\"http://ns.adobe.com/photoshop/1.0/\" "
                 "xmlns:cc=\"http://creativecommons.org/ns#\">\n"));
    put_alt(b, "dc:title", c->title);
    put_one_of(b, "dc:creator", "Seq", c->maker);
    put_alt(b, "dc:description", c->description);
    put_alt(b, "dc:rights", c->licence);
    put_one_of(b, "dc:publisher", "Bag", c->collection);
    put_plain(b, "dc:identifier", c->accession);
    put_plain(b, "dc:source", c->source);
    put_plain(b, "photoshop:Credit", c->credit);
    put_plain(b, "photoshop:Source", c->page);
    put_plain(b, "xmpRights:WebStatement", c->rights.n ? c->rights : c->page);
    put_alt(b, "xmpRights:UsageTerms", c->conditions);
    put_plain(b, "cc:attributionName", c->credit);
    put_address(b, "cc:attributionURL", c->page);
    put_address(b, "cc:license", c->rights);
    put_plain(b, "xmp:CreatorTool", S("Vitrine " VITRINE_VERSION));
    buf_add(b, S("</rdf:Description>\n</rdf:RDF>\n"));
}

bool credit_rdf(const Credit *credit, Arena *a, Str *ret, Err *err)
{
    CLEANUP(buf_free) Buf b = buf_with_max(WORDS_MAX_BYTES);
    put_rdf(credit, &b);
    return buf_into(&b, a, ret, err);
}

bool credit_words(const Credit *credit, Arena *a, PictureWords *ret, Err *err)
{
    CLEANUP(buf_free) Buf b = buf_with_max(WORDS_MAX_BYTES);
    buf_add(&b, S("<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
                  "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"));
    put_rdf(credit, &b);
    buf_add(&b, S("</x:xmpmeta>\n<?xpacket end=\"r\"?>"));
    *ret = (PictureWords){
        .texts = {{"Title", credit->title}, {"Author", credit->maker}, {"Description", credit->description},
            {"Copyright",
                arena_printf(a, FMT_STR ". " FMT_STR, ARG_STR(credit->licence), ARG_STR(credit->credit))},
            {"Source", credit->page}, {"Comment", credit->conditions}},
        .texts_count = 6};
    return buf_into(&b, a, &ret->xmp, err);
}
