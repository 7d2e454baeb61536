/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tdx - see tdx.h. Numbers are little-endian.
 */
#include "config.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "cocotransport/attest/tdx.h"

#define TD_1_0_SIZE 584
#define TD_1_5_SIZE 648
#define BODY_TD_1_0 2
#define BODY_TD_1_5 3
#define CERT_PCK_CHAIN 5
#define CERT_QE_REPORT 6

static void
td_report_read(struct cursor *in, struct td_report *td)
{
    cursor_copy(in, td->tee_tcb_svn, sizeof(td->tee_tcb_svn));
    cursor_copy(in, td->mr_seam, sizeof(td->mr_seam));
    cursor_copy(in, td->mr_signer_seam, sizeof(td->mr_signer_seam));
    td->seam_attributes = cursor_le64(in);
    td->attributes = cursor_le64(in);
    td->xfam = cursor_le64(in);
    cursor_copy(in, td->mrtd, sizeof(td->mrtd));
    cursor_copy(in, td->mr_config_id, sizeof(td->mr_config_id));
    cursor_copy(in, td->mr_owner, sizeof(td->mr_owner));
    cursor_copy(in, td->mr_owner_config, sizeof(td->mr_owner_config));
    for (size_t i = 0; i < G_N_ELEMENTS(td->rtmr); i++)
        cursor_copy(in, td->rtmr[i], sizeof(td->rtmr[i]));
    cursor_copy(in, td->report_data, sizeof(td->report_data));
    if (!td->is_1_5)
        return;
    cursor_copy(in, td->tee_tcb_svn2, sizeof(td->tee_tcb_svn2));
    cursor_copy(in, td->mr_servicetd, sizeof(td->mr_servicetd));
}

/* Version 5 says which body follows and how long it is; in version 4 it is TD 1.0. */
static gboolean
body_read(struct cursor *in, struct tdx_quote *q, GError **error)
{
    uint32_t size = TD_1_0_SIZE;
    struct cursor body;

    q->body_type = BODY_TD_1_0;
    if (q->version == 5) {
        q->body_type = cursor_le16(in);
        size = cursor_le32(in);
    }
    if (!(q->body_type == BODY_TD_1_0 && size == TD_1_0_SIZE) &&
        !(q->body_type == BODY_TD_1_5 && size == TD_1_5_SIZE))
        return error_malformed(error, "the quote's body is of type %u with %u bytes", q->body_type,
                               size);
    body = cursor_sub(in, size);
    q->td.is_1_5 = q->body_type == BODY_TD_1_5;
    td_report_read(&body, &q->td);
    return !body.failed || error_malformed(error, "the quote is cut short");
}

/* The QE's report, and the chain of the key that signed it. */
static gboolean
certification_read(struct cursor *in, struct tdx_quote *q, GError **error)
{
    const uint16_t outer_type = cursor_le16(in);
    const uint32_t outer_size = cursor_le32(in);
    struct cursor data = cursor_sub(in, outer_size);
    uint16_t chain_type;

    if (in->failed || outer_type != CERT_QE_REPORT)
        return error_malformed(error, "the quote's certification data is of type %u", outer_type);
    q->qe_report = cursor_bytes(&data, TDX_QE_REPORT_SIZE);
    q->qe_signature = cursor_bytes(&data, 64);
    q->qe_auth_len = cursor_le16(&data);
    q->qe_auth = cursor_bytes(&data, q->qe_auth_len);
    chain_type = cursor_le16(&data);
    q->chain_len = cursor_le32(&data);
    if (data.failed || chain_type != CERT_PCK_CHAIN)
        return error_malformed(error, "the quote brings no chain of certificates (type %u)",
                               chain_type);
    q->chain = cursor_bytes(&data, q->chain_len);
    return cursor_done(&data) || error_malformed(error, "the certification data is cut short");
}

gboolean
tdx_quote_parse(const void *data, size_t len, struct tdx_quote *ret, GError **error)
{
    struct cursor in = cursor_from(data, len);
    struct tdx_quote q = { 0 };
    struct cursor signature;
    uint32_t signature_len;

    if (len > TDX_QUOTE_MAX)
        return error_malformed(error, "a quote has at most %d bytes, this has %zu", TDX_QUOTE_MAX,
                               len);
    q.version = cursor_le16(&in);
    q.key_type = cursor_le16(&in);
    q.tee_type = cursor_le32(&in);
    cursor_bytes(&in, 4);
    cursor_copy(&in, q.qe_vendor, sizeof(q.qe_vendor));
    cursor_bytes(&in, 20);
    if (in.failed)
        return error_malformed(error, "the quote is cut short");
    if (q.version != 4 && q.version != 5)
        return error_malformed(error, "quote of unknown version %u", q.version);
    if (!body_read(&in, &q, error))
        return FALSE;
    q.signed_bytes = data;
    q.signed_len = (size_t)(in.pos - q.signed_bytes);
    signature_len = cursor_le32(&in);
    signature = cursor_sub(&in, signature_len);
    q.signature = cursor_bytes(&signature, 64);
    q.key = cursor_bytes(&signature, 64);
    if (in.failed || signature.failed)
        return error_malformed(error, "the quote is cut short");
    if (!certification_read(&signature, &q, error))
        return FALSE;
    if (!cursor_done(&signature))
        return error_malformed(error, "something follows the quote's certification data");
    *ret = q;
    return TRUE;
}

/* REPORTMACSTRUCT 256 bytes, TEE_TCB_INFO 239 and 17 reserved, TDINFO 512. */
gboolean
tdreport_parse(const void *data, size_t len, struct td_report *ret, GError **error)
{
    struct cursor in = cursor_from(data, len);
    struct td_report td = { 0 };
    uint8_t type;

    if (len != TDREPORT_SIZE)
        return error_malformed(error, "a TDREPORT has %d bytes, this has %zu", TDREPORT_SIZE, len);
    type = cursor_u8(&in);
    if (type != 0x81)
        return error_malformed(error, "the report is of type 0x%02x, not TDX (0x81)", type);
    cursor_bytes(&in, 127);
    cursor_copy(&in, td.report_data, sizeof(td.report_data));
    cursor_bytes(&in, 64);
    cursor_bytes(&in, 8);                        /* which fields are valid */
    cursor_copy(&in, td.tee_tcb_svn, sizeof(td.tee_tcb_svn));
    cursor_copy(&in, td.mr_seam, sizeof(td.mr_seam));
    cursor_copy(&in, td.mr_signer_seam, sizeof(td.mr_signer_seam));
    td.seam_attributes = cursor_le64(&in);
    cursor_bytes(&in, 239 - 128 + 17);
    td.attributes = cursor_le64(&in);
    td.xfam = cursor_le64(&in);
    cursor_copy(&in, td.mrtd, sizeof(td.mrtd));
    cursor_copy(&in, td.mr_config_id, sizeof(td.mr_config_id));
    cursor_copy(&in, td.mr_owner, sizeof(td.mr_owner));
    cursor_copy(&in, td.mr_owner_config, sizeof(td.mr_owner_config));
    for (size_t i = 0; i < G_N_ELEMENTS(td.rtmr); i++)
        cursor_copy(&in, td.rtmr[i], sizeof(td.rtmr[i]));
    if (in.failed)
        return error_malformed(error, "the TDREPORT is cut short");
    *ret = td;
    return TRUE;
}
