/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that a stranger can send before a key is known: the bytes go to the
 * server's end of a stream, which must refuse them and never come to agree.
 */
#include "config.h"

#include "cocotransport/session/tls.h"
#include "cocotransport/wire/message.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Secret *
lookup(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    g_autoptr(Secret) epsk = secret_new(PSK_SIZE);
    struct psk_identity id;

    (void)data;
    *ret_known = psk_identity_parse(identity, len, &id, NULL);
    secret_bytes(epsk)[0] = 1;
    return schedule_psk(epsk, identity, len, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t message[COCO_MESSAGE_MAX];
    gsize len;
    int ends[2];
    Tls *server;

    if (size > INPUT_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0)
        return 0;
    server = tls_server_new(ends[1], lookup, NULL, NULL);
    if (send(ends[0], data, size, MSG_NOSIGNAL) != (ssize_t)size)
        abort();
    (void)shutdown(ends[0], SHUT_WR);
    for (int i = 0; i < 8; i++)
        if (tls_handshake(server, NULL) == TLS_DONE ||
            tls_receive(server, message, sizeof(message), &len, NULL) == TLS_DONE)
            abort();
    tls_free(server);
    close(ends[0]);
    return 0;
}
