/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer that has the key, and seals records of its own making: handshake
 * messages, alerts and lengths that this protocol does not have, behind the
 * encryption.
 */
#include "config.h"

#include "pair.h"
#include "suites.h"

#include "base/builder.h"
#include "cocotransport/wire/message.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROFILE \
    "NONE:+AEAD:+SIGN-ECDSA-SECP256R1-SHA256:%DISABLE_TLS13_COMPAT_MODE:+VERS-TLS1.3" \
    ":+GROUP-X25519:+ECDHE-PSK:+AES-128-GCM"
#define RECORD_HEADER 5
#define TAG 16
#define CONTENT_MAX 16384                    /* RFC 8446, 5.1 */

enum { CCS = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23, HEARTBEAT = 24 };

#define ROW_BYTES 16

/* What it writes with: RFC 8446, 5.3. */
struct sealer {
    guint8 key[16];
    guint8 iv[12];
    guint64 number;
};

struct insider {
    gnutls_session_t session;
    gnutls_psk_client_credentials_t client;
    gnutls_psk_server_credentials_t server;
    Secret *psk;
    int fd;
    Tls *ours;
    struct sealer out;
    gboolean mute;                           /* what the library would say goes nowhere */
    GBytes *extensions, *finished;           /* its own, which the other side would take */
};

static void
sealer_take(struct sealer *s, gnutls_session_t session)
{
    gnutls_datum_t iv, key;
    guint8 number[8];

    ck_assert_int_eq(gnutls_record_get_state(session, 0, NULL, &iv, &key, number), 0);
    ck_assert_uint_eq(iv.size, sizeof(s->iv));
    ck_assert_uint_eq(key.size, sizeof(s->key));
    memcpy(s->iv, iv.data, iv.size);
    memcpy(s->key, key.data, key.size);
    s->number = 0;
    for (guint i = 0; i < sizeof(number); i++)
        s->number = s->number << 8 | number[i];
}

/* A record whose plain bytes, the type among them, are all given. */
static gsize
sealer_write(struct sealer *s, const guint8 *plain, gsize len, guint8 *ret)
{
    gnutls_aead_cipher_hd_t cipher;
    const gnutls_datum_t key = { s->key, sizeof(s->key) };
    struct builder b = builder_on(ret, RECORD_HEADER);
    gsize sealed = len + TAG;
    guint8 nonce[12];

    memcpy(nonce, s->iv, sizeof(nonce));
    for (guint i = 0; i < 8; i++)
        nonce[11 - i] ^= (guint8)(s->number >> 8 * i);
    s->number++;
    builder_u8(&b, DATA);
    builder_be16(&b, 0x0303);
    builder_be16(&b, (guint16)(len + TAG));
    ck_assert_int_eq(gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_128_GCM, &key), 0);
    ck_assert_int_eq(gnutls_aead_cipher_encrypt(cipher, nonce, sizeof(nonce), ret, RECORD_HEADER, TAG,
                                                plain, len, ret + RECORD_HEADER, &sealed), 0);
    gnutls_aead_cipher_deinit(cipher);
    return RECORD_HEADER + sealed;
}

static void
say_plain(struct insider *p, const guint8 *plain, gsize len)
{
    guint8 record[RECORD_HEADER + 17000];
    const gsize size = sealer_write(&p->out, plain, len, record);

    ck_assert_int_eq(send(p->fd, record, size, MSG_DONTWAIT), (ssize_t)size);
}

static void
say(struct insider *p, guint8 type, const void *content, gsize len, gsize padding)
{
    g_autofree guint8 *plain = g_malloc0(len + 1 + padding);

    memcpy(plain, content, len);
    plain[len] = type;
    say_plain(p, plain, len + 1 + padding);
}

/* ---- the two sides ---- */

