/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tdx - Intel TDX quotes of version 4 and 5 (Intel TDX DCAP Quoting Library
 * API, appendix A.3 and A.4), and the TD report they carry: bytes to fields.
 * Nothing is judged here but the structure.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#define TDX_QUOTE_MAX (128 * 1024)     /* the quoting enclave's own data may take half of it */
#define TDX_QE_REPORT_SIZE 384
#define TDREPORT_SIZE 1024

struct td_report {
    uint8_t tee_tcb_svn[16];
    uint8_t mr_seam[48];
    uint8_t mr_signer_seam[48];
    uint64_t seam_attributes;
    uint64_t attributes;
    uint64_t xfam;
    uint8_t mrtd[48];
    uint8_t mr_config_id[48];
    uint8_t mr_owner[48];
    uint8_t mr_owner_config[48];
    uint8_t rtmr[4][48];
    uint8_t report_data[64];
    gboolean is_1_5;                 /* the two below are there */
    uint8_t tee_tcb_svn2[16];
    uint8_t mr_servicetd[48];
};

/* Pieces point into the bytes that were parsed. */
struct tdx_quote {
    uint16_t version;
    uint16_t key_type;               /* 2: ECDSA P-256 */
    uint32_t tee_type;               /* 0x81: TDX */
    uint8_t qe_vendor[16];
    uint16_t body_type;              /* 2: TD 1.0, 3: TD 1.5 */
    struct td_report td;
    const uint8_t *signed_bytes;     /* header and body, which the attestation key signed */
    size_t signed_len;
    const uint8_t *signature;        /* 64 bytes */
    const uint8_t *key;              /* 64 bytes: x and y of the attestation key */
    const uint8_t *qe_report;        /* 384 bytes */
    const uint8_t *qe_signature;     /* 64 bytes */
    const uint8_t *qe_auth;
    size_t qe_auth_len;
    const uint8_t *chain;            /* PCK certificates, PEM */
    size_t chain_len;
};

/* Bytes after the signature data are not part of the quote; many sources have some. */
gboolean tdx_quote_parse(const void *data, size_t len, struct tdx_quote *ret, GError **error);

/* A local TDREPORT (Intel TDX module, TDREPORT_STRUCT): good on its own machine only. */
gboolean tdreport_parse(const void *data, size_t len, struct td_report *ret, GError **error);
