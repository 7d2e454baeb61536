/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm12 - TPM 1.2 commands by hand. Structure names as in TPM Main, part 2.
 */
#include "config.h"

#include "swtpm_setup/tpm12.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "swtpm_setup/tpm12_crypto.h"

#include <string.h>

#define COMMAND_SECONDS 600
#define MESSAGE_MAX 4096
#define HEADER 10

#define TAG_RQU_COMMAND 0x00c1
#define TAG_RQU_AUTH1_COMMAND 0x00c2

#define ORD_OIAP 0x0a
#define ORD_TAKE_OWNERSHIP 0x0d
#define ORD_PHYSICAL_ENABLE 0x6f
#define ORD_PHYSICAL_SET_DEACTIVATED 0x72
#define ORD_CREATE_EK 0x78
#define ORD_NV_DEFINE_SPACE 0xcc
#define ORD_NV_WRITE_VALUE 0xcd
#define TSC_ORD_PHYSICAL_PRESENCE 0x4000000a

#define PID_OWNER 0x0005
#define KEY_STORAGE 0x0011
#define AUTH_ALWAYS 0x01
#define ALG_RSA 1
#define ES_OAEP_SHA1_MGF1 0x0003
#define SS_NONE 0x0001
#define TAG_KEY12 0x0028
#define TAG_NV_DATA_PUBLIC 0x0018
#define TAG_NV_ATTRIBUTES 0x0017
#define TPM_NV_INDEX_LOCK 0xffffffff
#define NV_OWNERREAD_OWNERWRITE 0x00020002
#define PIECE_MAX 1024

/* A command under way and the room for its answer. */
struct exchange {
    guint8 memory[MESSAGE_MAX];
    struct builder out;
    struct cursor in;                /* behind the answer's header */
};

static void
begin(struct exchange *x, guint16 tag, guint32 ordinal)
{
    x->out = builder_on(x->memory, sizeof(x->memory));
    builder_be16(&x->out, tag);
    builder_be32(&x->out, 0);
    builder_be32(&x->out, ordinal);
}

static gboolean
read_answer(struct tpm12 *t, struct exchange *x, guint32 *ret_code, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + COMMAND_SECONDS * G_USEC_PER_SEC;
    struct cursor in = cursor_from(x->memory, HEADER);
    guint32 size;

    if (!io_read_until(t->fd, x->memory, HEADER, deadline, error))
        return FALSE;
    cursor_be16(&in);
    size = cursor_be32(&in);
    *ret_code = cursor_be32(&in);
    if (size < HEADER || size > sizeof(x->memory))
        return error_malformed(error, "the TPM's answer has a wrong size");
    x->in = cursor_from(x->memory + HEADER, size - HEADER);
    return io_read_until(t->fd, x->memory + HEADER, size - HEADER, deadline, error);
}

static gboolean
run(struct tpm12 *t, struct exchange *x, const char *what, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + COMMAND_SECONDS * G_USEC_PER_SEC;
    guint32 code;

    builder_be32_at(&x->out, 2, (guint32)builder_len(&x->out));
    if (x->out.failed)
        return error_malformed(error, "%s: the command is too long", what);
    if (!io_write_until(t->fd, x->memory, builder_len(&x->out), deadline, error)
        || !read_answer(t, x, &code, error)) {
        g_prefix_error(error, "%s: ", what);
        return FALSE;
    }
    return code == 0 || error_system(error, "%s failed: 0x%x", what, code);
}

static gboolean
physical_presence(struct tpm12 *t, guint16 presence, GError **error)
{
    struct exchange x;

    begin(&x, TAG_RQU_COMMAND, TSC_ORD_PHYSICAL_PRESENCE);
    builder_be16(&x.out, presence);
    return run(t, &x, "TSC_PhysicalPresence", error);
}

gboolean
tpm12_activate(struct tpm12 *t, GError **error)
{
    struct exchange x;

    /* Enable the command, then say that somebody is there. */
    if (!physical_presence(t, 0x20, error) || !physical_presence(t, 0x08, error))
        return FALSE;
    begin(&x, TAG_RQU_COMMAND, ORD_PHYSICAL_ENABLE);
    if (!run(t, &x, "TPM_PhysicalEnable", error))
        return FALSE;
    begin(&x, TAG_RQU_COMMAND, ORD_PHYSICAL_SET_DEACTIVATED);
    builder_u8(&x.out, 0);
    return run(t, &x, "TPM_PhysicalSetDeactivated", error);
}

/* TPM_KEY_PARMS of an RSA 2048 key with the default exponent. */
static void
put_key_parms(struct builder *out)
{
    builder_be32(out, ALG_RSA);
    builder_be16(out, ES_OAEP_SHA1_MGF1);
    builder_be16(out, SS_NONE);
    builder_be32(out, 12);
    builder_be32(out, TPM12_MODULUS_SIZE * 8);
    builder_be32(out, 2);
    builder_be32(out, 0);
}

gboolean
tpm12_create_ek(struct tpm12 *t, guint8 ret_modulus[static TPM12_MODULUS_SIZE], GError **error)
{
    struct exchange x;
    guint32 len;

    begin(&x, TAG_RQU_COMMAND, ORD_CREATE_EK);
    builder_zero(&x.out, 20);        /* antiReplay: nobody is between us and this TPM */
    put_key_parms(&x.out);
    if (!run(t, &x, "TPM_CreateEndorsementKeyPair", error))
        return FALSE;
    cursor_be32(&x.in);              /* TPM_PUBKEY: algorithm, schemes, parameters */
    cursor_be32(&x.in);
    cursor_bytes(&x.in, cursor_be32(&x.in));
    len = cursor_be32(&x.in);
    if (x.in.failed || len != TPM12_MODULUS_SIZE || cursor_left(&x.in) < len)
        return error_malformed(error, "TPM_CreateEndorsementKeyPair: no RSA 2048 key came back");
    cursor_copy(&x.in, ret_modulus, len);
    return TRUE;
}

