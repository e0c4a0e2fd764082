// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target once over every file of a folder: the corpus as an ordinary test, without a fuzzer.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t size = 0, capacity = 1 << 16;
    uint8_t *data = malloc(capacity);
    while (data && !feof(file)) {
        size += fread(data + size, 1, capacity - size, file);
        if (size == capacity)
            data = realloc(data, capacity *= 2);
    }
    fclose(file);
    if (!data)
        return 0;
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (!folder) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER (which must exist)\n", argv[0]);
        return 2;
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[4096];
        if (entry->d_name[0] != '.' &&
            snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name) < (int)sizeof(path))
            count += replay(path);
    }
    closedir(folder);
    printf("%d inputs replayed\n", count);
    return count ? 0 : 1; // an empty corpus proves nothing
}
