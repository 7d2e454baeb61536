/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steps_tpm2 - what happens to a new TPM 2, step by step, in the order in which
 * swtpm_setup has always done it.
 */
#include "config.h"

#include "swtpm_setup/setup.h"

#include "base/error.h"
#include "swtpm_setup/import.h"

#define SPK_HANDLE 0x81000001
#define PLATFORM_CERT_NV 0x01c08000
#define IAK_HANDLE 0x81020001
#define IAK_CERT_NV 0x01c90100
#define IDEVID_HANDLE 0x81020000
#define IDEVID_CERT_NV 0x01c90200

/* One key, the names of what goes with it, and what of that is under way. */
struct subject {
    struct key_wish wish;
    const char *role;                /* "ek" */
    const char *title;               /* "EK" */
    guint32 cert_nv;
    guint32 template_nv;             /* 0: none */

    TPM2B_PUBLIC *public;
    char *name;                      /* of the key, hex */
    CertJob *cert;                   /* NULL: none wanted */
    CertJob *platform;               /* NULL: none wanted, or another subject's */
};

#define SUBJECTS_MAX 4

static gboolean
store_area(struct setup *s, guint32 index, const char *role, GBytes *data, gboolean lock,
           GError **error)
{
    if (!tpm2_nv_store(s->tpm, index, data, lock, error))
        return FALSE;
    return made_add_area(&s->made, role, index, data, error);
}

/*
 * The tool is not told of --allow-signing: swtpm_setup never did, and whoever
 * wants that in the certificate says it in the tool's options.
 */
static CertJob *
begin_cert(struct setup *s, const char *type, const char *key, GError **error)
{
    const struct cert_request request = {
        .type = type,
        .key = key,
        .vmid = s->config->vmid,
        .tpm2 = TRUE,
        .facts = &s->facts,
    };

    return cert_begin(&request, s->conf, s->report, error);
}

static gboolean
begin_certs(struct setup *s, struct subject *subject, GError **error)
{
    const struct setup_config *c = s->config;
    g_autofree char *key = tpm2_key_text(subject->public);

    if (subject->cert_nv == 0)
        return TRUE;
    if (c->create_ek_cert) {
        subject->cert = begin_cert(s, subject->role, key, error);
        if (subject->cert == NULL)
            return FALSE;
    }
    if (subject->wish.role != KEY_EK || !c->create_platform_cert || s->platform_certified)
        return TRUE;
    s->platform_certified = TRUE;
    subject->platform = begin_cert(s, "platform", key, error);
    return subject->platform != NULL;
}

static gboolean
end_cert(struct setup *s, CertJob *job, const char *type, GBytes **ret, GError **error)
{
    if (job == NULL)
        return TRUE;
    report_begin(s->report, "Making the %s certificate", type);
    *ret = cert_end(job, s->report, error);
    return *ret != NULL;
}

static gboolean
store_platform_cert(struct setup *s, GBytes *cert, GError **error)
{
    if (cert == NULL)
        return TRUE;
    if (!store_area(s, PLATFORM_CERT_NV, "platform-certificate", cert, s->config->lock_nvram,
                    error))
        return FALSE;
    report_say(s->report, "Successfully created NVRAM area 0x%x for platform certificate.",
               PLATFORM_CERT_NV);
    return TRUE;
}

/* Both certificates are made before either is stored: so it has always looked in the log. */
static gboolean
end_certs(struct setup *s, const struct subject *subject, GError **error)
{
    const struct key_algorithm *a = subject->wish.algorithm;
    g_autofree char *role = g_strconcat(subject->role, "-certificate", NULL);
    g_autoptr(GBytes) cert = NULL;
    g_autoptr(GBytes) platform = NULL;

    if (!end_cert(s, subject->cert, subject->role, &cert, error)
        || !end_cert(s, subject->platform, "platform", &platform, error))
        return FALSE;
    if (cert != NULL) {
        if (!cert_write_file(s->config->write_ek_cert_files, subject->role, a->file, cert, error)
            || !store_area(s, subject->cert_nv, role, cert, s->config->lock_nvram, error))
            return FALSE;
        report_say(s->report, "Successfully created NVRAM area 0x%x for %s %s certificate.",
                   subject->cert_nv, a->words, subject->title);
    }
    return store_platform_cert(s, platform, error);
}

