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
#include "swtpm_setup/child.h"
#include "swtpm_setup/confidential.h"

#include <stdio.h>
#include <string.h>

#define SEALED_NAME "tpm2-00.sealed"

/* --tpmstate is a folder, with or without "dir://". */
static const char *
folder_of(const char *tpmstate)
{
    return g_str_has_prefix(tpmstate, "dir://") ? tpmstate + strlen("dir://") : tpmstate;
}

/* Nobody opens it: what it says may have been written by anybody, and the text says so. */
static gboolean
look(const struct setup_config *config, GError **error)
{
    g_autofree char *path = g_build_filename(folder_of(config->tpmstate), SEALED_NAME, NULL);
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
    return config->recover || config->inspect || config->change_policy;
}

static gboolean
run_swtpm(const struct setup_config *config, const char *const *program,
          enum provision_action action, GError **error)
{
    g_autoptr(Confidential) c = confidential_new(config->cocotpm, action, error);
    g_autofree char *tpmstate = g_strdup_printf("dir=%s", folder_of(config->tpmstate));
    g_autoptr(Child) child = NULL;

    if (c == NULL)
        return FALSE;
    child = child_start(&(const struct child_config){
        .program = program,
        .tpm2 = TRUE,
        .tpmstate = tpmstate,
        .key_fd = -1,
        .logfile = config->logfile,
        .cocotpm = confidential_words(c),
        .provision_fd = confidential_fd(c),
    }, error);

    return child != NULL && child_wait(child, error);
}

gboolean
act_on_state(const struct setup_config *config, const char *const *program, GError **error)
{
    if (config->tpmstate == NULL)
        return error_malformed(error, "--tpm-state must be provided");
    if (config->recover + config->inspect + config->change_policy > 1)
        return error_malformed(error, "--recover, --inspect and --change-policy exclude each other");
    if (config->inspect && config->cocotpm == NULL)
        return look(config, error);
    if (config->cocotpm == NULL)
        return error_malformed(error, config->recover
                                   ? "--recover needs --cocotpm id=,recovery-secret-fd="
                                   : "--change-policy needs --cocotpm id=,policy=");
    if (config->inspect)
        return run_swtpm(config, program,
                         config->json ? PROVISION_INSPECT : PROVISION_INSPECT_TEXT, error);
    return run_swtpm(config, program,
                     config->recover ? PROVISION_RECOVER : PROVISION_CHANGE_POLICY, error);
}
