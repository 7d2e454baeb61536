/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * birth - secrets and statement for the owner. The report vouches for the
 * statement, and the statement for the file of secrets, so a host that
 * provisions with a key of its own can show neither.
 */
#include "config.h"

#include "swtpm_setup/birth.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotpm/bundle.h"
#include "cocotransport/attest/provider.h"
#include "cocotransport/keys/openssl.h"
#include "cocotransport/keys/pubkey.h"
#include "cocotransport/keys/schedule.h"
#include "cocotransport/seal/envelope.h"
#include "cocotransport/seal/header.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define CERTIFICATE_MAX 8192

gboolean
delivery_key_check(GBytes *key, const struct policy *policy, GError **error)
{
    guint8 id[32];

    if (!policy->recovery_key_given)
        return TRUE;
    if (!pubkey_id(key, id, error)) {
        g_prefix_error(error, "owner's key: ");
        return FALSE;
    }
    return crypto_equal(id, policy->recovery_key, sizeof(policy->recovery_key))
           || error_denied(error, "The owner's key is not the one that the policy names");
}

static gboolean
add_secret(JsonObject *object, GBytes *key, const char *name, const Secret *secret, GError **error)
{
    g_autoptr(GBytes) sealed = NULL;
    g_autofree char *text = NULL;

    if (secret == NULL)
        return TRUE;
    sealed = oaep_encrypt_pem(g_bytes_get_data(key, NULL), g_bytes_get_size(key), OAEP_SHA256,
                              name, strlen(name), secret_peek(secret), secret_len(secret), error);
    if (sealed == NULL)
        return FALSE;
    text = g_base64_encode(g_bytes_get_data(sealed, NULL), g_bytes_get_size(sealed));
    json_object_set_string_member(object, name, text);
    return TRUE;
}

GBytes *
delivery_write(GBytes *key, const Secret *psk, const Secret *recovery, GError **error)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(JsonObject) object = json_object_new();
    char *text;

    json_object_set_string_member(object, "format", "cocotpm-delivery");
    json_object_set_int_member(object, "version", 1);
    if (!add_secret(object, key, "psk", psk, error)
        || !add_secret(object, key, "recovery", recovery, error))
        return NULL;
    json_node_set_object(root, object);
    text = json_to_string(root, TRUE);
    return g_bytes_new_take(text, strlen(text));
}

/* Where the state stands once it is made; it is on our own disk, sealed by what just ended. */
static gboolean
read_state(const struct birth *b, struct statement *s, GError **error)
{
    g_autoptr(GBytes) file = io_read_file(b->state, SEALED_FILE_MAX, error);
    struct sealed_header header = { 0 };
    struct cursor in;
    gsize len;
    const void *bytes;

    if (file == NULL)
        return FALSE;
    bytes = g_bytes_get_data(file, &len);
    in = cursor_from(bytes, len);
    if (!sealed_header_parse(&in, &header, error) || !envelope_chain(bytes, len, s->chain, error)) {
        g_prefix_error(error, "%s: ", b->state);
        return FALSE;
    }
    if (memcmp(header.uuid, b->uuid, sizeof(header.uuid)) != 0
        || memcmp(header.policy_digest, b->policy->digest, sizeof(header.policy_digest)) != 0)
        return error_denied(error, "%s: this is another instance's", b->state);
    s->epoch = header.epoch;
    s->generation = header.generation;
    return TRUE;
}

static guint32
flags_of(const struct birth *b, gboolean emulated)
{
    const struct policy *p = b->policy;

    return (emulated ? CLAIM_FLAG_EMULATED : 0) | (b->recoverable ? CLAIM_FLAG_RECOVERABLE : 0)
           | (b->recovered ? CLAIM_FLAG_RECOVERED : 0)
           | (p->peer.same_chip ? 0 : CLAIM_FLAG_SAME_CHIP_OFF)
           | (p->peer.takeover ? CLAIM_FLAG_TAKEOVER : 0)
           | (p->owner_secret ? CLAIM_FLAG_OWNER_SECRET : 0);
}

static void
set_protection(const struct policy *p, struct statement *s)
{
    gboolean witness = p->freshness == POLICY_FRESHNESS_WITNESS;

    s->freshness = witness ? CLAIM_FRESHNESS_WITNESS
                   : p->freshness == POLICY_FRESHNESS_RECEIPT ? CLAIM_FRESHNESS_RECEIPT
                                                              : CLAIM_FRESHNESS_NONE;
    s->reset = p->peer.burns_evidence ? CLAIM_RESET_BURNT
               : witness              ? CLAIM_RESET_WITNESS
                                      : CLAIM_RESET_LOG;
}

static gboolean
set_keys(const struct birth *b, struct statement *s, GError **error)
{
    for (guint i = 0; i < b->eks->len; i++) {
        gsize len;
        const void *bytes = g_bytes_get_data(b->eks->pdata[i], &len);

        if (s->ek_count == EK_NAMES_MAX || len > STATEMENT_PUBLIC_MAX)
            return error_malformed(error, "more keys than a birth statement can name");
        s->eks[s->ek_count].len = (guint16)len;
        memcpy(s->eks[s->ek_count].bytes, bytes, len);
        s->ek_count++;
    }
    return TRUE;
}

