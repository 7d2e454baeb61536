/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * secret - key bytes that are wiped when freed, locked and kept out of core
 * dumps where the kernel lets us, and compared in constant time.
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX (16u * 1024 * 1024)

typedef struct Secret Secret;

Secret        *secret_new(size_t len);                        /* zeroes; 1 to SECRET_MAX bytes */
Secret        *secret_copy(const void *data, size_t len);
Secret        *secret_dup(const Secret *s);                   /* NULL of NULL */
void           secret_free(Secret *s);                        /* NULL is fine */
/* For what is needed again and again, since pages cost more than what is done in them: @old,
 * which may be NULL, is taken over; zeroes. */
Secret        *secret_reuse(Secret *old, size_t len);
void           secret_wipe(Secret *s);
uint8_t       *secret_bytes(Secret *s);
const uint8_t *secret_peek(const Secret *s);
size_t         secret_len(const Secret *s);
bool           secret_equal(const Secret *a, const Secret *b);
bool           secret_is_zero(const Secret *s);
/* Shortens what secret_len() says; the rest is wiped. */
void           secret_truncate(Secret *s, size_t len);

/* A view for GnuTLS, valid as long as @s is. */
gnutls_datum_t secret_datum(const Secret *s);

/* A file of @min to @max bytes straight into a Secret, for --psk-file and its kin. */
Secret        *secret_read_fd(int fd, size_t min, size_t max, GError **error);
Secret        *secret_read_file(const char *path, size_t min, size_t max, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Secret, secret_free)
