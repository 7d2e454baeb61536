/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * impostor - a CoCoTPM with the key of the link that lies in one point of its
 * answer to HELLO: what a host can do that speaks the public PSK and has VMs of
 * its own on a genuine chip. What it says and what it proves agree but for the lie.
 *
 *   impostor LIE-FILE LISTEN-SOCKET INSTANCE-POLICY UUID PLATFORM
 *
 * The lie is read for each link anew. Writes a line for each: what the client
 * said to the answer, "ATTACH" or "nothing". An ATTACH is refused with status 9.
 */
#include "config.h"

#include "tests/tools/tenant.h"

#include "base/io.h"
#include "cocotransport/link/link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINK_SECONDS 60
#define FILE_MAX 65536

struct impostor {
    const char *policy_file;
    const char *platform;
    guint8 uuid[16];
    char *lie;
    Tls *tls;
    gint64 deadline;
    guint8 message[COCO_MESSAGE_MAX];
    gsize len;
};

static gboolean
lies(const struct impostor *i, const char *lie)
{
    return strcmp(i->lie, lie) == 0;
}

/* The public PSK, of whatever identity is asked for. */
static Secret *
lookup(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    g_autoptr(Secret) public = secret_new(PSK_SIZE);

    (void)data;
    *ret_known = TRUE;
    return schedule_psk(public, identity, len, NULL);
}

static void
digest(const void *bytes, gsize len, gsize size, guint8 *ret)
{
    const struct crypto_piece piece = { bytes, len };
    const gboolean good = size == SHA512_SIZE ? crypto_sha512(&piece, 1, ret, NULL)
                                              : crypto_sha256(&piece, 1, ret, NULL);

    if (!good)
        tenant_die("digest", NULL);
}

static struct claims
make_claims(const struct impostor *i)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) policy = io_read_file(i->policy_file, FILE_MAX, &error);
    struct claims c = {
        .given = ((1u << CLAIM_TYPES) - 2) & ~(1u << CLAIM_RECEIPT) & ~(1u << CLAIM_EK_NAMES),
        .version = PROTOCOL_VERSION,
        .psk = lies(i, "psk") ? CLAIM_PSK_SECRET : CLAIM_PSK_BOOTSTRAP,
        .software = "impostor",
        .epoch = 1,
        .generation = 1,
        .freshness = CLAIM_FRESHNESS_RECEIPT,
        .reset = lies(i, "burnt") ? CLAIM_RESET_BURNT : CLAIM_RESET_LOG,
    };

    if (policy == NULL)
        tenant_die("policy", error);
    c.version = (guint16)(c.version - (lies(i, "version") ? 1 : 0));
    memcpy(c.uuid, i->uuid, sizeof(c.uuid));
    c.uuid[0] ^= lies(i, "uuid") ? 1 : 0;
    digest(i->message, i->len, SHA512_SIZE, c.hello);
    c.hello[0] ^= lies(i, "hello") ? 1 : 0;
    digest(g_bytes_get_data(policy, NULL), g_bytes_get_size(policy), SHA256_SIZE, c.policy_digest);
    c.policy_digest[0] ^= lies(i, "policy") ? 1 : 0;
    c.given &= ~(lies(i, "silent") ? 1u << CLAIM_POLICY_DIGEST : 0);
    return c;
}

/* What the evidence is bound to. */
static void
report_data(const struct impostor *i, const guint8 *said, gsize len, guint8 ret[static SHA512_SIZE])
{
    const enum schedule_side side = lies(i, "role") ? SIDE_CLIENT : SIDE_SERVER;
    guint8 exporter[EXPORTER_SIZE] = { 0 };
    gsize identity_len;
    const guint8 *identity = tls_identity(i->tls, &identity_len);
    g_autoptr(GError) error = NULL;
    gboolean good = lies(i, "relay")
                        ? schedule_report_data(side, ROLE_COCOVM, identity, identity_len, exporter,
                                               said, len, ret, &error)
                        : protocol_report_data(i->tls, side, said, len, ret, &error);

    if (!good)
        tenant_die("report data", error);
    if (lies(i, "data"))
        memset(ret, 0, SHA512_SIZE);
}

