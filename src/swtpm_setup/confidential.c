/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * confidential - policy and secrets of a new instance. They go to swtpm over a
 * sealed memory file and are never on the disk in clear.
 */
#include "config.h"

#include "swtpm_setup/confidential.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "base/options.h"
#include "cocotransport/attest/policy.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/seal/provision.h"
#include "swtpm/store/sealed.h"
#include "swtpm_setup/birth.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECRET_SIZE 32
#define OWNER_MAX 64
#define WITNESS_MAX 16384
#define SIGNATURE_MAX 1024
#define RECOVERED " recovered"

struct words {
    char *policy;
    char *id;
    char *psk_file;
    int owner_secret_fd;
    char *owner_secret_file;
    char *chain;
    char *recovery_key;
    char *deliver;
    char *signature;
    int new_owner_secret_fd;
    char *new_owner_secret_file;
    int recovery_secret_fd;
    char *recovery_secret_file;
    char *witness_key;
    char *witness_certificate;
    char *platform;
    char *certs;
    char *floors;
};

#define FIELD(name) offsetof(struct words, name)

static const struct option_row word_rows[] = {
    { "policy", 0, OPTION_STRING, FIELD(policy), "FILE", "the instance's policy" },
    { "id", 0, OPTION_STRING, FIELD(id), "UUID", "the instance's UUID" },
    { "psk-file", 0, OPTION_STRING, FIELD(psk_file), "FILE", "the link secret; for tests" },
    { "owner-secret-fd", 0, OPTION_FD, FIELD(owner_secret_fd), "FD", "the owner secret" },
    { "owner-secret-file", 0, OPTION_STRING, FIELD(owner_secret_file), "FILE", "for tests" },
    { "chain", 0, OPTION_STRING, FIELD(chain), "FILE", "certificates of roots given by file" },
    { "recovery-key", 0, OPTION_STRING, FIELD(recovery_key), "FILE",
      "the owner's public key, which secrets made here are encrypted to" },
    { "deliver", 0, OPTION_STRING, FIELD(deliver), "FILE", "where those go" },
    { "signature", 0, OPTION_STRING, FIELD(signature), "FILE",
      "the owner's, for --change-policy; without it what to sign is printed" },
    { "new-owner-secret-fd", 0, OPTION_FD, FIELD(new_owner_secret_fd), "FD",
      "the owner secret from then on, for --change-policy" },
    { "new-owner-secret-file", 0, OPTION_STRING, FIELD(new_owner_secret_file), "FILE",
      "for tests" },
    { "recovery-secret-fd", 0, OPTION_FD, FIELD(recovery_secret_fd), "FD",
      "the recovery secret, for --recover" },
    { "recovery-secret-file", 0, OPTION_STRING, FIELD(recovery_secret_file), "FILE", "the same" },
    { "witness-key", 0, OPTION_STRING, FIELD(witness_key), "FILE",
      "client key for the witness, PEM" },
    { "witness-certificate", 0, OPTION_STRING, FIELD(witness_certificate), "FILE",
      "its certificate" },
    { "platform", 0, OPTION_STRING, FIELD(platform), "PLATFORM", "where the keys come from" },
    { "certs", 0, OPTION_STRING, FIELD(certs), "FILE", "certificates of the platform" },
    { "floors", 0, OPTION_STRING, FIELD(floors), "FILE", "lowest TCB and SVN of a state" },
    { 0 },
};

struct Confidential {
    struct words words;
    struct provision provision;
    struct policy *policy;
    GBytes *delivery;                /* NULL: no secret was made here */
    gboolean recovered;              /* a state that is there */
    struct endorsement endorsement;
    char *passed_on;
    int fd;                          /* -1: not made yet */
};

static gboolean
parse_uuid(const char *text, guint8 ret[static UUID_SIZE], GError **error)
{
    return uuid_parse(text, ret, NULL) || error_malformed(error, "--cocotpm: id is to be a UUID");
}

