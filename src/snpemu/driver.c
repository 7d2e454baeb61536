/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver - as Linux 6.1 behaves: parameters are checked, the message goes out
 * under the VMPCK of the secrets page with the count from there, the host may
 * answer in the firmware's place, and whatever cannot be explained wipes the
 * VMPCK: from then on ENOTTY. A host that finds too little room for its
 * certificates is the one error that does not; the number is used up then, by
 * an ordinary request (else a nonce would serve twice).
 */
#include "snpemu/driver.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "cocotransport/attest/certtable.h"
#include "cocotransport/keys/crypto.h"
#include "snpemu/report.h"

#include <errno.h>
#include <string.h>

#define VMPCK_AT 0x20
#define SEQUENCE_AT 0xa0
#define VMPL_AT 64                   /* in a report request */
#define NO_FIRMWARE_CALL 0xffffffffu
#define HOST_PAGE 4096u

struct driver *
driver_new(struct chip *chip, struct launch *launch, guint vmpck)
{
    struct driver *d = g_new0(struct driver, 1);

    d->chip = chip;
    d->launch = launch;
    d->vmpck = vmpck;
    d->faults = faults_new();
    launch_secrets_page(launch, d->secrets);
    return d;
}

void
driver_free(struct driver *d)
{
    if (d == NULL)
        return;
    launch_free(d->launch);
    faults_free(d->faults);
    g_clear_pointer(&d->certs, g_bytes_unref);
    gnutls_memset(d->secrets, 0, sizeof(d->secrets));
    g_free(d);
}

static uint8_t *
vmpck_bytes(struct driver *d)
{
    return d->secrets + VMPCK_AT + (size_t)d->vmpck * AES256_KEY_SIZE;
}

static uint32_t
sequence_get(const struct driver *d)
{
    struct cursor in = cursor_from(d->secrets + SEQUENCE_AT + (size_t)d->vmpck * 4, 4);

    return cursor_le32(&in);
}

static void
sequence_advance(struct driver *d)
{
    struct builder b = builder_on(d->secrets + SEQUENCE_AT + (size_t)d->vmpck * 4, 4);

    builder_le32(&b, sequence_get(d) + 2);
}

static void
vmpck_wipe(struct driver *d)
{
    gnutls_memset(vmpck_bytes(d), 0, AES256_KEY_SIZE);
}

/* The certificates that this host has for the guest. */
static GBytes *
host_certificates(const struct driver *d)
{
    if (d->no_certs)
        return NULL;
    return d->certs ? g_bytes_ref(d->certs) : chip_certificate_table(d->chip, NULL);
}

/* What the host does with the request: its own errors, faults, the firmware. */
static void
host_exchange(struct driver *d, const uint8_t request[static GUEST_PAGE],
              uint8_t answer[static GUEST_PAGE], struct snpdev_answer *ret)
{
    const struct fault *fault = faults_next(d->faults);
    uint8_t page[GUEST_PAGE];

    memcpy(page, request, GUEST_PAGE);
    ret->firmware_error = 0;
    if (fault != NULL && (fault->kind == FAULT_BUSY || fault->kind == FAULT_HOST_ERROR)) {
        ret->host_error = fault->kind == FAULT_BUSY ? SNPDEV_HOST_BUSY : fault->value;
        return;
    }
    fault_request(fault, page);
    if (fault == NULL || fault->kind != FAULT_DROP)
        ret->firmware_error = firmware_guest_request(d->chip, d->launch, page, answer);
    fault_answer(d->faults, fault, request, answer);
}

static Secret *
answer_open(const Secret *vmpck, const struct guestmsg *sent,
            const uint8_t page[static GUEST_PAGE])
{
    struct guestmsg m = { 0 };

    if (!guestmsg_header_parse(page, &m, NULL) || !guestmsg_is_answer(sent, &m))
        return NULL;
    return guestmsg_open(vmpck, &m, page, NULL);
}

/* One message there and back; 0 or an errno. */
static int
guest_request(struct driver *d, uint8_t type, uint8_t version, const uint8_t *payload, size_t len,
              Secret **ret_payload, struct snpdev_answer *ret)
{
    g_autoptr(Secret) vmpck = secret_copy(vmpck_bytes(d), AES256_KEY_SIZE);
    const struct guestmsg message = {
        .sequence = (uint64_t)sequence_get(d) + 1, .type = type, .version = version,
        .vmpck = (uint8_t)d->vmpck,
    };
    uint8_t request[GUEST_PAGE], answer[GUEST_PAGE] = { 0 };

    if (secret_is_zero(vmpck))
        return ENOTTY;
    if (message.sequence >= G_MAXUINT32)
        return EIO;
    if (!guestmsg_seal(vmpck, &message, payload, len, request, NULL))
        return EIO;
    host_exchange(d, request, answer, ret);
    if (ret->firmware_error == 0 && ret->host_error == 0)
        *ret_payload = answer_open(vmpck, &message, answer);
    if (*ret_payload == NULL) {
        vmpck_wipe(d);
        return ret->host_error == SNPDEV_HOST_BUSY ? ETIMEDOUT : EIO;
    }
    sequence_advance(d);
    return 0;
}

