// SPDX-License-Identifier: Apache-2.0
#include "visual/forms.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { FORMS_MAX = 16384, HALF_CELLS = FORM_CELLS / 2 };

static const char MAGIC[8] = "VISFORM1";

typedef struct {
    char magic[8];
    uint32_t pictures, groups;
    uint64_t rows_bytes, groups_at, file_bytes;
} FormsHead;

static size_t row_bytes(int width)
{
    return (size_t)(width + 7) / 8;
}

static size_t form_bytes(int width, int height)
{
    return row_bytes(width) * FORM_PLANES * (size_t)height;
}

static size_t group_bytes(int width, int height)
{
    return sizeof(FormsGroup) + (size_t)width * (size_t)height * (FORMS_LANES / 2);
}

// ---- writing

typedef struct {
    uint16_t picture;
    Form form; // halved
} Halved;

// Like beside like, so that a group is hardly larger than its pictures.
static int by_shape(const void *a, const void *b)
{
    const Halved *x = *(const Halved *const *)a, *y = *(const Halved *const *)b;
    if (x->form.height != y->form.height)
        return x->form.height - y->form.height;
    if (x->form.width != y->form.width)
        return x->form.width - y->form.width;
    return x->picture - y->picture;
}

static void write_rows(const Form *form, uint8_t *to)
{
    const size_t bytes = row_bytes(form->width);
    for (int y = 0; y < form->height; y++)
        for (int plane = 0; plane < FORM_PLANES; plane++)
            for (size_t b = 0; b < bytes; b++)
                *to++ = (uint8_t)(form->rows[y][plane] >> (8 * b));
}

static void write_group(Halved *const *of, int count, FormsGroup *group)
{
    for (int lane = 0; lane < FORMS_LANES; lane++) {
        group->picture[lane] = lane < count ? of[lane]->picture : FORMS_NOBODY;
        if (lane < count) {
            group->width = (uint16_t)MAX_OF(group->width, of[lane]->form.width);
            group->height = (uint16_t)MAX_OF(group->height, of[lane]->form.height);
        }
    }
    uint8_t *cells = (uint8_t *)(group + 1);
    for (int lane = 0; lane < count; lane++) {
        const Form *form = &of[lane]->form;
        for (int y = 0; y < form->height; y++) {
            for (int x = 0; x < form->width; x++) {
                unsigned nibble = 0;
                for (int plane = 0; plane < FORM_PLANES; plane++)
                    nibble |= (unsigned)(form->rows[y][plane] >> x & 1) << plane;
                cells[((size_t)y * group->width + (size_t)x) * (FORMS_LANES / 2) + (size_t)lane % 16] |=
                    (uint8_t)(nibble << (lane / 16 * 4));
            }
        }
    }
}

char *forms_file(const Form *forms, int count, size_t *ret_bytes)
{
    assert(count >= 1 && count <= FORMS_MAX);
    const int groups = (count + FORMS_LANES - 1) / FORMS_LANES;
    Halved *halved = mem_alloc(sizeof(*halved) * (size_t)count),
           **order = mem_alloc(sizeof(*order) * (size_t)count);
    size_t rows = 0;
    for (int i = 0; i < count; i++) {
        halved[i].picture = (uint16_t)i;
        form_halve(&forms[i], &halved[i].form);
        order[i] = &halved[i];
        rows += form_bytes(forms[i].width, forms[i].height);
    }
    qsort(order, (size_t)count, sizeof(*order), by_shape);
    const size_t rows_at = sizeof(FormsHead) + sizeof(FormsEntry) * (size_t)count;
    FormsHead head = {.pictures = (uint32_t)count, .groups = (uint32_t)groups, .rows_bytes = rows};
    memcpy(head.magic, MAGIC, sizeof(MAGIC));
    head.groups_at = (rows_at + rows + 31) / 32 * 32;
    char *bytes = mem_alloc(head.groups_at + (size_t)groups * group_bytes(HALF_CELLS, HALF_CELLS));
    FormsEntry *entries = (FormsEntry *)(void *)(bytes + sizeof(head));
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        entries[i] = (FormsEntry){
            .at = (uint32_t)at, .width = (uint8_t)forms[i].width, .height = (uint8_t)forms[i].height};
        write_rows(&forms[i], (uint8_t *)bytes + rows_at + at);
        at += form_bytes(forms[i].width, forms[i].height);
    }
    size_t end = head.groups_at;
    for (int g = 0; g < groups; g++) {
        FormsGroup *group = (FormsGroup *)(void *)(bytes + end);
        write_group(
            order + (size_t)g * FORMS_LANES, MIN_OF(count - g * FORMS_LANES, (int)FORMS_LANES), group);
        end += group_bytes(group->width, group->height);
    }
    head.file_bytes = end;
    memcpy(bytes, &head, sizeof(head));
    free(order);
    free(halved);
    *ret_bytes = end;
    return bytes;
}

