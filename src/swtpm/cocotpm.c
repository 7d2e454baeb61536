/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm - `swtpm socket --cocotpm`: opens platform and sealed state, checks
 * the command line against the policy that was sealed, and ties the parts to
 * main loop and TPM thread. The parts: cocotpm_private.h.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "swtpm/cocotpm_provision.h"
#include "swtpm/store/open.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CERTIFICATE_MAX 8192
#define OPERATOR_KEY_MAX 64
#define OWNER_SECRET_MIN 32
#define OWNER_SECRET_MAX 64

static void
cocotpm_free(Cocotpm *c)
{
    if (c == NULL)
        return;
    cocotpm_unlisten(c);
    sealed_free(c->store);
    provider_free(c->provider);
    policy_free(c->policy);
    secret_free(c->epsk);
    secret_free(c->operator_psk);
    life_clear(&c->life);
    g_clear_pointer(&c->cocovm_references, g_ptr_array_unref);
    g_clear_pointer(&c->certificate, g_bytes_unref);
    g_clear_pointer(&c->peers, g_ptr_array_unref);
    cocotpm_options_clear(&c->options);
    g_free(c);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cocotpm, cocotpm_free)

/* What this VM is, by its own report: half of every key of a link, and of the state's. */
static gboolean
read_own_report(Cocotpm *c, GError **error)
{
    const guint8 nothing[64] = { 0 };
    g_auto(evidence_t) e = { 0 };
    gsize len;
    const void *report;

    if (!provider_evidence(c->provider, nothing, &e, error)) {
        g_prefix_error(error, "--cocotpm needs this VM's own report: ");
        return FALSE;
    }
    if (e.parts[EVIDENCE_SNP_REPORT] == NULL)
        return error_system(error, "this VM's platform gave no SNP report");
    report = g_bytes_get_data(e.parts[EVIDENCE_SNP_REPORT], &len);

    return snp_report_parse(report, len, &c->own, error);
}

/* The raw floor of the policy for the product this is. */
static guint64
policy_tcb_floor(const Cocotpm *c, const struct policy *policy)
{
    const enum snp_product product = snp_report_product(&c->own);

    if (!policy->tcb_floor_given[product])
        return 0;
    return snp_tcb_join(policy->tcb_floor[product], product);
}

/* The body is open, nothing is changed yet: the policy decides from here on. */
static gboolean
judge(const struct sealed_facts *facts, struct sealed_terms *ret, void *data, GError **error)
{
    Cocotpm *c = data;
    gsize len;
    const char *text = g_bytes_get_data(facts->policy, &len);

    policy_free(c->policy);
    c->policy = policy_parse(text, len, POLICY_INSTANCE, error);
    if (c->policy == NULL) {
        g_prefix_error(error, "the sealed policy: ");
        return FALSE;
    }
    if ((c->policy->psk == POLICY_PSK_SECRET) != (facts->psk != NULL))
        return error_denied(error, "the sealed policy and its secrets contradict each other (psk)");
    if (c->policy->recovery_key_given != facts->recoverable)
        return error_denied(error, "the sealed policy and its secrets contradict each other "
                                   "(recovery-key)");
    ret->bind = c->policy->bind == POLICY_BIND_SIGNER ? SEAL_BIND_SIGNER : SEAL_BIND_MEASUREMENT;
    ret->owner_secret = c->policy->owner_secret;
    ret->tcb_floor = policy_tcb_floor(c, c->policy);
    ret->svn_floor = c->policy->svn_floor;
    ret->drops_launches = c->policy->peer.burns_evidence;
    ret->owner_key_given = c->policy->recovery_key_given;
    memcpy(ret->owner_key, c->policy->recovery_key, sizeof(ret->owner_key));
    if (c->policy->freshness != POLICY_FRESHNESS_WITNESS)
        return TRUE;
    ret->witness = witness_open(c->policy->witness, c->policy->witness_key,
                                facts->witness_certificate, facts->witness_key, error);
    return ret->witness != NULL;
}

