/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * secret - key bytes in pages of their own: locked and out of core dumps where
 * the kernel lets us, wiped before the pages go back. A process may be allowed
 * to lock little memory (RLIMIT_MEMLOCK), so failing to lock is no error.
 */
#include "cocotransport/keys/secret.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct Secret {
    size_t len;              /* what is said to be in use */
    size_t mapped;           /* what munmap needs */
    uint8_t *bytes;
};

Secret *
secret_new(size_t len)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    Secret *s;

    g_assert(len >= 1 && len <= SECRET_MAX);
    s = g_new0(Secret, 1);
    s->len = len;
    s->mapped = (len + page - 1) / page * page;
    s->bytes = mmap(NULL, s->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s->bytes == MAP_FAILED)
        g_error("out of memory for %zu secret bytes", len);
    (void)mlock(s->bytes, s->mapped);
    (void)madvise(s->bytes, s->mapped, MADV_DONTDUMP);

    return s;
}

Secret *
secret_copy(const void *data, size_t len)
{
    Secret *s = secret_new(len);

    memcpy(s->bytes, data, len);
    return s;
}

Secret *
secret_dup(const Secret *s)
{
    return s != NULL ? secret_copy(s->bytes, s->len) : NULL;
}

void
secret_free(Secret *s)
{
    if (s == NULL)
        return;
    gnutls_memset(s->bytes, 0, s->mapped);
    (void)munmap(s->bytes, s->mapped);
    g_free(s);
}

void
secret_wipe(Secret *s)
{
    gnutls_memset(s->bytes, 0, s->mapped);
}

Secret *
secret_reuse(Secret *old, size_t len)
{
    g_assert(len >= 1);
    if (old == NULL || len > old->mapped) {
        secret_free(old);
        return secret_new(len);
    }
    secret_wipe(old);
    old->len = len;

    return old;
}

uint8_t *
secret_bytes(Secret *s)
{
    return s->bytes;
}

const uint8_t *
secret_peek(const Secret *s)
{
    return s->bytes;
}

size_t
secret_len(const Secret *s)
{
    return s->len;
}

bool
secret_equal(const Secret *a, const Secret *b)
{
    return a->len == b->len && gnutls_memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Looks at every byte, so that the time says nothing about where the first set bit is. */
bool
secret_is_zero(const Secret *s)
{
    uint8_t any = 0;

    for (size_t i = 0; i < s->len; i++)
        any |= s->bytes[i];
    return any == 0;
}

void
secret_truncate(Secret *s, size_t len)
{
    g_assert(len >= 1 && len <= s->len);
    gnutls_memset(s->bytes + len, 0, s->len - len);
    s->len = len;
}

gnutls_datum_t
secret_datum(const Secret *s)
{
    return (gnutls_datum_t){ s->bytes, (unsigned int)s->len };
}

/* One byte more than @max is read for, so that a larger file is seen. */
Secret *
secret_read_fd(int fd, size_t min, size_t max, GError **error)
{
    g_autoptr(Secret) s = secret_new(max + 1);
    size_t have = 0;

    while (have <= max) {
        const ssize_t n = read(fd, s->bytes + have, max + 1 - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_errno(error, errno, "cannot read the secret");
            return NULL;
        }
        if (n == 0)
            break;
        have += (size_t)n;
    }
    if (have < MAX(min, 1) || have > max) {
        error_malformed(error, "the secret has to be %zu to %zu bytes long", MAX(min, 1), max);
        return NULL;
    }
    secret_truncate(s, have);

    return g_steal_pointer(&s);
}

Secret *
secret_read_file(const char *path, size_t min, size_t max, GError **error)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    Secret *s;

    if (fd < 0) {
        error_errno(error, errno, "%s", path);
        return NULL;
    }
    s = secret_read_fd(fd, min, max, error);
    if (s == NULL)
        g_prefix_error(error, "%s: ", path);
    (void)close(fd);

    return s;
}
