/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * firmware - the order of checks is the firmware's: state, header, tag, then
 * the sequence number, then type and version. Only a message that passed them
 * all moves the counter, and is answered under the next number.
 */
#include "snpemu/firmware.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "snpemu/derive.h"

#include <string.h>

#define REPORT_REQUEST 96
#define KEY_REQUEST_V1 32
#define KEY_REQUEST_V2 40
#define ANSWER_HEADER 32
#define KEY_ANSWER 64

/* A request that opened, and room for its answer. */
struct exchange {
    const struct chip *chip;
    struct launch *launch;
    const struct guestmsg *message;
    struct cursor payload;
    struct builder answer;
};

static bool
all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* MSG_REPORT_REQ: 64 report data, u32 VMPL, u32 KEY_SEL, 24 reserved. */
static void
answer_report(struct exchange *x)
{
    struct report_request request = { 0 };
    uint8_t report[SNP_REPORT_SIZE];
    const uint8_t *reserved = NULL;
    enum fw_status status = FW_INVALID_PARAM;

    cursor_copy(&x->payload, request.report_data, sizeof(request.report_data));
    request.vmpl = cursor_le32(&x->payload);
    request.key_selection = cursor_le32(&x->payload);
    reserved = cursor_bytes(&x->payload, 24);

    if (reserved != NULL && all_zero(reserved, 24) && request.vmpl <= 3
        && request.vmpl >= x->message->vmpck && request.key_selection <= 3)
        status = report_make(x->chip, x->launch, &request, report);
    builder_le32(&x->answer, status);
    builder_le32(&x->answer, status == FW_OK ? SNP_REPORT_SIZE : 0);
    builder_zero(&x->answer, ANSWER_HEADER - 8);
    if (status == FW_OK)
        builder_bytes(&x->answer, report, sizeof(report));
}

/* MSG_KEY_REQ; version 2 ends with the mitigation vector. */
static void
answer_key(struct exchange *x)
{
    struct key_request request = { .version = x->message->version, .vmpck = x->message->vmpck };
    g_autoptr(Secret) key = NULL;
    enum fw_status status = FW_INVALID_PARAM;

    request.root_select = cursor_le32(&x->payload);
    request.reserved = cursor_le32(&x->payload);
    request.field_select = cursor_le64(&x->payload);
    request.vmpl = cursor_le32(&x->payload);
    request.guest_svn = cursor_le32(&x->payload);
    request.tcb_version = cursor_le64(&x->payload);
    if (request.version >= 2)
        request.mit_vector = cursor_le64(&x->payload);

    if (!x->payload.failed)
        status = derive_key(x->chip, x->launch, &request, &key);
    builder_le32(&x->answer, status);
    builder_zero(&x->answer, ANSWER_HEADER - 4);
    if (key != NULL)
        builder_bytes(&x->answer, secret_peek(key), DERIVED_KEY_SIZE);
    else
        builder_zero(&x->answer, KEY_ANSWER - ANSWER_HEADER);
}

struct message_row {
    uint8_t type;
    uint16_t size[2];                /* of the payload in versions 1 and 2 */
    void (*answer)(struct exchange *x);
};

static const struct message_row messages[] = {
    { GUESTMSG_REPORT_REQ, { REPORT_REQUEST, REPORT_REQUEST }, answer_report },
    { GUESTMSG_KEY_REQ, { KEY_REQUEST_V1, KEY_REQUEST_V2 }, answer_key },
};

/* NULL for a type, version or length that this firmware does not know. */
static const struct message_row *
message_find(const struct chip *chip, const struct guestmsg *m)
{
    for (size_t i = 0; i < G_N_ELEMENTS(messages); i++) {
        const guint newest = messages[i].type == GUESTMSG_KEY_REQ ? chip->key_version : 1;

        if (messages[i].type == m->type && m->version >= 1 && m->version <= newest
            && m->size >= messages[i].size[m->version - 1])
            return &messages[i];
    }
    return NULL;
}

/*
 * Payloads are multiples of 16 bytes. Whether that holds for version 2 of
 * MSG_KEY_REQ, whose fields are 40 bytes, is open: both forms pass.
 */
static gboolean
size_allowed(const struct chip *chip, const struct guestmsg *m)
{
    return m->size % 16 == 0
           || (chip->key_version >= 2 && m->type == GUESTMSG_KEY_REQ && m->version == 2
               && m->size == KEY_REQUEST_V2);
}

static enum fw_status
answer(struct exchange *x, const struct message_row *row, uint8_t ret[static GUEST_PAGE])
{
    uint8_t payload[GUESTMSG_PAYLOAD_MAX] = { 0 };
    struct guestmsg reply = *x->message;
    const uint8_t vmpck = x->message->vmpck;
    gboolean sealed = FALSE;

    x->answer = builder_on(payload, sizeof(payload));
    row->answer(x);
    reply.type++;
    reply.sequence++;
    sealed = !x->answer.failed
             && guestmsg_seal(x->launch->vmpck[vmpck], &reply, payload, builder_len(&x->answer),
                              ret, NULL);
    gnutls_memset(payload, 0, sizeof(payload));
    if (!sealed)
        return FW_PLATFORM;
    x->launch->count[vmpck] += 2;
    return FW_OK;
}

enum fw_status
firmware_guest_request(struct chip *chip, struct launch *launch,
                       const uint8_t request[static GUEST_PAGE], uint8_t ret[static GUEST_PAGE])
{
    struct guestmsg m = { 0 };
    struct exchange x = { .chip = chip, .launch = launch, .message = &m };
    const struct message_row *row = NULL;
    g_autoptr(Secret) payload = NULL;

    if (launch->state != LAUNCH_RUNNING)
        return FW_INVALID_GUEST_STATE;
    if (!guestmsg_header_parse(request, &m, NULL) || !size_allowed(chip, &m))
        return FW_INVALID_PARAM;
    payload = guestmsg_open(launch->vmpck[m.vmpck], &m, request, NULL);
    if (payload == NULL)
        return FW_BAD_MEASUREMENT;
    if (launch->count[m.vmpck] >= G_MAXUINT64 - 2 || m.sequence != launch->count[m.vmpck] + 1)
        return FW_AEAD_OFLOW;
    row = message_find(chip, &m);
    if (row == NULL)
        return FW_INVALID_PARAM;
    x.payload = cursor_from(secret_peek(payload), secret_len(payload));
    return answer(&x, row, ret);
}
