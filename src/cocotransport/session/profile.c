/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * profile - the second line behind the priorities: one wrong word in those, or a
 * fault of the library, ends the session and not the protection.
 */
#include "cocotransport/session/profile.h"

#include "base/cursor.h"

#define EXTENSION_PSK 41                     /* RFC 8446, 4.2.11 */

enum { SUITE_AES_128_GCM = 0x1301, SUITE_CHACHA20_POLY1305 = 0x1303 };

/* By GNUTLS_HANDSHAKE_*; key updates are the library's own, after so many records. */
static const struct {
    gboolean from_client, from_server;
} messages[] = {
    [GNUTLS_HANDSHAKE_CLIENT_HELLO] = { TRUE, FALSE },
    [GNUTLS_HANDSHAKE_SERVER_HELLO] = { FALSE, TRUE },
    [GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS] = { FALSE, TRUE },
    [GNUTLS_HANDSHAKE_FINISHED] = { TRUE, TRUE },
    [GNUTLS_HANDSHAKE_KEY_UPDATE] = { TRUE, TRUE },
};

gboolean
profile_message(gboolean server, unsigned int type)
{
    if (type >= G_N_ELEMENTS(messages))
        return FALSE;
    return server ? messages[type].from_client : messages[type].from_server;
}

/*
 * GnuTLS 3.7 goes on without a PSK where the server takes none, or one that was not offered; and
 * with a suite of TLS 1.2, which it offers whatever the versions are.
 */
gboolean
profile_server_hello(const void *message, gsize len)
{
    struct cursor in = cursor_from(message, len);
    gboolean taken = FALSE;
    guint16 suite;

    (void)cursor_be16(&in);
    (void)cursor_bytes(&in, 32);
    if (cursor_u8(&in) != 0)                 /* nothing was sent that could be echoed */
        return FALSE;
    suite = cursor_be16(&in);
    if (suite != SUITE_AES_128_GCM && suite != SUITE_CHACHA20_POLY1305)
        return FALSE;
    (void)cursor_u8(&in);
    (void)cursor_be16(&in);
    while (cursor_left(&in) > 0 && !in.failed) {
        const guint16 type = cursor_be16(&in);
        const guint16 size = cursor_be16(&in);
        const guint8 *value = cursor_bytes(&in, size);

        if (type == EXTENSION_PSK && value != NULL)
            taken = size == 2 && value[0] == 0 && value[1] == 0;
    }
    return taken && cursor_done(&in);
}

const char *
profile_breach(const struct profile *p)
{
    if (p->version != GNUTLS_TLS1_3)
        return "version";
    if (p->kx != GNUTLS_KX_ECDHE_PSK)
        return "key exchange";
    if (p->group != GNUTLS_GROUP_X25519)
        return "group";
    if (p->cipher != GNUTLS_CIPHER_AES_128_GCM && p->cipher != GNUTLS_CIPHER_CHACHA20_POLY1305)
        return "cipher suite";
    if (p->resumed)
        return "resumption";
    if (p->early_data)
        return "early data";
    if (p->identity_len == 0)
        return "identity";
    return NULL;
}
