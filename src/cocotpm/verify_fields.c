/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_fields - SNP and TD reports field by field, for JSON and for reading.
 */
#include "config.h"

#include "base/keyfile.h"
#include "cocotpm/verify.h"

void
verify_add_hex(JsonObject *object, const char *name, const void *data, size_t len)
{
    g_autofree char *hex = hex_encode(data, len);

    json_object_set_string_member(object, name, hex);
}

void
verify_add_number(JsonObject *object, const char *name, guint64 value)
{
    json_object_set_int_member(object, name, (gint64)value);
}

/* 64 bits do not fit a JSON number everywhere. */
static void
add_hex64(JsonObject *object, const char *name, guint64 value)
{
    g_autofree char *text = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value);

    json_object_set_string_member(object, name, text);
}

static void
add_bits(JsonObject *object, guint64 value, const struct snp_bit *table)
{
    JsonArray *names = json_array_new();

    add_hex64(object, "value", value);
    for (const struct snp_bit *bit = table; bit->name != NULL; bit++) {
        if (value >> bit->bit & 1)
            json_array_add_string_element(names, bit->name);
    }
    json_object_set_array_member(object, "bits", names);
}

static void
add_policy(JsonObject *report, guint64 value)
{
    JsonObject *object = json_object_new();
    g_autofree char *abi = g_strdup_printf("%u.%u", (unsigned)(value >> 8 & 0xff),
                                           (unsigned)(value & 0xff));

    add_bits(object, value, snp_policy_bits);
    json_object_set_string_member(object, "abi", abi);
    json_object_set_object_member(report, "policy", object);
}

static void
add_platform(JsonObject *report, guint64 value)
{
    JsonObject *object = json_object_new();

    add_bits(object, value, snp_platform_bits);
    json_object_set_object_member(report, "platform_info", object);
}

static void
add_tcb(JsonObject *report, const char *name, guint64 raw, enum snp_product product)
{
    const struct snp_tcb tcb = snp_tcb_split(raw, product);
    JsonObject *object = json_object_new();

    add_hex64(object, "value", raw);
    if (product == SNP_PRODUCT_TURIN)
        verify_add_number(object, "fmc", tcb.fmc);
    verify_add_number(object, "bootloader", tcb.bootloader);
    verify_add_number(object, "tee", tcb.tee);
    verify_add_number(object, "snp", tcb.snp);
    verify_add_number(object, "microcode", tcb.microcode);
    json_object_set_object_member(report, name, object);
}

static void
add_firmware(JsonObject *report, const char *name, guint major, guint minor, guint build)
{
    g_autofree char *text = g_strdup_printf("%u.%u.%u", major, minor, build);

    json_object_set_string_member(report, name, text);
}

static void
add_key_info(JsonObject *report, const struct snp_report *r)
{
    static const char *const names[8] = {
        "VCEK", "VLEK", "reserved", "reserved", "reserved", "reserved", "reserved", "none",
    };

    verify_add_number(report, "key_info", r->key_info);
    json_object_set_boolean_member(report, "author_key_en", snp_report_has_author_key(r));
    json_object_set_boolean_member(report, "mask_chip_key", snp_report_chip_key_masked(r));
    json_object_set_string_member(report, "signing_key", names[snp_report_signing_key(r)]);
}

static void
add_cpuid(JsonObject *report, const struct snp_report *r)
{
    JsonObject *object = json_object_new();

    verify_add_number(object, "family", r->cpuid_family);
    verify_add_number(object, "model", r->cpuid_model);
    verify_add_number(object, "stepping", r->cpuid_stepping);
    json_object_set_object_member(report, "cpuid", object);
}

#define HEX(field) verify_add_hex(o, #field, r->field, sizeof(r->field))

JsonObject *
verify_snp_fields(const struct snp_report *r, enum snp_product product)
{
    JsonObject *o = json_object_new();

    if (product == SNP_PRODUCT_UNKNOWN)
        product = snp_report_product(r);
    verify_add_number(o, "version", r->version);
    json_object_set_string_member(o, "product", snp_product_name(product));
    verify_add_number(o, "guest_svn", r->guest_svn);
    add_policy(o, r->policy);
    HEX(family_id);
    HEX(image_id);
    verify_add_number(o, "vmpl", r->vmpl);
    verify_add_number(o, "signature_algo", r->signature_algo);
    add_tcb(o, "current_tcb", r->current_tcb, product);
    add_platform(o, r->platform_info);
    add_key_info(o, r);
    HEX(report_data);
    HEX(measurement);
    HEX(host_data);
    HEX(id_key_digest);
    HEX(author_key_digest);
    HEX(report_id);
    HEX(report_id_ma);
    add_tcb(o, "reported_tcb", r->reported_tcb, product);
    add_cpuid(o, r);
    HEX(chip_id);
    add_tcb(o, "committed_tcb", r->committed_tcb, product);
    add_firmware(o, "current_version", r->current_major, r->current_minor, r->current_build);
    add_firmware(o, "committed_version", r->committed_major, r->committed_minor,
                 r->committed_build);
    add_tcb(o, "launch_tcb", r->launch_tcb, product);
    add_hex64(o, "launch_mit_vector", r->launch_mit_vector);
    add_hex64(o, "current_mit_vector", r->current_mit_vector);
    HEX(signature);
    return o;
}

#define TD_HEX(field) verify_add_hex(o, #field, td->field, sizeof(td->field))

JsonObject *
verify_td_fields(const struct td_report *td)
{
    static const char *const names[] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    JsonObject *o = json_object_new();

    TD_HEX(tee_tcb_svn);
    TD_HEX(mr_seam);
    TD_HEX(mr_signer_seam);
    add_hex64(o, "seam_attributes", td->seam_attributes);
    add_hex64(o, "attributes", td->attributes);
    json_object_set_boolean_member(o, "debug", (td->attributes & 1) != 0);
    add_hex64(o, "xfam", td->xfam);
    TD_HEX(mrtd);
    TD_HEX(mr_config_id);
    TD_HEX(mr_owner);
    TD_HEX(mr_owner_config);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        verify_add_hex(o, names[i], td->rtmr[i], sizeof(td->rtmr[i]));
    TD_HEX(report_data);
    if (td->is_1_5) {
        TD_HEX(tee_tcb_svn2);
        TD_HEX(mr_servicetd);
    }
    return o;
}

static void
add_status(JsonObject *object, const char *name, enum tcb_status status)
{
    json_object_set_string_member(object, name, tcb_status_name(status));
}

JsonObject *
verify_quote_fields(const struct verdict *v)
{
    JsonObject *o = verify_td_fields(&v->td);
    JsonObject *tcb = json_object_new();

    if (v->tcb.platform_judged) {
        add_status(tcb, "status", v->tcb.joined);
        add_status(tcb, "platform", v->tcb.platform);
        add_status(tcb, "module", v->tcb.module);
        json_object_set_string_member(tcb, "date", v->tcb.date);
        json_object_set_string_member(tcb, "advisories", v->tcb.advisories ? v->tcb.advisories : "");
    }
    if (v->tcb.qe_judged)
        add_status(tcb, "quoting_enclave", v->tcb.qe);
    json_object_set_object_member(o, "tcb", tcb);
    return o;
}
