/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fixture - see fixture.h. The folder is kept in a variable of the file, which
 * only tests may have: Check's fixtures carry no pointer. All test cases of the
 * program share it.
 */
#include "fixture.h"

#include "base/keyfile.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *folder;
static pid_t owner;

static void
folder_remove(void)
{
    if (getpid() == owner)           /* not in the children that run the tests */
        test_folder_remove(folder);
}

void
fixture_setup(void)
{
    g_autoptr(pki_t) pki = NULL;

    if (folder != NULL)
        return;
    folder = test_folder_new();
    owner = getpid();
    atexit(folder_remove);
    pki = pki_open(folder, SNP_PRODUCT_GENOA, NULL);
    ck_assert_ptr_nonnull(pki);
}

struct chip *
fixture_chip(const char *product, guint report_version)
{
    const struct chip_config config = { .pki_folder = folder, .product = (char *)product,
                                        .report_version = report_version };
    g_autoptr(GError) error = NULL;
    struct chip *chip = chip_open(&config, &error);

    ck_assert_msg(chip != NULL, "%s", error ? error->message : "");
    return chip;
}

struct launch *
fixture_launch_with(struct chip *chip, guint8 fill, guint8 host_fill, guint64 policy)
{
    struct launch *l = NULL;
    guint8 host_data[32];
    const struct launch_finish finish = { .host_data = host_data };

    memset(host_data, host_fill, sizeof(host_data));
    ck_assert_int_eq(launch_start(chip, policy, &l), FW_OK);
    memset(l->measurement, fill, sizeof(l->measurement));
    ck_assert_int_eq(launch_finish(l, &finish), FW_OK);
    return l;
}

struct launch *
fixture_launch(struct chip *chip, guint8 fill)
{
    return fixture_launch_with(chip, fill, 0, POLICY_DEFAULT);
}

char *
fixture_chain(struct chip *chip)
{
    g_autoptr(GBytes) ask = certificate_pem(chip->pki->authorities[PKI_ASK].certificate, NULL);
    g_autoptr(GBytes) ark = certificate_pem(chip->pki->authorities[PKI_ARK].certificate, NULL);

    return g_strdup_printf("%.*s%.*s", (int)g_bytes_get_size(ask),
                           (const char *)g_bytes_get_data(ask, NULL), (int)g_bytes_get_size(ark),
                           (const char *)g_bytes_get_data(ark, NULL));
}

char *
fixture_pin(struct chip *chip)
{
    guint8 pin[32];

    ck_assert(pki_pin(chip->pki, pin, NULL));
    return hex_encode(pin, sizeof(pin));
}
