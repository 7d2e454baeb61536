/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm2 - the commands that make a TPM 2 ready, by ESAPI: keys, NV areas, PCR
 * banks.
 */
#pragma once

#include <glib.h>
#include <tss2/tss2_esys.h>

typedef struct Tpm2 Tpm2;

/* Over a connected descriptor, borrowed. */
Tpm2 *tpm2_open(int fd, GError **error);
/* A TPM that runs, by the text that tpm2-tools take: "device:/dev/tpmrm0", "swtpm:path=…". */
Tpm2 *tpm2_open_tcti(const char *name, GError **error);
void tpm2_close(Tpm2 *t);            /* NULL is fine */
ESYS_CONTEXT *tpm2_esys(Tpm2 *t);
/* One place turns a TSS2_RC into our error. */
gboolean tpm2_ok(TSS2_RC rc, const char *what, GError **error);

/* An algorithm of keys: "rsa2048", "ecc_nist_p384", … */
struct key_algorithm {
    const char *name;
    const char *alias;               /* second spelling; NULL: none */
    const char *words;               /* "RSA 2048" */
    const char *file;                /* "rsa2048", as in ek-rsa2048.crt */
    guint16 bits;                    /* RSA */
    TPM2_ECC_CURVE curve;            /* ECC; 0: RSA */
    TPM2_ALG_ID name_alg;
    guint16 aes;
    gboolean low_range;              /* EK template of the low range: policy A, a nonce */
    guint32 ek_handle, ek_nv, ek_template_nv;
};

/* NULL: not known. */
const struct key_algorithm *key_algorithm_find(const char *name);
/* All of them, one after the other; NULL: the end. */
const struct key_algorithm *key_algorithm_at(guint n);

enum key_role {
    KEY_EK,
    KEY_SPK,
    KEY_IAK,
    KEY_IDEVID,
};

struct key_wish {
    enum key_role role;
    const struct key_algorithm *algorithm;
    guint32 handle;
    gboolean signing;                /* EK: --allow-signing */
    gboolean decryption;             /* EK: with --allow-signing, can decrypt as well */
};

/* Makes a primary key, keeps it under its handle; its public area, to be freed by Esys_Free. */
gboolean tpm2_make_key(Tpm2 *t, const struct key_wish *wish, TPM2B_PUBLIC **ret, GError **error);
/* As --ek of the certificate tool takes it: hex modulus, or x=…,y=…,id=curve. */
char *tpm2_key_text(const TPM2B_PUBLIC *public);
/* Whether a persistent key or an NV index is there. */
gboolean tpm2_has_handle(Tpm2 *t, guint32 handle, gboolean *ret, GError **error);
/* A persistent key's public area, to be freed by Esys_Free; NULL in @ret: there is none. */
gboolean tpm2_read_public(Tpm2 *t, guint32 handle, TPM2B_PUBLIC **ret, GError **error);
/* TPMT_PUBLIC as bytes. */
GBytes *tpm2_public_bytes(const TPMT_PUBLIC *public, GError **error);
/* The name of a key, hex. */
char *tpm2_key_name(Tpm2 *t, guint32 handle, GError **error);
/* The template of an EK as NV areas hold it (TPMT_PUBLIC). */
GBytes *tpm2_key_template(const struct key_wish *wish, GError **error);

/* Defines an area as EK certificates have it, writes it, locks it with @lock. */
gboolean tpm2_nv_store(Tpm2 *t, guint32 index, GBytes *data, gboolean lock, GError **error);
/* Takes an area away that may be there. */
gboolean tpm2_nv_remove(Tpm2 *t, guint32 index, GError **error);
/* An area somebody may write again: read by all, written under platform authorisation. */
gboolean tpm2_nv_replace(Tpm2 *t, guint32 index, GBytes *data, GError **error);

/* Names of the banks that are there, comma separated, to be freed. */
char *tpm2_pcr_banks(Tpm2 *t, GError **error);
/* Activates those of @wanted ("sha1,sha256") that are there; which they are, to be freed. */
char *tpm2_pcr_allocate(Tpm2 *t, const char *wanted, GError **error);

/* Dictionary attack: tries, seconds until one is forgiven, seconds of lockout recovery. */
gboolean tpm2_dictionary_attack(Tpm2 *t, guint32 tries, guint32 recovery, guint32 lockout,
                                GError **error);

gboolean tpm2_shutdown(Tpm2 *t, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tpm2, tpm2_close)
