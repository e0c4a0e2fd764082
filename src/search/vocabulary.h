// SPDX-License-Identifier: Apache-2.0
// Concepts with labels in many languages. A record that names a concept by any label gets the concept, and
// everything broader, as terms of its document; a question that names it by any label asks for the term. So a
// language reaches every other one, and a broad word the narrower ones, at the price of one more term in the
// question.
#pragma once

#include "search/query.h"

typedef struct {
    const char *id, *broader; // broader: ids with blanks between
    const char *labels;       // "en:bronze,bronzes|fr:bronze"; the first is shown
} VocabularyRow;

const VocabularyRow *vocabulary_starter(size_t *ret_count);

Vocabulary *vocabulary_empty(void);
void vocabulary_free(Vocabulary *v); // of one that no index uses
// One line of a vocabulary, whatever form it came in.
void vocabulary_add(Vocabulary *v, Str concept, Str broader, Str lang, Str label);
// vocabulary_read.c: CSV (concept,broader,lang,kind,label), SKOS as RDF/XML or JSON-LD. ERR_INVALID,
// ERR_LIMIT.
bool vocabulary_read(Vocabulary *v, Str bytes, Err *err) MUST_CHECK;
bool vocabulary_read_rdf(Vocabulary *v, Str bytes, Err *err) MUST_CHECK;
