/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * inspect - the header in words. Whatever it says may be a forgery when the
 * file was not opened.
 */
#include "cocotransport/seal/inspect.h"

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotransport/seal/clamp.h"
#include "cocotransport/seal/envelope.h"

#include <json-glib/json-glib.h>
#include <string.h>

typedef struct facts facts_t;

struct facts {
    struct sealed_header header;
    guint8 chain[32];
    const char *bind;
    char *uuid, *policy, *previous, *chain_hex;
};

static void
facts_clear(struct facts *f)
{
    g_free(f->uuid);
    g_free(f->policy);
    g_free(f->previous);
    g_free(f->chain_hex);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(facts_t, facts_clear)

static gboolean
facts_read(const void *file, gsize len, struct facts *ret, GError **error)
{
    struct cursor in = cursor_from(file, len);
    struct facts f = { 0 };

    if (!sealed_header_parse(&in, &f.header, error) ||
        !envelope_chain(file, len, f.chain, error))
        return FALSE;
    f.bind = seal_bind_name(f.header.key.fields);
    f.uuid = uuid_text(f.header.uuid);
    f.policy = hex_encode(f.header.policy_digest, sizeof(f.header.policy_digest));
    f.previous = hex_encode(f.header.previous, sizeof(f.header.previous));
    f.chain_hex = hex_encode(f.chain, sizeof(f.chain));
    *ret = f;

    return TRUE;
}

static const char *
trust_words(gboolean opened)
{
    return opened ? "opened with this platform's key: authentic"
                  : "not opened: nothing of this was authenticated, anybody may have written it";
}

char *
inspect_text(const void *file, gsize len, gboolean opened, GError **error)
{
    g_auto(facts_t) f = { 0 };
    GString *out;

    if (!facts_read(file, len, &f, error))
        return NULL;
    out = g_string_new(NULL);
    g_string_append_printf(out, "%s\n", trust_words(opened));
    g_string_append_printf(out, "UUID           %s\n", f.uuid);
    g_string_append_printf(out, "policy digest  %s\n", f.policy);
    g_string_append_printf(out, "epoch          %" G_GUINT64_FORMAT "\n", f.header.epoch);
    g_string_append_printf(out, "generation     %" G_GUINT64_FORMAT "\n", f.header.generation);
    g_string_append_printf(out, "chain hash     %s\n", f.chain_hex);
    g_string_append_printf(out, "previous       %s\n", f.previous);
    g_string_append_printf(out, "key source     %s\n", seal_source_name(f.header.key.source));
    g_string_append_printf(out, "bind           %s\n", f.bind);
    g_string_append_printf(out, "VMPL           %u\n", f.header.key.vmpl);
    g_string_append_printf(out, "guest SVN      %u\n", f.header.key.svn);
    g_string_append_printf(out, "TCB            %016" G_GINT64_MODIFIER "x\n", f.header.key.tcb);
    for (guint i = 0; i < f.header.slot_count; i++)
        g_string_append_printf(out, "slot           %s\n",
                               seal_slot_name(f.header.slots[i].type));
    return g_string_free(out, FALSE);
}

static void
json_text(JsonBuilder *b, const char *name, const char *value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, value);
}

/* As text: a u64 may be more than a reader's numbers hold. */
static void
json_number(JsonBuilder *b, const char *name, guint64 value)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);

    json_text(b, name, text);
}

static void
json_key(JsonBuilder *b, const struct facts *f)
{
    g_autofree char *tcb = g_strdup_printf("%016" G_GINT64_MODIFIER "x", f->header.key.tcb);

    json_text(b, "key-source", seal_source_name(f->header.key.source));
    json_text(b, "bind", f->bind);
    json_number(b, "vmpl", f->header.key.vmpl);
    json_number(b, "guest-svn", f->header.key.svn);
    json_text(b, "tcb", tcb);
    json_builder_set_member_name(b, "slots");
    json_builder_begin_array(b);
    for (guint i = 0; i < f->header.slot_count; i++)
        json_builder_add_string_value(b, seal_slot_name(f->header.slots[i].type));
    json_builder_end_array(b);
}

char *
inspect_json(const void *file, gsize len, gboolean opened, GError **error)
{
    g_auto(facts_t) f = { 0 };
    g_autoptr(JsonBuilder) b = NULL;
    g_autoptr(JsonNode) root = NULL;

    if (!facts_read(file, len, &f, error))
        return NULL;
    b = json_builder_new();
    json_builder_begin_object(b);
    json_builder_set_member_name(b, "authenticated");
    json_builder_add_boolean_value(b, opened);
    json_text(b, "trust", trust_words(opened));
    json_text(b, "uuid", f.uuid);
    json_text(b, "policy-digest", f.policy);
    json_number(b, "epoch", f.header.epoch);
    json_number(b, "generation", f.header.generation);
    json_text(b, "chain-hash", f.chain_hex);
    json_text(b, "previous", f.previous);
    json_key(b, &f);
    json_builder_end_object(b);
    root = json_builder_get_root(b);

    return json_to_string(root, TRUE);
}
