// SPDX-License-Identifier: Apache-2.0
// catalog/transcript: what stands written in a picture or is said in a film, part by part with its place. A
// record keeps it in its member `transcripts`:
//
//   [{"media": "1907.12:1", "lang": "en", "parts": [{"text": "...", "xywh": "10,20,300,40"}, ...]}, ...]
//
// A part's place is a region (`xywh`, pixels of the picture), a stretch of time (`t`, seconds: "12.5,14", as
// in the W3C's Media Fragments) or a `page`. Pure; foreign input: what is not of this form has no place, or
// is passed over.
#pragma once

#include "catalog/record.h"

enum { TRANSCRIPTS_MAX = 5000, TRANSCRIPT_PARTS_MAX = 20000 };

typedef struct {
    Str media; // id of the picture or film; empty: of the object as a whole
    Str lang;
    const Json *parts; // a list
} Transcript;

typedef struct {
    int left_px, top_px, width_px, height_px;
} TranscriptBox;

typedef struct {
    Str text;
    Str place; // "xywh=10,20,300,40", "t=12.5,14", "page=3"; empty: nowhere in particular
    bool has_box;
    TranscriptBox box;
} TranscriptPart;

// In the arena; they borrow from the record.
size_t transcripts_find(const Record *record, Arena *a, Transcript **ret);
size_t transcript_count(const Transcript *t); // of parts
TranscriptPart transcript_part(const Transcript *t, size_t index, Arena *a);

// Reads "10,20,300,40": false unless it is four whole numbers from 0, the last two from 1.
bool transcript_box_read(Str text, TranscriptBox *ret);
