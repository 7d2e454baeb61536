/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/cocotransport/session. */
#include "config.h"

#include "suites.h"

Suite *client_suite(void);
Suite *insider_suite(void);
Suite *knobs_suite(void);
Suite *operator_suite(void);
Suite *profile_suite(void);
Suite *protocol_suite(void);
Suite *records_suite(void);
Suite *resume_suite(void);
Suite *roles_suite(void);
Suite *saved_suite(void);
Suite *servers_suite(void);
Suite *tls_suite(void);

const suite_maker suites[] = {
    client_suite, insider_suite, knobs_suite, operator_suite, profile_suite, protocol_suite,
    records_suite, resume_suite, roles_suite, saved_suite, servers_suite, tls_suite, NULL,
};
