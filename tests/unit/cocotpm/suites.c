/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - the modules of src/cocotpm.
 */
#include "config.h"

#include "suites.h"

Suite *front_suite(void);
Suite *stream_suite(void);

const suite_maker suites[] = { front_suite, stream_suite, NULL };
