/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_private - what the files of `swtpm socket --cocotpm` share: links
 * that are not attached yet (peers) live on the main thread; the attached
 * one's session belongs to the TPM thread (server.h, sources); the life of an
 * attached launch outlives its links.
 */
#pragma once

#include "base/log.h"
#include "cocotransport/attest/verify.h"
#include "cocotransport/link/acceptor.h"
#include "cocotransport/link/socket.h"
#include "cocotransport/session/launch.h"
#include "cocotransport/session/protocol.h"
#include "cocotransport/session/roles.h"
#include "swtpm/features.h"
#include "swtpm/store/sealed.h"

#define HALF_OPEN_MAX 8
#define OPERATORS_MAX 2
#define ANSWER_WAIT_SECONDS 10       /* for a peer that does not read its answer */

/* The sub-options of --cocotpm. */
struct cocotpm_options {
    struct link_socket at;
    int fd;
    char *id;
    char *operator_psk_file;
    int owner_secret_fd;                 /* -1: none */
    char *owner_secret_file;             /* for tests: such a file would be the host's */
    char *platform;
    char *certs;
    char *floors;
    guint timeout;
    int provision;
};

gboolean cocotpm_options_parse(const struct swtpm_config *config, struct cocotpm_options *ret,
                               GError **error);
void     cocotpm_options_clear(struct cocotpm_options *o);
/* What contradicts --cocotpm, in the words the user typed. */
gboolean cocotpm_options_check(const struct swtpm_config *config, GError **error);

typedef struct Peer Peer;

/* A key to resume with (protocol, section 6.2); number 0: none. */
struct life_key {
    guint64 number;
    Secret *key;
};

/*
 * One attached launch, from ATTACH to DETACH, OP_RESET or the next ATTACH. What
 * is marked (T) belongs to the TPM thread while a peer is attached.
 */
struct life {
    gboolean on;
    Peer *peer;                      /* NULL: suspended */
    struct attachment attachment;
    guint8 launch[LAUNCH_ID_LEN];
    struct snp_report report;        /* verified; what PCR 0 and statements are made of */
    guint8 evidence_digest[SHA256_SIZE];
    guint8 context[SHA256_SIZE];     /* of role resume */
    struct life_key keys[2];         /* [0] made the session at hand, [1] comes from it */
    guint64 executed;                /* (T) number of the last command; ATTACH is 1 */
    Secret *answer;                  /* (T) to that command, until the next comes */
    gsize answer_len;                /* (T) */
    guint64 receipt_generation;      /* (T) of the last receipt sent */
};

struct Cocotpm {
    struct cocotpm_options options;
    guint8 uuid[16];
    gboolean provisioning;
    Provider *provider;
    SealedStore *store;
    struct policy *policy;
    struct snp_report own;           /* of this VM, at start */
    guint8 own_reference[REFERENCE_SIZE];
    GPtrArray *cocovm_references;    /* GBytes of 32 */
    Secret *epsk;                    /* of role cocovm */
    Secret *operator_psk;            /* NULL: no operator */
    GBytes *certificate;             /* the VEK's, from certs=; NULL: none */
    int listener;                    /* until it is listened on */
    Acceptor *acceptor;
    Server *server;
    Engine *engine;
    struct worker *worker;
    GPtrArray *peers;                /* all links that are open, oldest first */
    struct life life;
    gboolean stopping;
    gboolean attaching;              /* an attach job is on the TPM thread */
    guint ek_count;                  /* as of the last power on */
    struct ek_name ek_names[EK_NAMES_MAX];
    gint64 reports_at;               /* token bucket of the reports */
    double reports;
    struct log_limit refusals;
    struct log_limit events;         /* of the host's making, like a link that is cut */
    struct log_limit statements;     /* (T) of EVIDENCE, over however many links */
    Peer *resuming;                  /* waits until the older link's session is back; owns a ref */
};

struct Peer {
    struct source source;            /* first: the server hands this back */
    Cocotpm *c;
    guint refs;                      /* main thread only */
    Tls *tls;
    guint8 role;
    guint64 key_number;              /* role resume */
    enum peer_state state;
    gboolean closed;
    guint watch, timer;
    short watched;                   /* events of @watch */
    GBytes *hello;                   /* the whole message: the client's evidence covers it */
    struct resume resume;            /* what the client said in RESUME */
    GBytes *claims;                  /* ours, which our evidence covers */
    /* TPM thread, or under the source's lock: */
    gboolean fenced;                 /* a newer launch has the TPM */
    gboolean detached;
    gboolean lost;
    guint8 *early;                   /* a message that came in while a command ran */
    gsize early_len;
    struct log_limit limit;
    guint8 *in, *out;                /* COCO_MESSAGE_MAX each, wiped at the end */
};

