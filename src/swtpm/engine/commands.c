/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * commands - the few TPM commands that the daemon sends itself, each a row:
 * code, and whether a handle with an empty password goes before the rest
 * (TCG TPM 2.0 Part 3 has the layouts).
 */
#include "swtpm/engine/engine.h"

#include <string.h>

#include "base/builder.h"
#include "base/cursor.h"
#include "swtpm/engine/private.h"

#define HEADER_SIZE 10
#define RC_MALFORMED TPM_RC_FAILURE_CODE

enum own_command {
    OWN_STARTUP,
    OWN_SHUTDOWN,
    OWN_PCR_EVENT,
    OWN_PCR_READ,
    OWN_READ_PUBLIC,
    OWN_GET_CAPABILITY,
    OWN_STARTUP_12,
};

static const struct {
    guint16 tag;
    guint32 code;
    gboolean password;       /* a session area with the empty password follows the handle */
} rows[] = {
    [OWN_STARTUP]        = { 0x8001, 0x144, FALSE },
    [OWN_SHUTDOWN]       = { 0x8001, 0x145, FALSE },
    [OWN_PCR_EVENT]      = { 0x8002, 0x13c, TRUE },
    [OWN_PCR_READ]       = { 0x8001, 0x17e, FALSE },
    [OWN_READ_PUBLIC]    = { 0x8001, 0x173, FALSE },
    [OWN_GET_CAPABILITY] = { 0x8001, 0x17a, FALSE },
    [OWN_STARTUP_12]     = { 0x00c1, 0x99, FALSE },
};

/* TPM_CC, TCG TPM 2.0 Part 2, 6.5.2. */
static const guint32 brief_codes[] = {
    0x169,                   /* NV_ReadPublic */
    0x173,                   /* ReadPublic */
    0x17a,                   /* GetCapability */
    0x17b,                   /* GetRandom */
    0x17d,                   /* Hash */
    0x17e,                   /* PCR_Read */
    0x181,                   /* ReadClock */
};

gboolean
engine_is_brief(const guint8 *command, gsize len)
{
    struct cursor in = cursor_from(command, len);
    const gboolean bare = cursor_be16(&in) == 0x8001;      /* TPM_ST_NO_SESSIONS */
    guint32 code;

    (void)cursor_be32(&in);
    code = cursor_be32(&in);
    for (gsize i = 0; bare && !in.failed && i < G_N_ELEMENTS(brief_codes); i++) {
        if (brief_codes[i] == code)
            return TRUE;
    }
    return FALSE;
}

struct call {
    guint8 bytes[ENGINE_MESSAGE_MAX];
    struct builder out;
};

static void
call_begin(struct call *c, enum own_command which)
{
    c->out = builder_on(c->bytes, sizeof(c->bytes));
    builder_be16(&c->out, rows[which].tag);
    builder_be32(&c->out, 0);
    builder_be32(&c->out, rows[which].code);
}

static void
call_handle(struct call *c, enum own_command which, guint32 handle)
{
    builder_be32(&c->out, handle);
    if (!rows[which].password)
        return;
    builder_be32(&c->out, 9);              /* authorizationSize */
    builder_be32(&c->out, 0x40000009);     /* TPM_RS_PW */
    builder_be16(&c->out, 0);
    builder_u8(&c->out, 0);
    builder_be16(&c->out, 0);
}

/* The parameters of a good answer (without the parameterSize of one with sessions) in @ret. */
static guint32
call_run(Engine *e, struct call *c, struct cursor *ret)
{
    const guint8 *answer;
    gsize len;
    guint16 tag;
    guint32 rc;

    if (c->out.failed)
        return RC_MALFORMED;
    builder_be32_at(&c->out, 2, (guint32)builder_len(&c->out));
    engine_process(e, c->bytes, builder_len(&c->out), &answer, &len);
    *ret = cursor_from(answer, len);
    tag = cursor_be16(ret);
    (void)cursor_be32(ret);
    rc = cursor_be32(ret);
    if (ret->failed)
        return RC_MALFORMED;
    if (rc == 0 && tag == 0x8002)
        *ret = cursor_sub(ret, cursor_be32(ret));
    return rc;
}

static GBytes *
rest(struct cursor *in)
{
    gsize len = cursor_left(in);

    return g_bytes_new(cursor_bytes(in, len), len);
}

