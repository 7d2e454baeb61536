/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * kinds - which extensions each kind of certificate has.
 */
#include "config.h"

#include "swtpm_cert/kinds.h"

#include "base/error.h"

#define PURPOSE_EK "2.23.133.8.1"
#define PURPOSE_PLATFORM "2.23.133.8.2"
#define PURPOSE_AIK "2.23.133.8.3"
#define PURPOSE_CLIENT "1.3.6.1.5.5.7.3.2"

static const struct cert_kind kinds[] = {
    { .type = "ek", .purpose = PURPOSE_EK, .tpm2 = TRUE, .specification = TRUE,
      .tpm_names = TRUE },
    { .type = "ek", .purpose = PURPOSE_EK, .specification = TRUE, .tpm_names = TRUE },
    { .type = "platform", .purpose = PURPOSE_PLATFORM, .tpm2 = TRUE, .purpose_last = TRUE,
      .platform_names = TRUE },
    { .type = "platform", .purpose = PURPOSE_PLATFORM, .purpose_last = TRUE, .tpm_names = TRUE,
      .platform_names = TRUE },
    { .type = "iak", .purpose = PURPOSE_AIK, .tpm2 = TRUE, .signs = TRUE, .tpm_names = TRUE },
    { .type = "idevid", .purpose = PURPOSE_CLIENT, .tpm2 = TRUE, .signs = TRUE,
      .tpm_names = TRUE },
};

const struct cert_kind *
cert_kind_find(const struct cert_config *c, GError **error)
{
    const char *type = c->type != NULL ? c->type : "ek";

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_str_equal(kinds[i].type, type) && kinds[i].tpm2 == c->tpm2)
            return &kinds[i];
    error_malformed(error, "Unknown certificate type '%s'.", type);
    return NULL;
}

/* Three names that belong together, under OIDs of one kind. */
static gboolean
add_names(struct tcg_name **at, const char *const oids[static 3], const char *const values[static 3],
          const char *who, GError **error)
{
    for (guint i = 0; i < 3; i++) {
        if (values[i] == NULL)
            return error_malformed(error, "--%s-manufacturer and --%s-model and --%s version must "
                                   "all be provided", who, who, who);
        (*at)->oid = oids[i];
        (*at)->value = values[i];
        (*at)++;
    }
    return TRUE;
}

gboolean
cert_kind_names(const struct cert_kind *kind, const struct cert_config *c, struct tcg_name *ret,
                GError **error)
{
    static const char *const tpm[] = { "2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3" };
    static const char *const platform[] = { "2.23.133.5.1.1", "2.23.133.5.1.4",
                                            "2.23.133.5.1.5" };
    static const char *const old_platform[] = { "2.23.133.2.4", "2.23.133.2.5", "2.23.133.2.6" };
    const char *const tpm_values[] = { c->tpm_manufacturer, c->tpm_model, c->tpm_version };
    const char *const platform_values[] = { c->platform_manufacturer, c->platform_model,
                                            c->platform_version };
    struct tcg_name *at = ret;

    /* A platform's certificate for a TPM 2 does not repeat them, and has always asked for them. */
    if (!kind->tpm_names && (c->tpm_manufacturer == NULL || c->tpm_model == NULL
                             || c->tpm_version == NULL))
        return error_malformed(error, "--tpm-manufacturer and --tpm-model and --tpm version must "
                               "all be provided");
    if (kind->tpm_names && !add_names(&at, tpm, tpm_values, "tpm", error))
        return FALSE;
    if (kind->platform_names
        && !add_names(&at, kind->tpm2 ? platform : old_platform, platform_values, "platform",
                      error))
        return FALSE;
    at->oid = NULL;
    return TRUE;
}
