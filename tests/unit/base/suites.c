/* SPDX-License-Identifier: BSD-3-Clause */
/* suites - the unit tests of src/base. */
#include "config.h"

#include "suites.h"

Suite *builder_suite(void);
Suite *cursor_suite(void);
Suite *daemon_suite(void);
Suite *error_suite(void);
Suite *io_suite(void);
Suite *keyfile_suite(void);
Suite *log_suite(void);
Suite *options_suite(void);
Suite *stream_suite(void);
Suite *thread_suite(void);
Suite *watch_suite(void);

const suite_maker suites[] = {
    builder_suite, cursor_suite, daemon_suite, error_suite, io_suite, keyfile_suite, log_suite,
    options_suite, stream_suite, thread_suite, watch_suite, NULL
};
