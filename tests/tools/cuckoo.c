/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cuckoo - the host between a driver and its CoCoTPM where the link's key is
 * public (psk = bootstrap): it ends the driver's TLS itself, and shows evidence
 * that genuine TPM VMs made for it on links of its own.
 *
 *   cuckoo WHAT LISTEN-SOCKET CONFIG-A CONFIG-B
 *
 * A CONFIG is LINK-SOCKET,POLICY,UUID,PLATFORM: one of the genuine ones, and a
 * launch of the tenant's image that the host started to talk to it. Serves one
 * driver; prints what came after the answer to its HELLO: "closed", or a code.
 */
#include "config.h"

#include "tests/tools/steps.h"

#include "base/io.h"
#include "cocotransport/link/link.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_WORDS 4

struct cuckoo {
    struct tenant driver;            /* as its server: hello, answer and message are used */
    struct tenant a, b;
    struct evidence evidence_a, evidence_b, earlier;
    struct hello_answer answer_a, answer_b;
};

static Secret *
any_key(gpointer data, const guint8 *identity, gsize len, gboolean *ret_known)
{
    g_autoptr(Secret) public = secret_new(PSK_SIZE);

    (void)data;
    *ret_known = TRUE;
    return schedule_psk(public, identity, len, NULL);
}

static int
accept_one(char *path)
{
    const struct link_address a = { .kind = LINK_UNIX, .fd = -1, .mode = 0600, .path = path };
    g_autoptr(GError) error = NULL;
    int listener = link_listen(&a, &error);
    struct pollfd p = { .fd = listener, .events = POLLIN };
    int fd = -1;

    if (listener < 0)
        tenant_die("listening", error);
    while (fd < 0 && poll(&p, 1, -1) > 0)
        fd = link_accept(listener, NULL);
    io_close(&listener);
    return fd;
}

/* The driver's TLS ends here, and its HELLO is read. */
static void
take_driver(struct tenant *driver, char *path)
{
    g_autoptr(GError) error = NULL;
    int fd = accept_one(path);

    driver->tls = tls_server_new(fd, any_key, NULL, &error);
    if (driver->tls == NULL
        || tls_handshake_until(driver->tls, driver->deadline, &error) != TLS_DONE
        || tls_receive_until(driver->tls, driver->hello, sizeof(driver->hello), &driver->hello_len,
                             driver->deadline, &error) != TLS_DONE)
        tenant_die("the driver's handshake or HELLO", error);
}

/* What a genuine one answers to @hello. */
static void
ask(struct tenant *t, const guint8 *hello, gsize len, struct hello_answer *ret,
    struct evidence *ret_evidence)
{
    g_autofree char *words = NULL;
    g_autoptr(GError) error = NULL;
    struct cursor in;
    int status;

    t->tls = tenant_channel(t);
    (void)tenant_say(t, hello, len);
    status = tenant_hear(t, &words);
    if (status != COCO_OK) {
        printf("status %d: %s\n", status, words != NULL ? words : "");
        exit(EXIT_SUCCESS);
    }
    in = cursor_from(t->answer + MESSAGE_HEADER, t->answer_len - MESSAGE_HEADER);
    if (!hello_answer_parse(&in, ret, &error)
        || !evidence_parse(&(struct cursor){ .pos = ret->evidence.pos, .end = ret->evidence.end },
                           ret_evidence, &error))
        tenant_die("answer to HELLO", error);
}

/* ---- what the driver is shown ---- */

static void
exchange_part(struct evidence *e, enum evidence_kind kind, const struct evidence *other)
{
    g_clear_pointer(&e->parts[kind], g_bytes_unref);
    if (other->parts[kind] != NULL)
        e->parts[kind] = g_bytes_ref(other->parts[kind]);
}

/* The genuine answer, made for another channel. */
static void
show_genuine(struct cuckoo *i)
{
    (void)i;
}

static void
show_report_of_b(struct cuckoo *i)
{
    exchange_part(&i->evidence_a, EVIDENCE_SNP_REPORT, &i->evidence_b);
}