/* A key that is none of the standard templates needs its own beside it, to be made again. */
static gboolean
store_template(struct setup *s, const struct subject *subject, GError **error)
{
    g_autoptr(GBytes) template = NULL;

    if (!subject->wish.signing || subject->template_nv == 0)
        return TRUE;
    template = tpm2_key_template(&subject->wish, error);
    if (template == NULL
        || !store_area(s, subject->template_nv, "ek-template", template, s->config->lock_nvram,
                       error))
        return FALSE;
    report_say(s->report, "Successfully created NVRAM area 0x%x for %s %s template.",
               subject->template_nv, subject->wish.algorithm->words, subject->title);
    return TRUE;
}

static gboolean
remember_ek(struct setup *s, const struct subject *subject, GError **error)
{
    GBytes *bytes;

    if (subject->wish.role != KEY_EK)
        return TRUE;
    bytes = tpm2_public_bytes(&subject->public->publicArea, error);
    if (bytes == NULL)
        return FALSE;
    g_ptr_array_add(s->ek_publics, bytes);
    return TRUE;
}

/* The key, and its certificates are on their way. */
static gboolean
begin_subject(struct setup *s, struct subject *subject, GError **error)
{
    report_begin(s->report, "Making the %s %s", subject->wish.algorithm->words, subject->title);
    if (!tpm2_make_key(s->tpm, &subject->wish, &subject->public, error))
        return FALSE;
    subject->name = tpm2_key_name(s->tpm, subject->wish.handle, error);
    return subject->name != NULL && begin_certs(s, subject, error);
}

static gboolean
end_subject(struct setup *s, struct subject *subject, GError **error)
{
    const struct key_algorithm *a = subject->wish.algorithm;

    made_add_key(&s->made, subject->role, a->name, subject->wish.handle,
                 g_steal_pointer(&subject->name));
    report_say(s->report, "Successfully created %s %s with handle 0x%x.", a->words,
               subject->title, subject->wish.handle);
    return remember_ek(s, subject, error) && store_template(s, subject, error)
           && end_certs(s, subject, error);
}

static void
subject_clear(struct subject *subject)
{
    Esys_Free(subject->public);
    g_free(subject->name);
    cert_job_free(subject->cert);
    cert_job_free(subject->platform);
}

/*
 * While a certificate is signed by another process, the TPM makes the next key.
 * What is said, and what fails first, keeps the order of the keys.
 */
static gboolean
make_subjects(struct setup *s, struct subject *subjects, guint count, GError **error)
{
    g_autoptr(GError) later = NULL;
    guint begun = 0;
    gboolean done = TRUE;

    while (begun < count && begin_subject(s, &subjects[begun], &later))
        begun++;
    for (guint i = 0; done && i < begun; i++)
        done = end_subject(s, &subjects[i], error);
    if (done && later != NULL) {
        g_propagate_error(error, g_steal_pointer(&later));
        done = FALSE;
    }
    for (guint i = 0; i < count; i++)
        subject_clear(&subjects[i]);
    return done;
}

static gboolean
make_spk(struct setup *s, GError **error)
{
    const struct key_wish wish = {
        .role = KEY_SPK,
        .algorithm = s->spk,
        .handle = SPK_HANDLE,
    };
    TPM2B_PUBLIC *public = NULL;
    char *name;

    if (!s->config->create_spk)
        return TRUE;
    report_begin(s->report, "Making the storage primary key");
    if (!tpm2_make_key(s->tpm, &wish, &public, error))
        return FALSE;
    Esys_Free(public);
    name = tpm2_key_name(s->tpm, SPK_HANDLE, error);
    if (name == NULL)
        return FALSE;
    made_add_key(&s->made, "spk", wish.algorithm->name, SPK_HANDLE, name);
    report_say(s->report, "Successfully created storage primary key with handle 0x%x.",
               SPK_HANDLE);
    return TRUE;
}

static struct subject
ek_subject(const struct setup *s, const struct key_algorithm *a)
{
    return (struct subject){
        .wish = {
            .role = KEY_EK,
            .algorithm = a,
            .handle = a->ek_handle,
            .signing = s->config->allow_signing,
            .decryption = s->config->decryption,
        },
        .role = "ek",
        .title = "EK",
        .cert_nv = a->ek_nv,
        .template_nv = a->ek_template_nv,
    };
}

