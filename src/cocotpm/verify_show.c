/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_show - cocotpm-verify show: evidence of any kind, field by field. The
 * kind is found by its looks; nothing is judged but the structure.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cocotpm/hcl.h"
#include "cocotpm/verify.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/attest/certtable.h"

struct show_config {
    struct verify_options common;    /* first */
};

static const struct option_row rows[] = {
    VERIFY_SHOW_ROWS(struct show_config),
    { 0 }
};

static JsonObject *
show_snp(const guint8 *data, gsize len, GError **error)
{
    struct snp_report r;

    return snp_report_parse(data, len, &r, error) ? verify_snp_fields(&r, SNP_PRODUCT_UNKNOWN)
                                                  : NULL;
}

static gboolean
looks_like_snp(G_GNUC_UNUSED const guint8 *data, gsize len)
{
    return len == SNP_REPORT_SIZE;
}

static JsonObject *
show_tdx(const guint8 *data, gsize len, GError **error)
{
    struct tdx_quote q;
    JsonObject *o;

    if (!tdx_quote_parse(data, len, &q, error))
        return NULL;
    o = json_object_new();
    verify_add_number(o, "version", q.version);
    verify_add_number(o, "tee_type", q.tee_type);
    verify_add_number(o, "key_type", q.key_type);
    verify_add_hex(o, "qe_vendor", q.qe_vendor, sizeof(q.qe_vendor));
    verify_add_number(o, "body_type", q.body_type);
    json_object_set_object_member(o, "td_report", verify_td_fields(&q.td));
    return o;
}

static gboolean
looks_like_tdx(const guint8 *data, gsize len)
{
    return len > 8 && (data[0] == 4 || data[0] == 5) && data[1] == 0 && data[4] == 0x81;
}

static JsonObject *
show_tdreport(const guint8 *data, gsize len, GError **error)
{
    struct td_report td;

    return tdreport_parse(data, len, &td, error) ? verify_td_fields(&td) : NULL;
}

static gboolean
looks_like_tdreport(const guint8 *data, gsize len)
{
    return len == TDREPORT_SIZE && data[0] == 0x81;
}

static JsonObject *
show_hcl(const guint8 *data, gsize len, GError **error)
{
    g_auto(hcl_t) h = { 0 };
    struct snp_report snp;
    struct td_report td;
    g_autofree char *claims = NULL;
    JsonObject *o;

    if (!hcl_parse(data, len, &h, error))
        return NULL;
    if (h.kind == HCL_SNP ? !snp_report_parse(h.report, h.report_len, &snp, error)
                          : !tdreport_parse(h.report, h.report_len, &td, error))
        return NULL;
    o = json_object_new();
    claims = g_strndup((const char *)h.claims, h.claims_len);
    json_object_set_string_member(o, "claims", claims);
    if (h.kind == HCL_SNP)
        json_object_set_object_member(o, "snp_report", verify_snp_fields(&snp, SNP_PRODUCT_UNKNOWN));
    else
        json_object_set_object_member(o, "tdreport", verify_td_fields(&td));
    return o;
}

static gboolean
looks_like_hcl(const guint8 *data, gsize len)
{
    return len > 4 && memcmp(data, "HCLA", 4) == 0;
}

static void
add_time(JsonObject *object, const char *name, time_t when)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(when);
    g_autofree char *text = date != NULL ? g_date_time_format_iso8601(date) : g_strdup("?");

    json_object_set_string_member(object, name, text);
}

static void
add_extensions(JsonObject *object, const struct certificate *c)
{
    g_autoptr(Der) der = der_new(NULL);
    struct vek_extensions x;
    g_autofree char *tcb = NULL;

    if (der == NULL || !vek_extensions_parse(der, c, &x, NULL) || !x.has_product)
        return;
    tcb = snp_tcb_text(x.tcb, x.has_fmc ? SNP_PRODUCT_TURIN : SNP_PRODUCT_UNKNOWN);
    json_object_set_string_member(object, "product_name", x.product);
    json_object_set_string_member(object, "tcb", tcb);
    if (x.has_hwid)
        verify_add_hex(object, "hwid", x.hwid, x.hwid_len);
    if (x.has_csp_id)
        json_object_set_string_member(object, "csp_id", x.csp_id);
}