// ---- reading

static bool check_entries(const Forms *f, uint64_t rows)
{
    for (uint32_t i = 0; i < f->pictures; i++) {
        const FormsEntry *e = &f->entries[i];
        if (e->width < 1 || e->width > FORM_CELLS || e->height < 1 || e->height > FORM_CELLS ||
            e->at + form_bytes(e->width, e->height) > rows)
            return false;
    }
    return true;
}

// Follows the groups to the end of the file.
static bool find_groups(Forms *f, size_t at)
{
    for (uint32_t g = 0; g < f->groups_count; g++) {
        if (f->map_bytes - at < sizeof(FormsGroup))
            return false;
        const FormsGroup *group = (const void *)((const char *)f->map + at);
        if (group->width < 1 || group->width > HALF_CELLS || group->height < 1 ||
            group->height > HALF_CELLS || f->map_bytes - at < group_bytes(group->width, group->height))
            return false;
        for (int lane = 0; lane < FORMS_LANES; lane++)
            if (group->picture[lane] >= f->pictures && group->picture[lane] != FORMS_NOBODY)
                return false;
        f->groups[g] = group;
        at += group_bytes(group->width, group->height);
    }
    return at == f->map_bytes;
}

static bool check_head(const FormsHead *head, uint64_t file_bytes, uint32_t pictures)
{
    const uint64_t rows_at = sizeof(*head) + sizeof(FormsEntry) * (uint64_t)pictures;
    return memcmp(head->magic, MAGIC, sizeof(MAGIC)) == 0 && head->pictures == pictures && pictures >= 1 &&
           pictures <= FORMS_MAX && head->file_bytes == file_bytes &&
           head->groups == (pictures + FORMS_LANES - 1) / FORMS_LANES && head->rows_bytes <= file_bytes &&
           head->groups_at <= file_bytes && head->groups_at == (rows_at + head->rows_bytes + 31) / 32 * 32;
}

Forms *forms_open(int fd, uint32_t pictures, Err *err)
{
    uint64_t file_bytes;
    FormsHead head;
    if (!file_size(fd, &file_bytes, err) || !file_read_at(fd, &head, sizeof(head), 0, err))
        return NULL;
    if (!check_head(&head, file_bytes, pictures))
        return err_null(err, ERR_CORRUPT, "forms of another kind or length");
    void *map = mmap(NULL, file_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return err_null(err, ERR_IO, "cannot map the forms: %s", strerror(errno));
    Forms *f = mem_alloc(sizeof(*f));
    *f = (Forms){.pictures = pictures, .groups_count = head.groups, .map = map, .map_bytes = file_bytes};
    f->entries = (const void *)((const char *)map + sizeof(head));
    f->rows = (const uint8_t *)(f->entries + pictures);
    f->groups = mem_alloc(sizeof(*f->groups) * head.groups);
    if (!check_entries(f, head.rows_bytes) || !find_groups(f, head.groups_at)) {
        forms_close(f);
        return err_null(err, ERR_CORRUPT, "forms are damaged");
    }
    return f;
}

void forms_close(Forms *f)
{
    if (f == NULL)
        return;
    munmap((void *)(uintptr_t)f->map, f->map_bytes);
    free(f->groups);
    free(f);
}

void forms_get(const Forms *f, uint32_t picture, Form *ret)
{
    const FormsEntry *e = &f->entries[picture];
    const uint8_t *from = f->rows + e->at;
    const size_t bytes = row_bytes(e->width);
    const uint64_t inside = (((uint64_t)1 << (e->width - 1)) << 1) - 1;
    *ret = (Form){.width = e->width, .height = e->height};
    for (int y = 0; y < e->height; y++) {
        for (int plane = 0; plane < FORM_PLANES; plane++) {
            for (size_t b = 0; b < bytes; b++)
                ret->rows[y][plane] |= (uint64_t)*from++ << (8 * b);
            ret->rows[y][plane] &= inside;
        }
    }
}
