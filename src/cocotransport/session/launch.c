/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * launch - field by field; a change here changes PCR 0 and so everything that
 * is sealed to it.
 */
#include "cocotransport/session/launch.h"

#include "base/error.h"
#include "cocotransport/wire/evidence.h"

#include <string.h>

#define EVENT_VERSION 1
#define AUTHOR_KEY_EN 0x1u

gboolean
launch_id(const struct snp_report *report, guint8 ret[static LAUNCH_ID_LEN], GError **error)
{
    const guint8 kind = EVIDENCE_SNP_REPORT;
    const guint8 none[sizeof(report->report_id)] = { 0 };
    const struct crypto_piece pieces[] = {
        { &kind, 1 },
        { report->report_id, sizeof(report->report_id) },
    };
    guint8 hash[SHA256_SIZE];

    if (memcmp(report->report_id, none, sizeof(none)) == 0)
        return error_denied(error, "the evidence does not name its launch (REPORT_ID is zero)");
    if (!crypto_sha256(pieces, G_N_ELEMENTS(pieces), hash, error))
        return FALSE;
    memcpy(ret, hash, LAUNCH_ID_LEN);

    return TRUE;
}

void
launch_event_write(const struct snp_report *r, struct builder *out)
{
    builder_u8(out, EVENT_VERSION);
    builder_be16(out, EVIDENCE_SNP_REPORT);
    builder_bytes(out, r->measurement, sizeof(r->measurement));
    builder_be64(out, r->policy);
    builder_bytes(out, r->family_id, sizeof(r->family_id));
    builder_bytes(out, r->image_id, sizeof(r->image_id));
    builder_be32(out, r->guest_svn);
    builder_bytes(out, r->id_key_digest, sizeof(r->id_key_digest));
    if (r->key_info & AUTHOR_KEY_EN)
        builder_bytes(out, r->author_key_digest, sizeof(r->author_key_digest));
    else
        builder_zero(out, sizeof(r->author_key_digest));
    builder_bytes(out, r->host_data, sizeof(r->host_data));
    builder_be32(out, r->vmpl);
}

void
launch_point_write(const struct attachment *a, const guint8 launch[static LAUNCH_ID_LEN],
                   struct builder *out)
{
    builder_bytes(out, a->attach_id, sizeof(a->attach_id));
    builder_be64(out, a->epoch);
    builder_bytes(out, a->lineage, sizeof(a->lineage));
    builder_bytes(out, launch, LAUNCH_ID_LEN);
}
