/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/swtpm_setup and src/swtpm_cert. */
#include "config.h"

#include "suites.h"

Suite *binding_suite(void);
Suite *conf_suite(void);
Suite *ek_certificate_suite(void);
Suite *place_suite(void);
Suite *serial_suite(void);
Suite *tcg_suite(void);

const suite_maker suites[] = {
    binding_suite, conf_suite, ek_certificate_suite, place_suite, serial_suite, tcg_suite, NULL,
};
