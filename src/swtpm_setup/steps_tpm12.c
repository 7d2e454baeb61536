/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steps_tpm12 - the same for a TPM 1.2 (tpm12.h).
 */
#include "config.h"

#include "swtpm_setup/setup.h"

#include "base/error.h"
#include "base/keyfile.h"
#include "swtpm_setup/tpm12.h"

#define EK_CERT_NV 0x1000f000
#define PLATFORM_CERT_NV 0x1000f002

static gboolean
take_ownership(struct setup *s, struct tpm12 *t, const guint8 *modulus, GError **error)
{
    const struct setup_config *c = s->config;
    const struct tpm12_passwords passwords = {
        .owner = c->owner_well_known ? NULL : c->ownerpass != NULL ? c->ownerpass : "ooo",
        .srk = c->srk_well_known ? NULL : c->srkpass != NULL ? c->srkpass : "sss",
    };

    if (!c->take_ownership)
        return TRUE;
    if (!tpm12_take_ownership(t, modulus, &passwords, error))
        return FALSE;
    report_say(s->report, "Successfully took ownership of the TPM.");
    return TRUE;
}

static CertJob *
certify(struct setup *s, const char *type, const char *key, GError **error)
{
    const struct cert_request request = {
        .type = type, .key = key, .vmid = s->config->vmid, .facts = &s->facts,
    };

    return cert_begin(&request, s->conf, s->report, error);
}

static gboolean
store_cert(struct setup *s, struct tpm12 *t, const char *role, const char *title, guint32 index,
           GBytes *cert, GError **error)
{
    if (cert == NULL)
        return TRUE;
    if (!tpm12_nv_store(t, index, cert, error))
        return FALSE;
    if (!made_add_area(&s->made, role, index, cert, error))
        return FALSE;
    report_say(s->report, "Successfully created NVRAM area for %s certificate.", title);
    return TRUE;
}

#define CERT_HEADER_SIZE 7

/* In the TPM a certificate is a TCG_PCCLIENT_STORED_CERT; the file is what stands in that. */
static gboolean
write_cert_file(struct setup *s, GBytes *cert, GError **error)
{
    const char *folder = s->config->write_ek_cert_files;
    g_autoptr(GBytes) plain = NULL;

    if (folder == NULL || cert == NULL)
        return TRUE;
    if (g_bytes_get_size(cert) <= CERT_HEADER_SIZE)
        return error_malformed(error, "The EK certificate is too short.");
    plain = g_bytes_new_from_bytes(cert, CERT_HEADER_SIZE,
                                   g_bytes_get_size(cert) - CERT_HEADER_SIZE);
    return cert_write_file(folder, "ek", "rsa2048", plain, error);
}

/* NULL without a job, or without success. */
static GBytes *
certified(struct setup *s, CertJob *job, GError **error)
{
    return job == NULL ? NULL : cert_end(job, s->report, error);
}

/* Both are made before either is stored: so it has always looked in the log. */
static gboolean
certify_all(struct setup *s, struct tpm12 *t, const guint8 *modulus, GError **error)
{
    const struct setup_config *c = s->config;
    g_autofree char *key = hex_encode(modulus, TPM12_MODULUS_SIZE);
    g_autoptr(CertJob) ek_job = c->create_ek_cert ? certify(s, "ek", key, error) : NULL;
    g_autoptr(CertJob) platform_job = NULL;
    g_autoptr(GBytes) ek = NULL;
    g_autoptr(GBytes) platform = NULL;

    if (c->create_ek_cert && ek_job == NULL)
        return FALSE;
    if (c->create_platform_cert) {
        platform_job = certify(s, "platform", key, error);
        if (platform_job == NULL)
            return FALSE;
    }
    ek = certified(s, ek_job, error);
    if (c->create_ek_cert && ek == NULL)
        return FALSE;
    platform = certified(s, platform_job, error);
    if (c->create_platform_cert && platform == NULL)
        return FALSE;
    return write_cert_file(s, ek, error)
           && store_cert(s, t, "ek-certificate", "EK", EK_CERT_NV, ek, error)
           && store_cert(s, t, "platform-certificate", "Platform", PLATFORM_CERT_NV, platform,
                         error);
}

static gboolean
make_ek(struct setup *s, struct tpm12 *t, GError **error)
{
    guint8 modulus[TPM12_MODULUS_SIZE];

    if (!s->config->createek)
        return TRUE;
    if (!tpm12_create_ek(t, modulus, error))
        return FALSE;
    report_say(s->report, "Successfully created EK.");
    return take_ownership(s, t, modulus, error) && certify_all(s, t, modulus, error);
}

gboolean
setup_tpm12(struct setup *s, GError **error)
{
    struct tpm12 t = { .fd = child_data_fd(s->child) };

    if (!tpm12_activate(&t, error) || !make_ek(s, &t, error))
        return FALSE;
    if (!s->config->lock_nvram)
        return TRUE;
    if (!tpm12_nv_lock(&t, error))
        return FALSE;
    report_say(s->report, "Successfully locked NVRAM access.");
    return TRUE;
}
