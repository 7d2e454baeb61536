/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake - a platform and an instance for the tests of the sealed state: keys
 * are a hash over what was asked for and over the image that asks.
 */
#pragma once

#include "cocotransport/seal/header.h"
#include "swtpm/store/sealed.h"

typedef struct fake fake_t;

struct fake {
    struct provider_fake {
        const char *image;               /* enters the key, as MEASUREMENT does */
        guint asked;                     /* how often a key was asked for */
        gboolean refuses, zeroes;
    } provider;
    char *folder;
    char *state, *next, *witness;        /* paths */
    gboolean with_witness;
    gboolean owner_required, drops;
    GBytes *owner_required_for, *drops_witness_for, *moves_witness_for;  /* policies, borrowed */
    const guint8 *owner_key;             /* NULL: the policy names none */
    enum seal_bind bind;
    guint64 policy_tcb_floor;
    guint32 policy_svn_floor;
    const char *judge_says;              /* not NULL: refused with these words, */
    GBytes *judge_says_of;               /* this policy, or NULL: any; borrowed */
    guint judged, waited, went_on, noticed, fatal;
    char *fatal_words;
    struct sealed_config config;
    Secret *owner;
};

extern const guint8 fake_uuid[16];
extern const char fake_policy[];

struct fake *fake_new(void);
void fake_free(struct fake *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fake_t, fake_free)

/* A whole instance: provisioned with @tpm as its TPM state. Aborts on failure. */
void fake_make(struct fake *f, const char *tpm);
/* Opens, or gives NULL and what was said in @ret_words (may be NULL). */
SealedStore *fake_open(struct fake *f, char **ret_words);
void fake_save(SealedStore *s, const char *tpm);
/* What the store loads as TPM state, to be freed. */
char *fake_load(SealedStore *s);

GBytes *fake_read(const char *path);
void fake_write(const char *path, const void *data, gsize len);
void fake_copy(const char *from, const char *to);
gboolean fake_exists(const char *path);