static void
make_evidence(const struct impostor *i, const guint8 *said, gsize len, struct evidence *ret)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Provider) provider = provider_open(i->platform, &error);
    guint8 data[SHA512_SIZE];

    report_data(i, said, len, data);
    if (provider == NULL || !provider_evidence(provider, data, ret, &error))
        tenant_die("evidence", error);
    if (lies(i, "certificate") || lies(i, "missing"))
        g_clear_pointer(&ret->parts[EVIDENCE_SNP_REPORT], g_bytes_unref);
    if (lies(i, "missing"))
        g_clear_pointer(&ret->parts[EVIDENCE_VEK_CERTIFICATE], g_bytes_unref);
    if (lies(i, "kinds"))
        ret->parts[EVIDENCE_TDX_QUOTE] = g_bytes_ref(ret->parts[EVIDENCE_SNP_REPORT]);
}

static gboolean
say(struct impostor *i, struct builder *b)
{
    const gsize len = lies(i, "cut") ? builder_len(b) - 1
                      : lies(i, "short") ? MESSAGE_HEADER + 2 : builder_len(b);

    builder_be32_at(b, 2, (guint32)len + (lies(i, "size") ? 1 : 0));
    return !b->failed && tls_send(i->tls, b->start, len, NULL) == TLS_DONE &&
           tls_flush_until(i->tls, i->deadline, NULL) == TLS_DONE;
}

static gboolean
hear(struct impostor *i)
{
    return tls_receive_until(i->tls, i->message, sizeof(i->message), &i->len, i->deadline, NULL) ==
           TLS_DONE;
}

static gboolean
answer_hello(struct impostor *i)
{
    g_autofree guint8 *memory = g_malloc(COCO_MESSAGE_MAX);
    struct builder b = builder_on(memory, COCO_MESSAGE_MAX);
    guint8 said[CLAIMS_MAX];
    struct builder claims = builder_on(said, sizeof(said));
    const struct claims c = make_claims(i);
    g_auto(evidence_t) e = { 0 };

    claims_write(&c, &claims);
    make_evidence(i, said, builder_len(&claims), &e);
    said[builder_len(&claims) - 1] ^= lies(i, "claims") ? CLAIM_FLAG_SAME_CHIP_OFF : 0;
    message_header_write(&b, lies(i, "tag") ? TAG_COCO_COMMAND : TAG_COCO_ANSWER, 0, COCO_OK);
    hello_answer_write(said, builder_len(&claims), &e, &b);
    return say(i, &b);
}

static void
refuse(struct impostor *i)
{
    guint8 memory[64];
    struct builder b = builder_on(memory, sizeof(memory));

    message_header_write(&b, TAG_COCO_ANSWER, 0, COCO_INTERNAL);
    builder_be16(&b, 6);
    builder_bytes(&b, "no TPM", 6);
    (void)say(i, &b);
}

static void
serve(struct impostor *i, int fd)
{
    g_autoptr(GError) error = NULL;

    i->deadline = g_get_monotonic_time() + LINK_SECONDS * G_USEC_PER_SEC;
    i->tls = tls_server_new(fd, lookup, NULL, &error);
    if (i->tls == NULL)
        tenant_die("server", error);
    if (tls_handshake_until(i->tls, i->deadline, NULL) == TLS_DONE && hear(i) && answer_hello(i)) {
        const gboolean more = hear(i);

        printf("%s: %s\n", i->lie, more ? "ATTACH" : "nothing");
        fflush(stdout);
        if (more)
            refuse(i);
    }
    g_clear_pointer(&i->tls, tls_free);
}

int
main(int argc, char **argv)
{
    g_autofree struct impostor *i = g_new0(struct impostor, 1);
    struct link_address address = { .kind = LINK_UNIX, .fd = -1, .mode = 0600 };
    g_autoptr(GError) error = NULL;
    int listener;

    g_set_prgname("impostor");
    if (argc != 6) {
        fprintf(stderr, "usage: impostor LIE-FILE LISTEN-SOCKET INSTANCE-POLICY UUID PLATFORM\n");
        return 2;
    }
    i->policy_file = argv[3];
    i->platform = argv[5];
    tenant_read_uuid(argv[4], i->uuid);
    address.path = argv[2];
    listener = link_listen(&address, &error);
    if (listener < 0)
        tenant_die("listen", error);
    for (;;) {
        struct pollfd p = { listener, POLLIN, 0 };
        g_autoptr(GBytes) lie = NULL;
        int fd;

        (void)poll(&p, 1, -1);
        fd = link_accept(listener, NULL);
        if (fd < 0)
            continue;
        lie = io_read_file(argv[1], FILE_MAX, &error);
        if (lie == NULL)
            tenant_die("lie", error);
        i->lie = g_strchomp(g_strndup(g_bytes_get_data(lie, NULL), g_bytes_get_size(lie)));
        serve(i, fd);
        g_clear_pointer(&i->lie, g_free);
    }
}
