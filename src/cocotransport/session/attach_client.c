/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attach_client - from a link to an attached session:
 *
 *   own report → references → TLS with the key that both make → HELLO → the
 *   server's claims and evidence judged → own evidence → burnt → ATTACH
 *   (→ RESUME, when its answer is lost)
 *
 * Nothing of the own evidence is shown before the server's was found good.
 */
#include "cocotransport/session/attach_client.h"

#include "base/error.h"
#include "base/io.h"
#include "cocotransport/session/client_private.h"
#include "cocotransport/session/protocol.h"

#include <string.h>
#include <unistd.h>

#define SERVERS_TRIED 8

/* For the answer to ATTACH on a new link, where the first one went. */
#define FETCH_SECONDS 30

/* One run, for the length of attach_client_run(). */
struct run {
    const struct attach_client_config *config;
    gint64 deadline;
    Client *client;
    struct snp_report own;
    guint8 own_reference[REFERENCE_SIZE];
    enum coco_status status;
    gboolean answered;               /* the server's status is the reason */
};

static gboolean
own_references(struct run *r, GError **error)
{
    const guint8 nothing[64] = { 0 };
    g_auto(evidence_t) e = { 0 };
    gsize len;
    const void *report;

    if (!provider_evidence(r->config->provider, nothing, &e, error)) {
        g_prefix_error(error, "this VM's own report: ");
        return FALSE;
    }
    if (e.parts[EVIDENCE_SNP_REPORT] == NULL)
        return error_system(error, "this VM's platform gave no SNP report");
    report = g_bytes_get_data(e.parts[EVIDENCE_SNP_REPORT], &len);

    return snp_report_parse(report, len, &r->own, error) &&
           reference_of_report(&r->own, r->config->policy->psk_pin, r->own_reference, error);
}

/* The link key: the owner's secret, or the public zeroes of bootstrap; never both. */
static Secret *
link_key(const struct attach_client_config *config, GError **error)
{
    if (config->policy->psk == POLICY_PSK_BOOTSTRAP) {
        if (config->psk == NULL)
            return secret_new(PSK_SIZE);
        error_denied(error, "the policy says psk = bootstrap, but a link secret was given");
        return NULL;
    }
    if (config->psk == NULL || secret_len(config->psk) < PSK_SIZE || secret_is_zero(config->psk)) {
        error_denied(error, "the policy says psk = secret, but no secret of %d bytes was given",
                     PSK_SIZE);
        return NULL;
    }
    return secret_copy(secret_peek(config->psk), secret_len(config->psk));
}

/* TLS over a new link. DENIED: the server does not have this key. */
Tls *
client_open_channel(const struct psk_identity *id, const Secret *epsk, attach_connect connect,
                    gpointer data, gint64 deadline, GError **error)
{
    guint8 identity[IDENTITY_MAX];
    const gsize len = psk_identity_write(id, identity);
    g_autoptr(Secret) psk = schedule_psk(epsk, identity, len, error);
    g_autoptr(Tls) tls = NULL;
    Stream *stream;

    if (psk == NULL)
        return NULL;
    stream = connect(data, deadline, error);
    if (stream == NULL)
        return NULL;
    tls = tls_client_new(stream, identity, len, psk, error);
    if (tls == NULL)
        return NULL;
    switch (tls_handshake_until(tls, deadline, error)) {
    case TLS_DONE:
        return g_steal_pointer(&tls);
    case TLS_FAILED:
        return NULL;
    case TLS_CLOSED:
        error_system(error, "TLS handshake: the link was closed");
        return NULL;
    case TLS_AGAIN:
        break;
    }
    error_system(error, "TLS handshake: no answer in time");
    return NULL;
}

