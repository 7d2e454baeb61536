/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ptm - the control protocol as one table, for the server, for clients and for
 * the relay: what each command is called, how long its body is, when it may be
 * used and by which bit it is announced.
 */
#pragma once

#include <glib.h>

#include "swtpm/tpm_ioctl.h"

/* TPM 1.2 result codes, which this protocol uses for both versions. */
enum ptm_result {
    PTM_OK = 0,
    PTM_BAD_PARAMETER = 0x03,
    PTM_FAIL = 0x09,
    PTM_BAD_ORDINAL = 0x0a,
    PTM_IOERROR = 0x1f,
    PTM_BAD_LOCALITY = 0x3d,
    PTM_RETRY = 0x800,
};

enum ptm_when {
    PTM_ALWAYS,
    PTM_RUNNING,             /* else BAD_ORDINAL */
    PTM_STOPPED,
};

#define PTM_REQUEST_MAX 64           /* code and fixed part of any request */
#define PTM_BLOB_MAX (512u * 1024)   /* SET_STATEBLOB refuses what is larger, as swtpm 0.11 does */
#define PTM_INFO_MAX 3072            /* of the text in one GET_INFO answer */

struct ptm_row {
    guint32 code;
    const char *name;
    guint16 body;            /* fixed part after the code */
    gboolean longer;         /* more bytes than that are allowed, and ignored */
    gboolean data;           /* the last four bytes of the fixed part count bytes that follow */
    enum ptm_when when;
    guint32 capability;      /* PTM_CAP_*, 0 for none */
};

extern const struct ptm_row ptm_rows[];
extern const gsize ptm_row_count;

const struct ptm_row *ptm_row(guint32 code);         /* NULL: there is no such command */

/* All bits of the table, as GET_CAPABILITY answers them. */
guint32 ptm_capabilities(gboolean tpm2);