static gboolean
read_psk(Confidential *c, GError **error)
{
    if (c->policy->psk == POLICY_PSK_BOOTSTRAP)
        return c->words.psk_file == NULL
               || error_denied(error, "The policy says psk = bootstrap: there is no secret to give");
    if (c->words.psk_file == NULL) {
        if (c->words.recovery_key == NULL)
            return error_denied(error, "The policy says psk = secret: recovery-key is missing, "
                                "which the link secret is encrypted to");
        c->provision.psk = crypto_random_secret(SECRET_SIZE, error);
        return c->provision.psk != NULL;
    }
    c->provision.psk = secret_read_file(c->words.psk_file, SECRET_SIZE, SECRET_SIZE, error);
    if (c->provision.psk != NULL && secret_is_zero(c->provision.psk))
        return error_denied(error, "%s: a link secret of zeroes is public", c->words.psk_file);
    return c->provision.psk != NULL;
}

/* A secret made here is delivered once; who cannot say where to would never learn it. */
static gboolean
make_delivery(Confidential *c, GError **error)
{
    const Secret *psk = c->words.psk_file == NULL ? c->provision.psk : NULL;
    g_autoptr(GBytes) key = NULL;

    if (c->policy->recovery_key_given) {
        if (c->words.recovery_key == NULL)
            return error_denied(error, "The policy names a recovery key: recovery-key is missing");
        c->provision.recovery = crypto_random_secret(SECRET_SIZE, error);
        if (c->provision.recovery == NULL)
            return FALSE;
    }
    if (psk == NULL && c->provision.recovery == NULL)
        return TRUE;
    if (c->words.deliver == NULL)
        return error_denied(error, "Secrets are made: deliver is missing, where they go");
    key = io_read_file(c->words.recovery_key, KEYFILE_MAX, error);
    if (key == NULL || !delivery_key_check(key, c->policy, error))
        return FALSE;
    c->delivery = delivery_write(key, psk, c->provision.recovery, error);
    return c->delivery != NULL;
}

static gboolean
read_owner_secret(Confidential *c, GError **error)
{
    const struct words *w = &c->words;
    gboolean given = w->owner_secret_fd >= 0 || w->owner_secret_file != NULL;

    if (c->policy->owner_secret != given)
        return error_denied(error, given ? "The policy wants no owner secret"
                                         : "The policy wants an owner secret: none was given");
    if (!given)
        return TRUE;
    c->provision.owner = w->owner_secret_fd >= 0
                             ? secret_read_fd(w->owner_secret_fd, SECRET_SIZE, 4096, error)
                             : secret_read_file(w->owner_secret_file, SECRET_SIZE, 4096, error);
    return c->provision.owner != NULL;
}

/* Roots that the policy names by file bring their certificates with them. */
static gboolean
read_chain(Confidential *c, GError **error)
{
    g_autoptr(GByteArray) all = g_byte_array_new();

    for (guint i = 0; i < c->policy->roots->len; i++) {
        const struct policy_root *root = c->policy->roots->pdata[i];
        const char *path = c->words.chain != NULL ? c->words.chain : root->name;
        g_autoptr(GBytes) file = NULL;

        if (root->kind != POLICY_ROOT_FILE || (c->words.chain != NULL && all->len > 0))
            continue;
        file = io_read_file(path, KEYFILE_MAX, error);
        if (file == NULL)
            return FALSE;
        g_byte_array_append(all, g_bytes_get_data(file, NULL), (guint)g_bytes_get_size(file));
    }
    if (all->len > 0)
        c->provision.chain = g_byte_array_free_to_bytes(g_steal_pointer(&all));
    return TRUE;
}

static gboolean
parse_policy(Confidential *c, GError **error)
{
    gsize len;
    const char *text;

    if (c->words.policy == NULL)
        return error_malformed(error, "--cocotpm: policy is missing");
    c->provision.policy = io_read_file(c->words.policy, KEYFILE_MAX, error);
    if (c->provision.policy == NULL)
        return FALSE;
    text = g_bytes_get_data(c->provision.policy, &len);
    c->policy = policy_parse(text, len, POLICY_INSTANCE, error);
    if (c->policy == NULL) {
        g_prefix_error(error, "%s: ", c->words.policy);
        return FALSE;
    }
    return read_chain(c, error);
}

static gboolean
read_policy(Confidential *c, GError **error)
{
    return parse_policy(c, error) && read_psk(c, error) && read_owner_secret(c, error)
           && make_delivery(c, error);
}

