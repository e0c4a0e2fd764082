// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TiffLook look;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    if (tiff_look(fd, &look))
        assert(look.pages > 0 && look.pages <= TIFF_PAGES_MAX);
    close(fd);
    return 0;
}
