/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * etcd_json - the two requests of a witness and their answers, as etcd's v3
 * JSON gateway has them.
 */
#pragma once

#include "cocotransport/wire/receipt.h"

#include <glib.h>

struct etcd_value {
    gboolean there;
    struct receipt receipt;
};

char *etcd_range_request(const guint8 uuid[static 16]);
/* From @old, NULL: from nothing. */
char *etcd_swap_request(const struct receipt *old, const struct receipt *next);

gboolean etcd_range_answer(const char *text, gsize len, struct etcd_value *ret, GError **error);
/* @ret_held is what was found where the swap was not done. */
gboolean etcd_swap_answer(const char *text, gsize len, gboolean *ret_done,
                          struct etcd_value *ret_held, GError **error);
