/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * provision - comes from swtpm_setup in the same VM, and is still read as if
 * it came from anybody: the descriptor is inherited.
 */
#include "cocotransport/seal/provision.h"

#include "base/error.h"
#include "cocotransport/seal/body.h"
#include "cocotransport/seal/elements.h"

#include <string.h>

enum {
    VALUE_ACTION, VALUE_UUID, VALUE_LINEAGE, VALUE_POLICY, VALUE_CHAIN, VALUE_PSK, VALUE_OWNER,
    VALUE_RECOVERY, VALUE_WITNESS_KEY, VALUE_WITNESS_CERT, VALUE_OWNER_KEY,
    VALUE_SIGNATURE, VALUE_NEW_OWNER, VALUES
};

static const struct element_row rows[VALUES] = {
    [VALUE_ACTION]       = { 1, "action", 1, 1, TRUE },
    [VALUE_UUID]         = { 2, "UUID", 16, 16, TRUE },
    [VALUE_LINEAGE]      = { 3, "lineage", 16, 16, FALSE },
    [VALUE_POLICY]       = { 4, "policy", 1, SEALED_POLICY_MAX, FALSE },
    [VALUE_CHAIN]        = { 5, "certificates", 1, SEALED_CHAIN_MAX, FALSE },
    [VALUE_PSK]          = { 6, "link secret", 32, 64, FALSE },
    [VALUE_OWNER]        = { 7, "owner secret", 32, 64, FALSE },
    [VALUE_RECOVERY]     = { 8, "recovery secret", 32, 32, FALSE },
    [VALUE_WITNESS_KEY]  = { 9, "witness key", 1, SEALED_CLIENT_KEY_MAX, FALSE },
    [VALUE_WITNESS_CERT] = { 10, "witness certificate", 1, SEALED_CLIENT_KEY_MAX, FALSE },
    [VALUE_OWNER_KEY]    = { 11, "owner's public key", 1, SEALED_CLIENT_KEY_MAX, FALSE },
    [VALUE_SIGNATURE]    = { 12, "signature", 1, 1024, FALSE },
    [VALUE_NEW_OWNER]    = { 13, "new owner secret", 32, 64, FALSE },
};

static gboolean
is_zero(const struct cursor *value)
{
    g_autoptr(Secret) s = element_secret(value);

    return s != NULL && secret_is_zero(s);
}

static gboolean
makes_sense(guint8 action, const struct cursor *values, GError **error)
{
    static const int secrets[] = { VALUE_PSK, VALUE_OWNER, VALUE_RECOVERY, VALUE_NEW_OWNER };

    if (action < PROVISION_MAKE || action > PROVISION_RENEW)
        return error_malformed(error, "action %u is unknown", action);
    if (action == PROVISION_MAKE && values[VALUE_LINEAGE].pos == NULL)
        return error_malformed(error, "element lineage is missing");
    if ((action == PROVISION_MAKE || action == PROVISION_CHANGE_POLICY ||
         action == PROVISION_RENEW) && values[VALUE_POLICY].pos == NULL)
        return error_malformed(error, "element policy is missing");
    if (action == PROVISION_RECOVER && values[VALUE_RECOVERY].pos == NULL)
        return error_malformed(error, "element recovery secret is missing");
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++)
        if (is_zero(&values[secrets[i]]))
            return error_malformed(error, "the %s is all zero", rows[secrets[i]].name);
    return TRUE;
}

