/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_guestmsg - the known answers of the shared vectors: our pages are theirs
 * byte for byte, theirs open, and the broken ones do not.
 */
#include "base/io.h"
#include "base/keyfile.h"
#include "snpemu/guestmsg.h"
#include "suites.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* One object of kat.json. */
struct kat {
    JsonObject *object;
    uint8_t page[GUEST_PAGE];
    Secret *vmpck;
    guint64 sequence;
    const char *expect, *name;
};

static const char *
text_of(const struct kat *k, const char *member)
{
    return json_object_get_string_member(k->object, member);
}

static gboolean
kat_load(struct kat *k)
{
    g_autofree char *path = test_vector_path(text_of(k, "file"));
    g_autoptr(GBytes) file = path ? io_read_file(path, GUEST_PAGE, NULL) : NULL;
    g_autoptr(GBytes) key = test_bytes(text_of(k, "vmpck"));

    if (file == NULL)
        return FALSE;
    memset(k->page, 0, sizeof(k->page));
    memcpy(k->page, g_bytes_get_data(file, NULL), g_bytes_get_size(file));
    k->vmpck = secret_copy(g_bytes_get_data(key, NULL), g_bytes_get_size(key));
    k->sequence = (guint64)json_object_get_int_member(k->object, "seqno");
    k->expect = text_of(k, "expect");
    k->name = text_of(k, "name");
    return TRUE;
}

/* What our own side makes of the same plaintext is the vector's page, tag included. */
static void
kat_seal(const struct kat *k)
{
    const struct guestmsg m = {
        .sequence = k->sequence,
        .type = (guint8)json_object_get_int_member(k->object, "msg_type"),
        .version = (guint8)json_object_get_int_member(k->object, "msg_version"),
        .vmpck = (guint8)json_object_get_int_member(k->object, "vmpck_id"),
    };
    g_autoptr(GBytes) plain = test_bytes(text_of(k, "plaintext"));
    g_autofree char *digest = NULL;
    uint8_t page[GUEST_PAGE];

    ck_assert(guestmsg_seal(k->vmpck, &m, g_bytes_get_data(plain, NULL), g_bytes_get_size(plain),
                            page, NULL));
    digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, page, sizeof(page));
    ck_assert_msg(strcmp(digest, text_of(k, "page_sha256")) == 0, "%s", k->name);
}

/* The message, as the answer to the request that the vector speaks of. */
static Secret *
kat_open(const struct kat *k)
{
    struct guestmsg m = { 0 }, sent = { 0 };
    const gboolean answer = strstr(k->name, "rsp") != NULL;

    if (!guestmsg_header_parse(k->page, &m, NULL))
        return NULL;
    sent = m;
    sent.sequence = strcmp(k->expect, "reject-if-request-seq-is-3") == 0 ? 3 : k->sequence - 1;
    sent.type = (guint8)json_object_get_int_member(k->object, "msg_type") - 1;
    if (g_str_has_prefix(k->expect, "reject"))
        sent.type = GUESTMSG_REPORT_REQ;
    if (answer && !guestmsg_is_answer(&sent, &m))
        return NULL;
    return guestmsg_open(k->vmpck, &m, k->page, NULL);
}

static void
kat_run(struct kat *k)
{
    g_autoptr(Secret) payload = kat_open(k);
    const gboolean odd = g_str_has_prefix(k->name, "ok_")
                         || strcmp(k->name, "rsp_nonzero_reserved") == 0;
    g_autoptr(GBytes) plain = NULL;

    if (g_str_has_prefix(k->expect, "reject")) {
        ck_assert_msg(payload == NULL, "%s opens", k->name);
        return;
    }
    ck_assert_msg(payload != NULL, "%s does not open", k->name);
    plain = test_bytes(text_of(k, "plaintext"));
    ck_assert_uint_eq(secret_len(payload), g_bytes_get_size(plain));
    ck_assert(memcmp(secret_peek(payload), g_bytes_get_data(plain, NULL), secret_len(payload))
              == 0);
    if (!odd)
        kat_seal(k);
}

START_TEST(known_answers_hold)
{
    g_autofree char *path = test_vector_path("guestmsg/kat.json");
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *list = NULL;

    if (path == NULL)
        return;
    ck_assert(json_parser_load_from_file(parser, path, NULL));
    list = json_node_get_array(json_parser_get_root(parser));
    ck_assert_uint_eq(json_array_get_length(list), 21);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        struct kat k = { .object = json_array_get_object_element(list, i) };

        ck_assert_msg(kat_load(&k), "%s", text_of(&k, "file"));
        kat_run(&k);
        secret_free(k.vmpck);
    }
}
END_TEST

START_TEST(too_long_or_empty_does_not_fit)
{
    g_autoptr(Secret) key = secret_new(32);
    const struct guestmsg m = { .sequence = 1, .type = GUESTMSG_REPORT_REQ, .version = 1 };
    uint8_t payload[GUEST_PAGE] = { 0 }, page[GUEST_PAGE];

    ck_assert(!guestmsg_seal(key, &m, payload, 0, page, NULL));
    ck_assert(!guestmsg_seal(key, &m, payload, GUESTMSG_PAYLOAD_MAX + 1, page, NULL));
    ck_assert(guestmsg_seal(key, &m, payload, GUESTMSG_PAYLOAD_MAX, page, NULL));
}
END_TEST

Suite *guestmsg_suite(void);

Suite *
guestmsg_suite(void)
{
    Suite *s = suite_create("guestmsg");
    TCase *t = tcase_create("guestmsg");

    tcase_add_test(t, known_answers_hold);
    tcase_add_test(t, too_long_or_empty_does_not_fit);
    suite_add_tcase(s, t);
    return s;
}
