/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/swtpm and src/swtpm/engine. */
#include "suites.h"

Suite *data_suite(void);
Suite *engine_suite(void);
Suite *sandbox_suite(void);
Suite *server_suite(void);

const suite_maker suites[] = { data_suite, engine_suite, sandbox_suite, server_suite, NULL };
