/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * collateral_json - see collateral_json.h. Members are read by rows of calls
 * with a failure that sticks: the first that is wrong is named, and nothing
 * after it is looked at.
 */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotpm/collateral_json.h"
#include "cocotpm/json_bounds.h"

#define LEVELS_MAX 64
#define MODULES_MAX 16
#define ADVISORIES_MAX 64
#define INFO_VERSION 3
#define IDENTITY_VERSION 2

/* What is being read, and the first member that was not as it should be. */
struct reader {
    JsonObject *object;
    const char *bad;                 /* NULL: none yet */
};

static JsonNode *
member(struct reader *in, const char *name)
{
    JsonNode *node = in->bad == NULL ? json_object_get_member(in->object, name) : NULL;

    if (node == NULL && in->bad == NULL)
        in->bad = name;
    return node;
}

static void
read_hex(struct reader *in, const char *name, uint8_t *ret, size_t len)
{
    const char *text = in->bad == NULL ? json_string(in->object, name) : NULL;

    if (in->bad == NULL && (text == NULL || !hex_decode(text, ret, len, NULL)))
        in->bad = name;
}

static guint64
read_number(struct reader *in, const char *name, guint64 max)
{
    JsonNode *node = member(in, name);
    gint64 value;

    if (node == NULL)
        return 0;
    value = JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_INT64
            ? json_node_get_int(node) : -1;
    if (value < 0 || (guint64)value > max) {
        in->bad = name;
        return 0;
    }
    return (guint64)value;
}

static void
read_is(struct reader *in, const char *name, const char *wanted)
{
    const char *text = in->bad == NULL ? json_string(in->object, name) : NULL;

    if (in->bad == NULL && (text == NULL || strcmp(text, wanted) != 0))
        in->bad = name;
}

static void
read_time(struct reader *in, const char *name, time_t *ret)
{
    const char *text = in->bad == NULL ? json_string(in->object, name) : NULL;
    g_autoptr(GDateTime) when = text != NULL && strlen(text) < 40 && g_str_has_suffix(text, "Z")
                                ? g_date_time_new_from_iso8601(text, NULL) : NULL;

    if (when != NULL)
        *ret = (time_t)g_date_time_to_unix(when);
    else if (in->bad == NULL)
        in->bad = name;
}

static JsonArray *
read_array(struct reader *in, const char *name, guint max)
{
    JsonNode *node = member(in, name);
    JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node)
                                                                   : NULL;

    if (array != NULL && json_array_get_length(array) <= max)
        return array;
    if (in->bad == NULL)
        in->bad = name;
    return NULL;
}

/* A reader of an object inside; bad from the start where it is none. */
static struct reader
read_object(struct reader *in, const char *name)
{
    JsonNode *node = member(in, name);
    struct reader out = { NULL, in->bad };

    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node))
        out.object = json_node_get_object(node);
    else
        out.bad = in->bad = in->bad != NULL ? in->bad : name;
    return out;
}

static struct reader
read_element(struct reader *in, JsonArray *array, guint index, const char *name)
{
    JsonNode *node = json_array_get_element(array, index);
    struct reader out = { NULL, in->bad };

    if (JSON_NODE_HOLDS_OBJECT(node))
        out.object = json_node_get_object(node);
    else
        out.bad = in->bad = in->bad != NULL ? in->bad : name;
    return out;
}

static void
read_components(struct reader *in, const char *name, uint8_t ret[static TCB_COMPONENTS])
{
    JsonArray *array = read_array(in, name, TCB_COMPONENTS);

    if (array != NULL && json_array_get_length(array) != TCB_COMPONENTS)
        in->bad = name;
    for (guint i = 0; i < TCB_COMPONENTS && in->bad == NULL; i++) {
        struct reader one = read_element(in, array, i, name);

        ret[i] = (uint8_t)read_number(&one, "svn", 255);
        in->bad = one.bad;
    }
}

static void
read_advisories(struct reader *in, struct tcb_level *level)
{
    g_autoptr(GString) words = g_string_new(NULL);
    JsonArray *array;

    if (in->bad != NULL || !json_object_has_member(in->object, "advisoryIDs"))
        return;
    array = read_array(in, "advisoryIDs", ADVISORIES_MAX);
    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
            in->bad = "advisoryIDs";
            return;
        }
        g_string_append_printf(words, "%s%.32s", i > 0 ? ", " : "", json_node_get_string(node));
    }
    if (words->len > 0)
        level->advisories = g_string_free(g_steal_pointer(&words), FALSE);
}

/* A level of the platform has components; one of a module or an enclave an SVN alone. */
static void
read_level(struct reader *in, gboolean platform, GArray *levels)
{
    struct tcb_level level = { .svn = 0 };
    struct reader tcb = read_object(in, "tcb");
    const char *date;

    if (platform) {
        read_components(&tcb, "sgxtcbcomponents", level.sgx);
        read_components(&tcb, "tdxtcbcomponents", level.tdx);
        level.svn = (uint16_t)read_number(&tcb, "pcesvn", UINT16_MAX);
    } else {
        level.svn = (uint16_t)read_number(&tcb, "isvsvn", UINT16_MAX);
    }
    in->bad = tcb.bad;
    if (in->bad == NULL && !tcb_status_parse(json_string(in->object, "tcbStatus"), &level.status,
                                             NULL))
        in->bad = "tcbStatus";
    date = in->bad == NULL ? json_string(in->object, "tcbDate") : NULL;
    g_strlcpy(level.date, date != NULL ? date : "", sizeof(level.date));
    read_advisories(in, &level);
    if (in->bad == NULL)
        g_array_append_val(levels, level);
    else
        g_free(level.advisories);
}

