/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/cocotransport/wire. */
#include "config.h"

#include "suites.h"

Suite *claims_suite(void);
Suite *eventlog_suite(void);
Suite *evidence_suite(void);
Suite *message_suite(void);
Suite *receipt_suite(void);
Suite *receipt_list_suite(void);
Suite *statement_suite(void);

const suite_maker suites[] = {
    claims_suite, eventlog_suite, evidence_suite, message_suite, receipt_suite,
    receipt_list_suite, statement_suite, NULL,
};
