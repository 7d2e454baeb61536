/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_provision - the actions of provision=FD as a table.
 */
#include "config.h"

#include "swtpm/cocotpm_provision.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/seal/inspect.h"

#include <string.h>

struct provisioning {
    const struct sealed_config *config;
    struct provision *p;
    SealedStore **ret_store;
    char **ret_words;
};

static gboolean
run_make(struct provisioning *in, GError **error)
{
    SealedStore *s = sealed_make(in->config, in->p, error);

    if (s == NULL)
        return FALSE;
    *in->ret_store = s;

    return TRUE;
}

static gboolean
run_recover(struct provisioning *in, GError **error)
{
    return sealed_recover(in->config, in->p->recovery, error);
}

static gboolean
run_change_policy(struct provisioning *in, GError **error)
{
    return sealed_change_policy(in->config, in->p, in->ret_words, error);
}

static gboolean
run_inspect(struct provisioning *in, GError **error)
{
    const gboolean json = in->p->action == PROVISION_INSPECT;
    g_autofree char *words = sealed_inspect(in->config, json, error);

    if (words == NULL)
        return FALSE;
    *in->ret_words = g_steal_pointer(&words);

    return TRUE;
}

/* Who renews what lies in the TPM has to know its policy: the evidence names that. */
static gboolean
run_renew(struct provisioning *in, GError **error)
{
    g_autoptr(SealedStore) s = sealed_open(in->config, error);
    g_autofree char *lineage = NULL;
    struct receipt now;

    if (s == NULL)
        return FALSE;
    if (!g_bytes_equal(sealed_policy(s), in->p->policy))
        return error_denied(error, "the policy given is not the one that this state is under");
    sealed_receipt(s, &now);
    lineage = hex_encode(now.lineage, sizeof(now.lineage));
    *in->ret_words = g_strconcat(lineage, sealed_recovered(s) ? " recovered" : "", NULL);
    *in->ret_store = g_steal_pointer(&s);

    return TRUE;
}

static gboolean (*const actions[])(struct provisioning *in, GError **error) = {
    [PROVISION_MAKE] = run_make,
    [PROVISION_RECOVER] = run_recover,
    [PROVISION_CHANGE_POLICY] = run_change_policy,
    [PROVISION_INSPECT] = run_inspect,
    [PROVISION_INSPECT_TEXT] = run_inspect,
    [PROVISION_RENEW] = run_renew,
};

gboolean
cocotpm_provision_run(int fd, const struct sealed_config *config, SealedStore **ret_store,
                      char **ret_words, GError **error)
{
    struct sealed_config mine = *config;
    g_autoptr(Secret) data = secret_read_fd(fd, 1, PROVISION_MAX, error);
    g_auto(provision_t) p = { 0 };
    struct provisioning in = { &mine, &p, ret_store, ret_words };

    *ret_store = NULL;
    *ret_words = NULL;
    if (data == NULL) {
        g_prefix_error(error, "provision=%d: ", fd);
        return FALSE;
    }
    if (!provision_parse(data, &p, error))
        return FALSE;
    if (config->uuid_given && memcmp(config->uuid, p.uuid, sizeof(p.uuid)) != 0)
        return error_denied(error, "provisioning: another UUID than id= says");
    mine.uuid_given = TRUE;
    memcpy(mine.uuid, p.uuid, sizeof(p.uuid));
    if (p.owner != NULL)
        mine.owner = p.owner;

    return actions[p.action](&in, error);
}

gboolean
cocotpm_provision_finish(SealedStore *store, GError **error)
{
    /* A state that was there is whole after every command. */
    return !sealed_making(store) || sealed_finish(store, error);
}
