/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * certs - certificates by the program that the configuration names.
 */
#pragma once

#include "swtpm_setup/conf.h"
#include "swtpm_setup/report.h"

#define CERTIFICATE_MAX 8192

/* What the tool is told of the TPM (TPMSpecification and TPMAttributes of libtpms). */
struct cert_facts {
    char *family;
    gint64 level;
    gint64 revision;
    char *manufacturer;
    char *model;
    char *version;
};

/* From the JSON of CMD_GET_INFO, flags 1 and 2. */
gboolean cert_facts_parse(const char *json, struct cert_facts *ret, GError **error);
void cert_facts_clear(struct cert_facts *facts);

struct cert_request {
    const char *type;                /* "ek", "platform", "iak", "idevid" */
    const char *key;                 /* text of --ek */
    const char *vmid;                /* NULL: none */
    gboolean tpm2;
    const struct cert_facts *facts;
};

/* One that is being made by the tool, beside whatever else is done. */
typedef struct CertJob CertJob;

CertJob *cert_begin(const struct cert_request *request, const Conf *conf, Report *report,
                    GError **error);
/* Waits for it, and says what was called and what that said. Once. */
GBytes *cert_end(CertJob *c, Report *report, GError **error);
/* FOLDER/ROLE-NAME.crt for whoever wants it outside of the TPM; no @folder: nothing to do. */
gboolean cert_write_file(const char *folder, const char *role, const char *name, GBytes *cert,
                         GError **error);
void cert_job_free(CertJob *c);      /* NULL is fine; waits, too */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CertJob, cert_job_free)
