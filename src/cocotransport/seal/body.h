/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * body - what is inside a sealed file: policy, secrets, attach log, libtpms'
 * permanent state; {u16 type, u32 length, value}, ascending, each once.
 */
#pragma once

#include "cocotransport/keys/secret.h"
#include "cocotransport/seal/attach_log.h"
#include "cocotransport/seal/header.h"

#define SEALED_POLICY_MAX 65536u
#define SEALED_CHAIN_MAX 65536u
#define SEALED_TPM_MAX (2u * 1024 * 1024)
#define SEALED_CLIENT_KEY_MAX 16384u

typedef struct sealed_body sealed_body_t;

struct sealed_body {
    GBytes *policy;                      /* as given at provisioning, byte for byte */
    GBytes *chain;                       /* certificates of roots given by file; NULL: none */
    Secret *psk;                         /* NULL: bootstrap */
    Secret *recovery;                    /* NULL: not recoverable */
    Secret *witness_key;                 /* PEM, private; NULL: no witness */
    GBytes *witness_certificate;         /* PEM */
    AttachLog *log;
    Secret *tpm;                         /* libtpms' permanent state; NULL before the first store */
};

gboolean body_parse(const Secret *plain, struct sealed_body *ret, GError **error);
/* A Secret of exactly the right size, so that no copy of a secret stays in the heap; in @memory
 * where that is not NULL (secret_reuse), which is taken over. */
Secret  *body_write(const struct sealed_body *body, Secret *memory, GError **error);
void     body_clear(struct sealed_body *body);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sealed_body_t, body_clear)
