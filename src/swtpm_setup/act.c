/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * act - the work is swtpm's, which has the platform's key (cocotpm_provision.h
 * there); a state that is only looked at needs nobody.
 */
#include "config.h"

#include "swtpm_setup/act.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/seal/header.h"
#include "cocotransport/seal/inspect.h"
#include "swtpm_setup/renew.h"

#include <stdio.h>
#include <string.h>

#define SEALED_NAME "tpm2-00.sealed"

/* --tpmstate is a folder, with or without "dir://". */
const char *
act_folder(const struct setup_config *config)
{
    const char *text = config->tpmstate;

    return g_str_has_prefix(text, "dir://") ? text + strlen("dir://") : text;
}

/* Nobody opens it: what it says may have been written by anybody, and the text says so. */
static gboolean
look(const struct setup_config *config, GError **error)
{
    g_autofree char *path = g_build_filename(act_folder(config), SEALED_NAME, NULL);
    g_autoptr(GBytes) file = io_read_file(path, SEALED_FILE_MAX, error);
    g_autofree char *words = NULL;
    gsize len;
    const void *data;

    if (file == NULL)
        return FALSE;
    data = g_bytes_get_data(file, &len);
    words = config->json ? inspect_json(data, len, FALSE, error)
                         : inspect_text(data, len, FALSE, error);
    if (words == NULL) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    printf("%s\n", words);

    return TRUE;
}

gboolean
act_asked(const struct setup_config *config)
{
    return config->recover || config->inspect || config->change_policy || config->renew_evidence;
}

Child *
act_child(const struct setup *s, const char *const *program, int output, GError **error)
{
    g_autofree char *tpmstate = g_strdup_printf("dir=%s", act_folder(s->config));

    return child_start(&(const struct child_config){
        .program = program,
        .tpm2 = TRUE,
        .tpmstate = tpmstate,
        .key_fd = -1,
        .logfile = s->config->logfile,
        .cocotpm = confidential_words(s->confidential),
        .provision_fd = confidential_fd(s->confidential),
        .output = output,
    }, error);
}

/* What swtpm does and is done with. */
static gboolean
run_swtpm(const struct setup *s, const char *const *program, GError **error)
{
    g_autoptr(Child) child = act_child(s, program, 0, error);

    return child != NULL && child_wait(child, error);
}

/* What the TPM's NV memory says of its policy has to follow. */
static gboolean
follow(struct setup *s, const char *const *program, GError **error)
{
    if (!confidential_renew(s->confidential, error) || !renew_evidence(s, program, error)) {
        g_prefix_error(error, "The policy is changed, but the evidence in the TPM is that of the "
                       "one before until --renew-evidence has renewed it: ");
        return FALSE;
    }
    return TRUE;
}

static enum provision_action
action_of(const struct setup_config *c)
{
    if (c->inspect)
        return c->json ? PROVISION_INSPECT : PROVISION_INSPECT_TEXT;
    return c->recover          ? PROVISION_RECOVER
           : c->renew_evidence ? PROVISION_RENEW
                               : PROVISION_CHANGE_POLICY;
}

static gboolean
run(struct setup *s, const char *const *program, GError **error)
{
    gboolean changes;

    s->confidential = confidential_new(s->config->cocotpm, action_of(s->config), error);
    if (s->confidential == NULL)
        return FALSE;
    if (s->config->renew_evidence)
        return renew_evidence(s, program, error);
    changes = confidential_changes(s->confidential);
    if (!changes && s->config->birth_statement != NULL)
        return error_malformed(error, "--birth-statement needs the signature, or --renew-evidence");
    return run_swtpm(s, program, error) && (!changes || follow(s, program, error));
}

static gboolean
check(const struct setup_config *c, GError **error)
{
    if (c->tpmstate == NULL)
        return error_malformed(error, "--tpm-state must be provided");
    if (c->recover + c->inspect + c->change_policy + c->renew_evidence > 1)
        return error_malformed(error, "--recover, --inspect, --change-policy and --renew-evidence "
                               "exclude each other");
    if ((c->nonce != NULL) != (c->birth_statement != NULL))
        return error_denied(error, "--nonce and --birth-statement belong together.");
    if (c->cocotpm != NULL || c->inspect)
        return TRUE;
    return error_malformed(error, c->recover ? "--recover needs --cocotpm id=,recovery-secret-fd="
                           : c->renew_evidence ? "--renew-evidence needs --cocotpm id=,policy="
                                               : "--change-policy needs --cocotpm id=,policy=");
}

gboolean
act_on_state(struct setup *s, const char *const *program, GError **error)
{
    const struct setup_config *c = s->config;

    if (!check(c, error))
        return FALSE;
    return c->inspect && c->cocotpm == NULL ? look(c, error) : run(s, program, error);
}
