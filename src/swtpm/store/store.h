/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * store - where the TPM's state lies, by libtpms' names ("permall",
 * "volatilestate", "savestate"). A store is a stack: a back end that keeps
 * bytes (folder, single file), a codec over it (plain, encrypted, sealed).
 */
#pragma once

#include <glib.h>

/* No state of libtpms comes near this; whatever is larger is not one. */
#define STORE_STATE_MAX (4u * 1024 * 1024)

typedef struct Store Store;

enum store_load {
    STORE_LOADED,
    STORE_ABSENT,            /* there is none: a new TPM may be made where that is allowed */
    STORE_FAILED,            /* damaged, foreign, unreadable: @error says which */
};

struct store_ops {
    enum store_load (*load)(Store *s, const char *name, GBytes **ret, GError **error);
    /* Returns only when the bytes are as durable as this kind of store promises. */
    gboolean (*save)(Store *s, const char *name, const guint8 *data, gsize len, GError **error);
    /* Absent is success unless @must_exist. */
    gboolean (*remove)(Store *s, const char *name, gboolean must_exist, GError **error);
    void (*free)(Store *s);

    /* Those below may be missing where a kind of store has nothing to do for them. */

    /* Keeps other processes out; tried again @retries times, 10 ms apart. Held twice is held. */
    gboolean (*lock)(Store *s, guint retries, GError **error);
    void (*unlock)(Store *s);
    /* How many bytes the state of that name takes there, readable or not; -1: there is none. */
    gssize (*size)(Store *s, const char *name);
};

/* Told, as a whole sentence, what a user has to know though nothing failed; may be NULL. */
typedef void (*store_notice)(const char *what);

/* First member of every kind of store. */
struct Store {
    const struct store_ops *ops;
};

/* The optional ones of the above: success where there is nothing to do. */
gboolean store_lock(Store *s, guint retries, GError **error);
void store_unlock(Store *s);
gssize store_size(Store *s, const char *name);
gboolean store_exists(Store *s, const char *name);

void store_free(Store *s);   /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)
