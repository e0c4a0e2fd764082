// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "preserve/format.h"

#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Twice: the head alone, and with the rest behind a short head to be read.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    Format format = format_of((Str){(const char *)data, MIN_OF(size, (size_t)FORMAT_HEAD_BYTES)}), whole;
    assert(format.name.n && (format.reason.n == 0) == (format.risk == FORMAT_LASTING));
    CLEANUP(fd_closep) int fd = memfd_create("format", MFD_CLOEXEC);
    if (fd >= 0 && file_write_all(fd, (Str){(const char *)data, size}, &err) &&
        format_of_file(fd, size, &whole, &err))
        assert(size > FORMAT_HEAD_BYTES || whole.kind == format.kind);
    return 0;
}
