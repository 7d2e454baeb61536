/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * snpdev - each way in which the driver, the host or the firmware can refuse
 * has its own words, since what to do about it differs.
 */
#include "cocotransport/attest/snpdev.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "cocotransport/attest/certtable.h"
#include "cocotransport/attest/report.h"

#include <errno.h>
#include <string.h>

#define ANSWER_HEADER 32
#define PAGE 4096u
#define STATUS_INVALID_KEY 0x27
#define VERSION_UNKNOWN 0xff                 /* of a guest message: no firmware has it */

void
snpdev_answer_clear(struct snpdev_answer *a)
{
    g_clear_pointer(&a->data, secret_free);
    g_clear_pointer(&a->certs, g_bytes_unref);
}

static struct snpdev *
snpdev_of(Provider *p)
{
    return (struct snpdev *)p;
}

/* TRUE for success; else the cause in words. */
static gboolean
answer_judge(const struct snpdev_answer *a, const char *what, GError **error)
{
    if (a->error == 0)
        return TRUE;
    if (a->error == ENOTTY)
        return error_denied(error, "%s: this launch's VMPCK is gone: its evidence was burnt, or "
                            "Linux wiped it after an error; only a new launch has another", what);
    if (a->host_error == SNPDEV_HOST_BUSY || a->error == ETIMEDOUT)
        return error_system(error, "%s: the host kept the AMD-SP busy", what);
    if (a->firmware_error != 0 && a->firmware_error != G_MAXUINT32)
        return error_system(error, "%s: the firmware refused the message with status 0x%x; "
                            "Linux wipes the VMPCK then", what, a->firmware_error);
    if (a->host_error != 0)
        return error_system(error, "%s: the host answered with error %u", what, a->host_error);
    return error_errno(error, a->error, "%s", what);
}

/* The STATUS inside an answer that came through: the driver reports success for it. */
static gboolean
status_judge(uint32_t status, const char *what, GError **error)
{
    if (status == 0)
        return TRUE;
    return error_denied(error, "%s: the AMD-SP answered with status 0x%x (%s)", what, status,
                        status == STATUS_INVALID_KEY ? "the selected key is not available"
                                                     : "invalid parameters");
}

static void
report_request(const uint8_t report_data[static 64], uint8_t ret[static SNPDEV_REPORT_REQUEST])
{
    struct builder b = builder_on(ret, SNPDEV_REPORT_REQUEST);

    builder_bytes(&b, report_data, 64);
    builder_zero(&b, SNPDEV_REPORT_REQUEST - 64);    /* VMPL 0, any key */
}

/* u32 status, u32 size, 24 reserved, report. */
static GBytes *
report_answer(const struct snpdev_answer *a, GError **error)
{
    struct cursor in = cursor_from(secret_peek(a->data), secret_len(a->data));
    const uint32_t status = cursor_le32(&in);
    const uint32_t size = cursor_le32(&in);
    const uint8_t *report = NULL;

    cursor_bytes(&in, ANSWER_HEADER - 8);
    if (!in.failed && !status_judge(status, "attestation report", error))
        return NULL;
    report = size == SNP_REPORT_SIZE ? cursor_bytes(&in, SNP_REPORT_SIZE) : NULL;
    if (report == NULL) {
        error_malformed(error, "attestation report: %u bytes instead of %d", size,
                        SNP_REPORT_SIZE);
        return NULL;
    }
    return g_bytes_new(report, SNP_REPORT_SIZE);
}

/* Asks for the report without certificates first; the host says how long they are. */
static gboolean
send_extended(struct snpdev *d, struct snpdev_request *request, struct snpdev_answer *ret,
              GError **error)
{
    for (int attempt = 0; attempt < 3; attempt++) {
        snpdev_answer_clear(ret);
        *ret = (struct snpdev_answer){ 0 };
        if (!d->send(d, request, ret, error))
            return FALSE;
        if (ret->error == 0 || ret->host_error != SNPDEV_HOST_INVALID_LENGTH)
            return answer_judge(ret, "attestation report", error);
        if (ret->certs_len == 0 || ret->certs_len > CERTTABLE_MAX)
            return error_malformed(error, "attestation report: the host has %u bytes of "
                                   "certificates, more than %d", ret->certs_len, CERTTABLE_MAX);
        request->certs_len = (ret->certs_len + PAGE - 1) / PAGE * PAGE;
    }
    return error_malformed(error, "attestation report: the host changes the length of its "
                           "certificates each time");
}

