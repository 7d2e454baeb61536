/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/cocotransport/keys. */
#include "config.h"

#include "suites.h"

Suite *crypto_suite(void);
Suite *schedule_suite(void);
Suite *secret_suite(void);

const suite_maker suites[] = { crypto_suite, schedule_suite, secret_suite, NULL };
