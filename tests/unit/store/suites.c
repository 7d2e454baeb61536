/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/swtpm/store, but for the sealed state. */
#include "config.h"

#include "suites.h"

Suite *cipher_suite(void);
Suite *dir_suite(void);
Suite *format_suite(void);
Suite *key_suite(void);
Suite *linear_suite(void);

const suite_maker suites[] = {
    cipher_suite, dir_suite, format_suite, key_suite, linear_suite, NULL,
};