/* Tries what the policy accepts of the server, newest first, until one shares a key. */
static gboolean
open_any(struct run *r, attach_connect connect, gpointer data, GError **error)
{
    const struct attach_client_config *config = r->config;
    g_autoptr(Secret) epsk = link_key(config, error);
    g_autoptr(GPtrArray) servers = NULL;
    g_autoptr(GError) refused = NULL;
    struct psk_identity id = { .role = ROLE_COCOVM };

    if (epsk == NULL)
        return FALSE;
    servers = references_of_policy(config->policy, error);
    if (servers == NULL)
        return FALSE;
    memcpy(id.uuid, config->uuid, sizeof(id.uuid));
    for (guint i = 0; i < MIN(servers->len, SERVERS_TRIED); i++) {
        const guint8 *server = g_bytes_get_data(servers->pdata[i], NULL);

        if (!schedule_context(ROLE_COCOVM, id.uuid, server, r->own_reference, id.context, error) ||
            !schedule_context(ROLE_RESUME, id.uuid, server, r->own_reference,
                              r->client->context, error))
            return FALSE;
        g_clear_error(&refused);
        r->client->tls = client_open_channel(&id, epsk, connect, data, r->deadline, &refused);
        if (r->client->tls != NULL)
            return TRUE;
        if (!g_error_matches(refused, COCO_ERROR, COCO_ERROR_DENIED)) {
            g_propagate_error(error, g_steal_pointer(&refused));
            return FALSE;
        }
    }
    return error_denied(error, "no key is shared with the CoCoTPM: it is another one, runs or "
                               "expects another image, or has another link secret (%s)",
                        refused != NULL ? refused->message : "the policy names no image");
}

static gboolean
send_message(struct run *r, const guint8 *message, gsize len, GError **error)
{
    Tls *tls = r->client->tls;
    enum tls_result result = tls_send(tls, message, len, error);

    if (result == TLS_DONE)
        result = tls_flush_until(tls, r->deadline, error);
    if (result == TLS_FAILED)
        return FALSE;
    return result == TLS_DONE || error_system(error, "the link to the CoCoTPM is gone");
}

/* One answer of status ok, and its body. */
static gboolean
receive_answer(struct run *r, const char *what, GBytes **ret, GError **error)
{
    g_autofree char *reason = NULL;

    if (!client_hear_answer(r->client, r->client->tls, what, r->deadline, &r->status, ret, &reason,
                            error))
        return FALSE;
    r->answered = TRUE;
    return r->status == COCO_OK || error_denied(error, "%s: the CoCoTPM refused: %s (%s)", what,
                                                coco_status_text(r->status), reason);
}

static gsize
write_hello(const struct attach_client_config *config, guint8 *message, gsize size)
{
    struct builder b = builder_on(message, size);
    struct claims c = {
        .given = 1u << CLAIM_VERSION | 1u << CLAIM_UUID | 1u << CLAIM_PSK,
        .version = PROTOCOL_VERSION,
        .psk = config->policy->psk == POLICY_PSK_SECRET ? CLAIM_PSK_SECRET : CLAIM_PSK_BOOTSTRAP,
    };

    memcpy(c.uuid, config->uuid, sizeof(c.uuid));
    if (config->software != NULL) {
        c.given |= 1u << CLAIM_SOFTWARE;
        g_strlcpy(c.software, config->software, sizeof(c.software));
    }
    if (config->receipt != NULL) {
        struct builder receipt = builder_on(c.receipt, sizeof(c.receipt));

        c.given |= 1u << CLAIM_RECEIPT;
        receipt_write(config->receipt, &receipt);
    }
    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_HELLO);
    claims_write(&c, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));

    return b.failed ? 0 : builder_len(&b);
}

/* Every EK name that is pinned has to be among those claimed. */
static gboolean
ek_names_good(const struct policy_peer *peer, const struct claims *c)
{
    for (guint i = 0; peer->ek_names != NULL && i < peer->ek_names->len; i++) {
        gsize len;
        const void *pin = g_bytes_get_data(peer->ek_names->pdata[i], &len);
        gboolean found = FALSE;

        for (guint k = 0; k < c->ek_count; k++)
            found |= c->ek_names[k].len == len && memcmp(c->ek_names[k].bytes, pin, len) == 0;
        if (!found)
            return FALSE;
    }
    return TRUE;
}