static gboolean
read_witness(Confidential *c, GError **error)
{
    const struct words *w = &c->words;

    if ((w->witness_key == NULL) != (w->witness_certificate == NULL))
        return error_malformed(error, "witness-key and witness-certificate belong together");
    if (w->witness_key == NULL)
        return TRUE;
    c->provision.witness_key = secret_read_file(w->witness_key, 1, WITNESS_MAX, error);
    if (c->provision.witness_key == NULL)
        return FALSE;
    c->provision.witness_certificate = io_read_file(w->witness_certificate, WITNESS_MAX, error);
    return c->provision.witness_certificate != NULL;
}

/* By descriptor or by file; none is good. */
static gboolean
read_secret(int fd, const char *path, gsize max, Secret **ret, GError **error)
{
    if (fd < 0 && path == NULL)
        return TRUE;
    *ret = fd >= 0 ? secret_read_fd(fd, SECRET_SIZE, max, error)
                   : secret_read_file(path, SECRET_SIZE, max, error);
    return *ret != NULL;
}

static gboolean
read_recovery(Confidential *c, GError **error)
{
    const struct words *w = &c->words;

    if (w->recovery_secret_fd < 0 && w->recovery_secret_file == NULL)
        return error_malformed(error, "--recover: --cocotpm recovery-secret-fd= is missing");
    return read_secret(w->recovery_secret_fd, w->recovery_secret_file, SECRET_SIZE,
                       &c->provision.recovery, error);
}

static gboolean
read_change(Confidential *c, GError **error)
{
    const struct words *w = &c->words;
    struct provision *p = &c->provision;

    if (!parse_policy(c, error)
        || !read_secret(w->new_owner_secret_fd, w->new_owner_secret_file, OWNER_MAX,
                        &p->new_owner, error))
        return FALSE;
    if (w->signature == NULL)
        return TRUE;
    if (w->recovery_key == NULL)
        return error_malformed(error, "--change-policy: --cocotpm recovery-key= is missing, whose "
                               "signature it is");
    p->owner_key = io_read_file(w->recovery_key, KEYFILE_MAX, error);
    if (p->owner_key == NULL)
        return FALSE;
    p->signature = io_read_file(w->signature, SIGNATURE_MAX, error);
    return p->signature != NULL;
}

/* What an action on a state that is there needs. */
static gboolean
read_for_state(Confidential *c, GError **error)
{
    const struct words *w = &c->words;

    if (!read_secret(w->owner_secret_fd, w->owner_secret_file, OWNER_MAX, &c->provision.owner,
                     error))
        return FALSE;
    if (c->provision.action == PROVISION_RECOVER)
        return read_recovery(c, error);
    if (c->provision.action == PROVISION_RENEW)
        return parse_policy(c, error);
    return c->provision.action != PROVISION_CHANGE_POLICY || read_change(c, error);
}

static gboolean
fill_memory(int fd, const Secret *bytes, GError **error)
{
    if (!io_write_full(fd, secret_peek(bytes), secret_len(bytes), error))
        return FALSE;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_errno(error, errno, "memfd");
    return TRUE;
}

/* Handed on to swtpm, which reads it once. */
static gboolean
put_in_memory(Confidential *c, GError **error)
{
    g_autoptr(Secret) bytes = provision_write(&c->provision, error);

    if (bytes == NULL)
        return FALSE;
    c->fd = memfd_create("provision", MFD_CLOEXEC);
    if (c->fd < 0)
        return error_errno(error, errno, "memfd_create");
    return fill_memory(c->fd, bytes, error);
}