static void
read_levels(struct reader *in, gboolean platform, GArray *levels)
{
    JsonArray *array = read_array(in, "tcbLevels", LEVELS_MAX);

    for (guint i = 0; in->bad == NULL && i < json_array_get_length(array); i++) {
        struct reader one = read_element(in, array, i, "tcbLevels");

        if (one.bad == NULL)
            read_level(&one, platform, levels);
        in->bad = one.bad;
    }
}

static void
read_module(struct reader *in, struct tdx_module *module)
{
    read_hex(in, "mrsigner", module->signer, sizeof(module->signer));
    read_hex(in, "attributes", module->attributes, sizeof(module->attributes));
    read_hex(in, "attributesMask", module->mask, sizeof(module->mask));
}

/* "TDX_01" is version 1, in hexadecimal digits. */
static void
read_version(struct reader *in, unsigned *ret)
{
    const char *id = in->bad == NULL ? json_string(in->object, "id") : NULL;
    uint8_t version;

    if (in->bad != NULL)
        return;
    if (id == NULL || !g_str_has_prefix(id, "TDX_") ||
        !hex_decode(id + strlen("TDX_"), &version, 1, NULL) || version == 0)
        in->bad = "id";
    else
        *ret = version;
}

static void
read_modules(struct reader *in, struct tcb_info *info)
{
    struct tdx_module first = { .version = 0 };
    struct reader one = read_object(in, "tdxModule");
    JsonArray *array;

    read_module(&one, &first);
    in->bad = one.bad;
    g_array_append_val(info->modules, first);
    /* Older platforms have no list. */
    if (in->bad != NULL || !json_object_has_member(in->object, "tdxModuleIdentities"))
        return;
    array = read_array(in, "tdxModuleIdentities", MODULES_MAX);
    for (guint i = 0; in->bad == NULL && i < json_array_get_length(array); i++) {
        struct tdx_module module = { .levels = tcb_levels_new() };

        one = read_element(in, array, i, "tdxModuleIdentities");
        read_version(&one, &module.version);
        read_module(&one, &module);
        if (one.bad == NULL)
            read_levels(&one, FALSE, module.levels);
        in->bad = one.bad;
        g_array_append_val(info->modules, module);
    }
}

/* The object called @name and its signature. */
static JsonObject *
read_signed(GBytes *json, const char *name, struct signed_part *part, GError **error)
{
    g_autoptr(JsonObject) outer = NULL;
    const char *body, *signature;
    gsize len, body_len;
    const char *text = g_bytes_get_data(json, &len);

    if (len > COLLATERAL_MAX) {
        error_malformed(error, "more than %d bytes", COLLATERAL_MAX);
        return NULL;
    }
    outer = json_bounded_object(text, len, error);
    if (outer == NULL)
        return NULL;
    body = json_raw_object(text, len, name, &body_len);
    signature = json_string(outer, "signature");
    if (body == NULL || signature == NULL ||
        !hex_decode(signature, part->signature, sizeof(part->signature), NULL)) {
        error_malformed(error, "this is no \"%s\" with its signature", name);
        return NULL;
    }
    part->body = g_bytes_new(body, body_len);
    /* From those bytes alone, not from what the whole was taken for. */
    return json_bounded_object(body, body_len, error);
}

static void
read_dates(struct reader *in, struct signed_part *part)
{
    read_time(in, "issueDate", &part->issued);
    read_time(in, "nextUpdate", &part->next_update);
}

struct tcb_info *
tcb_info_read(GBytes *json, GError **error)
{
    g_autoptr(tcb_info_t) info = tcb_info_new();
    g_autoptr(JsonObject) object = read_signed(json, "tcbInfo", &info->part, error);
    struct reader in = { object, NULL };

    if (object == NULL)
        return NULL;
    read_is(&in, "id", "TDX");
    if (read_number(&in, "version", UINT16_MAX) != INFO_VERSION && in.bad == NULL)
        in.bad = "version";
    read_dates(&in, &info->part);
    read_hex(&in, "fmspc", info->fmspc, sizeof(info->fmspc));
    read_hex(&in, "pceId", info->pce_id, sizeof(info->pce_id));
    (void)read_number(&in, "tcbType", 0);
    read_modules(&in, info);
    if (in.bad == NULL)
        read_levels(&in, TRUE, info->levels);
    if (in.bad == NULL)
        return g_steal_pointer(&info);
    error_malformed(error, "\"%s\" of TCB info is missing or not as it should be", in.bad);
    return NULL;
}

struct qe_identity *
qe_identity_read(GBytes *json, GError **error)
{
    g_autoptr(qe_identity_t) qe = qe_identity_new();
    g_autoptr(JsonObject) object = read_signed(json, "enclaveIdentity", &qe->part, error);
    struct reader in = { object, NULL };

    if (object == NULL)
        return NULL;
    read_is(&in, "id", "TD_QE");
    if (read_number(&in, "version", UINT16_MAX) != IDENTITY_VERSION && in.bad == NULL)
        in.bad = "version";
    read_dates(&in, &qe->part);
    read_hex(&in, "miscselect", qe->misc, sizeof(qe->misc));
    read_hex(&in, "miscselectMask", qe->misc_mask, sizeof(qe->misc_mask));
    read_hex(&in, "attributes", qe->attributes, sizeof(qe->attributes));
    read_hex(&in, "attributesMask", qe->mask, sizeof(qe->mask));
    read_hex(&in, "mrsigner", qe->signer, sizeof(qe->signer));
    qe->product = (uint16_t)read_number(&in, "isvprodid", UINT16_MAX);
    if (in.bad == NULL)
        read_levels(&in, FALSE, qe->levels);
    if (in.bad == NULL)
        return g_steal_pointer(&qe);
    error_malformed(error, "\"%s\" of QE identity is missing or not as it should be", in.bad);
    return NULL;
}
