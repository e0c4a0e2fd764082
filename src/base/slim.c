// SPDX-License-Identifier: Apache-2.0
// Loading dozens of shared objects touches most of their pages once: symbol tables, constructors, types. None
// of that is needed again, yet it would stay in memory with every process. Pages that were never written to
// are given back here; those that are used come again from the page cache.
#include "base/slim.h"

#include "base/base.h"

#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

// A library that corrects its own code while it is loaded: what was written there must stay.
static bool rewrites_code(const struct dl_phdr_info *library)
{
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[i];
        if (part->p_type != PT_DYNAMIC)
            continue;
        const ElfW(Dyn) *d = (const ElfW(Dyn) *)(library->dlpi_addr + part->p_vaddr);
        for (; d->d_tag != DT_NULL; d++)
            if (d->d_tag == DT_TEXTREL || (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_TEXTREL)))
                return true;
    }
    return false;
}

static int slim_library(struct dl_phdr_info *library, size_t bytes, void *ctx)
{
    (void)bytes, (void)ctx;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (rewrites_code(library))
        return 0;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W))
            continue;
        uintptr_t start = library->dlpi_addr + part->p_vaddr;
        uintptr_t from = (start + page - 1) / page * page, to = (start + part->p_memsz) / page * page;
        if (from < to) // where the kernel does not like it, nothing is lost
            (void)madvise((void *)from, to - from, MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
    }
    return 0;
}

void slim(void)
{
    dl_iterate_phdr(slim_library, NULL);
}
