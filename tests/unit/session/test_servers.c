/* SPDX-License-Identifier: BSD-3-Clause */
/* Every knob of the handshake, lowered alone by who answers our client. */
#include "config.h"

#include "pair.h"
#include "suites.h"

#include "base/builder.h"
#include "base/cursor.h"

#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- a ServerHello that is honest but for one point ---- */

#define RECORD_HEADER 5
#define HELLO_MAX 512
#define HELLO_SERVER 2                       /* RFC 8446, 4 */
#define EXTENSIONS_MAX 4

enum {
    EXT_PSK = 41,
    EXT_EARLY_DATA = 42,
    EXT_VERSIONS = 43,
    EXT_KEY_SHARE = 51,
    EXT_NONE = 0xffff,
};

struct extension {
    guint16 type;
    guint8 value[80];
    guint16 len;
};

/* RFC 8446, 4.1.3. */
struct server_hello {
    guint16 version;
    guint8 random[32];
    guint8 session_id[32];
    guint8 session_id_len;
    guint16 suite;
    guint8 compression;
    struct extension extensions[EXTENSIONS_MAX];
    guint count;
};

static void
hello_parse(const guint8 *record, gsize len, struct server_hello *ret)
{
    struct cursor in = cursor_from(record, len);
    struct server_hello h = { 0 };

    ck_assert_uint_eq(cursor_u8(&in), 22);
    (void)cursor_be32(&in);
    ck_assert_uint_eq(cursor_be32(&in) >> 24, HELLO_SERVER);
    h.version = cursor_be16(&in);
    memcpy(h.random, cursor_bytes(&in, 32), 32);
    h.session_id_len = cursor_u8(&in);
    ck_assert_uint_eq(h.session_id_len, 0);
    h.suite = cursor_be16(&in);
    h.compression = cursor_u8(&in);
    (void)cursor_be16(&in);
    while (cursor_left(&in) > 0 && !in.failed) {
        struct extension *e = &h.extensions[h.count];

        ck_assert_uint_lt(h.count++, EXTENSIONS_MAX);
        e->type = cursor_be16(&in);
        e->len = cursor_be16(&in);
        ck_assert_uint_le(e->len, sizeof(e->value));
        memcpy(e->value, cursor_bytes(&in, e->len), e->len);
    }
    ck_assert(cursor_done(&in));
    *ret = h;
}

static gsize
hello_write(const struct server_hello *h, guint8 *record)
{
    struct builder b = builder_on(record, HELLO_MAX);
    gsize extensions;

    builder_u8(&b, 22);
    builder_be16(&b, 0x0303);
    builder_be16(&b, 0);
    builder_be32(&b, 0);
    builder_be16(&b, h->version);
    builder_bytes(&b, h->random, sizeof(h->random));
    builder_u8(&b, h->session_id_len);
    builder_bytes(&b, h->session_id, h->session_id_len);
    builder_be16(&b, h->suite);
    builder_u8(&b, h->compression);
    extensions = builder_len(&b);
    builder_be16(&b, 0);
    for (guint i = 0; i < h->count; i++) {
        if (h->extensions[i].type == EXT_NONE)
            continue;
        builder_be16(&b, h->extensions[i].type);
        builder_be16(&b, h->extensions[i].len);
        builder_bytes(&b, h->extensions[i].value, h->extensions[i].len);
    }
    builder_be16_at(&b, extensions, (guint16)(builder_len(&b) - extensions - 2));
    builder_be16_at(&b, 3, (guint16)(builder_len(&b) - RECORD_HEADER));
    builder_be32_at(&b, RECORD_HEADER, (guint32)HELLO_SERVER << 24 |
                    (guint32)(builder_len(&b) - RECORD_HEADER - 4));
    ck_assert(!b.failed);
    return builder_len(&b);
}

static struct extension *
find(struct server_hello *h, guint16 type)
{
    for (guint i = 0; i < h->count; i++)
        if (h->extensions[i].type == type)
            return &h->extensions[i];
    ck_abort_msg("the server sends no extension %u", type);
    return NULL;
}

static void
be16_at(guint8 *at, guint16 value)
{
    at[0] = (guint8)(value >> 8);
    at[1] = (guint8)value;
}

static void
nothing(struct server_hello *h, guint16 value)
{
    (void)h;
    (void)value;
}

static void
version(struct server_hello *h, guint16 value)
{
    be16_at(find(h, EXT_VERSIONS)->value, value);
}