/* On the thread that waits: rule 3 of the sealed state. */
static void
on_waiting(const char *why, guint seconds, void *data)
{
    (void)data;
    if (why == NULL)
        g_message("the state is stored again; the TPM goes on");
    else
        g_warning("the TPM waits, since its state cannot be stored (for %u s): %s", seconds, why);
}

static void
on_notice(const char *words, void *data)
{
    (void)data;
    g_message("%s", words);
}

static void
on_fatal(const GError *why, void *data)
{
    (void)data;
    g_critical("the state cannot be told from here on, the next start decides: %s", why->message);
    _exit(EXIT_FAILURE);
}

/* NULL without an error where none was given: the policy says whether it is needed. */
static gboolean
read_owner_secret(const struct cocotpm_options *o, Secret **ret, GError **error)
{
    g_autoptr(Secret) owner = NULL;

    if (o->owner_secret_fd >= 0)
        owner = secret_read_fd(o->owner_secret_fd, OWNER_SECRET_MIN, OWNER_SECRET_MAX, error);
    else if (o->owner_secret_file != NULL)
        owner = secret_read_file(o->owner_secret_file, OWNER_SECRET_MIN, OWNER_SECRET_MAX, error);
    else
        return TRUE;
    if (owner == NULL) {
        g_prefix_error(error, "owner secret: ");
        return FALSE;
    }
    *ret = g_steal_pointer(&owner);

    return TRUE;
}

static gboolean
open_store(Cocotpm *c, const struct swtpm_config *config, GError **error)
{
    struct store_config where = STORE_CONFIG_INIT;
    g_autofree char *words = NULL;
    g_autoptr(Secret) owner = NULL;
    struct sealed_config sealed = {
        .provider = c->provider,
        .platform = {
            .source = SEAL_SOURCE_SNP,
            .vmpl = (guint8)c->own.vmpl,
            .svn = c->own.guest_svn,
            .tcb = c->own.committed_tcb,
            .author_key = (c->own.key_info & 1) != 0,
        },
        .judge = judge,
        .waiting = on_waiting,
        .notice = on_notice,
        .fatal = on_fatal,
        .data = c,
    };
    gboolean good = suboptions_parse(store_rows, "--tpmstate", config->tpmstate, &where, error);

    if (good && where.dir == NULL)
        good = error_malformed(error, "--cocotpm needs --tpmstate dir=");
    good = good && cocotpm_floors_read(c, &sealed.platform, error) &&
           read_owner_secret(&c->options, &owner, error);
    sealed.dir = where.dir;
    sealed.owner = owner;
    sealed.uuid_given = c->options.id != NULL;
    if (sealed.uuid_given)
        good = good && uuid_parse(c->options.id, sealed.uuid, error);
    if (good && c->provisioning) {
        good = cocotpm_provision_run(c->options.provision, &sealed, &c->store, &words, error);
        if (good && words != NULL)
            g_print("%s%s", words, g_str_has_suffix(words, "\n") ? "" : "\n");
    } else if (good) {
        c->store = sealed_open(&sealed, error);
        good = c->store != NULL;
    }
    options_clear(store_rows, &where);

    return good;
}

/* Everything a link's key is made of. */
static gboolean
open_keys(Cocotpm *c, GError **error)
{
    const char *operator_file = c->options.operator_psk_file;
    const Secret *psk = sealed_psk(c->store);

    memcpy(c->uuid, sealed_uuid(c->store), sizeof(c->uuid));
    c->epsk = psk != NULL ? secret_copy(secret_peek(psk), secret_len(psk)) : secret_new(PSK_SIZE);
    if (!reference_of_report(&c->own, c->policy->psk_pin, c->own_reference, error))
        return FALSE;
    c->cocovm_references = references_of_policy(c->policy, error);
    if (c->cocovm_references == NULL)
        return FALSE;
    if (operator_file == NULL)
        return TRUE;
    c->operator_psk = secret_read_file(operator_file, PSK_SIZE, OPERATOR_KEY_MAX, error);
    if (c->operator_psk != NULL && secret_is_zero(c->operator_psk))
        return error_denied(error, "%s: a key of zeroes", operator_file);
    return c->operator_psk != NULL;
}