static gboolean
make_keys(struct setup *s, GError **error)
{
    const struct subject identity[] = {
        { .wish = { .role = KEY_IDEVID, .algorithm = s->idevid, .handle = IDEVID_HANDLE },
          .role = "idevid", .title = "IDevID", .cert_nv = IDEVID_CERT_NV },
        { .wish = { .role = KEY_IAK, .algorithm = s->iak, .handle = IAK_HANDLE },
          .role = "iak", .title = "IAK", .cert_nv = IAK_CERT_NV },
    };
    struct subject subjects[SUBJECTS_MAX];
    guint count = 0;

    for (guint i = 0; s->config->createek && i < G_N_ELEMENTS(s->ek); i++)
        subjects[count++] = ek_subject(s, s->ek[i]);
    for (guint i = 0; i < G_N_ELEMENTS(identity); i++)
        if (identity[i].wish.algorithm != NULL)
            subjects[count++] = identity[i];
    return make_subjects(s, subjects, count, error);
}

static gboolean
activate_banks(struct setup *s, GError **error)
{
    g_autofree char *all = NULL;
    g_autofree char *active = NULL;

    if (g_str_equal(s->pcr_banks, "-"))
        return TRUE;
    all = tpm2_pcr_banks(s->tpm, error);
    if (all == NULL)
        return FALSE;
    active = tpm2_pcr_allocate(s->tpm, s->pcr_banks, error);
    if (active == NULL)
        return FALSE;
    report_say(s->report, "Successfully activated PCR banks %s among %s.", active, all);
    s->made.pcr_banks = g_steal_pointer(&active);
    return TRUE;
}

/*
 * Without a clock that the host cannot drive, waiting is no protection: only
 * the number of tries counts (sealed-state.md, rule 6).
 */
static gboolean
limit_guessing(struct setup *s, GError **error)
{
    return s->config->cocotpm == NULL
           || tpm2_dictionary_attack(s->tpm, 32, G_MAXUINT32, G_MAXUINT32, error);
}

/* Anybody who can ask the TPM can read what binds its keys and its policy to a report. */
gboolean
setup_evidence(struct setup *s, gboolean renew, GError **error)
{
    struct confidential_part parts[EVIDENCE_PARTS];

    report_begin(s->report, "Asking the platform for a report");
    if (!confidential_endorse(s->confidential, s->config->nonce, s->ek_publics, error))
        return FALSE;
    confidential_evidence(s->confidential, parts);
    if (parts[0].bytes == NULL)
        report_say(s->report, "This platform makes no SNP report: no evidence is stored.");
    for (guint i = 0; i < EVIDENCE_PARTS; i++) {
        if (renew && !tpm2_nv_remove(s->tpm, parts[i].index, error))
            return FALSE;
        if (parts[i].bytes == NULL)
            continue;
        if (!store_area(s, parts[i].index, parts[i].role, parts[i].bytes, s->config->lock_nvram,
                        error))
            return FALSE;
        report_say(s->report, "Successfully created NVRAM area 0x%x for %s.", parts[i].index,
                   parts[i].role);
    }
    return TRUE;
}

static gboolean
store_evidence(struct setup *s, GError **error)
{
    return s->confidential == NULL || setup_evidence(s, FALSE, error);
}

static const struct step {
    gboolean (*run)(struct setup *s, GError **error);
    gboolean reconfigure;            /* part of --reconfigure as well */
} steps[] = {
    { make_spk, FALSE },
    { make_keys, FALSE },
    { activate_banks, TRUE },
    { limit_guessing, FALSE },
    { store_evidence, FALSE },
};

gboolean
setup_tpm2(struct setup *s, GError **error)
{
    s->tpm = tpm2_open(child_data_fd(s->child), error);
    if (s->tpm == NULL)
        return FALSE;
    if (s->imports != NULL)
        return import_store(s, s->imports, error) && tpm2_shutdown(s->tpm, error);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if ((steps[i].reconfigure || !s->config->reconfigure) && !steps[i].run(s, error))
            return FALSE;
    return tpm2_shutdown(s->tpm, error);
}