static gboolean
set_nonce(const struct birth *b, struct statement *s, GError **error)
{
    gsize len = b->nonce == NULL ? STATEMENT_NONCE_MIN : strlen(b->nonce) / 2;

    if (len < STATEMENT_NONCE_MIN || len > STATEMENT_NONCE_MAX)
        return error_malformed(error, "--nonce: %d to %d bytes, as hex digits",
                               STATEMENT_NONCE_MIN, STATEMENT_NONCE_MAX);
    s->nonce_len = (guint8)len;
    return b->nonce == NULL ? crypto_random(s->nonce, len, error)
                            : hex_decode(b->nonce, s->nonce, len, error);
}

/* SHA-256 of @bytes; zeroes when there are none. */
static gboolean
digest_of(GBytes *bytes, guint8 ret[static 32], GError **error)
{
    struct crypto_piece piece;

    if (bytes == NULL)
        return TRUE;
    piece.data = g_bytes_get_data(bytes, NULL);
    piece.len = g_bytes_get_size(bytes);
    return crypto_sha256(&piece, 1, ret, error);
}

/* What only a state that is whole can say. */
static gboolean
set_birth(const struct birth *b, struct statement *s, GError **error)
{
    return read_state(b, s, error) && digest_of(b->delivery, s->secrets, error)
           && digest_of(b->evidence, s->evidence, error);
}

static GBytes *
make_statement(const struct birth *b, enum statement_kind kind, const guint8 lineage[static 16],
               gboolean emulated, GError **error)
{
    g_autofree struct statement *s = g_new0(struct statement, 1);
    g_autofree guint8 *memory = g_malloc(STATEMENT_MAX);
    struct builder out = builder_on(memory, STATEMENT_MAX);

    s->kind = (guint8)kind;
    memcpy(s->uuid, b->uuid, sizeof(s->uuid));
    memcpy(s->policy_digest, b->policy->digest, sizeof(s->policy_digest));
    memcpy(s->lineage, lineage, sizeof(s->lineage));
    s->flags = flags_of(b, emulated);
    set_protection(b->policy, s);
    g_strlcpy(s->software, "swtpm_setup " PACKAGE_VERSION, sizeof(s->software));
    if (!set_nonce(b, s, error) || !set_keys(b, s, error)
        || (kind == STATEMENT_BIRTH && !set_birth(b, s, error)))
        return NULL;
    statement_write(s, &out);
    if (out.failed) {
        error_malformed(error, "the statement is too long");
        return NULL;
    }
    return g_bytes_new(memory, builder_len(&out));
}

/* @ret_report, @ret_certificate: NULL where the platform makes none, or has none. */
static gboolean
attest(Provider *provider, const struct birth *b, GBytes *statement, GBytes **ret_report,
       GBytes **ret_certificate, GError **error)
{
    g_auto(evidence_t) evidence = { 0 };
    g_autoptr(GBytes) certificate = NULL;
    guint8 data[SHA512_SIZE];

    if (!schedule_statement_data(g_bytes_get_data(statement, NULL), g_bytes_get_size(statement),
                                 data, error)
        || !provider_evidence(provider, data, &evidence, error))
        return FALSE;
    if (evidence.parts[EVIDENCE_SNP_REPORT] == NULL)
        return TRUE;
    if (b->certificate != NULL) {
        certificate = io_read_file(b->certificate, CERTIFICATE_MAX, error);
        if (certificate == NULL)
            return FALSE;
    } else if (evidence.parts[EVIDENCE_VEK_CERTIFICATE] != NULL) {
        certificate = g_bytes_ref(evidence.parts[EVIDENCE_VEK_CERTIFICATE]);
    }
    *ret_report = g_bytes_ref(evidence.parts[EVIDENCE_SNP_REPORT]);
    *ret_certificate = g_steal_pointer(&certificate);
    return TRUE;
}

static Provider *
open_provider(const struct birth *b, GError **error)
{
    return provider_open(b->platform != NULL ? b->platform : "auto", error);
}

void
endorsement_clear(struct endorsement *e)
{
    g_clear_pointer(&e->statement, g_bytes_unref);
    g_clear_pointer(&e->report, g_bytes_unref);
    g_clear_pointer(&e->certificate, g_bytes_unref);
}

gboolean
endorsement_make(const struct birth *b, const guint8 lineage[static 16], struct endorsement *ret,
                 GError **error)
{
    g_autoptr(Provider) provider = open_provider(b, error);

    if (provider == NULL)
        return FALSE;
    ret->statement = make_statement(b, STATEMENT_ENDORSEMENT, lineage,
                                    provider_is_emulated(provider), error);
    return ret->statement != NULL
           && attest(provider, b, ret->statement, &ret->report, &ret->certificate, error);
}

char *
birth_write(const struct birth *b, const guint8 lineage[static 16], GError **error)
{
    g_auto(bundle_t) bundle = { 0 };
    g_autoptr(Provider) provider = open_provider(b, error);

    if (provider == NULL)
        return NULL;
    bundle.statement = make_statement(b, STATEMENT_BIRTH, lineage, provider_is_emulated(provider),
                                      error);
    if (bundle.statement == NULL
        || !attest(provider, b, bundle.statement, &bundle.report, &bundle.certificate, error))
        return NULL;
    if (bundle.report == NULL)
        error_denied(error, "A birth statement needs a platform that makes SNP reports");
    else if (bundle.certificate == NULL)
        error_denied(error, "The platform gives no certificate: certs= is missing");
    return bundle.certificate == NULL ? NULL : bundle_write(&bundle);
}