static void
legacy_version(struct server_hello *h, guint16 value)
{
    h->version = value;
}

static void
suite(struct server_hello *h, guint16 value)
{
    h->suite = value;
}

static void
compression(struct server_hello *h, guint16 value)
{
    h->compression = (guint8)value;
}

static void
session_id(struct server_hello *h, guint16 value)
{
    h->session_id_len = (guint8)value;
}

/* The group, with a share of its length. */
static void
group(struct server_hello *h, guint16 value)
{
    struct extension *e = find(h, EXT_KEY_SHARE);

    be16_at(e->value, value);
    if (value == 0x0017) {
        e->len = 4 + 65;
        be16_at(e->value + 2, 65);
        e->value[4] = 4;
    }
}

static void
without(struct server_hello *h, guint16 value)
{
    find(h, value)->type = EXT_NONE;
}

static void
selected(struct server_hello *h, guint16 value)
{
    be16_at(find(h, EXT_PSK)->value, value);
}

static void
early_data(struct server_hello *h, guint16 value)
{
    (void)value;
    ck_assert_uint_lt(h->count, EXTENSIONS_MAX);
    h->extensions[h->count++] = (struct extension){ .type = EXT_EARLY_DATA };
}

/* A HelloRetryRequest for another group (RFC 8446, 4.1.4). */
static void
retry(struct server_hello *h, guint16 value)
{
    static const guint8 random[32] = {
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
        0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
        0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    };
    struct extension *e = find(h, EXT_KEY_SHARE);

    memcpy(h->random, random, sizeof(random));
    be16_at(e->value, value);
    e->len = 2;
    without(h, EXT_PSK);
}

static const struct {
    const char *what;
    void (*lower)(struct server_hello *h, guint16 value);
    guint16 value;
    const char *why;                         /* of the refusal; NULL: none */
} answers[] = {
    { "nothing", nothing, 0, NULL },
    { "TLS 1.2", version, 0x0303, "illegal parameter" },
    { "TLS 1.1", version, 0x0302, "illegal parameter" },
    { "TLS 1.2, the old way", without, EXT_VERSIONS, "unsupported version" },
    { "SSL 3", legacy_version, 0x0300, "unsupported version" },
    { "AES-256-GCM-SHA384", suite, 0x1302, "illegal parameter" },
    { "ChaCha20", suite, 0x1303, NULL },
    { "AES-128-CCM", suite, 0x1304, "illegal parameter" },
    { "AES-128-CCM-8", suite, 0x1305, "illegal parameter" },
    { "the suite of TLS 1.2 that is offered", suite, 0xccac, "illegal parameter" },
    { "no suite", suite, 0, "illegal parameter" },
    { "compression", compression, 1, "illegal parameter" },
    { "a session that is resumed the old way", session_id, 32, "illegal parameter" },
    { "group secp256r1", group, 0x0017, "curve" },
    { "group X448", group, 0x001e, "curve" },
    { "PSK without (EC)DHE", without, EXT_KEY_SHARE, "TLS extension" },
    { "no PSK, so a certificate", without, EXT_PSK, "illegal parameter" },
    { "a PSK that was not offered", selected, 1, "illegal parameter" },
    { "early data where none was sent", early_data, 0, "illegal TLS extension" },
    { "another try with secp256r1", retry, 0x0017, "unexpected TLS handshake packet" },
    { "another try with the same group", retry, 0x001d, "unexpected TLS handshake packet" },
};

/*
 * The client has the ServerHello and nothing after it: an honest one leaves it
 * waiting for more, another one is refused for what stands in it.
 */
START_TEST(each_answer_alone_is_refused)
{
    g_autoptr(Secret) key = pair_key(7);
    struct pair p;
    guint8 bytes[4096], record[HELLO_MAX];
    struct server_hello hello;
    ssize_t n;
    gsize len;
    enum tls_result result;
    g_autoptr(GError) why = NULL;

    pair_open(&p, key, key);
    ck_assert_int_eq(tls_handshake(p.client, NULL), TLS_AGAIN);
    ck_assert(pair_carry(&p));
    ck_assert_int_eq(tls_handshake(p.server, NULL), TLS_AGAIN);
    n = recv(p.host.ends[1], bytes, sizeof(bytes), MSG_DONTWAIT);
    ck_assert_int_gt(n, RECORD_HEADER);
    len = RECORD_HEADER + (gsize)(bytes[3] << 8 | bytes[4]);
    ck_assert_uint_lt(len, (gsize)n);
    hello_parse(bytes, len, &hello);
    answers[_i].lower(&hello, answers[_i].value);
    len = hello_write(&hello, record);
    ck_assert_int_eq(send(p.host.ends[0], record, len, MSG_DONTWAIT), (ssize_t)len);
    result = tls_handshake(p.client, &why);
    if (answers[_i].why == NULL)
        ck_assert_int_eq(result, TLS_AGAIN);
    else
        ck_assert_msg(result == TLS_FAILED && strstr(why->message, answers[_i].why) != NULL,
                      "%s: %d, %s", answers[_i].what, result, why != NULL ? why->message : "taken");
    pair_close(&p);
}
END_TEST

