/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_commands - what an attached CoCoVM may ask besides TPM commands, one
 * row a command; run on the TPM thread, where nothing else runs meanwhile.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include <string.h>

struct call {
    Peer *peer;
    Engine *engine;
    struct cursor body;              /* as long as the table of roles says */
    struct builder *out;
    const char *why;                 /* of a refusal */
    char *words;                     /* the same, made for it */
};

static void
answer_empty(struct call *call)
{
    message_header_write(call->out, TAG_COCO_ANSWER, MESSAGE_HEADER, COCO_OK);
}

static enum coco_status
run_detach(struct call *call)
{
    life_power_off(call->engine);
    call->peer->detached = TRUE;
    answer_empty(call);
    return COCO_OK;
}

static enum coco_status
run_set_locality(struct call *call)
{
    const guint8 locality = cursor_u8(&call->body);

    if (locality >= 4 || !(call->peer->c->life.attachment.localities & (1u << locality))) {
        call->why = "the policy does not let this VM use that locality";
        return COCO_DENIED;
    }
    engine_set_locality(call->engine, locality);
    answer_empty(call);
    return COCO_OK;
}

static enum coco_status
run_info(struct call *call)
{
    info_write(call->peer->c, call->out);
    return COCO_OK;
}

static enum coco_status
run_check_receipt(struct call *call)
{
    struct receipt theirs;

    if (!receipt_parse(&call->body, &theirs, NULL)) {
        call->why = "no receipt";
        return COCO_MALFORMED;
    }
    if (!sealed_check_receipt(call->peer->c->store, &theirs)) {
        call->why = "the receipt is not of this state's history: it was rolled back or forked";
        return COCO_STALE;
    }
    answer_empty(call);
    return COCO_OK;
}

static enum coco_status
run_evidence(struct call *call)
{
    const enum coco_status status = evidence_run(call->peer, call->engine, &call->body, call->out,
                                                 &call->words);

    if (call->words != NULL)
        call->why = call->words;
    return status;
}

static const struct {
    guint32 code;
    enum coco_status (*run)(struct call *call);
} commands[] = {
    { COCO_DETACH, run_detach },
    { COCO_SET_LOCALITY, run_set_locality },
    { COCO_INFO, run_info },
    { COCO_CHECK_RECEIPT, run_check_receipt },
    { COCO_EVIDENCE, run_evidence },
};

void
command_run(Peer *p, Engine *e, const struct role_row *row, const guint8 *message, gsize len,
            struct builder *out)
{
    struct call call = {
        .peer = p,
        .engine = e,
        .body = cursor_from(message + MESSAGE_HEADER, len - MESSAGE_HEADER),
        .out = out,
        .why = "this CoCoTPM does not know that command",
    };
    enum coco_status status = COCO_UNSUPPORTED;

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (commands[i].code == row->code)
            status = commands[i].run(&call);
    if (status != COCO_OK)
        message_refusal_write(out, status, call.why);
    g_free(call.words);
}

/*
 * INFO's answer: u16 protocol version, u32 largest message, u32 largest TPM
 * message, u64 epoch, u64 generation, u8 attached, u8 waiting, u16 length and
 * words why it waits.
 */
gsize
info_write(Cocotpm *c, struct builder *out)
{
    struct sealed_status status;
    struct receipt now;
    gsize words;

    sealed_status(c->store, &status);
    sealed_receipt(c->store, &now);
    words = status.waiting ? strlen(status.why) : 0;
    message_header_write(out, TAG_COCO_ANSWER, 0, COCO_OK);
    builder_be16(out, PROTOCOL_VERSION);
    builder_be32(out, COCO_MESSAGE_MAX);
    builder_be32(out, TPM_MESSAGE_MAX);
    builder_be64(out, now.epoch);
    builder_be64(out, now.generation);
    builder_u8(out, c->life.on ? 1 : 0);
    builder_u8(out, status.waiting ? 1 : 0);
    builder_be16(out, (guint16)words);
    builder_bytes(out, status.why, words);
    builder_be32_at(out, 2, (guint32)builder_len(out));

    return builder_len(out);
}

void
peer_info(Peer *p)
{
    guint8 message[512];
    struct builder b = builder_on(message, sizeof(message));

    info_write(p->c, &b);
    peer_send(p, message, builder_len(&b));
}
