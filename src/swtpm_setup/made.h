/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * made - what a run has made, for --json.
 */
#pragma once

#include <glib.h>

/* From made_init() to made_clear(). */
struct made {
    GPtrArray *keys;                 /* struct made_key * */
    GPtrArray *areas;                /* struct made_area * */
    char *pcr_banks;
    char *uuid;                      /* NULL: not a confidential TPM */
    char *policy_digest;
    char *birth_statement;           /* files; NULL: none */
    char *secrets;
};

struct made_key {
    char *role;                      /* "ek", "spk", "iak", "idevid" */
    char *algorithm;
    guint32 handle;
    char *name;                      /* hex of the TPM's name of it */
};

struct made_area {
    char *role;                      /* "ek-certificate", … */
    guint32 index;
    gsize size;
    guint8 digest[32];               /* SHA-256 */
    char *serial;                    /* of a certificate, hex; NULL: it is none */
    char *subject;
};

void made_init(struct made *m);
void made_clear(struct made *m);
void made_add_key(struct made *m, const char *role, const char *algorithm, guint32 handle,
                  char *name /* taken */);
gboolean made_add_area(struct made *m, const char *role, guint32 index, GBytes *data,
                       GError **error);
/* One JSON object, to be freed. */
char *made_json(const struct made *m);
