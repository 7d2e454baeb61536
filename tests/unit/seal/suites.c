/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/cocotransport/seal and of the sealed store. */
#include "config.h"

#include "suites.h"

Suite *attach_log_suite(void);
Suite *change_suite(void);
Suite *clamp_suite(void);
Suite *envelope_suite(void);
Suite *golden_suite(void);
Suite *provision_suite(void);
Suite *sealed_suite(void);
Suite *start_suite(void);

const suite_maker suites[] = { attach_log_suite, change_suite, clamp_suite, envelope_suite,
                               golden_suite,     provision_suite, sealed_suite, start_suite,
                               NULL };
