/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed - the sealed state of one instance as a Store: one file, opened by
 * the platform's key, every change durable (and witnessed) before save
 * returns, and never lost for another. sealed-state.md, rules 1 to 3.
 *
 * save and attach run on one thread (the TPM's) and may wait there for as
 * long as the disk or the witness is away; functions marked (any) may be
 * called from another meanwhile. A process that is to end while a save may
 * wait says so by sealed_end(): what is on the disk is whole, the next start
 * decides.
 */
#pragma once

#include "cocotransport/attest/provider.h"
#include "cocotransport/seal/attach_log.h"
#include "cocotransport/seal/clamp.h"
#include "cocotransport/seal/provision.h"
#include "cocotransport/seal/witness.h"
#include "swtpm/store/store.h"

#define SEALED_FILE "tpm2-00.sealed"
#define SEALED_NEXT "tpm2-00.sealed.next"

typedef struct SealedStore SealedStore;

/* What an opened file holds, for the judge; valid during the call only. */
struct sealed_facts {
    const guint8 *uuid;
    GBytes *policy;
    GBytes *chain;                       /* NULL: none */
    const Secret *psk;                   /* NULL: bootstrap */
    gboolean recoverable;
    const Secret *witness_key;           /* NULL: none */
    GBytes *witness_certificate;         /* NULL: none */
};

/* What the judge makes of the policy. */
struct sealed_terms {
    enum seal_bind bind;
    gboolean owner_secret;               /* required */
    guint64  tcb_floor;                  /* raw; 0: the image's own counts */
    guint32  svn_floor;
    gboolean drops_launches;             /* burns-evidence = yes */
    gboolean owner_key_given;            /* whose signature changes the policy */
    guint8   owner_key[32];              /* SHA-256 of its SubjectPublicKeyInfo */
    Witness *witness;                    /* NULL: none; the store takes it over */
};

/*
 * Asked once the body is open and before anything is changed: reads the
 * policy, contradicts options that do, opens the witness.
 */
typedef gboolean (*sealed_judge)(const struct sealed_facts *facts, struct sealed_terms *ret,
                                 void *data, GError **error);

/* A save waits: at once, then every minute; @why is NULL when it goes on. On the waiting thread. */
typedef void (*sealed_waiting)(const char *why, guint seconds, void *data);
/* Something that the log should say once, at the start: a .next file was removed. */
typedef void (*sealed_notice)(const char *words, void *data);
/* The process has to end now, the next start decides; must not return. */
typedef void (*sealed_fatal)(const GError *why, void *data);

struct sealed_config {
    const char *dir;
    gboolean uuid_given;
    guint8 uuid[16];                     /* another instance's state is refused */
    mode_t mode;                         /* of the files; 0: 0600 */
    Provider *provider;                  /* borrowed, as all below */
    struct seal_platform platform;
    const Secret *owner;                 /* NULL: none */
    sealed_judge judge;
    sealed_waiting waiting;              /* may be NULL */
    sealed_notice notice;                /* may be NULL */
    sealed_fatal fatal;
    void *data;                          /* of all of them */
};

/* Opens what is there by the table of rule 2; never makes a state. Reseals when TCB or SVN rose. */
SealedStore *sealed_open(const struct sealed_config *config, GError **error);
/* A new instance: demands that there is none; the store writes the .next file only, until: */
SealedStore *sealed_make(const struct sealed_config *config, const struct provision *p,
                         GError **error);
/* … everything is there: registers with the witness and renames. */
gboolean sealed_finish(SealedStore *s, GError **error);
/* Opens by the recovery secret, and writes it for this chip and image: new lineage, epoch + 2^32. */
gboolean sealed_recover(const struct sealed_config *config, const Secret *recovery,
                        GError **error);
/*
 * The same TPM under another policy, or with another owner secret: epoch + 1.
 * By the signature of the key that the policy so far names; without one
 * nothing is changed, and @ret_text is what has to be signed, to be freed.
 */
gboolean sealed_change_policy(const struct sealed_config *config, const struct provision *p,
                              char **ret_text, GError **error);

/* What the file says of itself, opened with this platform's key where that can; NULL on failure. */
char *sealed_inspect(const struct sealed_config *config, gboolean json, GError **error);

/* As a Store: "permall" only, the rest is absent and cannot be saved. */
Store *sealed_store(SealedStore *s);
void   sealed_free(SealedStore *s);      /* NULL is fine */

/* These do not change while the store is open. */
const guint8 *sealed_uuid(const SealedStore *s);
GBytes       *sealed_policy(const SealedStore *s);           /* borrowed */
GBytes       *sealed_chain(const SealedStore *s);            /* borrowed; NULL: none */
const Secret *sealed_psk(const SealedStore *s);              /* borrowed; NULL: bootstrap */
gboolean      sealed_recoverable(const SealedStore *s);
gboolean      sealed_making(const SealedStore *s);           /* until sealed_finish() */

/* Whether this launch was attached before: for a word before its evidence is burnt (any). */
gboolean sealed_launch_used(SealedStore *s, const guint8 launch[static LAUNCH_ID_SIZE]);
/*
 * Durable entry of a launch: epoch + 1 and a new lineage. DENIED when the
 * launch is in the log or the log is full (status 6). Waits as save does.
 */
gboolean sealed_attach(SealedStore *s, const guint8 launch[static LAUNCH_ID_SIZE],
                       GError **error);

/* Where the state stands now (any). */
void     sealed_receipt(SealedStore *s, struct receipt *ret);
/* FALSE: stale or forked, status 5 (any). */
gboolean sealed_check_receipt(SealedStore *s, const struct receipt *theirs);
/* For EVIDENCE: TRUE without a witness, or when it was asked now and holds this state. */
gboolean sealed_witnessed(SealedStore *s, GError **error);
gboolean sealed_recovered(SealedStore *s);                   /* (any) */

struct sealed_status {
    gboolean waiting;
    guint seconds;                       /* for how long */
    char why[256];
};
/* (any) From now on a save that would have to wait ends the process, by fatal(). */
void sealed_end(SealedStore *s);
/* (any) */
void sealed_status(SealedStore *s, struct sealed_status *ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SealedStore, sealed_free)
