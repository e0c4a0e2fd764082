// SPDX-License-Identifier: Apache-2.0
// The table of names, and what of it comes with the program (form: tools/gazetteer).
#include "place/int.h"
#include "text/text.h"

#include <math.h>
#include <stdlib.h>

#define EARTH_KM 6371.0

__asm__(".section .rodata\n"
        "place_gazetteer:\n"
        ".incbin \"" PLACE_GAZETTEER "\"\n"
        "place_gazetteer_end:\n"
        ".byte 0\n"
        ".previous\n");
extern const char place_gazetteer[], place_gazetteer_end[];

// ---- the table

uint32_t register_add(Register *t, const Entry *entry)
{
    if (t->entries_count == t->entries_capacity) {
        t->entries_capacity = t->entries_capacity ? t->entries_capacity * 2 : 64;
        t->entries = mem_grow(t->entries, t->entries_capacity, sizeof(*t->entries));
    }
    t->entries[t->entries_count] = *entry;
    return (uint32_t)t->entries_count++;
}

void register_add_name(Register *t, Str key, uint32_t entry)
{
    if (key.n == 0)
        return;
    if (t->names_count == t->names_capacity) {
        t->names_capacity = t->names_capacity ? t->names_capacity * 2 : 64;
        t->names = mem_grow(t->names, t->names_capacity, sizeof(*t->names));
    }
    t->names[t->names_count++] = (Name){key, entry};
}

static int by_key(const void *a, const void *b)
{
    const Name *x = a, *y = b;
    const int order = str_compare(x->key, y->key);
    return order ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

void register_sort(Register *t)
{
    if (t->names_count > 1)
        qsort(t->names, t->names_count, sizeof(*t->names), by_key);
}

void register_free(Register *t)
{
    free(t->entries);
    free(t->names);
}

int register_find(const Register *t, Str key, const Entry **ret, int max)
{
    size_t low = 0, high = t->names_count;
    int count = 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (str_compare(t->names[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < t->names_count && str_eq(t->names[low].key, key) && count < max; low++) {
        const Entry *entry = &t->entries[t->names[low].entry];
        if (count == 0 || ret[count - 1] != entry)
            ret[count++] = entry;
    }
    return count;
}

// ---- what comes with the program

static PlaceKind kind_of(char letter)
{
    switch (letter) {
    case 'C':
        return PLACE_COUNTRY;
    case 'R':
        return PLACE_REGION;
    case 'A':
        return PLACE_AREA;
    default:
        return PLACE_TOWN;
    }
}

static double number_of(Str *rest)
{
    Str piece = S("");
    double value = 0;
    const bool good = str_next(rest, ' ', &piece) && str_to_double(piece, &value);
    assert(good); // our own file
    return value;
}

static void learn_line(Places *p, Str line)
{
    Str kind, country, head, name;
    const bool good =
        str_cut(line, '|', &head, &line) && str_next(&head, ' ', &kind) && str_next(&head, ' ', &country);
    assert(good && kind.n == 1);
    Entry entry = {.kind = kind_of(kind.p[0])};
    memcpy(entry.country, country.n == 2 ? country.p : "--", 2);
    entry.latitude = number_of(&head);
    entry.longitude = number_of(&head);
    entry.km = number_of(&head);
    entry.weight = number_of(&head);
    entry.name = line;
    (void)(str_cut(line, '|', &entry.name, &name));
    const uint32_t number = register_add(&p->shipped, &entry);
    while (str_next(&line, '|', &name)) {
        register_add_name(&p->shipped, text_key(p->arena, name), number);
    }
}

Places *places_empty(void)
{
    Places *p = mem_alloc(sizeof(*p));
    p->arena = arena_open();
    return p;
}

Places *places_open(void)
{
    Places *p = places_empty();
    Str rest = {place_gazetteer, (size_t)(place_gazetteer_end - place_gazetteer)}, line;
    while (str_next(&rest, '\n', &line))
        learn_line(p, line);
    register_sort(&p->shipped);
    return p;
}

void places_close(Places *p)
{
    if (p == NULL)
        return;
    register_free(&p->shipped);
    register_free(&p->own);
    arena_close(p->arena);
    free(p);
}

int64_t places_own(const Places *p)
{
    return (int64_t)p->own.names_count;
}

// ---- numbers

bool place_read_degrees(Str text, double most, double *ret)
{
    double value;
    if (!str_to_double(str_trim(text), &value) || fabs(value) > most)
        return false;
    *ret = value;
    return true;
}

bool place_read_spot(Str text, double *ret_latitude, double *ret_longitude)
{
    Str north, east;
    double latitude, longitude;
    if (!str_cut(text, ',', &north, &east) || !place_read_degrees(north, 90, &latitude) ||
        !place_read_degrees(east, 180, &longitude))
        return false;
    *ret_latitude = latitude;
    *ret_longitude = longitude;
    return true;
}

// The haversine formula on a sphere.
double place_apart_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b)
{
    const double degree = M_PI / 180;
    const double north = sin((latitude_b - latitude_a) * degree / 2);
    const double east = sin((longitude_b - longitude_a) * degree / 2);
    const double h = north * north + cos(latitude_a * degree) * cos(latitude_b * degree) * east * east;
    return 2 * EARTH_KM * asin(fmin(1, sqrt(h)));
}
