/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_chain - the checks of the certificates: VCEK or VLEK, its signer and
 * AMD's root, three links and no path building; and then of what certificate
 * and report have to say of each other.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "cocotransport/attest/judge.h"
#include "cocotransport/attest/roots.h"

#define SIGNER_PREFIX "SEV-"
#define VLEK_SIGNER_PREFIX "SEV-VLEK-"
#define ROOT_PREFIX "ARK-"

static gboolean
is_signer_of_kind(const struct certificate *c, gboolean vlek)
{
    return !c->self_issued && g_str_has_prefix(c->subject, SIGNER_PREFIX) &&
           (g_str_has_prefix(c->subject, VLEK_SIGNER_PREFIX) != 0) == vlek;
}

/* The one certificate of @list that is wanted; NULL when there is none or more. */
static const struct certificate *
only_root(GPtrArray *list)
{
    const struct certificate *found = NULL;

    for (guint i = 0; i < list->len; i++) {
        const struct certificate *c = g_ptr_array_index(list, i);

        if (!c->self_issued)
            continue;
        if (found != NULL)
            return NULL;
        found = c;
    }
    return found;
}

static gboolean
has_root(GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        if (((const struct certificate *)g_ptr_array_index(list, i))->self_issued)
            return TRUE;
    }
    return FALSE;
}

static const struct certificate *
only_signer(GPtrArray *list, gboolean vlek)
{
    const struct certificate *found = NULL;

    for (guint i = 0; i < list->len; i++) {
        const struct certificate *c = g_ptr_array_index(list, i);

        if (!is_signer_of_kind(c, vlek))
            continue;
        if (found != NULL)
            return NULL;
        found = c;
    }
    return found;
}

/* "SEV-Genoa", "SEV-VLEK-Genoa" and "ARK-Genoa" end in the product. */
static enum snp_product
product_of_name(const char *name)
{
    const char *dash = strrchr(name, '-');

    return dash == NULL ? SNP_PRODUCT_UNKNOWN : snp_product_from_name(dash + 1, strlen(dash + 1));
}

static gboolean
check_vek_readable(struct judge *j, G_GNUC_UNUSED int arg)
{
    GBytes *part = j->evidence->parts[EVIDENCE_VEK_CERTIFICATE];
    GError *error = NULL;

    if (part == NULL)
        return judge_fail(j, "the report comes without the certificate of its key");
    j->der = der_new(&error);
    if (j->der != NULL)
        j->vek = certificate_parse(part, &error);
    if (j->vek == NULL)
        return judge_fail_error(j, error);
    j->found |= NEED_VEK;
    return TRUE;
}

static gboolean
policy_has_roots(const struct policy *policy, enum policy_root_kind kind)
{
    for (guint i = 0; i < policy->roots->len; i++) {
        const struct policy_root *root = g_ptr_array_index(policy->roots, i);

        if (root->kind == kind)
            return TRUE;
    }
    return FALSE;
}

static GPtrArray *
built_in_chain(const struct judge *j, GError **error)
{
    g_autofree char *issuer = certificate_issuer(j->vek);
    g_autoptr(GBytes) bytes = root_chain_amd(product_of_name(issuer), j->vlek);

    if (bytes != NULL)
        return certificates_parse(bytes, error);
    error_denied(error, "no chain was given, and none is known for an issuer called \"%s\"",
                 issuer);
    return NULL;
}

/*
 * The chain that was given, or AMD's as it is built in. A policy may name a
 * root of its own beside AMD's, both with AMD's names: then what was given
 * counts only if it signed this certificate.
 */
static GPtrArray *
choose_chain(const struct judge *j, GError **error)
{
    g_autoptr(GPtrArray) given = NULL;
    const struct certificate *signer;

    if (j->context->chain == NULL)
        return built_in_chain(j, error);
    given = certificates_parse(j->context->chain, error);
    if (given == NULL || !policy_has_roots(j->policy, POLICY_ROOT_AMD) ||
        !policy_has_roots(j->policy, POLICY_ROOT_FILE))
        return g_steal_pointer(&given);
    signer = only_signer(given, j->vlek);
    if (signer != NULL && certificate_signed_by(j->der, j->vek, signer, NULL))
        return g_steal_pointer(&given);
    return built_in_chain(j, error);
}

static gboolean
check_chain_shape(struct judge *j, G_GNUC_UNUSED int arg)
{
    GError *error = NULL;

    j->chain = choose_chain(j, &error);
    if (j->chain == NULL)
        return judge_fail_error(j, error);
    j->root = only_root(j->chain);
    if (j->root == NULL && !has_root(j->chain))
        j->root = j->context->root;
    else if (j->root != NULL && j->chain->len < 2)
        j->root = NULL;
    if (j->root == NULL)
        return judge_fail(j, "a chain is one root and at least one signer");
    j->verdict->product = product_of_name(j->root->subject);
    return TRUE;
}

