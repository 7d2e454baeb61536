/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The carrier among the TPM devices of a folder, with plain files for devices;
 * and the link that cannot be opened anew.
 */
#include "config.h"

#include "cocotpm/driver_carrier.h"
#include "cocotpm/driver_link.h"

#include "base/error.h"
#include "base/io.h"

#include "suites.h"

#include <glib/gstdio.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
    const char *what;
    const char *files;               /* in the folder */
    const char *device;
    const char *others;              /* names in the folder; NULL: none */
    const char *left;                /* afterwards; NULL: refused, and all are left */
    CocoError error;
} cases[] = {
    { "the only one", "tpm0,tpmrm0,null,tpmx", "tpm0", NULL, "tpm0,null,tpmx", 0 },
    { "without a resource manager", "tpm0", "tpm0", NULL, "tpm0", 0 },
    { "two digits", "tpm10,tpmrm10", "tpm10", NULL, "tpm10", 0 },
    { "another one", "tpm0,tpmrm0,tpm1", "tpm0", NULL, NULL, COCO_ERROR_DENIED },
    { "another resource manager", "tpm0,tpmrm1", "tpm0", NULL, NULL, COCO_ERROR_DENIED },
    { "a longer number", "tpm1,tpm10", "tpm1", NULL, NULL, COCO_ERROR_DENIED },
    { "the resource manager itself", "tpm0,tpmrm0", "tpmrm0", NULL, NULL, COCO_ERROR_MALFORMED },
    { "no TPM", "null", "null", NULL, NULL, COCO_ERROR_MALFORMED },
    { "one that is not there", "tpmrm0", "tpm0", NULL, NULL, COCO_ERROR_SYSTEM },
    { "others that were told", "tpm0,tpmrm0,tpm1,tpmrm1", "tpm0", "tpm1,tpmrm1",
      "tpm0,tpm1,tpmrm1", 0 },
    { "names that are no TPM's", "tpm0,tpm,tpmrm,abc1,tpm1x,mei00000001", "tpm0", NULL,
      "tpm0,tpm,tpmrm,abc1,tpm1x,mei00000001", 0 },
    { "half of them told", "tpm0,tpm1,tpmrm1", "tpm0", "tpm1", NULL, COCO_ERROR_DENIED },
};

static void
in_folder(const char *folder, const char *names, void (*each)(const char *path))
{
    g_auto(GStrv) list = g_strsplit(names, ",", -1);

    for (guint i = 0; list[i]; i++) {
        g_autofree char *path = g_build_filename(folder, list[i], NULL);

        each(path);
    }
}

static void
file_make(const char *path)
{
    ck_assert(io_write_file(path, "", 0, 0600, NULL));
}

static void
file_is_there(const char *path)
{
    ck_assert_msg(access(path, F_OK) == 0, "%s is gone", path);
    ck_assert_int_eq(unlink(path), 0);
}

/* @names as paths in @folder. */
static char *
paths(const char *folder, const char *names)
{
    g_auto(GStrv) list = names ? g_strsplit(names, ",", -1) : NULL;

    for (guint i = 0; list && list[i]; i++) {
        char *path = g_build_filename(folder, list[i], NULL);

        g_free(list[i]);
        list[i] = path;
    }
    return list ? g_strjoinv(",", list) : NULL;
}

START_TEST(a_carrier_stands_alone)
{
    char *folder = test_folder_new();
    g_autofree char *device = g_build_filename(folder, cases[_i].device, NULL);
    g_autofree char *others = paths(folder, cases[_i].others);
    g_autoptr(GError) error = NULL;
    TunnelDevice *carrier;

    in_folder(folder, cases[_i].files, file_make);
    carrier = carrier_open(device, others, &error);
    ck_assert_msg((carrier != NULL) == (cases[_i].left != NULL), "%s: %s", cases[_i].what,
                  error ? error->message : "taken");
    if (!carrier)
        ck_assert_msg(g_error_matches(error, COCO_ERROR, (int)cases[_i].error), "%s: %s",
                      cases[_i].what, error->message);
    tunnel_device_free(carrier);
    in_folder(folder, cases[_i].left ? cases[_i].left : cases[_i].files, file_is_there);
    /* Nothing else is in it now. */
    ck_assert_msg(rmdir(folder) == 0, "%s: more is left than should", cases[_i].what);
    g_free(folder);
}
END_TEST

/* Programs would find the TPM there, of which nothing gets through. */
START_TEST(a_resource_manager_that_stays_is_refused)
{
    char *folder = test_folder_new();
    g_autofree char *device = g_build_filename(folder, "tpm0", NULL);
    g_autofree char *managed = g_build_filename(folder, "tpmrm0", NULL);
    g_autoptr(GError) error = NULL;

    file_make(device);
    ck_assert_int_eq(g_mkdir(managed, 0700), 0);
    ck_assert_ptr_null(carrier_open(device, NULL, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_SYSTEM));
    test_folder_remove(folder);
}
END_TEST

/* Its number may be another file's by the time the link is lost. */
START_TEST(an_inherited_link_is_taken_once)
{
    struct link_address a = { .kind = LINK_FD };
    struct driver_link l = { 0 };
    g_autoptr(GError) error = NULL;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    a.fd = ends[0];
    ck_assert(driver_link_open(&l, &a, NULL, NULL));
    stream_free(driver_link_connect(&l, 0, NULL));
    ck_assert_int_eq(dup2(ends[1], a.fd), a.fd);
    ck_assert_ptr_null(driver_link_connect(&l, 0, &error));
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_DENIED));
    driver_link_close(&l);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *carrier_suite(void);

Suite *
carrier_suite(void)
{
    Suite *s = suite_create("carrier");
    TCase *t = tcase_create("carrier");

    tcase_add_loop_test(t, a_carrier_stands_alone, 0, G_N_ELEMENTS(cases));
    tcase_add_test(t, a_resource_manager_that_stays_is_refused);
    tcase_add_test(t, an_inherited_link_is_taken_once);
    suite_add_tcase(s, t);
    return s;
}
