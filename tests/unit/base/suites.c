/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/base. */
#include "config.h"

#include "suites.h"

Suite *cursor_suite(void);

const suite_maker suites[] = { cursor_suite, NULL };
