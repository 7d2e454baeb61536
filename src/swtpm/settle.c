/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "swtpm/settle.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib.h>

#define SETTLE_SECONDS 3

/*
 * Segments without write permission only: nothing in them was ever changed
 * (what the dynamic linker relocates lies in writable ones, also when it is
 * protected afterwards), so the file has all of it. A failure costs nothing
 * but the memory.
 */
static int
drop_text(struct dl_phdr_info *object, size_t size, void *data)
{
    const uintptr_t mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;

    (void)size;
    (void)data;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        const uintptr_t begin = (object->dlpi_addr + segment->p_vaddr) & ~mask;
        const uintptr_t end = object->dlpi_addr + segment->p_vaddr + segment->p_memsz;

        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
            (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
    return 0;
}

static gboolean
settle(gpointer user)
{
    (void)user;
    malloc_trim(0);
    dl_iterate_phdr(drop_text, NULL);
    return G_SOURCE_REMOVE;
}

void
settle_later(void)
{
    g_timeout_add_seconds(SETTLE_SECONDS, settle, NULL);
}
