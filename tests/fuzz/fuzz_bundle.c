/* SPDX-License-Identifier: BSD-3-Clause */
/* A bundle and what is in it; it can be written again; none is accepted, since nobody is named. */
#include "config.h"

#include "cocotpm/bundle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_written(const struct bundle *b)
{
    g_autofree char *text = bundle_write(b);
    g_auto(bundle_t) again = { 0 };
    g_autofree char *second = NULL;

    if (!bundle_parse(text, strlen(text), &again, NULL))
        abort();
    second = bundle_write(&again);
    if (strcmp(text, second) != 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_auto(bundle_t) b = { 0 };
    g_autoptr(policy_t) policy = policy_default();
    g_autofree struct bundle_verdict *v = g_new0(struct bundle_verdict, 1);
    const struct verify_context verify = { .now = 1800000000, .judge_identity = TRUE };
    guint8 nonce[32];
    const struct bundle_context context = {
        .verify = &verify, .policy = policy, .nonce = nonce, .nonce_len = sizeof(nonce),
    };

    memset(nonce, 7, sizeof(nonce));
    if (!bundle_parse((const char *)data, size, &b, NULL))
        return 0;
    check_written(&b);
    if (bundle_judge(&b, &context, v))
        abort();
    bundle_verdict_clear(v);
    return 0;
}
