/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "cocotransport/seal/derive.h"

#include "base/error.h"

Secret *
seal_derive(Provider *provider, const struct seal_derivation *key, GError **error)
{
    const struct derive_request request = {
        .root_key_select = key->root,
        .key_sel = key->key_sel,
        .guest_field_select = key->fields,
        .vmpl = key->vmpl,
        .guest_svn = key->svn,
        .tcb_version = key->tcb,
    };
    g_autoptr(Secret) derived = provider_derive_key(provider, &request, error);

    if (derived == NULL) {
        g_prefix_error(error, "the platform gives no key (after an error Linux may have wiped the "
                              "VMPCK until this VM is launched anew): ");
        return NULL;
    }
    if (secret_is_zero(derived)) {
        error_system(error, "the platform gave a key of zeroes");
        return NULL;
    }
    return g_steal_pointer(&derived);
}