static void
show_table_of_b(struct cuckoo *i)
{
    exchange_part(&i->evidence_a, EVIDENCE_VEK_CERTIFICATE, &i->evidence_b);
}

static void
show_evidence_of_b(struct cuckoo *i)
{
    show_report_of_b(i);
    show_table_of_b(i);
}

static void
show_all_of_b(struct cuckoo *i)
{
    show_evidence_of_b(i);
    i->answer_a = i->answer_b;
}

static void
show_earlier_report(struct cuckoo *i)
{
    exchange_part(&i->evidence_a, EVIDENCE_SNP_REPORT, &i->earlier);
}

static void
show_no_report(struct cuckoo *i)
{
    g_clear_pointer(&i->evidence_a.parts[EVIDENCE_SNP_REPORT], g_bytes_unref);
}

static void
show_nothing(struct cuckoo *i)
{
    show_no_report(i);
    g_clear_pointer(&i->evidence_a.parts[EVIDENCE_VEK_CERTIFICATE], g_bytes_unref);
}

/* The report that the host's own launch of the tenant's image made, for this very channel. */
static void
show_own_report(struct cuckoo *i)
{
    g_auto(evidence_t) own = { 0 };

    tenant_evidence(&i->a, i->driver.tls, SIDE_SERVER, i->answer_a.claims, i->answer_a.claims_len,
                    &own);
    exchange_part(&i->evidence_a, EVIDENCE_SNP_REPORT, &own);
}

static const struct {
    const char *name;
    void (*run)(struct cuckoo *i);
} shows[] = {
    { "genuine", show_genuine },         { "report", show_report_of_b },
    { "table", show_table_of_b },        { "evidence", show_evidence_of_b },
    { "all", show_all_of_b },            { "earlier", show_earlier_report },
    { "no-report", show_no_report },     { "nothing", show_nothing },
    { "own", show_own_report },
};

static void
answer_driver(struct cuckoo *i)
{
    struct tenant *d = &i->driver;
    struct builder b = builder_on(d->message, sizeof(d->message));

    message_header_write(&b, TAG_COCO_ANSWER, 0, COCO_OK);
    hello_answer_write(i->answer_a.claims, i->answer_a.claims_len, &i->evidence_a, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    if (!tenant_say(d, d->message, builder_len(&b)))
        tenant_die("answering the driver", NULL);
}

static void
prepare(struct tenant *t, const char *config)
{
    char **words = g_strsplit(config, ",", CONFIG_WORDS);

    if (g_strv_length(words) != CONFIG_WORDS)
        tenant_die(config, NULL);
    tenant_prepare(t, words[0], words[1], words[2], words[3]);
}

static void
play(struct cuckoo *i, void (*show)(struct cuckoo *i), char *path)
{
    const struct claims claims = tenant_claims(&i->b);

    i->driver.deadline = i->a.deadline;
    take_driver(&i->driver, path);
    ask(&i->a, i->driver.hello, i->driver.hello_len, &i->answer_a, &i->earlier);
    ask(&i->a, i->driver.hello, i->driver.hello_len, &i->answer_a, &i->evidence_a);
    tenant_write_hello(&i->b, &claims);
    ask(&i->b, i->b.hello, i->b.hello_len, &i->answer_b, &i->evidence_b);
    show(i);
    answer_driver(i);
    steps_tell("then", tenant_hear(&i->driver, NULL));
}

int
main(int argc, char **argv)
{
    g_autofree struct cuckoo *i = g_new0(struct cuckoo, 1);

    g_set_prgname("cuckoo");
    if (argc != 5) {
        fprintf(stderr, "usage: cuckoo WHAT LISTEN-SOCKET CONFIG-A CONFIG-B\n");
        return 2;
    }
    prepare(&i->a, argv[3]);
    prepare(&i->b, argv[4]);
    for (gsize n = 0; n < G_N_ELEMENTS(shows); n++)
        if (strcmp(shows[n].name, argv[1]) == 0) {
            play(i, shows[n].run, argv[2]);
            return 0;
        }
    fprintf(stderr, "cuckoo: there is no \"%s\"\n", argv[1]);
    return 2;
}