/* TPM_KEY12 of a storage key whose modulus the TPM is to make. */
static void
put_srk(struct builder *out)
{
    builder_be16(out, TAG_KEY12);
    builder_be16(out, 0);
    builder_be16(out, KEY_STORAGE);
    builder_be32(out, 0);
    builder_u8(out, AUTH_ALWAYS);
    put_key_parms(out);
    builder_be32(out, 0);            /* PCRInfoSize */
    builder_be32(out, 0);            /* pubKey */
    builder_be32(out, 0);            /* encData */
}

static gboolean
open_oiap(struct tpm12 *t, guint32 *ret_handle, guint8 ret_even[static 20], GError **error)
{
    struct exchange x;
    guint32 handle;

    begin(&x, TAG_RQU_COMMAND, ORD_OIAP);
    if (!run(t, &x, "TPM_OIAP", error))
        return FALSE;
    handle = cursor_be32(&x.in);
    cursor_copy(&x.in, ret_even, 20);
    if (!cursor_done(&x.in))
        return error_malformed(error, "TPM_OIAP: a wrong answer");
    *ret_handle = handle;
    return TRUE;
}

/* The parameters in the order in which they are hashed and sent. */
static gboolean
put_ownership(struct exchange *x, const guint8 modulus[static TPM12_MODULUS_SIZE],
              const struct tpm12_passwords *passwords, GError **error)
{
    const char *const texts[] = { passwords->owner, passwords->srk };

    begin(x, TAG_RQU_AUTH1_COMMAND, ORD_TAKE_OWNERSHIP);
    builder_be16(&x->out, PID_OWNER);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        guint8 *space;

        builder_be32(&x->out, TPM12_MODULUS_SIZE);
        space = builder_space(&x->out, TPM12_MODULUS_SIZE);
        if (space == NULL || !tpm12_encrypt_password(modulus, texts[i], space, error))
            return FALSE;
    }
    put_srk(&x->out);
    return TRUE;
}

gboolean
tpm12_take_ownership(struct tpm12 *t, const guint8 modulus[static TPM12_MODULUS_SIZE],
                     const struct tpm12_passwords *passwords, GError **error)
{
    struct exchange x;
    struct tpm12_auth auth = { .password = passwords->owner };
    guint32 handle = 0;

    if (!open_oiap(t, &handle, auth.even, error)
        || !put_ownership(&x, modulus, passwords, error))
        return FALSE;
    auth.parameters = x.memory + 6;          /* from the ordinal on */
    auth.len = builder_len(&x.out) - 6;
    if (!tpm12_authorise(&auth, error))
        return FALSE;
    builder_be32(&x.out, handle);
    builder_bytes(&x.out, auth.odd, sizeof(auth.odd));
    builder_u8(&x.out, 0);                   /* continueAuthSession */
    builder_bytes(&x.out, auth.mac, sizeof(auth.mac));
    return run(t, &x, "TPM_TakeOwnership", error);
}

/* TPM_PCR_INFO_SHORT that asks for no PCR, any locality. */
static void
put_no_pcrs(struct builder *out)
{
    builder_be16(out, 3);
    builder_zero(out, 3);
    builder_u8(out, 0x1f);
    builder_zero(out, 20);
}

static gboolean
define_space(struct tpm12 *t, guint32 index, guint32 attributes, guint32 size, GError **error)
{
    struct exchange x;

    begin(&x, TAG_RQU_COMMAND, ORD_NV_DEFINE_SPACE);
    builder_be16(&x.out, TAG_NV_DATA_PUBLIC);
    builder_be32(&x.out, index);
    put_no_pcrs(&x.out);
    put_no_pcrs(&x.out);
    builder_be16(&x.out, TAG_NV_ATTRIBUTES);
    builder_be32(&x.out, attributes);
    builder_zero(&x.out, 3);                 /* read and write locks */
    builder_be32(&x.out, size);
    builder_zero(&x.out, 20);                /* encAuth */
    return run(t, &x, "TPM_NV_DefineSpace", error);
}

gboolean
tpm12_nv_store(struct tpm12 *t, guint32 index, GBytes *data, GError **error)
{
    gsize len;
    const guint8 *bytes = g_bytes_get_data(data, &len);

    if (!define_space(t, index, NV_OWNERREAD_OWNERWRITE, (guint32)len, error))
        return FALSE;
    for (gsize at = 0; at < len; at += PIECE_MAX) {
        struct exchange x;
        gsize piece = MIN(PIECE_MAX, len - at);

        begin(&x, TAG_RQU_COMMAND, ORD_NV_WRITE_VALUE);
        builder_be32(&x.out, index);
        builder_be32(&x.out, (guint32)at);
        builder_be32(&x.out, (guint32)piece);
        builder_bytes(&x.out, bytes + at, piece);
        if (!run(t, &x, "TPM_NV_WriteValue", error))
            return FALSE;
    }
    return TRUE;
}

gboolean
tpm12_nv_lock(struct tpm12 *t, GError **error)
{
    return define_space(t, TPM_NV_INDEX_LOCK, 0, 0, error);
}
