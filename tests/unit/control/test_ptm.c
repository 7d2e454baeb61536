/* SPDX-License-Identifier: BSD-3-Clause */
#include "suites.h"
#include "swtpm/control/ptm.h"

Suite *ptm_suite(void);

START_TEST(capabilities_are_those_of_swtpm)
{
    ck_assert_uint_eq(ptm_capabilities(TRUE), 0x1ffff);
    ck_assert_uint_eq(ptm_capabilities(FALSE), 0x17fff);
}
END_TEST

START_TEST(rows_are_found_by_code)
{
    for (guint32 code = CMD_GET_CAPABILITY; code <= CMD_LOCK_STORAGE; code++) {
        const struct ptm_row *row = ptm_row(code);

        ck_assert_ptr_nonnull(row);
        ck_assert_uint_eq(row->code, code);
        ck_assert(4u + row->body <= PTM_REQUEST_MAX);
        ck_assert(!row->data || row->body >= 4);
    }
    ck_assert_ptr_null(ptm_row(0));
    ck_assert_ptr_null(ptm_row(CMD_LOCK_STORAGE + 1));
    ck_assert_ptr_null(ptm_row(G_MAXUINT32));
}
END_TEST

/* Numbers of ioctls are the interface of every program that was built with the header. */
START_TEST(ioctl_numbers_are_fixed)
{
    ck_assert_uint_eq((guint32)PTM_GET_CAPABILITY, 0x80085000);
    ck_assert_uint_eq((guint32)PTM_INIT, 0xc0045001);
    ck_assert_uint_eq((guint32)PTM_GET_TPMESTABLISHED, 0x80085003);
    ck_assert_uint_eq((guint32)PTM_SET_LOCALITY, 0xc0045004);
    ck_assert_uint_eq((guint32)PTM_SET_BUFFERSIZE, 0xc0105010);
}
END_TEST

Suite *
ptm_suite(void)
{
    Suite *s = suite_create("ptm");
    TCase *t = tcase_create("table");

    tcase_add_test(t, capabilities_are_those_of_swtpm);
    tcase_add_test(t, rows_are_found_by_code);
    tcase_add_test(t, ioctl_numbers_are_fixed);
    suite_add_tcase(s, t);
    return s;
}
