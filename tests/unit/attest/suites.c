/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/cocotransport/attest. */
#include "config.h"

#include "suites.h"

Suite *collateral_suite(void);
Suite *judge_suite(void);
Suite *policy_suite(void);
Suite *quote_judge_suite(void);
Suite *report_suite(void);
Suite *vectors_suite(void);

const suite_maker suites[] = {
    collateral_suite, judge_suite, policy_suite, quote_judge_suite, report_suite, vectors_suite, NULL,
};
