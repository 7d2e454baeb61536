/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_carrier - a look at /dev, before anything is sent through it.
 */
#include "config.h"

#include "cocotpm/driver_carrier.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* "tpm0" or "tpmrm0": what stands behind the word; NULL for any other name. */
static const char *
tpm_number(const char *name)
{
    static const char *const words[] = { "tpmrm", "tpm" };

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *rest = name + strlen(words[i]);

        if (g_str_has_prefix(name, words[i]) && *rest != '\0' &&
            strspn(rest, "0123456789") == strlen(rest))
            return rest;
    }
    return NULL;
}

static gboolean
was_told(const char *path, const char *others)
{
    g_auto(GStrv) list = others ? g_strsplit(others, ",", -1) : NULL;

    return list && g_strv_contains((const char *const *)list, path);
}

/* @number is the carrier's. */
static gboolean
others_check(const char *folder, const char *number, const char *others, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    const char *name;

    if (!dir)
        return FALSE;
    while ((name = g_dir_read_name(dir)) != NULL) {
        const char *found = tpm_number(name);
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (found && strcmp(found, number) != 0 && !was_told(path, others))
            return error_denied(error, "%s: another TPM, which programs of this VM could take for "
                                "its own; --other-tpm says that it may be there", path);
    }
    return TRUE;
}

TunnelDevice *
carrier_open(const char *device, const char *others, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(device);
    g_autofree char *name = g_path_get_basename(device);
    const char *number = tpm_number(name);
    g_autofree char *managed = NULL;
    g_autoptr(TunnelDevice) carrier = NULL;

    if (!number || g_str_has_prefix(name, "tpmrm")) {
        error_malformed(error, "--link tpm:%s: a device /dev/tpmN is needed; the kernel's resource "
                        "manager lets nothing through", device);
        return NULL;
    }
    if (!others_check(folder, number, others, error))
        return NULL;
    carrier = tunnel_device_open(device, error);
    if (!carrier)
        return NULL;
    managed = g_strconcat(folder, "/tpmrm", number, NULL);
    if (unlink(managed) < 0 && errno != ENOENT) {
        error_errno(error, errno, "%s cannot be removed", managed);
        return NULL;
    }
    return g_steal_pointer(&carrier);
}
