/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attach_client - HELLO and ATTACH from the CoCoVM's side (protocol, section
 * 5): judges the CoCoTPM before it shows anything of its own. And RESUME.
 */
#pragma once

#include "cocotransport/attest/provider.h"
#include "cocotransport/attest/verify.h"
#include "cocotransport/session/client.h"

struct attach_client_config {
    guint8 uuid[16];
    const struct policy *policy;     /* POLICY_DRIVER */
    const Secret *psk;               /* the 32 secret bytes; NULL with psk = bootstrap */
    Provider *provider;
    gboolean burn;                   /* give up the means to make evidence before ATTACH is sent */
    const struct receipt *receipt;   /* the newest there is; NULL: none */
    GBytes *chain;                   /* for roots by file: ARK and ASK, PEM or DER; NULL: built in */
    const char *software;            /* "cocotpm-driver 0.1.0" */
};

/* A new link to the CoCoTPM, connected; NULL and an error. */
typedef Stream *(*attach_connect)(gpointer data, gint64 deadline, GError **error);

/*
 * Connects (once for each reference of the server the policy names, newest
 * first), shakes hands, attaches. DENIED: refused by this side's policy or by
 * the server, in words that name the check; @ret_status (may be NULL) is the
 * server's status then, COCO_OK when it was this side that refused. An answer to
 * ATTACH that is lost is fetched by RESUME, for up to 30 seconds after @deadline.
 */
Client *attach_client_run(const struct attach_client_config *config, attach_connect connect,
                          gpointer data, gint64 deadline, enum coco_status *ret_status,
                          GError **error);

/*
 * After a lost link: a new one with the resumption key. What was sent and not
 * executed is sent again, so that client_receive() gets its answer exactly
 * once. SYSTEM: try again later. DENIED: refused. The host can forge the refusal of a
 * handshake, so one alone says nothing: the TPM of this session is gone for good when
 * it was refused RESUME_REFUSALS_MAX times in a row.
 */
#define RESUME_REFUSALS_MAX 16

gboolean resume_client_run(Client *c, const struct attach_client_config *config,
                           attach_connect connect, gpointer data, gint64 deadline,
                           GError **error);

/* The same, again and again until then or @end, for callers that have nothing else to do. */
gboolean resume_client_insist(Client *c, const struct attach_client_config *config,
                              attach_connect connect, gpointer data, gint64 end, GError **error);

/* The session that an older process left: the answer it waited for finds nobody any more. */
gboolean resume_client_take_over(Client *c, const struct attach_client_config *config,
                                 attach_connect connect, gpointer data, gint64 end,
                                 GError **error);
