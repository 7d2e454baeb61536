/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * suites - the modules of src/cocotransport/link, and the tunnel's frames.
 */
#include "config.h"

#include "suites.h"

Suite *frames_suite(void);
Suite *link_suite(void);

const suite_maker suites[] = { frames_suite, link_suite, NULL };
