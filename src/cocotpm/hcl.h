/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * hcl - what Azure's paravisor leaves in a vTPM's NV memory: a header, the
 * platform's report, and JSON claims that the report's data is the digest of.
 */
#pragma once

#include "cocotransport/attest/tdx.h"
#include "cocotransport/attest/report.h"

#include <glib.h>

#define HCL_MAX 65536

enum hcl_kind { HCL_SNP = 2, HCL_TDX = 4 };

typedef struct hcl hcl_t;

struct hcl {
    enum hcl_kind kind;
    const guint8 *report;            /* SNP: 1184 bytes; TDX: a TDREPORT of 1024 */
    gsize report_len;
    guint32 hash;                    /* 1 SHA-256, 2 SHA-384, 3 SHA-512 */
    const guint8 *claims;            /* JSON */
    gsize claims_len;
    GBytes *modulus, *exponent;      /* of HCLAkPub in the claims */
};

/* Structure; pieces point into @data. */
gboolean hcl_parse(const void *data, gsize len, struct hcl *ret, GError **error);
void     hcl_clear(struct hcl *h);

/* What the report's data has to be: the digest of the claims, then zeroes. */
gboolean hcl_report_data(const struct hcl *h, guint8 ret[static 64], GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcl_t, hcl_clear)
