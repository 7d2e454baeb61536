/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - the modules of src/cocotransport/link, and the tunnel's frames.
 */
#include "config.h"

#include "suites.h"

Suite *acceptor_suite(void);
Suite *frames_suite(void);
Suite *link_suite(void);
Suite *wait_suite(void);

const suite_maker suites[] = { acceptor_suite, frames_suite, link_suite, wait_suite, NULL };
