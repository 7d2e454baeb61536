/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * format - swtpm's own frame around libtpms' state, in files and in the blobs
 * of the control channel: a header of ten bytes and TLVs, plain or encrypted.
 * Bytes are exchanged with every swtpm since 0.1.
 */
#pragma once

#include "swtpm/store/store.h"

/*
 * What can be wrong, with the numbers that the control channel answers (TPM
 * 1.2 result codes); a caller that answers nobody treats them all alike.
 */
#define FORMAT_ERROR (format_error_quark())
enum format_error {
    FORMAT_ERROR_LENGTH = 0x03,
    FORMAT_ERROR_FAIL = 0x09,
    FORMAT_ERROR_NO_KEY = 0x0d,
    FORMAT_ERROR_ENCRYPT = 0x20,
    FORMAT_ERROR_DECRYPT = 0x21,
    FORMAT_ERROR_KEY_LENGTH = 0x28,
    FORMAT_ERROR_SIZE = 0x2b,
    FORMAT_ERROR_VERSION = 0x2e,
};
GQuark format_error_quark(void);

/* The three fields of something encrypted. */
struct format_sealed {
    GBytes *data;
    GBytes *mac;
    GBytes *iv;              /* may be missing when read: then it counts as zeroes */
};
void format_sealed_clear(struct format_sealed *sealed);
typedef struct format_sealed format_sealed_t;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(format_sealed_t, format_sealed_clear)

/*
 * A key for states. An interface, so that a program that was given no key
 * needs no library for it; store/cipher.h makes them.
 */
typedef struct store_cipher StateKey;

struct state_key_ops {
    gboolean (*seal)(const StateKey *key, GBytes *plain, struct format_sealed *ret,
                     GError **error);
    /* Fails with FORMAT_ERROR_DECRYPT when the MAC does not hold. */
    GBytes *(*open)(const StateKey *key, const struct format_sealed *sealed, GError **error);
    void (*free)(StateKey *key);
};

struct store_cipher {
    const struct state_key_ops *ops;
    gsize len;               /* bytes: 16 or 32 */
};

void state_key_free(StateKey *key);   /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StateKey, state_key_free)

/* The content of a state file; @key may be NULL: plain. */
GBytes *format_file_write(GBytes *state, const StateKey *key, GError **error);
GBytes *format_file_parse(GBytes *file, const StateKey *key, GError **error);

/*
 * A blob as GET_STATEBLOB gives it: the file's TLVs (plain where @key is NULL),
 * wrapped once more, encrypted where @migration is not NULL.
 */
GBytes *format_blob_write(GBytes *state, const StateKey *key, const StateKey *migration,
                          GError **error);
/* A blob without migration encryption is taken although a migration key is there. */
GBytes *format_blob_parse(GBytes *blob, const StateKey *key, const StateKey *migration,
                          GError **error);
