/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steps - the honest ones; who deviates, does so between them.
 */
#include "config.h"

#include "tests/tools/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
steps_tell(const char *name, int status)
{
    if (status == TENANT_CLOSED)
        printf("%s closed\n", name);
    else
        printf("%s %d\n", name, status);
}

int
steps_greet(struct tenant *t)
{
    const struct claims c = tenant_claims(t);

    t->tls = tenant_channel(t);
    tenant_write_hello(t, &c);
    (void)tenant_say(t, t->hello, t->hello_len);
    return tenant_hear(t, NULL);
}

int
steps_attach(struct tenant *t)
{
    struct builder b = builder_on(t->message, sizeof(t->message));
    int status = steps_greet(t);

    if (status != COCO_OK)
        return status;
    tenant_write_attach(t, &b);
    (void)tenant_say(t, t->message, builder_len(&b));
    status = tenant_hear(t, NULL);
    if (status == COCO_OK)
        memcpy(t->attach_id, t->answer + MESSAGE_HEADER, ATTACH_ID_SIZE);
    return status;
}

void
steps_attach_or_die(struct tenant *t)
{
    const int status = steps_attach(t);

    if (status == COCO_OK)
        return;
    steps_tell("attach", status);
    exit(EXIT_SUCCESS);
}

gsize
steps_write_resume(struct tenant *t, struct tenant *witness, Tls *channel, guint64 sent,
                   guint64 received)
{
    struct resume said = { .sent = sent, .received = received };
    struct builder b = builder_on(t->message, sizeof(t->message));
    g_auto(evidence_t) e = { 0 };

    memcpy(said.attach_id, t->attach_id, sizeof(said.attach_id));
    message_header_write(&b, TAG_COCO_COMMAND, 0, COCO_RESUME);
    resume_write(&said, &b);
    tenant_evidence(witness, channel, SIDE_CLIENT, t->message + MESSAGE_HEADER, RESUME_SIZE, &e);
    evidence_write(&e, &b);
    builder_be32_at(&b, 2, (guint32)builder_len(&b));
    return builder_len(&b);
}

Tls *
steps_channel_to_resume(struct tenant *t, guint64 number)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Secret) key = protocol_resume_key(t->tls, &error);

    if (key == NULL)
        tenant_die("resumption key", error);
    return tenant_resume_channel(t, key, number);
}

/* TPM2_CreatePrimary of an RSA key under the owner (Part 3, 24.1), another one each time. */
void
steps_say_long(struct tenant *t)
{
    guint8 command[] = {
        0x80, 0x02, 0, 0, 0, 0x45, 0, 0, 0x01, 0x31, 0x40, 0, 0, 0x01, 0, 0, 0, 9, 0x40, 0, 0, 9,
        0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0x1c, 0, 1, 0, 0x0b, 0, 3, 0, 0x72, 0, 0, 0, 6, 0, 0x80,
        0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 2, 0xaa, 0xaa, 0, 0, 0, 0, 0, 0,
    };
    const guint32 unique = g_random_int();

    G_STATIC_ASSERT(sizeof(command) == 0x45);
    memcpy(command + sizeof(command) - 8, &unique, 2);
    (void)tenant_say(t, command, sizeof(command));
    g_usleep(STEP_USEC);
}

int
steps_served(struct tenant *t, Tls *channel)
{
    static const guint8 command[] = { 0x80, 0x01, 0, 0, 0, 0x0c, 0, 0, 0x01, 0x7b, 0, 1 };
    int status;

    t->tls = channel;
    if (!tenant_say(t, command, sizeof(command)))
        return TENANT_CLOSED;
    do
        status = tenant_hear(t, NULL);
    while (status == 0 && t->answer_len != MESSAGE_HEADER + 2 + 1);
    return status;
}