/* ---- a server of the plain library that hands out tickets ---- */

struct server {
    gnutls_session_t session;
    gnutls_psk_server_credentials_t psk;
    gnutls_datum_t ticket_key;
};

static int
give_key(gnutls_session_t session, const gnutls_datum_t *name, gnutls_datum_t *key)
{
    const Secret *psk = gnutls_session_get_ptr(session);

    (void)name;
    key->data = gnutls_malloc(secret_len(psk));
    memcpy(key->data, secret_peek(psk), secret_len(psk));
    key->size = (unsigned int)secret_len(psk);
    return 0;
}

#define PROFILE \
    "NONE:+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:%DISABLE_TLS13_COMPAT_MODE:+VERS-TLS1.3" \
    ":+GROUP-X25519:+ECDHE-PSK:+AES-128-GCM"

static void
server_open(struct server *s, int fd, gboolean tickets, Secret *psk)
{
    ck_assert_int_eq(gnutls_init(&s->session, GNUTLS_SERVER | GNUTLS_NONBLOCK |
                                 (tickets ? 0 : GNUTLS_NO_TICKETS)), 0);
    ck_assert_int_eq(gnutls_priority_set_direct(s->session, PROFILE, NULL), 0);
    ck_assert_int_eq(gnutls_psk_allocate_server_credentials(&s->psk), 0);
    gnutls_psk_set_server_credentials_function2(s->psk, give_key);
    gnutls_credentials_set(s->session, GNUTLS_CRD_PSK, s->psk);
    gnutls_session_set_ptr(s->session, psk);
    gnutls_transport_set_int(s->session, fd);
    if (tickets) {
        ck_assert_int_eq(gnutls_session_ticket_key_generate(&s->ticket_key), 0);
        ck_assert_int_eq(gnutls_session_ticket_enable_server(s->session, &s->ticket_key), 0);
    }
}

static void
server_close(struct server *s)
{
    gnutls_deinit(s->session);
    gnutls_psk_free_server_credentials(s->psk);
    gnutls_free(s->ticket_key.data);
}

/* The honest case first: the same server without tickets is heard. */
START_TEST(a_ticket_is_refused)
{
    const gboolean tickets = _i == 1;
    g_autoptr(Secret) key = pair_key(9);
    g_autoptr(Tls) client = NULL;
    g_autoptr(GError) why = NULL;
    struct server s = { 0 };
    int ends[2];
    guint8 got[16];
    gsize len = 0;
    enum tls_result result = TLS_AGAIN;

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    client = tls_client_new(stream_new(ends[0]), (const guint8 *)PAIR_IDENTITY,
                            strlen(PAIR_IDENTITY), key, NULL);
    server_open(&s, ends[1], tickets, key);
    for (int i = 0; i < 20; i++) {
        if (result == TLS_AGAIN)
            result = tls_handshake(client, &why);
        (void)gnutls_handshake(s.session);
    }
    ck_assert_int_eq(result, TLS_DONE);
    if (tickets)
        ck_assert_int_eq(gnutls_session_ticket_send(s.session, 1, 0), 0);
    ck_assert_int_eq(gnutls_record_send(s.session, "hi", 2), 2);
    result = tls_receive(client, got, sizeof(got), &len, &why);
    ck_assert_int_eq(result, tickets ? TLS_FAILED : TLS_DONE);
    ck_assert(!tickets || strstr(why->message, "unexpected TLS handshake packet") != NULL);
    server_close(&s);
    close(ends[1]);
}
END_TEST

Suite *servers_suite(void);

Suite *
servers_suite(void)
{
    Suite *s = suite_create("servers");
    TCase *t = tcase_create("servers");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, each_answer_alone_is_refused, 0, G_N_ELEMENTS(answers));
    tcase_add_loop_test(t, a_ticket_is_refused, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