static gboolean
check_chain_issuer(struct judge *j, G_GNUC_UNUSED int arg)
{
    if (j->root == NULL)
        return judge_fail(j, "there is no chain");
    j->signer = only_signer(j->chain, j->vlek);
    if (j->signer == NULL)
        return judge_fail(j, "the chain has not exactly one signer of %s certificates",
                          j->vlek ? "VLEK" : "VCEK");
    j->found |= NEED_CHAIN;
    return TRUE;
}

static gboolean
check_vek_name(struct judge *j, G_GNUC_UNUSED int arg)
{
    const char *wanted = j->vlek ? "SEV-VLEK" : "SEV-VCEK";

    return strcmp(j->vek->subject, wanted) == 0 ||
           judge_fail(j, "the report is signed by a %s, but the certificate is called \"%s\"",
                      wanted + strlen(SIGNER_PREFIX), j->vek->subject);
}

static gboolean
check_root_name(struct judge *j, G_GNUC_UNUSED int arg)
{
    g_autofree char *wanted = g_strconcat(ROOT_PREFIX, snp_product_name(j->verdict->product), NULL);

    return (j->verdict->product != SNP_PRODUCT_UNKNOWN && strcmp(j->root->subject, wanted) == 0) ||
           judge_fail(j, "the root is called \"%s\"", j->root->subject);
}

static gboolean
check_signer_name(struct judge *j, G_GNUC_UNUSED int arg)
{
    g_autofree char *wanted = g_strconcat(j->vlek ? VLEK_SIGNER_PREFIX : SIGNER_PREFIX,
                                          snp_product_name(j->verdict->product), NULL);

    return strcmp(j->signer->subject, wanted) == 0 ||
           judge_fail(j, "the signer is called \"%s\", not \"%s\"", j->signer->subject, wanted);
}

static gboolean
root_is_named(const struct judge *j, const struct policy_root *root, const guint8 key[static 32])
{
    if (root->kind == POLICY_ROOT_INTEL ||
        (root->kind == POLICY_ROOT_AMD && root->product != j->verdict->product))
        return FALSE;
    return memcmp(root->spki_sha256, key, sizeof(root->spki_sha256)) == 0;
}

static gboolean
check_root_pinned(struct judge *j, G_GNUC_UNUSED int arg)
{
    g_autoptr(GString) named = g_string_new(NULL);
    GError *error = NULL;
    guint8 key[32];

    if (!certificate_spki_sha256(j->root, key, &error))
        return judge_fail_error(j, error);
    for (guint i = 0; i < j->policy->roots->len; i++) {
        const struct policy_root *root = g_ptr_array_index(j->policy->roots, i);

        if (root_is_named(j, root, key))
            return TRUE;
        g_string_append_printf(named, "%s%s", named->len > 0 ? ", " : "", root->name);
    }
    return judge_fail(j, "%s is not one of the roots that are trusted (%s)", j->root->subject,
                      named->str);
}

enum which_certificate { CERTIFICATE_ROOT, CERTIFICATE_SIGNER, CERTIFICATE_VEK };

static const struct certificate *
certificate_of(const struct judge *j, int which)
{
    return which == CERTIFICATE_ROOT ? j->root : which == CERTIFICATE_SIGNER ? j->signer : j->vek;
}

static gboolean
check_signed(struct judge *j, int which)
{
    const struct certificate *issuer = which == CERTIFICATE_VEK ? j->signer : j->root;
    GError *error = NULL;

    return certificate_signed_by(j->der, certificate_of(j, which), issuer, &error) ||
           judge_fail_error(j, error);
}

static gboolean
check_ca(struct judge *j, int which)
{
    const struct certificate *c = certificate_of(j, which);

    return certificate_is_authority(c, which == CERTIFICATE_ROOT) ||
           judge_fail(j, "%s is no authority that may sign this", c->subject);
}

static gboolean
check_critical(struct judge *j, int which)
{
    const struct certificate *c = certificate_of(j, which);

    return certificate_critical_known(c) ||
           judge_fail(j, "%s has a critical extension that is not known", c->subject);
}

