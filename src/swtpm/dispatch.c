/* SPDX-License-Identifier: BSD-3-Clause */
#include "swtpm/dispatch.h"

#include "base/builder.h"
#include "base/cursor.h"

#define HEADER_SIZE 10
#define TAG_NO_SESSIONS 0x8001
#define TAG_SESSIONS 0x8002
#define TCG_SEND_COMMAND 8
#define SET_LOCALITY_CODE 0x20001000u

/* The codes of both TPM versions for the in-band SetLocality (swtpm's interface, section 4). */
struct locality_codes {
    guint32 not_allowed;
    guint32 bad_locality;
    guint32 short_command;
};
static const struct locality_codes codes2 = { 0x101, 0x107, 0x9a };
static const struct locality_codes codes12 = { 9, 0x3d, 0x19 };

static gboolean
has_prefix(const struct dispatch *d, const guint8 *data, gsize have)
{
    struct cursor in = cursor_from(data, have);

    return engine_is_tpm2(d->engine) && have >= 4 && cursor_be32(&in) == TCG_SEND_COMMAND;
}

gssize
dispatch_frame(const struct dispatch *d, const guint8 *data, gsize have)
{
    gboolean prefix = has_prefix(d, data, have);
    gsize skip = prefix ? DISPATCH_PREFIX_SIZE : 0;
    struct cursor in;
    guint32 size;

    if (have < (prefix ? DISPATCH_PREFIX_SIZE : HEADER_SIZE))
        return 0;
    in = cursor_from(data, have);
    (void)cursor_bytes(&in, prefix ? 5 : 2);
    size = cursor_be32(&in);
    if (size < HEADER_SIZE || size > ENGINE_MESSAGE_MAX)
        return -1;
    return (gssize)(skip + size);
}

gboolean
dispatch_locality_ok(const struct dispatch *d, guint8 locality)
{
    return locality < 4 || (locality == 4 && !d->reject_locality_4);
}

static void
short_answer(struct dispatch *d, guint32 code, const guint8 **ret, gsize *ret_len)
{
    struct builder out = builder_on(d->answer, sizeof(d->answer));

    builder_be16(&out, engine_is_tpm2(d->engine) ? TAG_NO_SESSIONS : 0x00c4);
    builder_be32(&out, HEADER_SIZE);
    builder_be32(&out, code);
    *ret = d->answer;
    *ret_len = builder_len(&out);
}

static gboolean
set_locality(struct dispatch *d, const guint8 *data, gsize len, const guint8 **ret, gsize *ret_len)
{
    const struct locality_codes *codes = engine_is_tpm2(d->engine) ? &codes2 : &codes12;
    struct cursor in = cursor_from(data, len);
    guint32 code;
    guint8 locality;

    (void)cursor_bytes(&in, 6);
    if (cursor_be32(&in) != SET_LOCALITY_CODE || in.failed)
        return FALSE;
    locality = cursor_u8(&in);
    code = in.failed ? codes->short_command
           : !d->allow_set_locality ? codes->not_allowed
           : !dispatch_locality_ok(d, locality) ? codes->bad_locality : 0;
    if (code == 0)
        engine_set_locality(d->engine, locality);
    short_answer(d, code, ret, ret_len);
    return TRUE;
}

static void
one_command(struct dispatch *d, const guint8 *data, gsize len, const guint8 **ret, gsize *ret_len)
{
    if (set_locality(d, data, len, ret, ret_len))
        return;
    if (d->before != NULL)
        d->before(d->before_data);
    if (d->trace != NULL)
        d->trace(d->trace_data, FALSE, data, len);
    engine_process(d->engine, data, len, ret, ret_len);
    if (d->trace != NULL)
        d->trace(d->trace_data, TRUE, *ret, *ret_len);
}

/* TCG's simulator protocol: the locality stays for later commands, as swtpm's users know it. */
static void
prefixed_command(struct dispatch *d, const guint8 *data, gsize len, const guint8 **ret,
                 gsize *ret_len)
{
    struct builder out = builder_on(d->answer, sizeof(d->answer));
    struct cursor in = cursor_from(data, len);
    const guint8 *answer;
    gsize size;
    guint8 locality;

    (void)cursor_be32(&in);
    locality = cursor_u8(&in);
    (void)cursor_be32(&in);
    if (in.failed || (locality == 4 && d->reject_locality_4)) {
        short_answer(d, codes2.bad_locality, &answer, &size);
    } else {
        engine_set_locality(d->engine, locality);
        one_command(d, in.pos, cursor_left(&in), &answer, &size);
    }
    if (answer == d->answer) {             /* made by us just there: ten bytes at most */
        guint8 copy[HEADER_SIZE];
        struct cursor from = cursor_from(answer, size);

        cursor_copy(&from, copy, sizeof(copy));
        builder_be32(&out, sizeof(copy));
        builder_bytes(&out, copy, sizeof(copy));
    } else {
        builder_be32(&out, (guint32)size);
        builder_bytes(&out, answer, size);
    }
    builder_be32(&out, 0);
    *ret = d->answer;
    *ret_len = builder_len(&out);
}

void
dispatch_message(struct dispatch *d, const guint8 *data, gsize len, const guint8 **ret,
                 gsize *ret_len)
{
    if (has_prefix(d, data, len))
        prefixed_command(d, data, len, ret, ret_len);
    else
        one_command(d, data, len, ret, ret_len);
}
