// SPDX-License-Identifier: Apache-2.0
// ingest/texts: files beside the pictures that say what stands written in them (ingest/written.h), found by
// name. A text belongs to the pictures of the same folder that have its name but for the endings; where there
// is none, to the record whose id or accession number it is called after.
#pragma once

#include "ingest/delivery.h"
#include "ingest/written.h"

typedef struct DeliveryText {
    int root;
    Str path, folder, stem, lang, shown;
    WrittenKind kind;
    bool beside;  // a picture is called so, in its folder
    bool claimed; // some record has it
} DeliveryText;

typedef struct {
    DeliveryText *items;
    size_t count, capacity;
    Str *keys; // of the stems, in the order of items
} DeliveryTexts;

// While walking: true if the file is such a text. In the arena of the delivery.
bool texts_add(DeliveryTexts *t, int root, Str path, Str shown, Arena *a);
// An .xml that is one by its root.
void texts_add_xml(DeliveryTexts *t, int root, Str path, Str shown, Arena *a);
// Afterwards, with every picture: sorts, and finds which texts lie beside one.
void texts_settle(DeliveryTexts *t, const DeliveryPicture *pictures, size_t count, Arena *a);
// Those of a picture; those called after a record. Borrowed. The last says how many.
size_t texts_beside(DeliveryTexts *t, const DeliveryPicture *picture, Arena *a, DeliveryText ***ret);
size_t texts_called(DeliveryTexts *t, Str id, Str accession, Arena *a, DeliveryText ***ret);
