/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attested_elsewhere - what judges reports and statements stands on libraries
 * that a certificate for a plain TPM, of which there may be hundreds at once,
 * does not need. So a program of its own has it, which goes on from the start.
 */
#include "config.h"

#include "swtpm_setup/attested.h"

#include "base/error.h"

#include <errno.h>
#include <unistd.h>

#define NAME "swtpm_localca_attested"

/* Beside this very program (a build tree), else where it was installed. */
gboolean
attested_read(const struct attested_config *config, struct attested *ret, GError **error)
{
    g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = own != NULL ? g_path_get_dirname(own) : NULL;
    g_autofree char *beside = g_build_filename(folder != NULL ? folder : PKGLIBEXECDIR, NAME, NULL);

    (void)ret;
    execv(beside, config->argv);
    execv(PKGLIBEXECDIR "/" NAME, config->argv);
    return error_errno(error, errno, "%s", PKGLIBEXECDIR "/" NAME);
}

/* Nothing was read. */
void
attested_clear(struct attested *a)
{
    (void)a;
}
