/* SPDX-License-Identifier: BSD-3-Clause */
/* test_collateral - TCB statuses joined, and Intel's extension in platform certificates. */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/certificate.h"
#include "suites.h"
#include "vectors.h"

Suite *collateral_suite(void);

static const struct {
    const char *platform, *part, *joined;
} joins[] = {
    { "UpToDate", "UpToDate", "UpToDate" },
    { "SWHardeningNeeded", "UpToDate", "SWHardeningNeeded" },
    { "UpToDate", "OutOfDate", "OutOfDate" },
    { "SWHardeningNeeded", "OutOfDate", "OutOfDate" },
    { "ConfigurationNeeded", "OutOfDate", "OutOfDateConfigurationNeeded" },
    { "ConfigurationAndSWHardeningNeeded", "OutOfDate", "OutOfDateConfigurationNeeded" },
    { "OutOfDateConfigurationNeeded", "OutOfDate", "OutOfDateConfigurationNeeded" },
    { "OutOfDate", "UpToDate", "OutOfDate" },
    { "Revoked", "UpToDate", "Revoked" },
    { "UpToDate", "Revoked", "Revoked" },
    { "ConfigurationNeeded", "Revoked", "Revoked" },
    { "Revoked", "OutOfDate", "Revoked" },
};

START_TEST(statuses_are_joined)
{
    enum tcb_status platform, part, kept = TCB_REVOKED;

    for (size_t i = 0; i < G_N_ELEMENTS(joins); i++) {
        ck_assert(tcb_status_parse(joins[i].platform, &platform, NULL));
        ck_assert(tcb_status_parse(joins[i].part, &part, NULL));
        ck_assert_str_eq(tcb_status_name(tcb_status_join(platform, part)), joins[i].joined);
    }
    ck_assert(!tcb_status_parse("uptodate", &kept, NULL));
    ck_assert(!tcb_status_parse(NULL, &kept, NULL));
    ck_assert_int_eq(kept, TCB_REVOKED);
}
END_TEST

/* The platform's certificate of a real quote. */
static GPtrArray *
chain_of(const char *name)
{
    g_autoptr(GBytes) file = vector_load(name);
    g_autoptr(GBytes) chain = NULL;
    GPtrArray *list;
    struct tdx_quote q;
    gsize len;
    const void *data;

    if (file == NULL)
        return NULL;
    data = g_bytes_get_data(file, &len);
    ck_assert(tdx_quote_parse(data, len, &q, NULL));
    chain = g_bytes_new(q.chain, q.chain_len);
    list = certificates_parse(chain, NULL);
    ck_assert(list != NULL && list->len == 3);
    return list;
}

START_TEST(real_platforms_say_what_they_are)
{
    static const guint8 sapphire_rapids[6] = { 0x50, 0x80, 0x6f, 0x00, 0x00, 0x00 };
    static const guint8 pce[2] = { 0, 0 };
    g_autoptr(GPtrArray) list = chain_of("tdx/gotdx_tdx_prod_quote_SPR_E4.dat");
    g_autoptr(Der) der = der_new(NULL);
    struct pck_extensions x, kept = { .pce_svn = 77 };

    if (list == NULL)
        return;
    ck_assert(pck_extensions_parse(der, g_ptr_array_index(list, 0), &x, NULL));
    ck_assert_mem_eq(x.fmspc, sapphire_rapids, sizeof(x.fmspc));
    ck_assert_mem_eq(x.pce_id, pce, sizeof(x.pce_id));
    ck_assert_uint_gt(x.pce_svn, 0);
    ck_assert_uint_gt(x.components[0], 0);
    /* An authority has none. */
    ck_assert(!pck_extensions_parse(der, g_ptr_array_index(list, 1), &kept, NULL));
    ck_assert_uint_eq(kept.pce_svn, 77);
}
END_TEST

Suite *
collateral_suite(void)
{
    Suite *suite = suite_create("collateral");
    TCase *tcase = tcase_create("collateral");

    tcase_add_test(tcase, statuses_are_joined);
    tcase_add_test(tcase, real_platforms_say_what_they_are);
    suite_add_tcase(suite, tcase);
    return suite;
}
