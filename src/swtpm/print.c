/* SPDX-License-Identifier: BSD-3-Clause */
#include "swtpm/print.h"

#include <string.h>

#include "base/error.h"

enum when {
    ALWAYS,
    NOT_CUSE,
    TPM2_ONLY,               /* with --tpm2 on the command line */
    COCOTPM_ONLY,            /* consumers compare the line: ours only for who asks */
    RSA_SIZES,               /* the place where libtpms' key sizes stand */
};

/* In swtpm's order. */
static const struct {
    const char *name;
    enum when when;
} features[] = {
    { "tpm-1.2", ALWAYS },
    { "tpm-2.0", ALWAYS },
    { "tpm-send-command-header", NOT_CUSE },
    { "flags-opt-startup", ALWAYS },
    { "flags-opt-disable-auto-shutdown", ALWAYS },
    { "ctrl-opt-terminate", ALWAYS },
    { "cmdarg-seccomp", ALWAYS },
    { "cmdarg-key-fd", ALWAYS },
    { "cmdarg-pwd-fd", ALWAYS },
    { "cmdarg-print-states", ALWAYS },
    { "cmdarg-chroot", ALWAYS },
    { "cmdarg-migration", ALWAYS },
    { "nvram-backend-dir", ALWAYS },
    { "nvram-backend-file", ALWAYS },
    { NULL, RSA_SIZES },
    { "cmdarg-print-info", ALWAYS },
    { "tpmstate-opt-lock", ALWAYS },
    { "tpmstate-dir-backend-opt-backup", ALWAYS },
    { "tpmstate-dir-backend-opt-fsync", ALWAYS },
    { "cmdarg-pcap", ALWAYS },
    { "systemd-notify", ALWAYS },
    { "cmdarg-cocotpm", COCOTPM_ONLY },
};

static void
add(GString *out, const char *name)
{
    g_string_append_printf(out, "%s \"%s\"", out->str[out->len - 1] == '[' ? "" : ",", name);
}

/* libtpms says {"TPMFeatures":{"RSAKeySizes":[1024,2048,3072], …}}. */
static void
add_rsa_sizes(GString *out, Engine *engine)
{
    g_autofree char *info = engine_info(engine, 4);
    const char *list = strstr(info, "\"RSAKeySizes\":[");
    g_auto(GStrv) sizes = NULL;
    g_autofree char *numbers = NULL;

    if (list == NULL)
        return;
    list = strchr(list, '[') + 1;
    numbers = g_strndup(list, strcspn(list, "]"));
    sizes = g_strsplit(numbers, ",", -1);
    for (char **size = sizes; *size != NULL; size++) {
        g_autofree char *name = g_strdup_printf("rsa-keysize-%s", g_strstrip(*size));

        add(out, name);
    }
}

char *
print_capabilities(const struct swtpm_config *config, Engine *engine)
{
    g_autoptr(GString) out = g_string_new("{ \"type\": \"swtpm\", \"features\": [");

    for (gsize i = 0; i < G_N_ELEMENTS(features); i++) {
        switch (features[i].when) {
        case NOT_CUSE:
            if (config->interface == SWTPM_CUSE)
                continue;
            break;
        case TPM2_ONLY:
            if (!config->tpm2)
                continue;
            break;
        case COCOTPM_ONLY:
            if (config->cocotpm == NULL)
                continue;
            break;
        case RSA_SIZES:
            if (config->tpm2)
                add_rsa_sizes(out, engine);
            continue;
        case ALWAYS:
        default:
            break;
        }
        add(out, features[i].name);
    }
    g_string_append(out, " ], \"profiles\": { ");
    if (config->tpm2)
        g_string_append(out, "\"names\": [ ], \"algorithms\": { }, \"commands\": { } ");
    g_string_append(out, "}, \"version\": \"" SWTPM_INTERFACE_VERSION "\" }\n");
    return g_strdup(out->str);
}

char *
print_states(Store *store)
{
    g_autoptr(GString) out = g_string_new("{ \"type\": \"swtpm\", \"states\": [");

    for (int kind = ENGINE_STATE_PERMANENT; kind <= ENGINE_STATE_SAVE; kind++) {
        const char *name = engine_state_name((enum engine_state)kind);
        gssize size = store_size(store, name);

        if (size >= 0)
            g_string_append_printf(out, "%s {\"name\": \"%s\", \"size\": %zd}",
                                   out->str[out->len - 1] == '[' ? "" : ",", name, size);
    }
    g_string_append_printf(out, "%s] }", out->str[out->len - 1] == '[' ? "" : " ");
    return g_strdup(out->str);
}

gboolean
print_info(Engine *engine, const char *flags, char **ret, GError **error)
{
    char *end = NULL;
    guint64 value = g_ascii_strtoull(flags, &end, 0);
    g_autofree char *info = NULL;

    if (end == flags || *end != '\0')
        return error_malformed(error, "--print-info: '%s' is no number", flags);
    info = engine_info(engine, value);
    *ret = g_strconcat(info, "\n", NULL);
    return TRUE;
}

char *
print_profiles(void)
{
    return g_strdup("{ \"local\": [ ], \"distro\": [ ], \"builtin\": [ ] }\n");
}
