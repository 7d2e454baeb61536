/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - the modules of src/cocotpm.
 */
#include "config.h"

#include "suites.h"

Suite *ask_suite(void);
Suite *bounds_suite(void);
Suite *carrier_suite(void);
Suite *commands_suite(void);
Suite *control_suite(void);
Suite *device_suite(void);
Suite *driver_receipt_suite(void);
Suite *driver_session_suite(void);
Suite *front_suite(void);
Suite *ima_suite(void);
Suite *receipt_file_suite(void);
Suite *resume_file_suite(void);
Suite *stream_suite(void);
Suite *tunnel_suite(void);

const suite_maker suites[] = {
    ask_suite, bounds_suite, carrier_suite, commands_suite, control_suite, device_suite,
    driver_receipt_suite, driver_session_suite, front_suite, ima_suite, receipt_file_suite,
    resume_file_suite, stream_suite, tunnel_suite, NULL,
};