/* The payload as user space gets it: in a buffer of the ABI's length. */
static Secret *
answer_data(const Secret *payload, size_t room)
{
    Secret *data = secret_new(room);

    memcpy(secret_bytes(data), secret_peek(payload), MIN(room, secret_len(payload)));
    return data;
}

/* What a host can get without the guest (SNP_HV_REPORT_REQ), given out as the guest's answer. */
static void
report_of_host(struct driver *d, struct snpdev_answer *ret)
{
    const struct report_request request = { .vmpl = SNP_VMPL_HOST };
    uint8_t report[SNP_REPORT_SIZE];
    struct builder b = { 0 };

    if (report_make(d->chip, d->launch, &request, report) != FW_OK) {
        ret->error = EIO;
        return;
    }
    ret->data = secret_new(SNPDEV_REPORT_ANSWER);
    b = builder_on(secret_bytes(ret->data), SNPDEV_REPORT_ANSWER);
    builder_le32(&b, FW_OK);
    builder_le32(&b, SNP_REPORT_SIZE);
    builder_zero(&b, 24);
    builder_bytes(&b, report, sizeof(report));
}

static void
request_report(struct driver *d, const struct snpdev_request *request, struct snpdev_answer *ret)
{
    g_autoptr(Secret) payload = NULL;
    uint8_t data[SNPDEV_REPORT_REQUEST];
    struct cursor asked = cursor_from(request->data + VMPL_AT, 4);
    struct builder raise = builder_on(data + VMPL_AT, 4);

    if (d->vmpl == SNP_VMPL_HOST) {
        report_of_host(d, ret);
        return;
    }
    memcpy(data, request->data, sizeof(data));
    builder_le32(&raise, MAX(d->vmpl, cursor_le32(&asked)));
    ret->error = guest_request(d, GUESTMSG_REPORT_REQ, request->version, data, sizeof(data),
                               &payload, ret);
    if (ret->error == 0)
        ret->data = answer_data(payload, SNPDEV_REPORT_ANSWER);
}

static void
request_key(struct driver *d, const struct snpdev_request *request, struct snpdev_answer *ret)
{
    g_autoptr(Secret) payload = NULL;

    ret->error = guest_request(d, GUESTMSG_KEY_REQ, request->version, request->data,
                               SNPDEV_KEY_REQUEST, &payload, ret);
    if (ret->error == 0)
        ret->data = answer_data(payload, SNPDEV_KEY_ANSWER);
}

static GBytes *
certificates_padded(GBytes *table, uint32_t room)
{
    uint8_t *out = g_malloc0(room);

    memcpy(out, g_bytes_get_data(table, NULL), g_bytes_get_size(table));
    return g_bytes_new_take(out, room);
}

static void
request_extended(struct driver *d, const struct snpdev_request *request, struct snpdev_answer *ret)
{
    g_autoptr(GBytes) table = host_certificates(d);
    const size_t size = table ? g_bytes_get_size(table) : 0;
    const uint32_t needed = (uint32_t)((size + HOST_PAGE - 1) / HOST_PAGE * HOST_PAGE);

    if (request->certs_len % HOST_PAGE != 0 || request->certs_len > CERTTABLE_MAX) {
        ret->error = EINVAL;
        return;
    }
    request_report(d, request, ret);
    if (ret->error != 0)
        return;
    if (request->certs_len < needed) {
        g_clear_pointer(&ret->data, secret_free);
        ret->error = EIO;
        ret->firmware_error = 0;
        ret->host_error = SNPDEV_HOST_INVALID_LENGTH;
        ret->certs_len = needed;
    } else if (request->certs_len != 0) {
        ret->certs = table ? certificates_padded(table, request->certs_len)
                           : g_bytes_new_take(g_malloc0(request->certs_len), request->certs_len);
    }
}

void
driver_request(struct driver *d, const struct snpdev_request *request, struct snpdev_answer *ret)
{
    static void (*const calls[SNPDEV_CALLS])(struct driver *, const struct snpdev_request *,
                                             struct snpdev_answer *) = {
        [SNPDEV_REPORT] = request_report,
        [SNPDEV_DERIVED_KEY] = request_key,
        [SNPDEV_EXT_REPORT] = request_extended,
    };

    *ret = (struct snpdev_answer){ .firmware_error = NO_FIRMWARE_CALL,
                                   .certs_len = request->certs_len };
    if (request->version == 0)
        ret->error = EINVAL;
    else
        calls[request->call](d, request, ret);
}
