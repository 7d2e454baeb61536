/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * renew - swtpm serves the TPM once more, to us alone. It says where the state
 * stands; the keys are asked of the TPM itself.
 */
#include "config.h"

#include "swtpm_setup/renew.h"

#include "base/error.h"
#include "base/io.h"
#include "swtpm_setup/act.h"
#include "swtpm_setup/text.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS_MAX 4096

static gboolean
start_child(struct setup *s, const char *const *program, int output, GError **error)
{
    g_autofree char *info = NULL;

    s->child = act_child(s, program, output, error);
    if (s->child == NULL)
        return FALSE;
    /* It serves. */
    info = child_info(s->child, 1, error);
    return info != NULL;
}

static gboolean
read_standing(struct setup *s, int output, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *words = NULL;

    if (lseek(output, 0, SEEK_SET) < 0)
        return error_errno(error, errno, "memfd");
    bytes = io_read_fd(output, WORDS_MAX, error);
    if (bytes == NULL)
        return FALSE;
    words = bytes_text(bytes);
    return confidential_set_standing(s->confidential, g_strstrip(words), error);
}

/* All that lie at the handles of endorsement keys. */
static gboolean
read_keys(struct setup *s, GError **error)
{
    const struct key_algorithm *a;

    for (guint i = 0; (a = key_algorithm_at(i)) != NULL; i++) {
        TPM2B_PUBLIC *public = NULL;
        GBytes *bytes;

        if (!tpm2_read_public(s->tpm, a->ek_handle, &public, error))
            return FALSE;
        if (public == NULL)
            continue;
        bytes = tpm2_public_bytes(&public->publicArea, error);
        Esys_Free(public);
        if (bytes == NULL)
            return FALSE;
        g_ptr_array_add(s->ek_publics, bytes);
    }
    return s->ek_publics->len > 0 || error_denied(error, "This TPM has no endorsement key.");
}

static gboolean
renew(struct setup *s, const char *const *program, int output, GError **error)
{
    const struct confidential_birth birth = {
        .dir = act_folder(s->config),
        .nonce = s->config->nonce,
        .path = s->config->birth_statement,
        .eks = s->ek_publics,
    };

    if (!start_child(s, program, output, error) || !read_standing(s, output, error))
        return FALSE;
    s->tpm = tpm2_open(child_data_fd(s->child), error);
    if (s->tpm == NULL || !read_keys(s, error) || !setup_evidence(s, TRUE, error)
        || !tpm2_shutdown(s->tpm, error) || !child_stop(s->child, error))
        return FALSE;
    return birth.path == NULL || confidential_state_birth(s->confidential, &birth, error);
}

gboolean
renew_evidence(struct setup *s, const char *const *program, GError **error)
{
    g_auto(AutoFd) output = memfd_create("words", MFD_CLOEXEC);

    if (output < 0)
        return error_errno(error, errno, "memfd_create");
    return renew(s, program, output, error);
}
