/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attacks - what the attacker can do to a record on its way.
 */
#pragma once

#include <glib.h>

enum direction { FROM_CLIENT, FROM_SERVER };

struct connection {
    int fds[2];                      /* of the client, of the server */
    GByteArray *waiting[2];          /* not a whole record yet */
    GPtrArray *seen[2];              /* of GBytes */
    GBytes *held[2];                 /* by swap, until after the next record */
    gboolean dead;
};

struct action {
    const char *name;
    gboolean needs_argument;
    void (*run)(struct connection *c, enum direction d, GBytes *record, const char *argument);
};

/* NULL: there is none of that name, or it wants an argument. */
const struct action *attack_find(const char *name, gboolean argued);

void connection_cut(struct connection *c);
/* Towards the other side of @d, as it would arrive without us. */
void forward_record(struct connection *c, enum direction d, GBytes *record);
/* From hex digits; NULL when they are none. */
GBytes *attack_bytes(const char *hex);
