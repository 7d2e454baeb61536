/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - the platforms of attest/.
 */
#include "suites.h"

Suite *certtable_suite(void);
Suite *provider_suite(void);
Suite *snpdev_suite(void);

const suite_maker suites[] = { certtable_suite, provider_suite, snpdev_suite, NULL };
