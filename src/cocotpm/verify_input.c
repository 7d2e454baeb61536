/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_input - the files and options that every judging command of
 * cocotpm-verify takes: policy, roots, chain, revocation list, time.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotpm/verify.h"
#include "cocotransport/attest/certificate.h"

gboolean
verify_read_optional(const char *path, gsize max, GBytes **ret, GError **error)
{
    if (path != NULL)
        *ret = io_read_file(path, max, error);
    return path == NULL || *ret != NULL;
}

GBytes *
verify_read_evidence(const char *path, GError **error)
{
    return io_read_file(path, EVIDENCE_FILE_MAX, error);
}

/* An instance's policy and a driver's are told apart by the group that only one of them has. */
static gboolean
read_policy(const char *path, struct policy **ret, GError **error)
{
    g_autoptr(GBytes) bytes = io_read_file(path, KEYFILE_MAX, error);
    enum policy_kind kind = POLICY_INSTANCE;
    gsize len;
    const char *text;

    if (bytes == NULL)
        return FALSE;
    text = g_bytes_get_data(bytes, &len);
    if (len > 0 && g_strstr_len(text, (gssize)len, "[cocotpm]") != NULL)
        kind = POLICY_DRIVER;
    *ret = policy_parse(len > 0 ? text : "", len, kind, error);
    if (*ret == NULL)
        g_prefix_error(error, "%s: ", path);
    return *ret != NULL;
}

/* A certificate file stands for the root keys in it. */
static gboolean
add_root_file(struct policy *policy, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = io_read_file(path, CHAIN_MAX, error);
    g_autoptr(GPtrArray) list = bytes != NULL ? certificates_parse(bytes, error) : NULL;
    gboolean found = FALSE;

    if (list == NULL) {
        g_prefix_error(error, "--root %s: ", path);
        return FALSE;
    }
    for (guint i = 0; i < list->len; i++) {
        const struct certificate *c = g_ptr_array_index(list, i);
        guint8 key[32];

        if (!c->self_issued)
            continue;
        if (!certificate_spki_sha256(c, key, error)) {
            g_prefix_error(error, "--root %s: ", path);
            return FALSE;
        }
        g_ptr_array_add(policy->roots, policy_root_from_pin(path, key));
        found = TRUE;
    }
    return found || error_malformed(error, "--root %s: no root certificate is in it", path);
}

static gboolean
replace_roots(struct policy *policy, GPtrArray *roots, GError **error)
{
    if (roots == NULL)
        return TRUE;
    g_ptr_array_set_size(policy->roots, 0);
    for (guint i = 0; i < roots->len; i++) {
        const char *name = g_ptr_array_index(roots, i);
        struct policy_root *root = policy_root_parse(name, NULL);

        if (root != NULL)
            g_ptr_array_add(policy->roots, root);
        else if (!add_root_file(policy, name, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
append_file(GByteArray *out, const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = io_read_file(path, CHAIN_MAX, error);
    gsize len;
    const guint8 *data;

    if (bytes == NULL)
        return FALSE;
    data = g_bytes_get_data(bytes, &len);
    g_byte_array_append(out, data, (guint)len);
    return TRUE;
}

/* Files of --chain, and those named after it, one after the other. */
static gboolean
read_chain(GPtrArray *paths, char *const *more, GBytes **ret, GError **error)
{
    g_autoptr(GByteArray) out = g_byte_array_new();

    for (guint i = 0; paths != NULL && i < paths->len; i++) {
        if (!append_file(out, g_ptr_array_index(paths, i), error))
            return FALSE;
    }
    for (; more != NULL && *more != NULL; more++) {
        if (!append_file(out, *more, error))
            return FALSE;
    }
    if (out->len > 0)
        *ret = g_byte_array_free_to_bytes(g_steal_pointer(&out));
    return TRUE;
}

/* RFC 3339; a date alone is its first second, UTC. */
static gboolean
read_time(const char *text, time_t *ret, GError **error)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *full = NULL;
    g_autoptr(GDateTime) when = NULL;

    if (text == NULL) {
        *ret = time(NULL);
        return TRUE;
    }
    full = strlen(text) == strlen("2026-01-01") ? g_strconcat(text, "T00:00:00Z", NULL)
                                                : g_strdup(text);
    when = g_date_time_new_from_iso8601(full, utc);
    if (when == NULL)
        return error_malformed(error, "--at %s: no time such as 2026-01-01T12:00:00Z", text);
    *ret = (time_t)g_date_time_to_unix(when);
    return TRUE;
}

static gboolean
read_own_chip(const struct verify_options *options, struct verify_input *in, GError **error)
{
    if (options->own_chip != NULL) {
        if (!hex_decode(options->own_chip, in->own_chip, sizeof(in->own_chip), error)) {
            g_prefix_error(error, "--own-chip: ");
            return FALSE;
        }
        in->context.own_chip_id = in->own_chip;
    } else if (in->policy->peer.same_chip) {
        /* It is a matter between two VMs; who relies on one from elsewhere has no chip. */
        in->policy->peer.same_chip = FALSE;
        in->chip_not_judged = in->has_policy;
    }
    return TRUE;
}

static gboolean
read_report_data(const struct verify_options *options, struct verify_input *in, GError **error)
{
    if (options->report_data == NULL)
        return TRUE;
    if (!hex_decode(options->report_data, in->report_data, sizeof(in->report_data), error)) {
        g_prefix_error(error, "--report-data: ");
        return FALSE;
    }
    in->context.report_data = in->report_data;
    return TRUE;
}

static gboolean
fill_input(const struct verify_options *options, char *const *more_chains,
           struct verify_input *in, GError **error)
{
    in->has_policy = options->policy != NULL;
    if (!in->has_policy)
        in->policy = policy_default();
    else if (!read_policy(options->policy, &in->policy, error))
        return FALSE;
    if (!replace_roots(in->policy, options->roots, error) ||
        !read_chain(options->chains, more_chains, &in->chain, error) ||
        !read_own_chip(options, in, error) || !read_report_data(options, in, error) ||
        !read_time(options->at, &in->context.now, error))
        return FALSE;
    if (!verify_read_optional(options->crl, CHAIN_MAX, &in->crl, error))
        return FALSE;
    if (options->allow_debug)
        in->policy->peer.policy_forbid &= ~SNP_POLICY_DEBUG;
    in->context.chain = in->chain;
    in->context.crl = in->crl;
    in->context.judge_identity = in->has_policy;
    in->context.all_checks = TRUE;
    return TRUE;
}

gboolean
verify_input_read(const struct verify_options *options, char *const *more_chains,
                  struct verify_input *ret, GError **error)
{
    memset(ret, 0, sizeof(*ret));
    if (fill_input(options, more_chains, ret, error))
        return TRUE;
    verify_input_clear(ret);
    return FALSE;
}

void
verify_input_clear(struct verify_input *in)
{
    g_clear_pointer(&in->policy, policy_free);
    g_clear_pointer(&in->chain, g_bytes_unref);
    g_clear_pointer(&in->crl, g_bytes_unref);
}

void
verify_input_trust_intel(const struct verify_options *options, struct verify_input *in)
{
    if (options->policy == NULL && options->roots == NULL)
        g_ptr_array_add(in->policy->roots, policy_root_parse("intel-tdx", NULL));
}
