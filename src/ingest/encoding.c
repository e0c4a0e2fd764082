// SPDX-License-Identifier: Apache-2.0
#include "ingest/encoding.h"

#include "base/utf8.h"

#include <unicode/ucnv.h>
#include <unicode/ucsdet.h>

void encoding_scan_free(EncodingScan *scan)
{
    buf_free(&scan->sample);
}

static void keep_line(EncodingScan *scan, Str piece, size_t at, size_t *ret_next)
{
    size_t from = at, to = at;
    while (from > 0 && piece.p[from - 1] != '\n' && at - from < 200)
        from--;
    while (to < piece.n && piece.p[to] != '\n' && to - at < 2000)
        to++;
    if (scan->sample.n + (to - from) + 1 <= ENCODING_SAMPLE_MAX_BYTES) {
        buf_add(&scan->sample, str_slice(piece, from, to));
        buf_add_char(&scan->sample, '\n');
    }
    *ret_next = to;
}

// How many of a character's bytes could still come: its first byte stands at the end of a piece.
static bool may_go_on(Str rest)
{
    unsigned char first = (unsigned char)rest.p[0];
    size_t want = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (first > 0xf4 || rest.n >= want)
        return false;
    for (size_t i = 1; i < rest.n; i++)
        if (((unsigned char)rest.p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

static void count_zeros(EncodingScan *scan, Str piece)
{
    if (!memchr(piece.p, '\0', piece.n))
        return;
    for (size_t i = 0; i < piece.n; i++)
        if (piece.p[i] == '\0')
            *((scan->bytes + i) % 2 ? &scan->zeros_odd : &scan->zeros_even) += 1;
}

// Finishes the character that the last piece began; tells how many bytes of this piece belonged to it.
static size_t finish_cut(EncodingScan *scan, Str piece)
{
    size_t had = scan->cut_count;
    if (had == 0)
        return 0;
    char whole[8];
    memcpy(whole, scan->cut, had);
    size_t more = MIN_OF(piece.n, 4 - had);
    memcpy(whole + had, piece.p, more);
    Str s = {whole, had + more};
    if (utf8_length_at(s, 0) == 0 && may_go_on(s)) { // the piece was a byte or two
        memcpy(scan->cut, whole, s.n);
        scan->cut_count = s.n;
        return more;
    }
    scan->cut_count = 0;
    size_t length = utf8_length_at(s, 0);
    if (length > had) {
        scan->good_characters++;
        return length - had;
    }
    scan->bad_bytes += had;
    return 0;
}

void encoding_scan(EncodingScan *scan, Str piece)
{
    if (piece.n == 0)
        return;
    if (scan->sample.max == 0)
        scan->sample = buf_with_max(ENCODING_SAMPLE_MAX_BYTES);
    while (scan->head_count < sizeof(scan->head) && scan->head_count - scan->bytes < piece.n) {
        scan->head[scan->head_count] = (unsigned char)piece.p[scan->head_count - scan->bytes];
        scan->head_count++;
    }
    count_zeros(scan, piece);
    size_t sampled_to = 0;
    for (size_t i = finish_cut(scan, piece); i < piece.n;) {
        uint64_t eight;
        if (i + 8 <= piece.n && (memcpy(&eight, piece.p + i, 8), (eight & 0x8080808080808080U) == 0)) {
            i += 8;
            continue;
        }
        if (!(piece.p[i] & 0x80)) {
            i++;
            continue;
        }
        if (i >= sampled_to)
            keep_line(scan, piece, i, &sampled_to);
        size_t length = utf8_length_at(piece, i);
        if (length) {
            scan->good_characters++;
            i += length;
        } else if (may_go_on(str_slice(piece, i, piece.n))) {
            scan->cut_count = piece.n - i;
            memcpy(scan->cut, piece.p + i, scan->cut_count);
            i = piece.n;
        } else {
            scan->bad_bytes++;
            i++;
        }
    }
    scan->bytes += piece.n;
}

static bool head_is(const EncodingScan *scan, const char *bytes, size_t count)
{
    return scan->head_count >= count && memcmp(scan->head, bytes, count) == 0;
}

static bool refuse_what_is_no_text(const EncodingScan *scan, Err *err)
{
    if (head_is(scan, "PK\3\4", 4))
        return err_set(err, ERR_UNSUPPORTED,
            "this is a ZIP or a spreadsheet workbook, not a text table: call it .xlsx, or save it as CSV "
            "UTF-8");
    if (head_is(scan, "\xd0\xcf\x11\xe0", 4))
        return err_set(err, ERR_UNSUPPORTED,
            "this is an old Excel or Word document, not a text table: save it as CSV UTF-8");
    if (head_is(scan, "%PDF", 4))
        return err_set(err, ERR_UNSUPPORTED, "this is a PDF, not a text table");
    return err_set(err, ERR_UNSUPPORTED, "this is not a text: it has zero bytes in it");
}

// The legacy encodings a museum meets. A detector's other answers (ISO-2022, EBCDIC) are noise to us.
static const struct {
    const char *detected, *name;
} LEGACY[] = {
    {"GB18030", "GB18030"},
    {"Big5", "Big5-HKSCS"},
    {"Shift_JIS", "windows-31j"},
    {"EUC-JP", "EUC-JP"},
    {"EUC-KR", "windows-949"},
    {"ISO-8859-1", "windows-1252"},
    {"windows-1252", "windows-1252"},
    {"ISO-8859-2", "windows-1250"},
    {"windows-1250", "windows-1250"},
    {"windows-1251", "windows-1251"},
    {"KOI8-R", "KOI8-R"},
    {"ISO-8859-7", "windows-1253"},
    {"windows-1253", "windows-1253"},
    {"ISO-8859-9", "windows-1254"},
    {"windows-1254", "windows-1254"},
    {"ISO-8859-8", "windows-1255"},
    {"windows-1255", "windows-1255"},
    {"windows-1256", "windows-1256"},
};

static int count_undecodable(const char *name, Str sample)
{
    UErrorCode status = U_ZERO_ERROR;
    UConverter *converter = ucnv_open(name, &status);
    if (U_FAILURE(status))
        return INT32_MAX;
    int count = 0;
    const char *from = sample.p, *end = sample.p + sample.n;
    while (from < end) {
        UChar out[1024];
        UChar *to = out;
        status = U_ZERO_ERROR;
        ucnv_toUnicode(converter, &to, out + COUNT_OF(out), &from, end, NULL, false, &status);
        for (UChar *c = out; c < to; c++)
            count += *c == 0xfffd;
        if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR)
            break;
    }
    ucnv_close(converter);
    return count;
}

static Str guess_legacy(Str sample)
{
    Str best = S("windows-1252");
    double best_score = -1;
    UErrorCode status = U_ZERO_ERROR;
    UCharsetDetector *detector = ucsdet_open(&status);
    ucsdet_setText(detector, sample.p, (int32_t)sample.n, &status);
    int32_t found = 0;
    const UCharsetMatch **matches = ucsdet_detectAll(detector, &found, &status);
    for (int32_t i = 0; U_SUCCESS(status) && i < found; i++) {
        const char *detected = ucsdet_getName(matches[i], &status);
        double confidence = ucsdet_getConfidence(matches[i], &status);
        for (size_t l = 0; l < COUNT_OF(LEGACY); l++) {
            if (strcmp(detected, LEGACY[l].detected) != 0)
                continue;
            // A character that cannot be read counts against a guess more than a likely letter counts for it.
            double score = confidence - 5.0 * count_undecodable(LEGACY[l].name, sample);
            if (best_score < 0 || score > best_score) {
                best = str_from(LEGACY[l].name);
                best_score = score > 0 ? score : 0;
            }
        }
    }
    ucsdet_close(detector);
    return best;
}

bool encoding_decide(EncodingScan *scan, Encoding *ret, Err *err)
{
    scan->bad_bytes += scan->cut_count;
    scan->cut_count = 0;
    Encoding e = {.name = S("UTF-8")};
    if (head_is(scan, "\xef\xbb\xbf", 3)) {
        e.mark_bytes = 3;
    } else if (head_is(scan, "\xff\xfe", 2)) {
        e = (Encoding){.name = S("UTF-16LE"), .mark_bytes = 2};
    } else if (head_is(scan, "\xfe\xff", 2)) {
        e = (Encoding){.name = S("UTF-16BE"), .mark_bytes = 2};
    } else if (scan->zeros_even + scan->zeros_odd > 0) {
        if (head_is(scan, "PK\3\4", 4) || head_is(scan, "\xd0\xcf\x11\xe0", 4) || scan->bytes % 2 ||
            (scan->zeros_even && scan->zeros_odd))
            return refuse_what_is_no_text(scan, err);
        e = (Encoding){.name = scan->zeros_odd ? S("UTF-16LE") : S("UTF-16BE"), .guessed = true};
    } else if (head_is(scan, "PK\3\4", 4) || head_is(scan, "%PDF", 4)) {
        return refuse_what_is_no_text(scan, err);
    } else if (scan->bad_bytes > scan->good_characters / 20) {
        // A few broken characters in a UTF-8 file are broken characters; many are another encoding.
        e = (Encoding){.name = guess_legacy(buf_str(&scan->sample)), .guessed = true};
    }
    *ret = e;
    return true;
}

bool encoding_named(Str name, Str *ret, Err *err)
{
    static const struct {
        const char *said, *meant;
    } COMMON[] = {
        {"ansi", "windows-1252"},
        {"latin1", "windows-1252"},
        {"latin-1", "windows-1252"},
        {"iso-8859-1", "windows-1252"},
        {"gbk", "GB18030"},
        {"gb2312", "GB18030"},
        {"big5", "Big5-HKSCS"},
        {"shift_jis", "windows-31j"},
        {"sjis", "windows-31j"},
    };
    char text[64];
    if (name.n == 0 || name.n >= sizeof(text) || memchr(name.p, '\0', name.n))
        return err_set(
            err, ERR_INVALID, "no encoding is called \"" FMT_STR "\"", ARG_STR(utf8_head(name, 60)));
    for (size_t i = 0; i < COUNT_OF(COMMON); i++)
        if (str_eq_nocase(name, str_from(COMMON[i].said)))
            return *ret = str_from(COMMON[i].meant), true;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    UErrorCode status = U_ZERO_ERROR;
    // The canonical name is static in ICU, unlike the converter.
    const char *known = ucnv_getStandardName(text, "IANA", &status);
    if (U_FAILURE(status) || !known)
        return err_set(err, ERR_INVALID, "no encoding is called \"%s\"", text);
    return *ret = str_from(known), true;
}
