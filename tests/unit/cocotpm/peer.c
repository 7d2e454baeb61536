/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "peer.h"

#include "base/error.h"
#include "cocotransport/session/client_private.h"
#include "suites.h"

#include <string.h>
#include <unistd.h>

/* The host is away: that ends nothing. */
static Stream *
no_link(gpointer data, G_GNUC_UNUSED gint64 deadline, GError **error)
{
    struct world *w = data;

    g_atomic_int_inc(&w->connects);
    while (g_atomic_int_get(&w->hold))
        g_usleep(1000);
    error_system(error, "no link");
    return NULL;
}

static void
count_answer(G_GNUC_UNUSED const Client *client, gpointer data)
{
    ((struct world *)data)->answered++;
}

void
world_open(struct world *w)
{
    const struct driver_session_config config = {
        .attach = &w->attach, .connect = no_link, .connect_data = w,
        .answered = count_answer, .answered_data = w,
    };
    g_autoptr(Secret) key = pair_key(7);
    Client *client = client_new();
    enum tls_result here, there;

    *w = (struct world){ .log = g_string_new(NULL) };
    pair_open(&w->p, key, key);
    pair_shake(&w->p, &here, &there);
    ck_assert(here == TLS_DONE && there == TLS_DONE);
    client->tls = g_steal_pointer(&w->p.client);
    client->attached = client->burnt = TRUE;
    client->sent = client->received = 1;
    client->keys[1] = (struct resume_key){ 1, pair_key(1) };
    w->session = driver_session_new(client, &config);
    w->tpm = driver_session_tpm(w->session);
}

void
settle(struct world *w)
{
    do {
        while (g_main_context_iteration(NULL, FALSE))
            ;
    } while (pair_carry(&w->p));
}

void
world_close(struct world *w)
{
    const gint64 end = g_get_monotonic_time() + PATIENCE;

    /* While a thread resumes, nothing is freed. */
    while (!driver_session_free(w->session)) {
        ck_assert(g_get_monotonic_time() < end);
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    pair_close(&w->p);
    g_string_free(w->log, TRUE);
}

void
heard(struct world *w, const char *hex)
{
    g_autoptr(GBytes) wanted = test_bytes(hex);
    guint8 got[COCO_MESSAGE_MAX];
    gsize len = 0;

    settle(w);
    ck_assert_int_eq(tls_receive(w->p.server, got, sizeof(got), &len, NULL), TLS_DONE);
    ck_assert_msg(len == g_bytes_get_size(wanted) &&
                  memcmp(got, g_bytes_get_data(wanted, NULL), len) == 0, "not %s", hex);
}

void
heard_nothing(struct world *w)
{
    guint8 got[COCO_MESSAGE_MAX];
    gsize len;

    settle(w);
    ck_assert_int_eq(tls_receive(w->p.server, got, sizeof(got), &len, NULL), TLS_AGAIN);
}

void
say(struct world *w, const char *hex)
{
    g_autoptr(GBytes) bytes = test_bytes(hex);

    ck_assert_int_eq(tls_send(w->p.server, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                              NULL), TLS_DONE);
    settle(w);
}
