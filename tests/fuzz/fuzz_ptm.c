/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of the control channel, as they come from whoever reaches its
 * socket: the first byte says whether the TPM runs, the rest is sent. What gets
 * through to the handler has to be what the table allows.
 */
#include "config.h"

#include "swtpm/control/channel.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX 16384
#define TURNS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct state {
    gboolean running;
    gboolean lost;
};

static gboolean
running(gpointer user)
{
    return ((struct state *)user)->running;
}

static void
lost(gpointer user)
{
    ((struct state *)user)->lost = TRUE;
}

static gboolean
allowed(const struct ptm_row *row, const struct state *s)
{
    return row->when == PTM_ALWAYS || (row->when == PTM_RUNNING) == (s->running != FALSE);
}

static void
handle(Channel *c, struct ptm_call *call, gpointer user)
{
    const gsize len = cursor_left(&call->body);

    if (!allowed(call->row, user) || len > PTM_BLOB_MAX + call->row->body)
        abort();
    if (!call->row->data && !call->row->longer && len != call->row->body)
        abort();
    for (gsize i = 0; i < len; i++)
        (void)cursor_u8(&call->body);
    if (call->body.failed)
        abort();
    if (call->last)
        channel_answer_result(c, PTM_OK);
    else
        channel_answer(c, NULL, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state s = { .running = size > 0 && (data[0] & 1) };
    uint8_t answers[4096];
    int ends[2];
    Channel *channel;

    if (size < 1 || size > INPUT_MAX ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return 0;
    channel = channel_new(&(struct channel_config){
        .listen_fd = -1, .client_fd = ends[0], .handle = handle, .running = running,
        .lost = lost, .user = &s });
    if (send(ends[1], data + 1, size - 1, MSG_NOSIGNAL) != (ssize_t)(size - 1))
        abort();
    for (int i = 0; i < TURNS && !s.lost; i++)
        if (!g_main_context_iteration(NULL, FALSE) &&
            recv(ends[1], answers, sizeof(answers), MSG_DONTWAIT) < 0)
            break;
    channel_free(channel);
    close(ends[1]);
    return 0;
}