/* cocotpm_floors.c: floors of the image into @ret; a file there that cannot be read is an error. */
gboolean cocotpm_floors_read(const Cocotpm *c, struct seal_platform *ret, GError **error);

/* cocotpm_listen.c */
gboolean cocotpm_listen(Cocotpm *c, GError **error);
void     cocotpm_unlisten(Cocotpm *c);
int      cocotpm_listener_open(const struct cocotpm_options *o, GError **error);

/* cocotpm_peer.c */
Peer *peer_new(Cocotpm *c, int fd, GError **error);
Peer *peer_ref(Peer *p);
void  peer_unref(Peer *p);
/* Ends the link; @why goes to the log, NULL: an ordinary end. */
void  peer_close(Peer *p, const char *why);
/* A line of the log for what the host can bring about as often as it likes. Main thread. */
void  peer_event(Cocotpm *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Main thread, not attached: sends, and ends the link when it is gone. */
void  peer_send(Peer *p, const guint8 *message, gsize len);
void  peer_refuse(Peer *p, enum coco_status status, const char *reason);
void  peer_refuse_error(Peer *p, enum coco_status status, const GError *error);
/* Waits for events again, after PROVING and the like. */
void  peer_watch(Peer *p);
void  peer_unwatch(Peer *p);
/* No time limit any more. */
void  peer_established(Peer *p);

/* cocotpm_keys.c */
Secret *cocotpm_find_key(gpointer cocotpm, const guint8 *identity, gsize len,
                         gboolean *ret_known);

/* cocotpm_worker.c: evidence of this VM, made on a thread of its own. */
typedef void (*worker_done)(Peer *p, struct evidence *evidence, const GError *error);
gboolean worker_start(Cocotpm *c, GError **error);
void     worker_stop(Cocotpm *c);
void     worker_evidence(Peer *p, const guint8 report_data[static SHA512_SIZE],
                         worker_done done);
/* The same from the TPM thread, which waits. */
gboolean worker_evidence_wait(Cocotpm *c, const guint8 report_data[static SHA512_SIZE],
                              struct evidence *ret, GError **error);
/* One report a second, a burst of eight. */
gboolean worker_may_report(Cocotpm *c);

/* cocotpm_hello.c: what this side says of itself, but the hash of HELLO. */
void cocotpm_claims(Cocotpm *c, struct claims *ret);
void cocotpm_add_certificate(const Cocotpm *c, struct evidence *e);

/* cocotpm_evidence.c: on the TPM thread. @ret_why is to be freed. */
enum coco_status evidence_run(Peer *p, Engine *e, struct cursor *body, struct builder *out,
                              char **ret_why);

/* Handlers of messages of peers that are not attached: cocotpm_hello.c, _attach.c, … */
void peer_hello(Peer *p, struct cursor body, const guint8 *message, gsize len);
void peer_attach(Peer *p, struct cursor body);
void peer_info(Peer *p);
void peer_resume(Peer *p, struct cursor body);
void peer_operator(Peer *p, guint32 code);

/* cocotpm_life.c */
gboolean life_power_on(Engine *e, const struct snp_report *report, GError **error);
void     life_power_off(Engine *e);
/* The persistent endorsement keys: HELLO and EVIDENCE name these and nothing else that the VM may
 * keep among them. The TPM is on. */
struct life_ek {
    GBytes *area;                    /* TPMT_PUBLIC */
    GBytes *name;
};
guint    life_read_eks(Engine *e, struct life_ek ret[EK_NAMES_MAX]);
void     life_eks_clear(struct life_ek *keys, guint count);
void     life_read_names(Engine *e, guint *ret_count, struct ek_name ret[EK_NAMES_MAX]);
/* Wipes and empties it. While the program runs a life is over by cocotpm_end_life(). */
void     life_clear(struct life *l);

/* cocotpm_serve.c: the attached peer on the TPM thread. */
extern const struct source_ops serve_ops;
void serve_start(Peer *p);

/* cocotpm_attach.c: takes the session of a peer that was fenced on the TPM thread. */
void cocotpm_end_session(Cocotpm *c, Peer *older);
/* The same bytes for the older and the newer way to verify a client. */
gboolean cocotpm_verify_client(Peer *p, const struct evidence *e, const void *said, gsize len,
                               struct verdict *ret, GError **error);

/* cocotpm_resume.c: an older link's session is back. */
void cocotpm_resume_waiting(Cocotpm *c);
/* Forgets the launch, and ends every link that came with a key of it and is not attached. The
 * attached one, if any, has to be ended by the caller. */
void cocotpm_end_life(Cocotpm *c);

/* cocotpm_commands.c: on the TPM thread; the answer is written to @out. */
void command_run(Peer *p, Engine *e, const struct role_row *row, const guint8 *message,
                 gsize len, struct builder *out);
gsize info_write(Cocotpm *c, struct builder *out);
