/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * client_save - a session as bytes, for another process to resume it:
 *
 *   "CoCoTPM session 1" ‖ u8 attached ‖ u8 burnt ‖ UUID ‖ context ‖ attach id ‖ u64 epoch ‖
 *   lineage ‖ u8 localities ‖ two of { u64 number, key } ‖ u64 sent ‖ u64 received ‖
 *   u16 length, command ‖ u16 length, answer ‖ u8 receipt given, receipt
 *
 * The file is its owner's, but what is in it is parsed as anybody's would be.
 */
#include "config.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"

#include <string.h>

#define MAGIC "CoCoTPM session 1"
#define KEY_SIZE 32

static void
key_write(const struct resume_key *k, struct builder *out)
{
    const guint8 none[KEY_SIZE] = { 0 };

    builder_be64(out, k->key ? k->number : 0);
    builder_bytes(out, k->key ? secret_peek(k->key) : none, KEY_SIZE);
}

static gboolean
key_parse(struct cursor *in, struct resume_key *ret)
{
    guint64 number = cursor_be64(in);
    const guint8 *key = cursor_bytes(in, KEY_SIZE);

    if (!key)
        return FALSE;
    if (number > 0)
        *ret = (struct resume_key){ number, secret_copy(key, KEY_SIZE) };
    return TRUE;
}

static void
bytes_write(const Secret *bytes, gsize len, struct builder *out)
{
    builder_be16(out, (guint16)len);
    if (len > 0)
        builder_bytes(out, secret_peek(bytes), len);
}

void
client_save(const Client *c, struct builder *out)
{
    builder_bytes(out, MAGIC, strlen(MAGIC));
    builder_u8(out, c->attached ? 1 : 0);
    builder_u8(out, c->burnt ? 1 : 0);
    builder_bytes(out, c->uuid, sizeof(c->uuid));
    builder_bytes(out, c->context, sizeof(c->context));
    builder_bytes(out, c->attachment.attach_id, ATTACH_ID_SIZE);
    builder_be64(out, c->attachment.epoch);
    builder_bytes(out, c->attachment.lineage, sizeof(c->attachment.lineage));
    builder_u8(out, c->attachment.localities);
    for (guint i = 0; i < G_N_ELEMENTS(c->keys); i++)
        key_write(&c->keys[i], out);
    builder_be64(out, c->sent);
    builder_be64(out, c->received);
    bytes_write(c->command, c->command_len, out);
    bytes_write(c->answer, c->answer ? secret_len(c->answer) : 0, out);
    builder_u8(out, c->receipt_given ? 1 : 0);
    if (c->receipt_given)
        receipt_write(&c->receipt, out);
}

/* A message of at most COCO_MESSAGE_MAX bytes; an empty one leaves @ret alone. */
static gboolean
bytes_parse(struct cursor *in, Secret **ret)
{
    gsize len = cursor_be16(in);
    const guint8 *bytes = cursor_bytes(in, len);

    if (in->failed || len > COCO_MESSAGE_MAX)
        return FALSE;
    if (len > 0)
        *ret = secret_copy(bytes, len);
    return TRUE;
}

static gboolean
messages_parse(struct cursor *in, Client *c)
{
    g_autoptr(Secret) command = NULL;

    if (!bytes_parse(in, &command) || !bytes_parse(in, &c->answer))
        return FALSE;
    c->command_len = command ? secret_len(command) : 0;
    if (command)
        memcpy(secret_bytes(c->command), secret_peek(command), c->command_len);
    return TRUE;
}

static gboolean
receipt_parse_saved(struct cursor *in, Client *c)
{
    guint8 given = cursor_u8(in);

    c->receipt_given = given == 1;
    return !in->failed && given <= 1 &&
           (!c->receipt_given || receipt_parse(in, &c->receipt, NULL));
}

static gboolean
session_parse(struct cursor *in, Client *c)
{
    const guint8 *magic = cursor_bytes(in, strlen(MAGIC));
    guint8 attached = cursor_u8(in), burnt = cursor_u8(in);

    if (!magic || memcmp(magic, MAGIC, strlen(MAGIC)) != 0 || attached > 1 || burnt > 1)
        return FALSE;
    c->attached = attached;
    c->burnt = burnt;
    cursor_copy(in, c->uuid, sizeof(c->uuid));
    cursor_copy(in, c->context, sizeof(c->context));
    cursor_copy(in, c->attachment.attach_id, ATTACH_ID_SIZE);
    c->attachment.epoch = cursor_be64(in);
    cursor_copy(in, c->attachment.lineage, sizeof(c->attachment.lineage));
    c->attachment.localities = cursor_u8(in);
    for (guint i = 0; i < G_N_ELEMENTS(c->keys); i++)
        if (!key_parse(in, &c->keys[i]))
            return FALSE;
    c->sent = cursor_be64(in);
    c->received = cursor_be64(in);
    return messages_parse(in, c) && receipt_parse_saved(in, c) && cursor_done(in);
}

/* One command at most is without its answer, and then it is there to be sent again. */
static gboolean
session_sound(const Client *c)
{
    if (c->keys[1].number == 0 || c->received > c->sent || c->sent - c->received > 1)
        return FALSE;
    if ((c->sent > c->received) != (c->command_len > 0))
        return FALSE;
    return !c->answer || client_answer_fits(c, secret_peek(c->answer), secret_len(c->answer));
}

Client *
client_load(const guint8 *saved, gsize len, GError **error)
{
    struct cursor in = cursor_from(saved, len);
    g_autoptr(Client) c = client_new();

    if (!session_parse(&in, c) || !session_sound(c)) {
        error_malformed(error, "this is no saved session");
        return NULL;
    }
    return g_steal_pointer(&c);
}

gboolean
client_waiting(const Client *c)
{
    return c->received < c->sent;
}

void
client_on_change(Client *c, client_changed changed, gpointer data)
{
    c->changed = changed;
    c->changed_data = data;
}