/* What the server says of itself against what the owner pinned. */
static gboolean
judge_claims(const struct run *r, const struct claims *c, const guint8 *hello, gsize len,
             GError **error)
{
    const struct policy *policy = r->config->policy;
    const struct crypto_piece said = { hello, len };
    guint8 digest[SHA512_SIZE];

    if (!crypto_sha512(&said, 1, digest, error))
        return FALSE;
    if (c->version != PROTOCOL_VERSION)
        return error_denied(error, "the CoCoTPM speaks version %u of the protocol", c->version);
    if (!crypto_equal(digest, c->hello, sizeof(digest)))
        return error_denied(error, "the CoCoTPM answers another HELLO than was sent");
    if (memcmp(c->uuid, r->config->uuid, sizeof(c->uuid)) != 0)
        return error_denied(error, "the CoCoTPM is another instance");
    if (c->psk != (policy->psk == POLICY_PSK_SECRET ? CLAIM_PSK_SECRET : CLAIM_PSK_BOOTSTRAP))
        return error_denied(error, "the CoCoTPM uses another kind of link secret");
    if (!policy_list_has(policy->peer.policy_digests, c->policy_digest, sizeof(c->policy_digest)))
        return error_denied(error, "policy-digest: the CoCoTPM has another policy than was pinned");
    if (!ek_names_good(&policy->peer, c))
        return error_denied(error, "ek-name: the CoCoTPM does not have the EK that was pinned");
    if (c->reset == CLAIM_RESET_BURNT && !r->config->burn)
        return error_denied(error, "the CoCoTPM's policy vouches that this VM burns its evidence, "
                                   "but it was told to keep it");
    return TRUE;
}

/*
 * The server looks into its attach log; what its own claims say is looked at
 * here, before this launch burns its evidence for a state that is behind.
 */
static gboolean
judge_freshness(struct run *r, const struct claims *c, GError **error)
{
    struct receipt now = { .epoch = c->epoch, .generation = c->generation };

    if (r->config->receipt == NULL)
        return TRUE;
    memcpy(now.uuid, c->uuid, sizeof(now.uuid));
    memcpy(now.lineage, c->lineage, sizeof(now.lineage));
    memcpy(now.chain, c->chain, sizeof(now.chain));
    if (receipt_may_follow(&now, r->config->receipt))
        return TRUE;
    r->status = COCO_STALE;
    r->answered = TRUE;
    return error_denied(error, "stale or forked state: the CoCoTPM claims epoch %" G_GUINT64_FORMAT
                               ", generation %" G_GUINT64_FORMAT ", which the receipt of epoch %"
                               G_GUINT64_FORMAT ", generation %" G_GUINT64_FORMAT " rules out",
                        now.epoch, now.generation, r->config->receipt->epoch,
                        r->config->receipt->generation);
}

static gboolean
judge_evidence(const struct run *r, const struct hello_answer *answer, GError **error)
{
    g_auto(evidence_t) e = { 0 };
    struct cursor in = answer->evidence;
    guint8 report_data[SHA512_SIZE];
    struct verdict verdict = { 0 };
    gboolean good;
    const struct verify_context context = {
        .now = protocol_now(),
        .report_data = report_data,
        .own_chip_id = r->own.chip_id,
        .chain = r->config->chain,
        .judge_identity = TRUE,
    };

    if (!evidence_parse(&in, &e, error) ||
        !protocol_report_data(r->client->tls, SIDE_SERVER, answer->claims, answer->claims_len,
                              report_data, error))
        return FALSE;
    good = verify_evidence(&e, r->config->policy, &context, &verdict);
    if (!good)
        error_denied(error, "the CoCoTPM's evidence is refused: %s: %s", verdict.check,
                     verdict.reason);
    verdict_clear(&verdict);

    return good;
}