gboolean
snpdev_evidence(Provider *p, const uint8_t report_data[static 64], struct evidence *ret,
                GError **error)
{
    struct snpdev_request request = { .call = SNPDEV_EXT_REPORT, .version = 1,
                                      .certs_len = PAGE };
    struct snpdev_answer answer = { 0 };
    GBytes *report = NULL;

    report_request(report_data, request.data);
    if (send_extended(snpdev_of(p), &request, &answer, error))
        report = report_answer(&answer, error);
    if (report != NULL) {
        ret->parts[EVIDENCE_SNP_REPORT] = report;
        ret->parts[EVIDENCE_VEK_CERTIFICATE] = answer.certs ? certtable_vek(answer.certs) : NULL;
    }
    snpdev_answer_clear(&answer);
    return report != NULL;
}

static void
key_request(const struct derive_request *r, uint8_t ret[static SNPDEV_KEY_REQUEST])
{
    struct builder b = builder_on(ret, SNPDEV_KEY_REQUEST);

    builder_le32(&b, (r->root_key_select & 1) | (r->key_sel & 3) << 1);
    builder_le32(&b, 0);
    builder_le64(&b, r->guest_field_select);
    builder_le32(&b, r->vmpl);
    builder_le32(&b, r->guest_svn);
    builder_le64(&b, r->tcb_version);
}

static Secret *
key_answer(const struct snpdev_answer *a, GError **error)
{
    struct cursor in = cursor_from(secret_peek(a->data), secret_len(a->data));
    const uint32_t status = cursor_le32(&in);
    g_autoptr(Secret) key = secret_new(32);

    cursor_bytes(&in, ANSWER_HEADER - 4);
    cursor_copy(&in, secret_bytes(key), secret_len(key));
    if (in.failed) {
        error_malformed(error, "derived key: the answer is short");
        return NULL;
    }
    if (!status_judge(status, "derived key", error))
        return NULL;
    if (secret_is_zero(key)) {
        error_malformed(error, "derived key: all zero, which no firmware gives");
        return NULL;
    }
    return g_steal_pointer(&key);
}

/* Version 1 of the message: an unknown version makes Linux wipe the VMPCK. */
Secret *
snpdev_derive_key(Provider *p, const struct derive_request *r, GError **error)
{
    struct snpdev *d = snpdev_of(p);
    struct snpdev_request request = { .call = SNPDEV_DERIVED_KEY, .version = 1 };
    struct snpdev_answer answer = { 0 };
    Secret *key = NULL;

    key_request(r, request.data);
    if (d->send(d, &request, &answer, error) && answer_judge(&answer, "derived key", error))
        key = key_answer(&answer, error);
    snpdev_answer_clear(&answer);
    return key;
}

/*
 * Protocol, section 6.1: a message version that no firmware knows is a command
 * error, after which Linux wipes the VMPCK. Trusted only once the device says
 * ENOTTY to an ordinary request.
 */
gboolean
snpdev_burn(Provider *p, GError **error)
{
    struct snpdev *d = snpdev_of(p);
    struct snpdev_request request = { .call = SNPDEV_REPORT, .version = VERSION_UNKNOWN };
    struct snpdev_answer provoke = { 0 }, check = { 0 };
    gboolean sent = d->send(d, &request, &provoke, error);

    if (sent) {
        request.version = 1;
        sent = d->send(d, &request, &check, error);
    }
    snpdev_answer_clear(&provoke);
    snpdev_answer_clear(&check);
    if (!sent)
        return FALSE;
    if (check.error != ENOTTY)
        return error_denied(error, "burning evidence: the guest device still works afterwards "
                            "(errno %d)", check.error);
    return TRUE;
}
