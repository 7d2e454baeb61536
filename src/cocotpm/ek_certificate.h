/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ek_certificate - whether a certificate of an endorsement key says what was
 * attested of that key's TPM: signed by a CA that is trusted, and bound to a
 * statement that was judged before. A certificate alone is never enough.
 */
#pragma once

#include "cocotransport/attest/certificate.h"
#include "cocotransport/attest/verify.h"
#include "cocotransport/wire/statement.h"
#include "swtpm_cert/binding.h"

struct ek_context {
    GBytes *certificate;             /* DER or PEM */
    GBytes *authorities;             /* PEM or DER, one after the other: whoever is trusted */
    time_t now;
    const struct statement *statement;
    GBytes *statement_bytes;
};

/* Adds its checks to @verdict, which has accepted the statement; FALSE when one fails. */
gboolean ek_certificate_judge(const struct ek_context *context, struct verdict *verdict,
                              struct binding *ret_binding);
