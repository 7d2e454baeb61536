/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * body - rows of what may be there, and the same order for writing.
 */
#include "cocotransport/seal/body.h"

#include "base/error.h"
#include "cocotransport/seal/elements.h"

enum {
    VALUE_POLICY, VALUE_CHAIN, VALUE_PSK, VALUE_RECOVERY, VALUE_WITNESS_KEY, VALUE_WITNESS_CERT,
    VALUE_LOG, VALUE_TPM, VALUES
};

static const struct element_row rows[VALUES] = {
    [VALUE_POLICY]       = { 1, "policy", 1, SEALED_POLICY_MAX, TRUE },
    [VALUE_CHAIN]        = { 2, "certificates", 1, SEALED_CHAIN_MAX, FALSE },
    [VALUE_PSK]          = { 3, "link secret", 32, 64, FALSE },
    [VALUE_RECOVERY]     = { 4, "recovery secret", 32, 32, FALSE },
    [VALUE_WITNESS_KEY]  = { 5, "witness key", 1, SEALED_CLIENT_KEY_MAX, FALSE },
    [VALUE_WITNESS_CERT] = { 6, "witness certificate", 1, SEALED_CLIENT_KEY_MAX, FALSE },
    [VALUE_LOG]          = { 7, "attach log", 4 + ATTACH_ENTRY_SIZE,
                             4 + ATTACH_LOG_ENTRIES * ATTACH_ENTRY_SIZE, TRUE },
    [VALUE_TPM]          = { 8, "TPM state", 1, SEALED_TPM_MAX, FALSE },
};

gboolean
body_parse(const Secret *plain, struct sealed_body *ret, GError **error)
{
    struct cursor in = cursor_from(secret_peek(plain), secret_len(plain));
    struct cursor values[VALUES];
    AttachLog *log;

    if (!elements_parse(&in, rows, VALUES, values, error) ||
        !attach_log_parse(&values[VALUE_LOG], &log, error)) {
        g_prefix_error(error, "sealed body: ");
        return FALSE;
    }
    *ret = (struct sealed_body){
        .policy = element_bytes(&values[VALUE_POLICY]),
        .chain = element_bytes(&values[VALUE_CHAIN]),
        .psk = element_secret(&values[VALUE_PSK]),
        .recovery = element_secret(&values[VALUE_RECOVERY]),
        .witness_key = element_secret(&values[VALUE_WITNESS_KEY]),
        .witness_certificate = element_bytes(&values[VALUE_WITNESS_CERT]),
        .log = log,
        .tpm = element_secret(&values[VALUE_TPM]),
    };
    return TRUE;
}

static size_t
log_size(const struct sealed_body *body)
{
    return 4 + (size_t)body->log->len * ATTACH_ENTRY_SIZE;
}

static size_t
body_size(const struct sealed_body *body)
{
    return element_size_bytes(body->policy) + element_size_bytes(body->chain) +
           element_size_secret(body->psk) + element_size_secret(body->recovery) +
           element_size_secret(body->witness_key) +
           element_size_bytes(body->witness_certificate) + ELEMENT_HEADER + log_size(body) +
           element_size_secret(body->tpm);
}

Secret *
body_write(const struct sealed_body *body, Secret *memory, GError **error)
{
    const size_t size = body_size(body);
    g_autoptr(Secret) plain = memory;
    struct builder out;

    if (size > SEALED_FILE_MAX) {
        error_system(error, "a state of %zu bytes is too large to be sealed", size);
        return NULL;
    }
    plain = secret_reuse(g_steal_pointer(&plain), size);
    out = builder_on(secret_bytes(plain), size);
    element_write_bytes(&out, rows[VALUE_POLICY].type, body->policy);
    element_write_bytes(&out, rows[VALUE_CHAIN].type, body->chain);
    element_write_secret(&out, rows[VALUE_PSK].type, body->psk);
    element_write_secret(&out, rows[VALUE_RECOVERY].type, body->recovery);
    element_write_secret(&out, rows[VALUE_WITNESS_KEY].type, body->witness_key);
    element_write_bytes(&out, rows[VALUE_WITNESS_CERT].type, body->witness_certificate);
    builder_be16(&out, rows[VALUE_LOG].type);
    builder_be32(&out, (guint32)log_size(body));
    attach_log_write(body->log, &out);
    element_write_secret(&out, rows[VALUE_TPM].type, body->tpm);
    g_assert(!out.failed && builder_len(&out) == size);

    return g_steal_pointer(&plain);
}

void
body_clear(struct sealed_body *body)
{
    g_clear_pointer(&body->policy, g_bytes_unref);
    g_clear_pointer(&body->chain, g_bytes_unref);
    g_clear_pointer(&body->psk, secret_free);
    g_clear_pointer(&body->recovery, secret_free);
    g_clear_pointer(&body->witness_key, secret_free);
    g_clear_pointer(&body->witness_certificate, g_bytes_unref);
    g_clear_pointer(&body->log, g_array_unref);
    g_clear_pointer(&body->tpm, secret_free);
}
