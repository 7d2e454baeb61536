/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/swtpm/control. */
#include "suites.h"

Suite *channel_suite(void);
Suite *ptm_suite(void);

const suite_maker suites[] = { ptm_suite, channel_suite, NULL };