static gboolean
say_hello(struct run *r, guint8 *hello, gsize *hello_len, GError **error)
{
    g_autoptr(GBytes) body = NULL;
    struct hello_answer answer;
    struct cursor in, claims;
    struct claims *server = &r->client->attachment.server;

    *hello_len = write_hello(r->config, hello, MESSAGE_HEADER + CLAIMS_MAX);
    if (!send_message(r, hello, *hello_len, error) ||
        !receive_answer(r, "HELLO", &body, error))
        return FALSE;
    r->answered = FALSE;
    in = cursor_from(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    if (!hello_answer_parse(&in, &answer, error))
        return FALSE;
    claims = cursor_from(answer.claims, answer.claims_len);

    return claims_parse(&claims, CLAIMS_SERVER, server, error) &&
           judge_evidence(r, &answer, error) &&
           judge_claims(r, server, hello, *hello_len, error) &&
           judge_freshness(r, server, error);
}

/* Burnt exactly where the server's policy vouches for it; RESUME needs evidence elsewhere. */
static gboolean
say_attach(struct run *r, const guint8 *hello, gsize hello_len, GError **error)
{
    Client *c = r->client;
    g_autofree guint8 *buffer = g_malloc(COCO_MESSAGE_MAX);
    struct builder b = builder_on(buffer, COCO_MESSAGE_MAX);
    guint8 report_data[SHA512_SIZE];
    g_auto(evidence_t) e = { 0 };
    g_autoptr(GBytes) body = NULL;
    struct cursor in;

    if (!protocol_report_data(c->tls, SIDE_CLIENT, hello, hello_len, report_data, error) ||
        !provider_evidence(r->config->provider, report_data, &e, error))
        return FALSE;
    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_ATTACH);
    evidence_write(&e, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    if (b.failed)
        return error_system(error, "this VM's evidence is too long");
    c->keys[1].key = protocol_resume_key(c->tls, error);
    if (c->keys[1].key == NULL)
        return FALSE;
    c->keys[1].number = 1;
    c->burnt = c->attachment.server.reset == CLAIM_RESET_BURNT;
    if (c->burnt && !provider_burn(r->config->provider, error)) {
        g_prefix_error(error, "this VM's evidence could not be burnt: ");
        return FALSE;
    }
    client_keep_command(c, buffer, builder_len(&b));
    if (!send_message(r, buffer, builder_len(&b), error) ||
        !receive_answer(r, "ATTACH", &body, error))
        return FALSE;
    in = cursor_from(g_bytes_get_data(body, NULL), g_bytes_get_size(body));
    if (!attachment_parse(&in, &c->attachment, error))
        return FALSE;
    c->received = c->sent;
    c->attached = TRUE;

    return TRUE;
}

/*
 * ATTACH went out and its answer did not come in: it may have been carried out,
 * and the launch is then used, so that another ATTACH would be refused. RESUME
 * with an attach id of zeroes brings the answer (protocol, section 6.2). The
 * CoCoTPM knows no key while ATTACH is under way, and the host can forge the
 * refusal of a handshake: so this is tried more than once.
 */
static gboolean
fetch_answer(struct run *r, attach_connect connect, gpointer data, GError **error)
{
    const gint64 end = g_get_monotonic_time() + FETCH_SECONDS * G_USEC_PER_SEC;

    if (!resume_client_insist(r->client, r->config, connect, data, end, error)) {
        g_prefix_error(error, "the answer to ATTACH was lost: ");
        return FALSE;
    }
    return r->client->attached || error_malformed(error, "RESUME brought no answer to ATTACH");
}

/* The answer is lost when ATTACH was sent and nothing whole came back. */
static gboolean
attach_lost(const struct run *r)
{
    return r->client->sent == 1 && !r->answered;
}

Client *
attach_client_run(const struct attach_client_config *config, attach_connect connect,
                  gpointer data, gint64 deadline, enum coco_status *ret_status, GError **error)
{
    g_autoptr(Client) client = client_new();
    struct run r = { .config = config, .deadline = deadline, .client = client };
    guint8 hello[MESSAGE_HEADER + CLAIMS_MAX];
    gsize hello_len;
    g_autoptr(GError) why = NULL;
    gboolean good;

    memcpy(client->uuid, config->uuid, sizeof(client->uuid));
    good = own_references(&r, &why) && open_any(&r, connect, data, &why) &&
           say_hello(&r, hello, &hello_len, &why) && say_attach(&r, hello, hello_len, &why);
    if (!good && attach_lost(&r)) {
        g_clear_error(&why);
        good = fetch_answer(&r, connect, data, &why);
    }
    if (ret_status != NULL)
        *ret_status = r.answered ? r.status : COCO_OK;
    if (!good) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }

    return g_steal_pointer(&client);
}