gboolean
provision_parse(const Secret *data, struct provision *ret, GError **error)
{
    struct cursor in = cursor_from(secret_peek(data), secret_len(data));
    struct cursor values[VALUES];
    guint8 action = 0;

    if (elements_parse(&in, rows, VALUES, values, error))
        action = cursor_u8(&values[VALUE_ACTION]);
    if (action == 0 || !makes_sense(action, values, error)) {
        if (error != NULL && *error == NULL)
            error_malformed(error, "action 0 is unknown");
        g_prefix_error(error, "provisioning: ");
        return FALSE;
    }
    *ret = (struct provision){
        .action = action,
        .policy = element_bytes(&values[VALUE_POLICY]),
        .chain = element_bytes(&values[VALUE_CHAIN]),
        .psk = element_secret(&values[VALUE_PSK]),
        .owner = element_secret(&values[VALUE_OWNER]),
        .recovery = element_secret(&values[VALUE_RECOVERY]),
        .witness_key = element_secret(&values[VALUE_WITNESS_KEY]),
        .witness_certificate = element_bytes(&values[VALUE_WITNESS_CERT]),
        .owner_key = element_bytes(&values[VALUE_OWNER_KEY]),
        .signature = element_bytes(&values[VALUE_SIGNATURE]),
        .new_owner = element_secret(&values[VALUE_NEW_OWNER]),
    };
    cursor_copy(&values[VALUE_UUID], ret->uuid, sizeof(ret->uuid));
    if (values[VALUE_LINEAGE].pos != NULL)
        cursor_copy(&values[VALUE_LINEAGE], ret->lineage, sizeof(ret->lineage));

    return TRUE;
}

static size_t
provision_size(const struct provision *p)
{
    return ELEMENT_HEADER + 1 + 2 * (ELEMENT_HEADER + 16) + element_size_bytes(p->policy) +
           element_size_bytes(p->chain) + element_size_secret(p->psk) +
           element_size_secret(p->owner) + element_size_secret(p->recovery) +
           element_size_secret(p->witness_key) + element_size_bytes(p->witness_certificate) +
           element_size_bytes(p->owner_key) + element_size_bytes(p->signature) +
           element_size_secret(p->new_owner);
}

Secret *
provision_write(const struct provision *p, GError **error)
{
    const size_t size = provision_size(p);
    const guint8 action = (guint8)p->action;
    g_autoptr(Secret) data = NULL;
    struct builder out;

    if (size > PROVISION_MAX) {
        error_malformed(error, "provisioning: policy and certificates are too large");
        return NULL;
    }
    data = secret_new(size);
    out = builder_on(secret_bytes(data), size);
    element_write(&out, rows[VALUE_ACTION].type, &action, 1);
    element_write(&out, rows[VALUE_UUID].type, p->uuid, sizeof(p->uuid));
    element_write(&out, rows[VALUE_LINEAGE].type, p->lineage, sizeof(p->lineage));
    element_write_bytes(&out, rows[VALUE_POLICY].type, p->policy);
    element_write_bytes(&out, rows[VALUE_CHAIN].type, p->chain);
    element_write_secret(&out, rows[VALUE_PSK].type, p->psk);
    element_write_secret(&out, rows[VALUE_OWNER].type, p->owner);
    element_write_secret(&out, rows[VALUE_RECOVERY].type, p->recovery);
    element_write_secret(&out, rows[VALUE_WITNESS_KEY].type, p->witness_key);
    element_write_bytes(&out, rows[VALUE_WITNESS_CERT].type, p->witness_certificate);
    element_write_bytes(&out, rows[VALUE_OWNER_KEY].type, p->owner_key);
    element_write_bytes(&out, rows[VALUE_SIGNATURE].type, p->signature);
    element_write_secret(&out, rows[VALUE_NEW_OWNER].type, p->new_owner);
    g_assert(!out.failed && builder_len(&out) == size);

    return g_steal_pointer(&data);
}

void
provision_clear(struct provision *p)
{
    g_clear_pointer(&p->policy, g_bytes_unref);
    g_clear_pointer(&p->chain, g_bytes_unref);
    g_clear_pointer(&p->psk, secret_free);
    g_clear_pointer(&p->owner, secret_free);
    g_clear_pointer(&p->recovery, secret_free);
    g_clear_pointer(&p->witness_key, secret_free);
    g_clear_pointer(&p->witness_certificate, g_bytes_unref);
    g_clear_pointer(&p->owner_key, g_bytes_unref);
    g_clear_pointer(&p->signature, g_bytes_unref);
    g_clear_pointer(&p->new_owner, secret_free);
}
