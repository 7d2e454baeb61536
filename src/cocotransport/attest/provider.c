/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provider - finds the platform that a specification names, or the one that
 * this machine has.
 */
#include "config.h"

#include "cocotransport/attest/provider_ops.h"

#include "base/error.h"

#include <string.h>
#include <unistd.h>

struct provider_row {
    const char *name;
    const char *probe;               /* "auto" takes the first whose path is there; NULL: never */
    Provider *(*open)(const char *argument, GError **error);
};

static const struct provider_row providers[] = {
    { "sev-guest", "/dev/sev-guest", provider_sev_guest_open },
    { "tsm", "/sys/kernel/config/tsm/report", provider_tsm_open },
    { "sev", "/sys/kernel/security/secrets/coco", provider_sev_open },
#ifdef SNP_EMULATOR
    { "emulator", NULL, provider_emulator_open },
#endif
};

static const struct provider_row *
provider_probe(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(providers); i++)
        if (providers[i].probe != NULL && access(providers[i].probe, F_OK) == 0)
            return &providers[i];
    return NULL;
}

static const struct provider_row *
provider_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(providers); i++)
        if (strcmp(providers[i].name, name) == 0)
            return &providers[i];
    return NULL;
}

Provider *
provider_open(const char *spec, GError **error)
{
    const char *colon = spec != NULL ? strchr(spec, ':') : NULL;
    g_autofree char *name = colon ? g_strndup(spec, (gsize)(colon - spec)) : g_strdup(spec);
    const gboolean automatic = name == NULL || strcmp(name, "auto") == 0;
    const struct provider_row *row = automatic ? provider_probe() : provider_find(name);

#ifndef SNP_EMULATOR
    /* Another place than the kernel's could give a key that the host knows: tests only. */
    if (row != NULL && colon != NULL) {
        error_denied(error, "platform %s takes no argument in this build", name);
        return NULL;
    }
#endif
    if (row != NULL)
        return row->open(colon ? colon + 1 : NULL, error);
    if (automatic)
        error_denied(error, "no confidential platform: neither /dev/sev-guest nor configfs-tsm "
                     "nor a SEV launch secret is there");
    else
        error_malformed(error, "platform %s is not known", spec);
    return NULL;
}

void
provider_free(Provider *p)
{
    if (p != NULL)
        p->ops->free(p);
}

const char *
provider_name(const Provider *p)
{
    return p->ops->name;
}

gboolean
provider_is_emulated(const Provider *p)
{
    return p->ops->emulated;
}

gboolean
provider_evidence(Provider *p, const uint8_t report_data[static 64], struct evidence *ret,
                  GError **error)
{
    return p->ops->evidence(p, report_data, ret, error);
}

Secret *
provider_derive_key(Provider *p, const struct derive_request *request, GError **error)
{
    return p->ops->derive_key(p, request, error);
}

gboolean
provider_burn(Provider *p, GError **error)
{
    return p->ops->burn(p, error);
}