guint32
engine_startup(Engine *e, enum engine_startup kind)
{
    enum own_command which = e->tpm2 ? OWN_STARTUP : OWN_STARTUP_12;
    static const guint16 types2[] = { 0, 1 };
    static const guint16 types12[] = { 1, 2, 3 };
    struct call c;
    struct cursor in;

    if (e->tpm2 && kind == ENGINE_STARTUP_DEACTIVATED)
        return RC_MALFORMED;
    call_begin(&c, which);
    builder_be16(&c.out, e->tpm2 ? types2[kind] : types12[kind]);
    return call_run(e, &c, &in);
}

guint32
engine_shutdown(Engine *e, gboolean state)
{
    struct call c;
    struct cursor in;

    call_begin(&c, OWN_SHUTDOWN);
    builder_be16(&c.out, state ? 1 : 0);
    return call_run(e, &c, &in);
}

guint32
engine_pcr_event(Engine *e, guint32 pcr, guint8 locality, const guint8 *data, gsize len,
                 GBytes **ret_digests)
{
    struct call c;
    struct cursor in;
    guint32 rc;

    if (len > 1024)                        /* TPM2B_EVENT */
        return RC_MALFORMED;
    call_begin(&c, OWN_PCR_EVENT);
    call_handle(&c, OWN_PCR_EVENT, pcr);
    builder_be16(&c.out, (guint16)len);
    builder_bytes(&c.out, data, len);
    e->forced_locality = locality + 1;
    rc = call_run(e, &c, &in);
    e->forced_locality = 0;
    if (rc == 0 && ret_digests != NULL)
        *ret_digests = rest(&in);
    return rc;
}

guint32
engine_pcr_read(Engine *e, guint16 alg, guint32 pcr, guint8 *ret, gsize max, gsize *ret_len)
{
    struct call c;
    struct cursor in;
    const guint8 *digest;
    guint32 rc;
    gsize len;

    if (pcr > 23)
        return RC_MALFORMED;
    call_begin(&c, OWN_PCR_READ);
    builder_be32(&c.out, 1);
    builder_be16(&c.out, alg);
    builder_u8(&c.out, 3);
    for (guint i = 0; i < 3; i++)
        builder_u8(&c.out, (guint8)(pcr / 8 == i ? 1u << (pcr % 8) : 0));
    rc = call_run(e, &c, &in);
    if (rc != 0)
        return rc;

    /* updateCounter, then the selection that was served, one bank as asked, then one digest. */
    (void)cursor_bytes(&in, 4 + 4 + 2 + 1 + 3);
    if (cursor_be32(&in) != 1)
        return RC_MALFORMED;
    len = cursor_be16(&in);
    digest = cursor_bytes(&in, len);
    if (in.failed || len > max)
        return RC_MALFORMED;
    memcpy(ret, digest, len);
    *ret_len = len;
    return 0;
}

guint32
engine_read_public(Engine *e, guint32 handle, GBytes **ret_public, GBytes **ret_name,
                   GBytes **ret_qualified)
{
    struct call c;
    struct cursor in, public, name, qualified;
    guint32 rc;

    call_begin(&c, OWN_READ_PUBLIC);
    call_handle(&c, OWN_READ_PUBLIC, handle);
    rc = call_run(e, &c, &in);
    if (rc != 0)
        return rc;
    public = cursor_sub(&in, cursor_be16(&in));
    name = cursor_sub(&in, cursor_be16(&in));
    qualified = cursor_sub(&in, cursor_be16(&in));
    if (in.failed)
        return RC_MALFORMED;
    if (ret_public != NULL)
        *ret_public = rest(&public);
    if (ret_name != NULL)
        *ret_name = rest(&name);
    if (ret_qualified != NULL)
        *ret_qualified = rest(&qualified);
    return 0;
}

guint32
engine_get_capability(Engine *e, guint32 capability, guint32 property, guint32 count, GBytes **ret)
{
    struct call c;
    struct cursor in;
    guint32 rc;

    call_begin(&c, OWN_GET_CAPABILITY);
    builder_be32(&c.out, capability);
    builder_be32(&c.out, property);
    builder_be32(&c.out, count);
    rc = call_run(e, &c, &in);
    if (rc != 0)
        return rc;
    (void)cursor_u8(&in);                  /* moreData */
    if (in.failed)
        return RC_MALFORMED;
    *ret = rest(&in);
    return 0;
}
