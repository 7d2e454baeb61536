/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * witness - a place outside the host that holds where an instance stands
 * (protocol, section 7): read, and one compare-and-swap. One file a back end.
 */
#pragma once

#include "cocotransport/keys/secret.h"
#include "cocotransport/wire/receipt.h"

#include <glib.h>

typedef struct Witness Witness;

enum witness_answer {
    WITNESS_HOLDS,                       /* read: @ret is what it holds; swap: it holds @next now */
    WITNESS_EMPTY,                       /* it knows nothing of this UUID */
    WITNESS_OTHER,                       /* swap: it holds something else; nothing was changed */
    WITNESS_AWAY,                        /* no answer, or none that counts: the swap may be done or not */
};

struct witness_ops {
    enum witness_answer (*read)(Witness *w, const guint8 uuid[static 16], struct receipt *ret,
                                GError **error);
    /* From @old (NULL: nothing, at provisioning) to @next. @error is set for AWAY only. */
    enum witness_answer (*swap)(Witness *w, const struct receipt *old, const struct receipt *next,
                                GError **error);
    void (*free)(Witness *w);
};

/* First member of every kind of witness. */
struct Witness {
    const struct witness_ops *ops;
    gint ending;                         /* atomic: see witness_end() */
};

/*
 * "https://ADDRESS:PORT", several of one cluster separated by spaces or commas: etcd; @pin is
 * "sha256:HEX" of its members' keys (SubjectPublicKeyInfo), again one or several.
 * "file:PATH" is for tests: whoever writes that file can roll the instance back.
 */
Witness *witness_open(const char *where, const char *pin, GBytes *certificate, const Secret *key,
                      GError **error);
void     witness_free(Witness *w);       /* NULL is fine */

/* From any thread: the process is to end, so an answer is awaited for some seconds at most. */
void     witness_end(Witness *w);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Witness, witness_free)
