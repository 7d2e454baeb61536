/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * keyfile - configuration that bears on trust: a GKeyFile read strictly. Lists
 * are separated by ';', items are stripped, comments stand on own lines; a
 * repeated group or key, an empty item, a group or key without a row, a byte
 * that is no UTF-8 or a file above KEYFILE_MAX are errors.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

#define KEYFILE_MAX 65536

/* Reads the items of one key into its field; leaves the field as it was on failure. */
typedef gboolean (*keyfile_read)(const char *const *items, void *field, GError **error);

struct keyfile_row {
    const char *group;       /* NULL ends the table */
    const char *key;         /* "prefix-*" would be a wildcard: there is none, spell each out */
    keyfile_read read;
    size_t field;            /* offset in the config struct */
    size_t given;            /* offset of a gboolean set when the key was there; 0 for none
                                (so let no such gboolean be the first member) */
    const char *help;
};

gboolean keyfile_parse(const char *text, gsize len, const struct keyfile_row *rows, void *config,
                       GError **error);

/* Readers of single values for rows: gboolean (yes|no), guint, guint64, char * (owned). */
gboolean keyfile_read_bool(const char *const *items, void *field, GError **error);
gboolean keyfile_read_uint(const char *const *items, void *field, GError **error);
gboolean keyfile_read_uint64(const char *const *items, void *field, GError **error);
gboolean keyfile_read_string(const char *const *items, void *field, GError **error);

/* Hex digits to exactly @len bytes; either case, no prefix. */
gboolean hex_decode(const char *text, void *out, size_t len, GError **error);
/* Lower case, to be freed. */
char *hex_encode(const void *data, size_t len);

#define UUID_SIZE 16
/* 8-4-4-4-12 hex digits; NULL is an error. */
gboolean uuid_parse(const char *text, guint8 ret[static UUID_SIZE], GError **error);
/* To be freed. */
char *uuid_text(const guint8 uuid[static UUID_SIZE]);
