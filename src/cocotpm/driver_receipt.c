/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_receipt - the file is never overwritten unseen: a receipt in it that is
 * not the one we presented or wrote is put to the CoCoTPM first. It is found
 * where the driver attached in the initrd, and the disk was opened later.
 *
 *     newest one taken --- timer ---> replace in the file ---> known
 *                                       `--- another is there ---> CHECK_RECEIPT
 *     CHECK_RECEIPT --- ok ---> known, replaced soon    --- stale ---> stopped
 */
#include "config.h"

#include "cocotpm/driver_receipt.h"

#include "cocotpm/receipt_file.h"

#include <string.h>

#define PAUSE_US G_USEC_PER_SEC

struct DriverReceipt {
    char *path;
    guint8 uuid[16];
    DriverSession *session;
    void (*stale)(gpointer);
    gpointer stale_data;
    struct receipt known;            /* what the file holds as far as we know */
    struct receipt newest;           /* what it should hold */
    struct receipt other;            /* what was found in it instead, while it is checked */
    gboolean known_given, newest_given;
    gboolean checking, stopped;
    gboolean warned;                 /* of the file, once for each time it fails */
    guint timer;
    gint64 next;                     /* not before */
};

DriverReceipt *
driver_receipt_new(const char *path, const guint8 uuid[static 16], GError **error)
{
    g_autoptr(DriverReceipt) k = g_new0(DriverReceipt, 1);

    /* Of this folder, also from the background. */
    k->path = g_canonicalize_filename(path, NULL);
    memcpy(k->uuid, uuid, sizeof(k->uuid));
    if (!receipt_file_find(k->path, k->uuid, &k->known, &k->known_given, error))
        return NULL;
    return g_steal_pointer(&k);
}

const struct receipt *
driver_receipt_known(const DriverReceipt *k)
{
    return k->known_given ? &k->known : NULL;
}

static void write_soon(DriverReceipt *k);

static void
checked(enum coco_status status, const guint8 *body, gsize len, gpointer data)
{
    DriverReceipt *k = data;

    (void)body;
    (void)len;
    k->checking = FALSE;
    if (status == COCO_OK) {
        k->known = k->other;
        k->known_given = TRUE;
        write_soon(k);
    } else if (status == COCO_STALE) {
        driver_receipt_stop(k);
        k->stale(k->stale_data);
    } else {
        g_warning("%s: the receipt in it could not be checked: %s", k->path,
                  coco_status_text(status));
    }
}

static void
check_other(DriverReceipt *k)
{
    guint8 wire[RECEIPT_SIZE];
    struct builder out = builder_on(wire, sizeof(wire));

    g_message("%s: a receipt from before; it is checked", k->path);
    receipt_write(&k->other, &out);
    k->checking = TRUE;
    driver_session_request(k->session, COCO_CHECK_RECEIPT, wire, sizeof(wire), checked, k);
}

static void
warn_once(DriverReceipt *k, const GError *error)
{
    if (!k->warned)
        g_warning("the receipt cannot be kept: %s", error->message);
    k->warned = TRUE;
}

/* FALSE without a warning: another one is there, in k->other. */
static gboolean
replace(DriverReceipt *k, gboolean *ret_other)
{
    g_autoptr(GError) error = NULL;

    k->next = g_get_monotonic_time() + PAUSE_US;
    if (receipt_file_replace(k->path, driver_receipt_known(k), &k->newest, &k->other, &error)) {
        k->known = k->newest;
        k->known_given = TRUE;
        k->warned = FALSE;
        return TRUE;
    }
    *ret_other = error == NULL;
    if (error)
        warn_once(k, error);
    return FALSE;
}

static gboolean
pending(const DriverReceipt *k)
{
    return !k->stopped && k->newest_given &&
           (!k->known_given || !receipt_equal(&k->newest, &k->known));
}

/* What failed is tried again: the disk may be opened yet. */
static gboolean
on_timer(gpointer data)
{
    DriverReceipt *k = data;
    gboolean other = FALSE;

    k->timer = 0;
    if (!pending(k) || replace(k, &other))
        return G_SOURCE_REMOVE;
    if (other)
        check_other(k);
    else
        write_soon(k);
    return G_SOURCE_REMOVE;
}

static void
write_soon(DriverReceipt *k)
{
    const gint64 wait = k->next - g_get_monotonic_time();

    if (k->timer == 0 && !k->checking && pending(k))
        k->timer = g_timeout_add(wait > 0 ? (guint)(wait / 1000 + 1) : 0, on_timer, k);
}

void
driver_receipt_start(DriverReceipt *k, DriverSession *session, void (*stale)(gpointer),
                     gpointer data)
{
    k->session = session;
    k->stale = stale;
    k->stale_data = data;
}

void
driver_receipt_take(DriverReceipt *k, const Client *client)
{
    const struct receipt *r = client_receipt(client);

    if (!r)
        return;
    k->newest = *r;
    k->newest_given = TRUE;
    write_soon(k);
}

void
driver_receipt_stop(DriverReceipt *k)
{
    k->stopped = TRUE;
}

void
driver_receipt_free(DriverReceipt *k)
{
    gboolean other = FALSE;

    if (!k)
        return;
    g_clear_handle_id(&k->timer, g_source_remove);
    if (pending(k) && !replace(k, &other) && other)
        g_warning("%s: holds a receipt that was not checked; it is left there", k->path);
    g_free(k->path);
    g_free(k);
}
