/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pcr_replay - see pcr_replay.h. TCG PC Client Platform Firmware Profile,
 * section 10; TPM 2.0 Part 1, section 34.3 for H-CRTM.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotpm/pcr_replay.h"
#include "cocotpm/quote.h"
#include "cocotransport/wire/eventlog.h"

#define EVENTS_MAX 4096

static gsize
extend(guint16 alg, const guint8 *old, const guint8 *digest, gsize size, guint8 ret[static 64])
{
    guint8 both[128];

    memcpy(both, old, size);
    memcpy(both + size, digest, size);
    return tpm_hash(alg, both, 2 * size, ret);
}

static gsize
measured(guint16 alg, guint8 fill, guint8 last, const void *data, gsize len, guint8 ret[static 64])
{
    guint8 start[64], digest[64];
    const gsize size = tpm_hash(alg, data, len, digest);

    if (size == 0)
        return 0;
    memset(start, fill, size);
    start[size - 1] = last;
    return extend(alg, start, digest, size, ret);
}

gsize
pcr_of_launch(guint16 alg, const void *event, gsize len, guint8 ret[static 64])
{
    return measured(alg, 0, 4, event, len, ret);
}

gsize
pcr_of_point(guint16 alg, const void *point, gsize len, guint8 ret[static 64])
{
    return measured(alg, 0xff, 0xff, point, len, ret);
}

struct replay {
    const struct statement *statement;
    const struct statement_bank *bank;
    guint8 values[STATEMENT_PCRS][64];
    gboolean touched[STATEMENT_PCRS];
};

static const struct event_digest *
digest_for(const struct event *e, guint16 alg)
{
    for (guint i = 0; i < e->count; i++) {
        if (e->digests[i].alg == alg)
            return &e->digests[i];
    }
    return NULL;
}

/* The first event of PCR 0 is the launch, and its digest that of its data. */
static gboolean
launch_is_first(const struct replay *r, const struct event *e, const struct event_digest *digest,
                GError **error)
{
    guint8 wanted[64];
    const gsize size = tpm_hash(r->bank->alg, e->data, e->data_len, wanted);

    return (e->type == EV_EFI_HCRTM_EVENT && e->data_len == r->statement->event_len &&
            memcmp(e->data, r->statement->event, e->data_len) == 0 && size == digest->len &&
            memcmp(wanted, digest->bytes, size) == 0) ||
           error_denied(error, "the event log does not begin with the launch that was measured");
}

static gboolean
replay_event(struct replay *r, const struct event *e, GError **error)
{
    const struct event_digest *digest = digest_for(e, r->bank->alg);
    guint8 next[64];

    if (e->type == EV_NO_ACTION)
        return TRUE;
    if (e->pcr >= STATEMENT_PCRS || digest == NULL || digest->len != r->bank->size)
        return error_denied(error, "an event of the log is of no PCR, or not in every bank");
    if (e->pcr == 0 && !r->touched[0]) {
        if (!launch_is_first(r, e, digest, error))
            return FALSE;
        r->values[0][r->bank->size - 1] = 4;
    }
    r->touched[e->pcr] = TRUE;
    if (extend(r->bank->alg, r->values[e->pcr], digest->bytes, digest->len, next) == 0)
        return error_system(error, "hash 0x%04x", r->bank->alg);
    memcpy(r->values[e->pcr], next, digest->len);
    return TRUE;
}

/* The specification event has the form of TPM 1.2: one SHA-1 digest. */
static void
skip_head(struct cursor *in)
{
    guint32 size;

    cursor_bytes(in, 4 + 4 + 20);
    size = cursor_le32(in);
    cursor_bytes(in, size);
}

static gboolean
compare(const struct replay *r, GError **error)
{
    if (!r->touched[0])
        return error_denied(error, "the event log does not measure the launch into PCR 0");
    for (guint pcr = 0; pcr < STATEMENT_PCRS; pcr++) {
        if (r->touched[pcr] && memcmp(r->values[pcr], r->bank->values[pcr], r->bank->size) != 0)
            return error_denied(error, "the event log does not lead to the value of PCR %u", pcr);
    }
    return TRUE;
}

gboolean
pcr_replay(const void *log, gsize len, const struct statement *s,
           const struct statement_bank *bank, GError **error)
{
    g_autofree struct replay *r = g_new0(struct replay, 1);
    g_autofree struct event *e = g_new0(struct event, 1);
    struct cursor in = cursor_from(log, len);

    r->statement = s;
    r->bank = bank;
    for (guint pcr = 17; pcr <= 22; pcr++)
        memset(r->values[pcr], 0xff, sizeof(r->values[pcr]));
    skip_head(&in);
    for (guint i = 0; cursor_left(&in) > 0; i++) {
        if (i == EVENTS_MAX)
            return error_malformed(error, "more than %d events", EVENTS_MAX);
        if (!event_parse(&in, e, error) || !replay_event(r, e, error))
            return FALSE;
    }
    if (in.failed)
        return error_malformed(error, "the event log is cut short");
    return compare(r, error);
}
