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
};

void made_init(struct made *m);
void made_clear(struct made *m);
void made_add_key(struct made *m, const char *role, const char *algorithm, guint32 handle,
                  char *name /* taken */);
void made_add_area(struct made *m, const char *role, guint32 index, gsize size);
/* One JSON object, to be freed. */
char *made_json(const struct made *m);