static gboolean
check_validity(struct judge *j, int which)
{
    const struct certificate *c = certificate_of(j, which);
    g_autoptr(GDateTime) from = NULL;
    g_autoptr(GDateTime) until = NULL;
    g_autofree char *from_text = NULL;
    g_autofree char *until_text = NULL;

    if (certificate_in_date(c, j->context->now))
        return TRUE;
    from = g_date_time_new_from_unix_utc(c->from);
    until = g_date_time_new_from_unix_utc(c->until);
    from_text = from ? g_date_time_format_iso8601(from) : g_strdup("?");
    until_text = until ? g_date_time_format_iso8601(until) : g_strdup("?");
    return judge_fail(j, "the certificate of %s is good from %s to %s", c->subject, from_text,
                      until_text);
}

static gboolean
check_vek_key(struct judge *j, G_GNUC_UNUSED int arg)
{
    if (certificate_is_ca(j->vek))
        return judge_fail(j, "the certificate of the report's key is an authority's");
    return certificate_is_p384(j->vek) || judge_fail(j, "the report's key is not on P-384");
}

static gboolean
check_crl_readable(struct judge *j, G_GNUC_UNUSED int arg)
{
    GError *error = NULL;

    j->crl = crl_parse(j->context->crl, &error);
    if (j->crl == NULL)
        return judge_fail_error(j, error);
    j->found |= NEED_CRL;
    return TRUE;
}

static gboolean
check_crl_signed(struct judge *j, G_GNUC_UNUSED int arg)
{
    GError *error = NULL;

    return crl_signed_by(j->der, j->crl, j->root, &error) || judge_fail_error(j, error);
}

static gboolean
check_crl_date(struct judge *j, G_GNUC_UNUSED int arg)
{
    return crl_in_date(j->crl, j->context->now) ||
           judge_fail(j, "the revocation list is not yet or no longer good");
}

static gboolean
check_not_revoked(struct judge *j, int which)
{
    const struct certificate *c = certificate_of(j, which);

    return !crl_names(j->crl, c) || judge_fail(j, "%s is revoked", c->subject);
}

#define LINKS (NEED_VEK | NEED_CHAIN)

const struct judge_row judge_chain_rows[] = {
    { "vek_parse", check_vek_readable, WHEN_ALWAYS, NEED_REPORT, 0 },
    { "chain_shape", check_chain_shape, WHEN_ALWAYS, NEED_VEK, 0 },
    { "chain_issuer_for_kind", check_chain_issuer, WHEN_ALWAYS, NEED_VEK, 0 },
    { "vek_cn", check_vek_name, WHEN_ALWAYS, NEED_VEK, 0 },
    { "ark_cn", check_root_name, WHEN_ALWAYS, LINKS, 0 },
    { "ask_cn", check_signer_name, WHEN_ALWAYS, LINKS, 0 },
    { "ark_pinned", check_root_pinned, WHEN_ALWAYS, LINKS, 0 },
    { "ark_is_ca", check_ca, WHEN_ALWAYS, LINKS, CERTIFICATE_ROOT },
    { "ark_critical_extensions", check_critical, WHEN_ALWAYS, LINKS, CERTIFICATE_ROOT },
    { "ark_validity", check_validity, WHEN_ALWAYS, LINKS, CERTIFICATE_ROOT },
    { "ark_selfsigned", check_signed, WHEN_ALWAYS, LINKS, CERTIFICATE_ROOT },
    { "ask_is_ca", check_ca, WHEN_ALWAYS, LINKS, CERTIFICATE_SIGNER },
    { "ask_critical_extensions", check_critical, WHEN_ALWAYS, LINKS, CERTIFICATE_SIGNER },
    { "ask_validity", check_validity, WHEN_ALWAYS, LINKS, CERTIFICATE_SIGNER },
    { "ask_signed_by_ark", check_signed, WHEN_ALWAYS, LINKS, CERTIFICATE_SIGNER },
    { "vek_validity", check_validity, WHEN_ALWAYS, LINKS, CERTIFICATE_VEK },
    { "vek_is_p384", check_vek_key, WHEN_ALWAYS, NEED_VEK, 0 },
    { "vek_signed_by_ask", check_signed, WHEN_ALWAYS, LINKS, CERTIFICATE_VEK },
    { "crl_parse", check_crl_readable, WHEN_CRL, LINKS, 0 },
    { "crl_signed_by_ark", check_crl_signed, WHEN_CRL, LINKS | NEED_CRL, 0 },
    { "crl_validity", check_crl_date, WHEN_CRL, LINKS | NEED_CRL, 0 },
    { "ark_not_revoked", check_not_revoked, WHEN_CRL, LINKS | NEED_CRL, CERTIFICATE_ROOT },
    { "ask_not_revoked", check_not_revoked, WHEN_CRL, LINKS | NEED_CRL, CERTIFICATE_SIGNER },
    { NULL, NULL, WHEN_ALWAYS, 0, 0 },
};
