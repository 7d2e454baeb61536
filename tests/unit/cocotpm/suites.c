/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - the modules of src/cocotpm.
 */
#include "config.h"

#include "suites.h"

Suite *commands_suite(void);
Suite *control_suite(void);
Suite *front_suite(void);
Suite *receipt_file_suite(void);
Suite *stream_suite(void);
Suite *tunnel_suite(void);

const suite_maker suites[] = {
    commands_suite,     control_suite, front_suite,
    receipt_file_suite, stream_suite,  tunnel_suite, NULL,
};
