/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm-bundle - in the confidential VM: asks its CoCoTPM for evidence over a
 * relying party's nonce, and joins it with a TPM quote into one file, which
 * cocotpm-verify bundle judges.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/builder.h"
#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "base/options.h"
#include "cocotpm/bundle.h"
#include "cocotpm/driver_ask.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/link/link.h"
#include "cocotransport/wire/message.h"

#define ANSWER_SECONDS 120

struct bundle_config {
    gboolean help, version;
    char *driver, *nonce, *ak, *quote, *signature, *eventlog, *output;
};

#define ROW(name, kind, field, value, help) \
    { name, 0, kind, offsetof(struct bundle_config, field), value, help }

static const struct option_row rows[] = {
    ROW("driver", OPTION_STRING, driver, "PATH", "the socket of cocotpm-driver --evidence"),
    ROW("nonce", OPTION_STRING, nonce, "HEX", "the relying party's, 32 to 64 bytes"),
    ROW("ak", OPTION_STRING, ak, "HANDLE", "the attestation key's handle, such as 0x81010002"),
    ROW("quote", OPTION_STRING, quote, "FILE",
        "a quote by that key over the nonce (tpm2_quote --message)"),
    ROW("signature", OPTION_STRING, signature, "FILE", "its signature (tpm2_quote --signature)"),
    ROW("eventlog", OPTION_STRING, eventlog, "FILE", "a TCG event log, such as the driver's"),
    ROW("output", OPTION_STRING, output, "FILE", "where the bundle goes"),
    { "help", 'h', OPTION_FLAG, offsetof(struct bundle_config, help), NULL, "show this text" },
    { "version", 'V', OPTION_FLAG, offsetof(struct bundle_config, version), NULL,
      "show the version" },
    { 0 }
};

static gboolean
config_check(const struct bundle_config *c, GError **error)
{
    if (!c->driver || !c->nonce || !c->ak || !c->quote || !c->signature || !c->output)
        return error_malformed(error, "--driver, --nonce, --ak, --quote, --signature and --output "
                               "are needed");
    return TRUE;
}

static gboolean
write_request(const struct bundle_config *c, struct builder *out, GError **error)
{
    guint8 nonce[STATEMENT_NONCE_MAX];
    const gsize len = strlen(c->nonce) / 2;
    char *end;
    const guint64 handle = g_ascii_strtoull(c->ak, &end, 0);

    if (len < STATEMENT_NONCE_MIN || len > STATEMENT_NONCE_MAX ||
        !hex_decode(c->nonce, nonce, len, NULL))
        return error_malformed(error, "--nonce: %d to %d bytes, as hex digits", STATEMENT_NONCE_MIN,
                               STATEMENT_NONCE_MAX);
    if (*end != '\0' || end == c->ak || handle > G_MAXUINT32)
        return error_malformed(error, "--ak %s: no handle", c->ak);
    builder_be16(out, (guint16)(len + 4));
    builder_bytes(out, nonce, len);
    builder_be32(out, (guint32)handle);
    return TRUE;
}

/* The body of a good answer, or what the CoCoTPM said. */
static GBytes *
read_answer(int fd, gint64 deadline, GError **error)
{
    guint8 head[8];
    g_autofree guint8 *body = g_malloc0(COCO_MESSAGE_MAX + 1);
    struct cursor in = cursor_from(head, sizeof(head));
    guint32 status, len;

    if (!io_read_until(fd, head, sizeof(head), deadline, error))
        return NULL;
    status = cursor_be32(&in);
    len = cursor_be32(&in);
    if (len > COCO_MESSAGE_MAX) {
        error_malformed(error, "the driver's answer is too long");
        return NULL;
    }
    if (len > 0 && !io_read_until(fd, body, len, deadline, error))
        return NULL;
    if (status == COCO_OK)
        return g_bytes_new(body, len);
    error_denied(error, "the CoCoTPM refuses: %s%s%s", coco_status_text(status),
                 len > 2 ? ": " : "", len > 2 ? (const char *)body + 2 : "");
    return NULL;
}

static GBytes *
ask(const struct bundle_config *c, GError **error)
{
    const struct link_address address = { .kind = LINK_UNIX, .path = c->driver };
    const gint64 deadline = g_get_monotonic_time() + ANSWER_SECONDS * G_USEC_PER_SEC;
    guint8 request[2 + DRIVER_ASK_MAX];
    struct builder out = builder_on(request, sizeof(request));
    g_auto(AutoFd) fd = -1;

    if (!write_request(c, &out, error))
        return NULL;
    fd = link_connect(&address, deadline, error);
    if (fd < 0 || !io_write_until(fd, request, builder_len(&out), deadline, error))
        return NULL;
    return read_answer(fd, deadline, error);
}

static gboolean
take_answer(GBytes *answer, struct bundle *b, GError **error)
{
    struct cursor in = cursor_from(g_bytes_get_data(answer, NULL), g_bytes_get_size(answer));
    struct statement_answer parts;
    g_auto(evidence_t) evidence = { { NULL } };
    g_autoptr(certificate_t) vek = NULL;

    if (!statement_answer_parse(&in, &parts, error) ||
        !evidence_parse(&parts.evidence, &evidence, error))
        return FALSE;
    if (evidence.parts[EVIDENCE_SNP_REPORT] == NULL ||
        evidence.parts[EVIDENCE_VEK_CERTIFICATE] == NULL)
        return error_malformed(error, "the CoCoTPM gave no report, or no certificate of its key");
    vek = certificate_parse(evidence.parts[EVIDENCE_VEK_CERTIFICATE], error);
    if (vek == NULL)
        return FALSE;
    b->statement = g_bytes_new(parts.statement, parts.statement_len);
    b->report = g_bytes_ref(evidence.parts[EVIDENCE_SNP_REPORT]);
    b->certificate = g_bytes_ref(vek->der);
    return TRUE;
}

static gboolean
make_bundle(const struct bundle_config *c, GError **error)
{
    g_autoptr(GBytes) answer = NULL;
    g_auto(bundle_t) b = { 0 };
    g_autofree char *text = NULL;

    b.quote = io_read_file(c->quote, 4096, error);
    if (b.quote == NULL || (b.signature = io_read_file(c->signature, 4096, error)) == NULL)
        return FALSE;
    if (c->eventlog != NULL &&
        (b.eventlog = io_read_file(c->eventlog, 128 * 1024, error)) == NULL)
        return FALSE;
    answer = ask(c, error);
    if (answer == NULL || !take_answer(answer, &b, error))
        return FALSE;
    text = bundle_write(&b);
    return io_write_file(c->output, text, strlen(text), 0644, error);
}

static gboolean
run(const struct bundle_config *c, GError **error)
{
    g_autofree char *help = NULL;

    if (c->help) {
        help = options_help(rows);
        printf("usage: cocotpm-bundle --driver PATH --nonce HEX --ak HANDLE --quote FILE "
               "--signature FILE --output FILE\n\n%s", help);
        return TRUE;
    }
    if (c->version) {
        printf("cocotpm-bundle %s\n", PACKAGE_VERSION);
        return TRUE;
    }
    return config_check(c, error) && make_bundle(c, error);
}

int
main(int argc, char **argv)
{
    struct bundle_config config = { 0 };
    g_autoptr(GError) error = NULL;
    const gboolean good = options_parse(rows, argc, argv, &config, NULL, &error) &&
                          run(&config, &error);

    options_clear(rows, &config);
    if (good)
        return EXIT_SUCCESS;
    fprintf(stderr, "cocotpm-bundle: %s\n", error->message);
    return EXIT_FAILURE;
}
