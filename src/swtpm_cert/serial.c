/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * serial - serial numbers of up to 20 bytes (RFC 5280, 4.1.2.2).
 */
#include "config.h"

#include "swtpm_cert/cert.h"

#include "base/error.h"

#include <string.h>

#define SERIAL_MAX 20
G_STATIC_ASSERT(SERIAL_CONTENT_MAX == SERIAL_MAX + 1);

/* value = value * base + digit; FALSE when it grows out of its bytes. */
static gboolean
multiply_add(guint8 value[static SERIAL_MAX], guint base, guint digit)
{
    guint carry = digit;

    for (guint i = SERIAL_MAX; i-- > 0;) {
        carry += value[i] * base;
        value[i] = (guint8)carry;
        carry >>= 8;
    }
    return carry == 0;
}

gboolean
serial_parse(const char *text, guint8 ret[static SERIAL_CONTENT_MAX], gsize *ret_len,
             GError **error)
{
    const char *digits = g_str_has_prefix(text, "0x") ? text + 2 : text;
    guint base = digits == text ? 10 : 16;
    guint8 value[SERIAL_MAX] = { 0 };
    gsize zeroes = 0, sign;

    for (const char *p = digits; *p != '\0' || p == digits; p++) {
        int digit = base == 16 ? g_ascii_xdigit_value(*p) : g_ascii_digit_value(*p);

        if (digit < 0 || !multiply_add(value, base, (guint)digit))
            return error_malformed(error, "Serial number '%s' is no number of at most %d bytes.",
                                   text, SERIAL_MAX);
    }
    while (zeroes < SERIAL_MAX - 1 && value[zeroes] == 0)
        zeroes++;
    /* An INTEGER whose first bit is set is a negative one (X.690, 8.3.3). */
    sign = value[zeroes] >> 7;
    ret[0] = 0;
    memcpy(ret + sign, value + zeroes, SERIAL_MAX - zeroes);
    *ret_len = sign + SERIAL_MAX - zeroes;
    return TRUE;
}