static JsonObject *
show_certificates(const guint8 *data, gsize len, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, len);
    g_autoptr(GPtrArray) list = certificates_parse(bytes, error);
    JsonObject *o;

    if (list == NULL)
        return NULL;
    o = json_object_new();
    for (guint i = 0; i < list->len; i++) {
        const struct certificate *c = g_ptr_array_index(list, i);
        g_autofree char *name = g_strdup_printf("certificate_%u", i + 1);
        g_autofree char *issuer = certificate_issuer(c);
        JsonObject *one;
        guint8 key[32];

        if (!certificate_spki_sha256(c, key, error)) {
            json_object_unref(o);
            return NULL;
        }
        one = json_object_new();

        json_object_set_string_member(one, "subject", c->subject);
        json_object_set_string_member(one, "issuer", issuer);
        add_time(one, "from", c->from);
        add_time(one, "until", c->until);
        verify_add_hex(one, "key_sha256", key, sizeof(key));
        add_extensions(one, c);
        json_object_set_object_member(o, name, one);
    }
    return o;
}

static gboolean
looks_like_certificates(const guint8 *data, gsize len)
{
    return der_element_size(data, len) > 0 && data[0] == 0x30;
}

static gboolean
looks_like_pem(const guint8 *data, gsize len)
{
    return g_strstr_len((const char *)data, (gssize)len, "-----BEGIN CERTIFICATE-----") != NULL;
}

static JsonObject *
show_table(const guint8 *data, gsize len, GError **error)
{
    static const char *const names[CERTTABLE_KINDS] = { "vcek", "vlek", "ask", "ark", "crl" };
    GBytes *entries[CERTTABLE_KINDS] = { NULL };
    JsonObject *o;

    if (!certtable_parse(data, len, entries, error))
        return NULL;
    o = json_object_new();
    for (int i = 0; i < CERTTABLE_KINDS; i++) {
        if (entries[i] != NULL)
            verify_add_hex(o, names[i], g_bytes_get_data(entries[i], NULL),
                           g_bytes_get_size(entries[i]));
    }
    certtable_clear(entries);
    return o;
}

static gboolean
looks_like_table(G_GNUC_UNUSED const guint8 *data, gsize len)
{
    return len > 0 && len <= CERTTABLE_MAX;
}

/* The first that fits; the last takes what no other knows. */
static const struct kind {
    const char *name;
    gboolean (*fits)(const guint8 *data, gsize len);
    JsonObject *(*show)(const guint8 *data, gsize len, GError **error);
} kinds[] = {
    { "snp_report", looks_like_snp, show_snp },
    { "tdreport", looks_like_tdreport, show_tdreport },
    { "tdx_quote", looks_like_tdx, show_tdx },
    { "hcl", looks_like_hcl, show_hcl },
    { "certificates", looks_like_certificates, show_certificates },
    { "certificates", looks_like_pem, show_certificates },
    { "certificate_table", looks_like_table, show_table },
};

static int
show(const char *path, gboolean json, GError **error)
{
    g_autoptr(GBytes) bytes = verify_read_evidence(path, error);
    gsize len;
    const guint8 *data;

    if (bytes == NULL)
        return VERIFY_UNUSABLE;
    data = g_bytes_get_data(bytes, &len);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(JsonObject) whole = NULL;
        JsonObject *fields;

        if (!kinds[i].fits(data, len))
            continue;
        fields = kinds[i].show(data, len, error);
        if (fields == NULL) {
            g_prefix_error(error, "%s, taken for a %s: ", path, kinds[i].name);
            return VERIFY_UNUSABLE;
        }
        whole = json_object_new();
        json_object_set_object_member(whole, kinds[i].name, fields);
        if (json)
            verify_print_json(whole);
        else
            verify_print_words(whole, 0);
        return VERIFY_ACCEPTED;
    }
    error_malformed(error, "%s: this is no evidence of a kind that is known", path);
    return VERIFY_UNUSABLE;
}

int
verify_command_show(int argc, char **argv, GError **error)
{
    struct show_config config = { 0 };
    char **files = NULL;
    int status = 0;

    if (verify_start("show FILE [--json]", rows, argc, argv, &config.common, &files, error)) {
        if (files == NULL || files[0] == NULL || files[1] != NULL)
            error_malformed(error, "one file is wanted");
        else
            status = show(files[0], config.common.json, error);
    }
    options_clear(rows, &config);
    return status;
}