static gboolean
open_links(Cocotpm *c, GError **error)
{
    if (c->options.certs != NULL) {
        c->certificate = io_read_file(c->options.certs, CERTIFICATE_MAX, error);
        if (c->certificate == NULL)
            return FALSE;
    }
    if (!open_keys(c, error))
        return FALSE;
    if (c->options.fd >= 0)
        return TRUE;
    c->listener = cocotpm_listener_open(&c->options, error);

    return c->listener >= 0;
}

static Cocotpm *
cocotpm_open(const struct swtpm_config *config, GError **error)
{
    g_autoptr(Cocotpm) c = g_new0(Cocotpm, 1);
    const char *platform;

    c->listener = -1;
    c->peers = g_ptr_array_new();
    c->options.fd = c->options.provision = c->options.owner_secret_fd = -1;
    if (!cocotpm_options_parse(config, &c->options, error))
        return NULL;
    c->provisioning = c->options.provision >= 0;
    platform = c->options.platform != NULL ? c->options.platform : "auto";
    c->provider = provider_open(platform, error);
    if (c->provider == NULL || !read_own_report(c, error) || !open_store(c, config, error) ||
        (!c->provisioning && !open_links(c, error)))
        return NULL;

    return g_steal_pointer(&c);
}

static Store *
cocotpm_store(Cocotpm *c)
{
    return c->store != NULL ? sealed_store(c->store) : NULL;
}

static gboolean
cocotpm_makes(Cocotpm *c)
{
    return c->store != NULL && sealed_making(c->store);
}

/* For the claims, before anybody is attached. */
struct look {
    Cocotpm *c;
    GError *error;
};

static void
run_look(Engine *e, gpointer data)
{
    struct look *look = data;

    if (!life_power_on(e, NULL, &look->error) || look->c->provisioning)
        return;                      /* provisioning: stays on for swtpm_setup */
    life_read_names(e, &look->c->ek_count, look->c->ek_names);
    life_power_off(e);
}

static gboolean
cocotpm_start(Cocotpm *c, Server *server, Engine *engine, GError **error)
{
    struct look look = { c, NULL };

    c->server = server;
    c->engine = engine;
    server_call(server, run_look, &look);
    if (look.error != NULL) {
        g_propagate_error(error, look.error);
        return FALSE;
    }
    if (c->provisioning)
        return TRUE;
    return worker_start(c, error) && cocotpm_listen(c, error);
}

static void
run_stop(Engine *e, gpointer data)
{
    Peer *p = data;

    if (p != NULL)
        p->fenced = TRUE;
    life_power_off(e);
}

static void
cocotpm_stop(Cocotpm *c)
{
    c->stopping = TRUE;
    /* A command whose state cannot be stored would keep its thread, and us, for ever. */
    if (c->store != NULL)
        sealed_end(c->store);
    cocotpm_unlisten(c);
    worker_stop(c);
    for (guint i = c->peers->len; i > 0; i--) {
        Peer *p = c->peers->pdata[i - 1];

        if (p->state != PEER_ATTACHED)
            peer_close(p, NULL);
    }
    if (c->server != NULL && !c->provisioning)
        server_call(c->server, run_stop, c->life.peer);
}

static gboolean
cocotpm_finish(Cocotpm *c, GError **error)
{
    return !c->provisioning || cocotpm_provision_finish(c->store, error);
}

static gboolean
cocotpm_check(const struct swtpm_config *config, GError **error)
{
    return cocotpm_options_check(config, error);
}

const struct cocotpm_feature *
feature_cocotpm(void)
{
    static const struct cocotpm_feature feature = {
        .check = cocotpm_check,
        .open = cocotpm_open,
        .store = cocotpm_store,
        .makes = cocotpm_makes,
        .start = cocotpm_start,
        .stop = cocotpm_stop,
        .finish = cocotpm_finish,
        .free = cocotpm_free,
    };

    return &feature;
}