static char *
words_to_pass_on(const struct words *w)
{
    const struct { const char *name, *value; } words[] = {
        { "platform", w->platform }, { "certs", w->certs }, { "floors", w->floors },
    };
    g_autoptr(GString) text = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (words[i].value != NULL)
            g_string_append_printf(text, "%s%s=%s", text->len > 0 ? "," : "", words[i].name,
                                   words[i].value);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

Confidential *
confidential_new(const char *text, enum provision_action action, GError **error)
{
    g_autoptr(Confidential) c = g_new0(Confidential, 1);

    c->fd = -1;
    c->words.owner_secret_fd = c->words.recovery_secret_fd = c->words.new_owner_secret_fd = -1;
    c->provision.action = action;
    if (!suboptions_parse(word_rows, "--cocotpm", text, &c->words, error)
        || !parse_uuid(c->words.id, c->provision.uuid, error)
        || !crypto_random(c->provision.lineage, sizeof(c->provision.lineage), error)
        || !(action == PROVISION_MAKE ? read_policy(c, error) && read_witness(c, error)
                                      : read_for_state(c, error))
        || !put_in_memory(c, error))
        return NULL;
    c->passed_on = words_to_pass_on(&c->words);
    return g_steal_pointer(&c);
}

gboolean
confidential_changes(const Confidential *c)
{
    return c->provision.action == PROVISION_CHANGE_POLICY && c->provision.signature != NULL;
}

/* The state is under the new policy and opens with the new secret, if there is one. */
gboolean
confidential_renew(Confidential *c, GError **error)
{
    struct provision *p = &c->provision;

    p->action = PROVISION_RENEW;
    if (p->new_owner != NULL || !c->policy->owner_secret) {
        secret_free(p->owner);
        p->owner = g_steal_pointer(&p->new_owner);
    }
    io_close(&c->fd);
    return put_in_memory(c, error);
}

gboolean
confidential_set_standing(Confidential *c, const char *words, GError **error)
{
    g_autofree char *lineage = g_strdup(words);

    c->recovered = g_str_has_suffix(words, RECOVERED);
    if (c->recovered)
        lineage[strlen(words) - strlen(RECOVERED)] = '\0';
    return hex_decode(lineage, c->provision.lineage, sizeof(c->provision.lineage), error);
}

void
confidential_free(Confidential *c)
{
    if (c == NULL)
        return;
    provision_clear(&c->provision);
    options_clear(word_rows, &c->words);
    policy_free(c->policy);
    g_clear_pointer(&c->delivery, g_bytes_unref);
    endorsement_clear(&c->endorsement);
    g_free(c->passed_on);
    io_close(&c->fd);
    g_free(c);
}

const char *
confidential_words(const Confidential *c)
{
    return c->passed_on;
}

int
confidential_fd(const Confidential *c)
{
    return c->fd;
}

void
confidential_report(const Confidential *c, struct made *made)
{
    made->uuid = g_strdup(c->words.id);
    made->secrets = c->delivery != NULL ? g_strdup(c->words.deliver) : NULL;
    made->policy_digest = hex_encode(c->policy->digest, sizeof(c->policy->digest));
}

gboolean
confidential_deliver(const Confidential *c, GError **error)
{
    return c->delivery == NULL
           || io_write_file(c->words.deliver, g_bytes_get_data(c->delivery, NULL),
                            g_bytes_get_size(c->delivery), 0600, error);
}

static struct birth
describe(const Confidential *c, const char *nonce, GPtrArray *eks)
{
    return (struct birth){
        .nonce = nonce,
        .platform = c->words.platform,
        .certificate = c->words.certs,
        .uuid = c->provision.uuid,
        .policy = c->policy,
        .recoverable = c->policy->recovery_key_given,
        .recovered = c->recovered,
        .eks = eks,
    };
}

gboolean
confidential_endorse(Confidential *c, const char *nonce, GPtrArray *eks, GError **error)
{
    const struct birth birth = describe(c, nonce, eks);

    return endorsement_make(&birth, c->provision.lineage, &c->endorsement, error);
}

/* TCG registry of reserved handles: the range of whoever makes the TPM, 0x01000000-0x013fffff. */
void
confidential_evidence(const Confidential *c, struct confidential_part ret[EVIDENCE_PARTS])
{
    const struct endorsement *e = &c->endorsement;

    ret[0] = (struct confidential_part){ "evidence", 0x0100c0c0,
                                         e->report != NULL ? e->statement : NULL };
    ret[1] = (struct confidential_part){ "evidence-report", 0x0100c0c1, e->report };
    ret[2] = (struct confidential_part){ "evidence-certificate", 0x0100c0c2, e->certificate };
}

gboolean
confidential_state_birth(const Confidential *c, const struct confidential_birth *in,
                         GError **error)
{
    g_autofree char *state = g_build_filename(in->dir, SEALED_FILE, NULL);
    struct birth birth = describe(c, in->nonce, in->eks);
    g_autofree char *text = NULL;

    birth.state = state;
    birth.delivery = c->delivery;
    birth.evidence = c->endorsement.report != NULL ? c->endorsement.statement : NULL;
    text = birth_write(&birth, c->provision.lineage, error);
    return text != NULL && io_write_file(in->path, text, strlen(text), 0644, error);
}
