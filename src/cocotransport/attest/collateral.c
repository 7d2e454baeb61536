/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * collateral - see collateral.h. Reading it is the caller's, judging by it is
 * in verify_collateral.c.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/collateral.h"

static const char *const names[] = {
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "Revoked",
};

const char *
tcb_status_name(enum tcb_status status)
{
    return names[status];
}

gboolean
tcb_status_parse(const char *text, enum tcb_status *ret, GError **error)
{
    for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i], text) == 0) {
            *ret = (enum tcb_status)i;
            return TRUE;
        }
    }
    return error_malformed(error, "\"%s\" is no TCB status", text != NULL ? text : "");
}

/* An old part makes an up-to-date platform old; that it has to be configured stays said. */
enum tcb_status
tcb_status_join(enum tcb_status platform, enum tcb_status part)
{
    if (platform == TCB_REVOKED || part == TCB_REVOKED)
        return TCB_REVOKED;
    if (part < TCB_OUT_OF_DATE)
        return MAX(platform, part);
    return platform == TCB_CONFIGURATION_NEEDED ||
           platform == TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED
           ? TCB_OUT_OF_DATE_CONFIGURATION_NEEDED : MAX(platform, part);
}

static void
level_clear(gpointer data)
{
    struct tcb_level *level = data;

    g_clear_pointer(&level->advisories, g_free);
}

GArray *
tcb_levels_new(void)
{
    GArray *levels = g_array_new(FALSE, TRUE, sizeof(struct tcb_level));

    g_array_set_clear_func(levels, level_clear);
    return levels;
}

static void
module_clear(gpointer data)
{
    struct tdx_module *module = data;

    g_clear_pointer(&module->levels, g_array_unref);
}

struct tcb_info *
tcb_info_new(void)
{
    struct tcb_info *info = g_new0(struct tcb_info, 1);

    info->modules = g_array_new(FALSE, TRUE, sizeof(struct tdx_module));
    g_array_set_clear_func(info->modules, module_clear);
    info->levels = tcb_levels_new();
    return info;
}

void
tcb_info_free(struct tcb_info *info)
{
    if (info == NULL)
        return;
    g_clear_pointer(&info->part.body, g_bytes_unref);
    g_array_unref(info->modules);
    g_array_unref(info->levels);
    g_free(info);
}

struct qe_identity *
qe_identity_new(void)
{
    struct qe_identity *identity = g_new0(struct qe_identity, 1);

    identity->levels = tcb_levels_new();
    return identity;
}

void
qe_identity_free(struct qe_identity *identity)
{
    if (identity == NULL)
        return;
    g_clear_pointer(&identity->part.body, g_bytes_unref);
    g_array_unref(identity->levels);
    g_free(identity);
}
