/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - the software AMD-SP.
 */
#include "suites.h"

Suite *derive_suite(void);
Suite *driver_suite(void);
Suite *guestmsg_suite(void);
Suite *launch_suite(void);
Suite *report_suite(void);

const suite_maker suites[] = {
    guestmsg_suite, derive_suite, driver_suite, launch_suite, report_suite, NULL,
};
