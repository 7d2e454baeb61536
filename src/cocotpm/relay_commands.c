/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * relay_commands - answers of the carrier, from tables made at build time
 * (TPM 2.0 Part 3, sections 9, 10 and 30.2; Part 2, sections 6.13 and 10.8).
 */
#include "config.h"

#include "cocotpm/relay_commands.h"

#include "base/cursor.h"
#include "cocotransport/wire/message.h"

#define TAG_TPM12_COMMAND 0x00c1
#define TAG_TPM12_ANSWER 0x00c4
#define TPM12_BAD_TAG 0x1e

#define RC_INITIALIZE_FAILURE 0x101
#define RC_COMMAND_SIZE 0x142
#define RC_COMMAND_CODE 0x143
#define RC_VALUE_1 0x1c4

#define CC_INCREMENTAL_SELF_TEST 0x142
#define CC_SELF_TEST 0x143
#define CC_STARTUP 0x144
#define CC_SHUTDOWN 0x145
#define CC_GET_CAPABILITY 0x17a
#define CC_GET_TEST_RESULT 0x17c

#define CAP_ALGS 0
#define CAP_HANDLES 1
#define CAP_COMMANDS 2
#define CAP_PCRS 5
#define CAP_TPM_PROPERTIES 6

typedef void (*answer_body)(struct cursor *in, struct builder *out, guint32 *rc);

struct pair {
    guint32 key, value;
};

/* Ascending, as a TPM lists them. */
static const struct pair properties[] = {
    { 0x100, 0x322e3000 },           /* family "2.0" */
    { 0x101, 0 },                    /* level */
    { 0x102, 138 },                  /* revision 1.38 */
    { 0x103, 8 },                    /* day and year of it */
    { 0x104, 2018 },
    { 0x105, 0x436f436f },           /* manufacturer "CoCo" */
    { 0x106, 0x63617272 },           /* "carrier" */
    { 0x107, 0x69657200 },
    { 0x11e, TPM_MESSAGE_MAX },      /* largest command and answer */
    { 0x11f, TPM_MESSAGE_MAX },
    { 0x129, 6 },                    /* commands: as below */
    { 0x12a, 6 },                    /* of the library */
    { 0x12b, 0 },                    /* of the vendor */
};

/* TPMA_CC: the code alone, as none has handles or touches NV. */
static const struct pair command_codes[] = {
    { CC_INCREMENTAL_SELF_TEST, 0 }, { CC_SELF_TEST, 0 },      { CC_STARTUP, 0 },
    { CC_SHUTDOWN, 0 },              { CC_GET_CAPABILITY, 0 }, { CC_GET_TEST_RESULT, 0 },
};

static const struct capability {
    guint32 capability;
    const struct pair *rows;
    gsize count;
    gboolean values;
} capabilities[] = {
    { CAP_ALGS, NULL, 0, FALSE },
    { CAP_HANDLES, NULL, 0, FALSE },
    { CAP_COMMANDS, command_codes, G_N_ELEMENTS(command_codes), FALSE },
    { CAP_PCRS, NULL, 0, FALSE },
    { CAP_TPM_PROPERTIES, properties, G_N_ELEMENTS(properties), TRUE },
};

static void
body_none(struct cursor *in, struct builder *out, guint32 *rc)
{
    (void)in;
    (void)out;
    (void)rc;
}

/* An empty list of what is left to be tested. */
static void
body_incremental(struct cursor *in, struct builder *out, guint32 *rc)
{
    (void)in;
    (void)rc;
    builder_be32(out, 0);
}

/* No data, result: success. */
static void
body_test_result(struct cursor *in, struct builder *out, guint32 *rc)
{
    (void)in;
    (void)rc;
    builder_be16(out, 0);
    builder_be32(out, 0);
}

static void
write_rows(const struct capability *c, guint32 first, guint32 wanted, struct builder *out)
{
    gsize start = 0, count;

    while (start < c->count && c->rows[start].key < first)
        start++;
    count = MIN(c->count - start, wanted);
    builder_u8(out, start + count < c->count);       /* more data */
    builder_be32(out, c->capability);
    builder_be32(out, (guint32)count);
    for (gsize i = start; i < start + count; i++) {
        builder_be32(out, c->rows[i].key);
        if (c->values)
            builder_be32(out, c->rows[i].value);
    }
}

static void
body_capability(struct cursor *in, struct builder *out, guint32 *rc)
{
    guint32 capability = cursor_be32(in);
    guint32 first = cursor_be32(in);
    guint32 wanted = cursor_be32(in);

    if (in->failed) {
        *rc = RC_COMMAND_SIZE;
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(capabilities); i++)
        if (capabilities[i].capability == capability) {
            write_rows(&capabilities[i], first, wanted, out);
            return;
        }
    *rc = RC_VALUE_1;
}

static const struct {
    guint32 code;
    answer_body body;
} answers[] = {
    { CC_INCREMENTAL_SELF_TEST, body_incremental },
    { CC_SELF_TEST, body_none },
    { CC_STARTUP, body_none },
    { CC_SHUTDOWN, body_none },
    { CC_GET_CAPABILITY, body_capability },
    { CC_GET_TEST_RESULT, body_test_result },
};

static guint32
answer_code(guint32 code, struct cursor *in, struct builder *out)
{
    guint32 rc = 0;

    for (guint i = 0; i < G_N_ELEMENTS(answers); i++)
        if (answers[i].code == code) {
            answers[i].body(in, out, &rc);
            return rc;
        }
    return RC_COMMAND_CODE;
}

void
relay_command_answer(const guint8 *command, gsize len, gboolean running, struct builder *out)
{
    struct cursor in = cursor_from(command, len);
    struct message_header h = { 0 };
    guint8 memory[256];
    struct builder body = builder_on(memory, sizeof(memory));
    guint32 rc = RC_INITIALIZE_FAILURE;

    h.tag = cursor_be16(&in);
    h.size = cursor_be32(&in);
    h.code = cursor_be32(&in);

    /* OVMF asks a TPM 1.2 question first; an answer of its kind says what this is not. */
    if (h.tag == TAG_TPM12_COMMAND) {
        message_header_write(out, TAG_TPM12_ANSWER, MESSAGE_HEADER, TPM12_BAD_TAG);
        return;
    }
    if (in.failed || h.size != len)
        rc = RC_COMMAND_SIZE;
    else if (running)
        rc = answer_code(h.code, &in, &body);

    message_header_write(out, TAG_TPM_NO_SESSIONS, (guint32)(MESSAGE_HEADER + builder_len(&body)),
                         rc);
    builder_bytes(out, memory, builder_len(&body));
}
