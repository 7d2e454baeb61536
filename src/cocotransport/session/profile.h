/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * profile - what a handshake may bring and has to have come to, whatever the
 * library was told and whatever it negotiated (protocol, section 3).
 */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>

struct profile {
    gnutls_protocol_t version;
    gnutls_kx_algorithm_t kx;
    gnutls_group_t group;
    gnutls_cipher_algorithm_t cipher;
    gboolean resumed;                        /* by a ticket */
    gboolean early_data;
    gsize identity_len;
};

/* Which part is another one; NULL: none. */
const char *profile_breach(const struct profile *p);

/* Whether the peer of a server, or of a client, may send this handshake message at all. */
gboolean profile_message(gboolean server, unsigned int type);
/* A ServerHello, without its header: it takes the one PSK that was offered. */
gboolean profile_server_hello(const void *message, gsize len);