/* The first record of a flight is in the clear; the keys of the rest are here from then on. */
static ssize_t
push(gnutls_transport_ptr_t data, const void *bytes, size_t len)
{
    const struct insider *p = data;
    const guint8 *record = bytes;

    if (p->mute && record[0] != HANDSHAKE)
        return (ssize_t)len;
    if (p->mute)
        len = RECORD_HEADER + (gsize)(record[3] << 8 | record[4]);
    return send(p->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t
pull(gnutls_transport_ptr_t data, void *bytes, size_t max)
{
    const struct insider *p = data;

    return recv(p->fd, bytes, max, MSG_DONTWAIT);
}

static GBytes *
handshake_message(unsigned int type, const gnutls_datum_t *body)
{
    g_autofree guint8 *memory = g_malloc(4 + body->size);
    struct builder b = builder_on(memory, 4 + body->size);

    builder_be32(&b, (guint32)type << 24 | body->size);
    builder_bytes(&b, body->data, body->size);
    return g_bytes_new(memory, builder_len(&b));
}

/* Before the first message that is sealed: from here on the test speaks for it. */
static int
take_keys(gnutls_session_t session, unsigned int type, unsigned int when, unsigned int incoming,
          const gnutls_datum_t *message)
{
    struct insider *p = gnutls_session_get_ptr(session);

    if (incoming)
        return 0;
    if (when == GNUTLS_HOOK_PRE && !p->mute && type != GNUTLS_HANDSHAKE_CLIENT_HELLO &&
        type != GNUTLS_HANDSHAKE_SERVER_HELLO) {
        sealer_take(&p->out, session);
        p->mute = TRUE;
    }
    if (type == GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS && p->extensions == NULL)
        p->extensions = handshake_message(type, message);
    if (type == GNUTLS_HANDSHAKE_FINISHED && p->finished == NULL)
        p->finished = handshake_message(type, message);
    return 0;
}

static int
give_key(gnutls_session_t session, const gnutls_datum_t *name, gnutls_datum_t *key)
{
    const struct insider *p = gnutls_session_get_ptr(session);

    (void)name;
    key->data = gnutls_malloc(secret_len(p->psk));
    memcpy(key->data, secret_peek(p->psk), secret_len(p->psk));
    key->size = (unsigned int)secret_len(p->psk);
    return 0;
}

static Secret *
lookup(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    const struct insider *p = data;

    (void)identity;
    (void)len;
    *ret_known = TRUE;
    return secret_copy(secret_peek(p->psk), PSK_SIZE);
}

static void
open_client(struct insider *p)
{
    const gnutls_datum_t name = { (void *)PAIR_IDENTITY, strlen(PAIR_IDENTITY) };
    const gnutls_datum_t key = { (void *)secret_peek(p->psk), PSK_SIZE };

    ck_assert_int_eq(gnutls_psk_allocate_client_credentials(&p->client), 0);
    ck_assert_int_eq(gnutls_psk_set_client_credentials2(p->client, &name, &key,
                                                        GNUTLS_PSK_KEY_RAW), 0);
    gnutls_credentials_set(p->session, GNUTLS_CRD_PSK, p->client);
}

static void
open_server(struct insider *p)
{
    ck_assert_int_eq(gnutls_psk_allocate_server_credentials(&p->server), 0);
    gnutls_psk_set_server_credentials_function2(p->server, give_key);
    gnutls_credentials_set(p->session, GNUTLS_CRD_PSK, p->server);
}

/* Its handshake is not begun. */
static void
insider_open(struct insider *p, gboolean server)
{
    int ends[2];
    const int size = 1 << 20;

    *p = (struct insider){ .psk = pair_key(5) };
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    ck_assert_int_eq(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
    p->fd = ends[1];
    ck_assert_int_eq(gnutls_init(&p->session, (server ? GNUTLS_SERVER : GNUTLS_CLIENT) |
                                 GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS | GNUTLS_NO_EXTENSIONS), 0);
    ck_assert_int_eq(gnutls_priority_set_direct(p->session, PROFILE, NULL), 0);
    gnutls_session_set_ptr(p->session, p);
    gnutls_transport_set_ptr(p->session, p);
    gnutls_transport_set_push_function(p->session, push);
    gnutls_transport_set_pull_function(p->session, pull);
    if (server) {
        open_server(p);
        p->ours = tls_client_new(stream_new(ends[0]), (const guint8 *)PAIR_IDENTITY,
                                 strlen(PAIR_IDENTITY), p->psk, NULL);
    } else {
        open_client(p);
        p->ours = tls_server_new(ends[0], lookup, p, NULL);
    }
    ck_assert_ptr_nonnull(p->ours);
}

static void
insider_shake(struct insider *p)
{
    enum tls_result ours = TLS_AGAIN;
    int theirs = GNUTLS_E_AGAIN;

    for (int i = 0; i < 20 && (ours == TLS_AGAIN || theirs < 0); i++) {
        if (theirs < 0)
            theirs = gnutls_handshake(p->session);
        if (ours == TLS_AGAIN)
            ours = tls_handshake(p->ours, NULL);
    }
    ck_assert_int_eq(ours, TLS_DONE);
    ck_assert_int_eq(theirs, 0);
    sealer_take(&p->out, p->session);
}

static void
insider_close(struct insider *p)
{
    tls_free(p->ours);
    gnutls_deinit(p->session);
    if (p->client != NULL)
        gnutls_psk_free_client_credentials(p->client);
    if (p->server != NULL)
        gnutls_psk_free_server_credentials(p->server);
    g_clear_pointer(&p->extensions, g_bytes_unref);
    g_clear_pointer(&p->finished, g_bytes_unref);
    secret_free(p->psk);
    close(p->fd);
}

/* ---- rows ---- */

struct row {
    const char *what;
    guint8 type;
    guint8 content[ROW_BYTES];
    gsize len;
    gsize fill;                              /* zeroes behind it */
    gsize padding;
    guint times;
    const char *why;                         /* of the refusal; NULL: what follows is heard */
};

#define PACKET "unexpected TLS packet"
#define MESSAGE "unexpected TLS handshake packet"
#define LENGTH "invalid length"
#define TOO_LATE "TLS"                       /* which of two reasons is the library's business */

static void
say_row(struct insider *p, const struct row *row)
{
    g_autofree guint8 *content = g_malloc0(ROW_BYTES + row->fill);

    memcpy(content, row->content, ROW_BYTES);
    for (guint i = 0; i < row->times; i++)
        say(p, row->type, content, row->len + row->fill, row->padding);
}

static void
judge_refusal(const struct row *row, gboolean server, enum tls_result result, const GError *why)
{
    ck_assert_msg(result == TLS_FAILED && strstr(why->message, row->why) != NULL,
                  "%s, by the %s: %d, %s", row->what, server ? "server" : "client", result,
                  why != NULL ? why->message : "no reason");
}

/* ---- after the handshake ---- */

static const struct row after[] = {
    { "nothing", DATA, "yo", 2, 0, 0, 1, NULL },
    { "padding", DATA, "yo", 2, 0, 1000, 1, NULL },
    { "as much padding as there may be", DATA, "yo", 2, 0, CONTENT_MAX - 2, 1, NULL },
    { "padding above", DATA, "yo", 2, 0, CONTENT_MAX - 1, 1, LENGTH },
    { "padding far above", DATA, "yo", 2, 0, CONTENT_MAX + 200, 1, LENGTH },
    { "as much content as there may be", DATA, "", 0, CONTENT_MAX, 0, 1, NULL },
    { "content above", DATA, "", 0, CONTENT_MAX + 1, 0, 1, LENGTH },
    { "a record of nothing", DATA, "", 0, 0, 0, 1, PACKET },
    { "a record of nothing but padding", DATA, "", 0, 0, 1000, 1, PACKET },
    { "many records of nothing", DATA, "", 0, 0, 0, 1000, PACKET },
    { "no type", 0, "", 0, 0, 0, 1, "Decryption has failed" },
    { "zeroes alone", 0, "", 0, CONTENT_MAX, 0, 1, "Decryption has failed" },
    { "type 25", 25, "hi", 2, 0, 0, 1, PACKET },
    { "type 255", 255, "hi", 2, 0, 0, 1, PACKET },
    { "a heartbeat", HEARTBEAT, { 1, 0, 3, 'a', 'b', 'c' }, 6, 16, 0, 1, PACKET },
    { "ChangeCipherSpec", CCS, { 1 }, 1, 0, 0, 1, PACKET },
    { "user_canceled", ALERT, { 1, 90 }, 2, 0, 0, 1, "the peer refused" },
    { "no_renegotiation", ALERT, { 1, 100 }, 2, 0, 0, 1, "the peer refused" },
    { "a fatal alert", ALERT, { 2, 40 }, 2, 0, 0, 1, "the peer refused" },
    { "an alert of no byte", ALERT, "", 0, 0, 0, 1, PACKET },
    { "an alert of one byte", ALERT, { 1 }, 1, 0, 0, 1, PACKET },
    { "two alerts in a record", ALERT, { 1, 90, 1, 90 }, 4, 0, 0, 1, "the peer refused" },
    { "a handshake record of nothing", HANDSHAKE, "", 0, 0, 0, 1, PACKET },
    { "HelloRequest", HANDSHAKE, { 0, 0, 0, 0 }, 4, 0, 0, 1, MESSAGE },
    { "ClientHello", HANDSHAKE, { 1, 0, 0, 4 }, 4, 4, 0, 1, TOO_LATE },
    { "ServerHello", HANDSHAKE, { 2, 0, 0, 4 }, 4, 4, 0, 1, TOO_LATE },
    { "NewSessionTicket", HANDSHAKE, { 4, 0, 0, 16 }, 4, 16, 0, 1, MESSAGE },
    { "EndOfEarlyData", HANDSHAKE, { 5, 0, 0, 0 }, 4, 0, 0, 1, MESSAGE },
    { "EncryptedExtensions", HANDSHAKE, { 8, 0, 0, 2, 0, 0 }, 6, 0, 0, 1, TOO_LATE },
    { "Certificate", HANDSHAKE, { 11, 0, 0, 4, 0, 0, 0, 0 }, 8, 0, 0, 1, MESSAGE },
    { "CertificateRequest", HANDSHAKE, { 13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3 }, 15, 0, 0, 1,
      MESSAGE },
    { "CertificateVerify", HANDSHAKE, { 15, 0, 0, 4, 4, 3, 0, 0 }, 8, 0, 0, 1, MESSAGE },
    { "Finished", HANDSHAKE, { 20, 0, 0, 32 }, 4, 32, 0, 1, PACKET },
    { "message_hash", HANDSHAKE, { 254, 0, 0, 32 }, 4, 32, 0, 1, PACKET },
    { "type 99", HANDSHAKE, { 99, 0, 0, 4 }, 4, 4, 0, 1, MESSAGE },
    { "KeyUpdate of value 2", HANDSHAKE, { 24, 0, 0, 1, 2 }, 5, 0, 0, 1, "illegal parameter" },
    { "KeyUpdate without a value", HANDSHAKE, { 24, 0, 0, 0 }, 4, 0, 0, 1, "decoding" },
    { "KeyUpdate of two bytes", HANDSHAKE, { 24, 0, 0, 2, 0, 0 }, 6, 0, 0, 1, "decoding" },
    { "KeyUpdate, and the old key", HANDSHAKE, { 24, 0, 0, 1, 0 }, 5, 0, 0, 1,
      "Decryption has failed" },
    { "half of a KeyUpdate", HANDSHAKE, { 24, 0, 0 }, 3, 0, 0, 1, PACKET },
    { "a message of 2^24 bytes announced", HANDSHAKE, { 24, 255, 255, 255 }, 4, 0, 0, 1, PACKET },
    { "a message of 2^24 bytes begun", HANDSHAKE, { 24, 255, 255, 255 }, 4, 16000, 0, 40, PACKET },
};

START_TEST(each_record_of_a_peer)
{
    const struct row *row = &after[_i];

    for (int server = 0; server < 2; server++) {
        struct insider p;
        guint8 got[COCO_MESSAGE_MAX];
        gsize len = 0;
        enum tls_result result;
        g_autoptr(GError) why = NULL;

        insider_open(&p, server);
        insider_shake(&p);
        say_row(&p, row);
        say(&p, DATA, "hi", 2, 0);
        result = tls_receive(p.ours, got, sizeof(got), &len, &why);
        if (row->why == NULL) {
            ck_assert_int_eq(result, TLS_DONE);
            ck_assert_uint_eq(len, row->len + row->fill);
            ck_assert_int_eq(tls_receive(p.ours, got, sizeof(got), &len, NULL), TLS_DONE);
            ck_assert(len == 2 && memcmp(got, "hi", 2) == 0);
        } else {
            judge_refusal(row, server, result, why);
        }
        insider_close(&p);
    }
}
END_TEST

/*
 * The library's own, every 2^24 records: the message behind it was read along with it,
 * and no event would tell.
 */
START_TEST(a_message_comes_behind_new_keys)
{
    for (int server = 0; server < 2; server++) {
        struct insider p;
        guint8 got[16];
        gsize len = 0;

        insider_open(&p, server);
        insider_shake(&p);
        ck_assert_int_eq(gnutls_session_key_update(p.session, 0), 0);
        ck_assert_int_eq(gnutls_record_send(p.session, "hi", 2), 2);
        ck_assert_int_eq(tls_receive(p.ours, got, sizeof(got), &len, NULL), TLS_DONE);
        ck_assert(len == 2 && memcmp(got, "hi", 2) == 0);
        ck_assert_int_eq(tls_receive(p.ours, got, sizeof(got), &len, NULL), TLS_AGAIN);
        insider_close(&p);
    }
}
END_TEST

/* ---- in place of the rest of the handshake ---- */

static const struct row within[] = {
    { "nothing", HANDSHAKE, "", 0, 0, 0, 0, NULL },
    { "CertificateRequest", HANDSHAKE, { 13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3 }, 15, 0, 0, 1,
      MESSAGE },
    { "Certificate", HANDSHAKE, { 11, 0, 0, 4, 0, 0, 0, 0 }, 8, 0, 0, 1, MESSAGE },
    { "CertificateVerify", HANDSHAKE, { 15, 0, 0, 4, 4, 3, 0, 0 }, 8, 0, 0, 1, MESSAGE },
    { "NewSessionTicket", HANDSHAKE, { 4, 0, 0, 16 }, 4, 16, 0, 1, MESSAGE },
    { "EndOfEarlyData", HANDSHAKE, { 5, 0, 0, 0 }, 4, 0, 0, 1, MESSAGE },
    { "HelloRequest", HANDSHAKE, { 0, 0, 0, 0 }, 4, 0, 0, 1, MESSAGE },
    { "KeyUpdate", HANDSHAKE, { 24, 0, 0, 1, 0 }, 5, 0, 0, 1, TOO_LATE },
    { "another Finished", HANDSHAKE, { 20, 0, 0, 32 }, 4, 32, 0, 1, "Finished packet" },
    { "a message before its time", DATA, "hi", 2, 0, 0, 1, TOO_LATE },
    { "a record of nothing", DATA, "", 0, 0, 0, 1, TOO_LATE },
    { "a fatal alert", ALERT, { 2, 40 }, 2, 0, 0, 1, "the peer refused" },
    { "user_canceled", ALERT, { 1, 90 }, 2, 0, 0, 1, TOO_LATE },
    { "ChangeCipherSpec", CCS, { 1 }, 1, 0, 0, 1, TOO_LATE },
    { "a handshake record of nothing", HANDSHAKE, "", 0, 0, 0, 1, TOO_LATE },
    { "a message of 2^24 bytes begun", HANDSHAKE, { 20, 255, 255, 255 }, 4, 4076, 0, 1,
      "record header" },
    { "a message of 2^24 bytes, going on", HANDSHAKE, { 20, 255, 255, 255 }, 4, 1000, 0, 100,
      "record header" },
};

static void
say_message(struct insider *p, GBytes *message)
{
    ck_assert_ptr_nonnull(message);
    say(p, HANDSHAKE, g_bytes_get_data(message, NULL), g_bytes_get_size(message), 0);
}

/* The peer's part of the handshake as the test seals it: EncryptedExtensions where it is the
 * server, what the row says, then the Finished that fits. */
START_TEST(each_record_in_a_handshake)
{
    const struct row *row = &within[_i];

    for (int server = 0; server < 2; server++) {
        struct insider p;
        enum tls_result result;
        g_autoptr(GError) why = NULL;

        insider_open(&p, server);
        gnutls_handshake_set_hook_function(p.session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH,
                                           take_keys);
        for (int i = 0; i < 4; i++) {
            (void)gnutls_handshake(p.session);
            result = tls_handshake(p.ours, &why);
        }
        ck_assert_int_eq(result, TLS_AGAIN);
        ck_assert(p.mute);
        if (server)
            say_message(&p, p.extensions);
        say_row(&p, row);
        say_message(&p, p.finished);
        for (int i = 0; i < 10 && result == TLS_AGAIN; i++)
            result = tls_handshake(p.ours, &why);
        if (row->why == NULL)
            ck_assert_msg(result == TLS_DONE, "by the %s: %d, %s", server ? "server" : "client", result,
                          why != NULL ? why->message : "no reason");
        else
            judge_refusal(row, server, result, why);
        insider_close(&p);
    }
}
END_TEST

Suite *insider_suite(void);

Suite *
insider_suite(void)
{
    Suite *s = suite_create("insider");
    TCase *t = tcase_create("insider");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, each_record_of_a_peer, 0, G_N_ELEMENTS(after));
    tcase_add_test(t, a_message_comes_behind_new_keys);
    tcase_add_loop_test(t, each_record_in_a_handshake, 0, G_N_ELEMENTS(within));
    suite_add_tcase(s, t);
    return s;
}
