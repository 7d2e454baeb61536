/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_tool - works on a sealed state step by step, for tests that break
 * something meanwhile: the real store and witness, a platform that is made up
 * (its key is a hash over --image and over what was asked for).
 *
 *   sealed_tool --dir DIR [--witness W --pin P --cert F --key F] [--image NAME] STEP…
 *     make         a new instance, its TPM state the number 0
 *     open         (the first step, where it is not make)
 *     save=N       N saves, each one more than the last
 *     take=FILE    saves what the file holds as the TPM state
 *     attach=TEXT  a launch of that name
 *     show         number, epoch, generation
 *     receipt      in hex; holds=HEX checks one
 *     witnessed    asks the witness now
 *     recover      by the recovery secret
 *     pause        waits for a line on standard input
 *
 * A line "ok STEP …" for each step that was acknowledged, by one write(2). Exit status
 * 1: refused, 42: ended by the store (another state at the witness, …).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "base/options.h"
#include "cocotransport/keys/crypto.h"
#include "step.h"
#include "swtpm/store/sealed.h"

struct tool {
    char *dir, *witness, *pin, *cert, *key, *image;
    SealedStore *store;
    Secret *client_key;
    GBytes *client_certificate;
    struct sealed_config config;
};

static const struct option_row rows[] = {
    { "dir", 0, OPTION_STRING, offsetof(struct tool, dir), "DIR", "folder of the state" },
    { "witness", 0, OPTION_STRING, offsetof(struct tool, witness), "W", "as in a policy" },
    { "pin", 0, OPTION_STRING, offsetof(struct tool, pin), "PIN", "of the witness" },
    { "cert", 0, OPTION_STRING, offsetof(struct tool, cert), "FILE", "client certificate" },
    { "key", 0, OPTION_STRING, offsetof(struct tool, key), "FILE", "client key" },
    { "image", 0, OPTION_STRING, offsetof(struct tool, image), "NAME", "what is measured" },
    { 0 },
};

static const guint8 uuid[16] = { 0xc0, 0xc0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };
static const char recovery_secret[] = "recovery-secret-of-32-bytes-here";

Secret *
provider_derive_key(Provider *provider, const struct derive_request *request, GError **error)
{
    const struct tool *t = (const struct tool *)provider;
    g_autofree char *words = g_strdup_printf("%s %" G_GUINT64_FORMAT " %u %" G_GUINT64_FORMAT,
                                             t->image != NULL ? t->image : "image",
                                             request->guest_field_select, request->guest_svn,
                                             request->tcb_version);
    const struct crypto_piece piece = { words, strlen(words) };
    g_autoptr(Secret) key = secret_new(32);

    if (!crypto_sha256(&piece, 1, secret_bytes(key), error))
        return NULL;
    return g_steal_pointer(&key);
}

static gboolean
judge(const struct sealed_facts *facts, struct sealed_terms *ret, void *data, GError **error)
{
    const struct tool *t = data;

    ret->drops_launches = TRUE;
    if (t->witness == NULL)
        return TRUE;
    ret->witness = witness_open(t->witness, t->pin, facts->witness_certificate,
                                facts->witness_key, error);
    return ret->witness != NULL;
}

static void
waiting(const char *why, guint seconds, void *data)
{
    (void)data;
    if (why != NULL)
        fprintf(stderr, "waits since %u s: %s\n", seconds, why);
    else
        fprintf(stderr, "goes on after %u s\n", seconds);
}

static void
notice(const char *words, void *data)
{
    (void)data;
    fprintf(stderr, "%s\n", words);
}

static gboolean
save_number(struct tool *t, guint number, GError **error)
{
    char text[16];
    Store *store = sealed_store(t->store);

    (void)g_snprintf(text, sizeof(text), "%u", number);
    return store->ops->save(store, "permall", (const guint8 *)text, strlen(text), error);
}

static gboolean
load_number(struct tool *t, guint *ret, GError **error)
{
    Store *store = sealed_store(t->store);
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *text = NULL;

    if (store->ops->load(store, "permall", &bytes, error) != STORE_LOADED)
        return FALSE;
    text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    *ret = (guint)strtoul(text, NULL, 10);

    return TRUE;
}

static gboolean
step_make(struct tool *t, const char *value, GError **error)
{
    g_auto(provision_t) p = {
        .action = PROVISION_MAKE,
        .lineage = { 1 },
        .policy = g_bytes_new_static("policy", 6),
        .recovery = secret_copy(recovery_secret, 32),
        .witness_key = secret_dup(t->client_key),
        .witness_certificate =
            t->client_certificate != NULL ? g_bytes_ref(t->client_certificate) : NULL,
    };

    (void)value;
    memcpy(p.uuid, uuid, sizeof(uuid));
    t->store = sealed_make(&t->config, &p, error);
    if (t->store == NULL || !save_number(t, 0, error) || !sealed_finish(t->store, error))
        return FALSE;
    step_say("ok make");

    return TRUE;
}

static gboolean
step_open(struct tool *t, const char *value, GError **error)
{
    (void)value;
    t->store = sealed_open(&t->config, error);
    if (t->store == NULL)
        return FALSE;
    step_say("ok open");

    return TRUE;
}

static gboolean
step_save(struct tool *t, const char *value, GError **error)
{
    const guint count = (guint)strtoul(value, NULL, 10);
    guint number;

    if (!load_number(t, &number, error))
        return FALSE;
    for (guint i = 1; i <= count; i++) {
        if (!save_number(t, number + i, error))
            return FALSE;
        step_say("ok save %u", number + i);
    }
    return TRUE;
}

static gboolean
step_take(struct tool *t, const char *value, GError **error)
{
    Store *store = sealed_store(t->store);
    g_autoptr(GBytes) bytes = io_read_file(value, 1 << 20, error);
    const guint8 *data;
    gsize len;

    if (bytes == NULL)
        return FALSE;
    data = g_bytes_get_data(bytes, &len);
    if (!store->ops->save(store, "permall", data, len, error))
        return FALSE;
    step_say("ok take");

    return TRUE;
}

static gboolean
step_attach(struct tool *t, const char *value, GError **error)
{
    guint8 launch[LAUNCH_ID_SIZE] = { 0 };

    memcpy(launch, value, MIN(strlen(value), sizeof(launch)));
    if (!sealed_attach(t->store, launch, error))
        return FALSE;
    step_say("ok attach %s", value);

    return TRUE;
}

static gboolean
step_show(struct tool *t, const char *value, GError **error)
{
    struct receipt now;
    guint number;

    (void)value;
    if (!load_number(t, &number, error))
        return FALSE;
    sealed_receipt(t->store, &now);
    step_say("ok show %u epoch %" G_GUINT64_FORMAT " generation %" G_GUINT64_FORMAT "%s", number,
       now.epoch, now.generation, sealed_recovered(t->store) ? " recovered" : "");

    return TRUE;
}

static gboolean
step_receipt(struct tool *t, const char *value, GError **error)
{
    struct receipt now;
    guint8 wire[RECEIPT_SIZE];
    struct builder out = builder_on(wire, sizeof(wire));
    g_autofree char *hex = NULL;

    (void)value;
    (void)error;
    sealed_receipt(t->store, &now);
    receipt_write(&now, &out);
    hex = hex_encode(wire, sizeof(wire));
    step_say("ok receipt %s", hex);

    return TRUE;
}

static gboolean
step_holds(struct tool *t, const char *value, GError **error)
{
    guint8 wire[RECEIPT_SIZE] = { 0 };
    struct cursor in = cursor_from(wire, sizeof(wire));
    struct receipt theirs;

    if (!hex_decode(value, wire, sizeof(wire), error) || !receipt_parse(&in, &theirs, error))
        return FALSE;
    if (!sealed_check_receipt(t->store, &theirs))
        return error_denied(error, "stale or forked state");
    step_say("ok holds");

    return TRUE;
}

static gboolean
step_witnessed(struct tool *t, const char *value, GError **error)
{
    (void)value;
    if (!sealed_witnessed(t->store, error))
        return FALSE;
    step_say("ok witnessed");

    return TRUE;
}

static gboolean
step_recover(struct tool *t, const char *value, GError **error)
{
    g_autoptr(Secret) recovery = secret_copy(recovery_secret, 32);

    (void)value;
    if (!sealed_recover(&t->config, recovery, error))
        return FALSE;
    step_say("ok recover");

    return TRUE;
}

static gboolean
step_pause(struct tool *t, const char *value, GError **error)
{
    char line[16];

    (void)t;
    (void)value;
    step_say("ok pause");

    return fgets(line, sizeof(line), stdin) != NULL || error_system(error, "nobody goes on");
}

static const struct {
    const char *name;
    gboolean (*run)(struct tool *t, const char *value, GError **error);
    gboolean opened;                     /* needs a store */
} steps[] = {
    { "make", step_make, FALSE },         { "open", step_open, FALSE },
    { "save", step_save, TRUE },          { "take", step_take, TRUE },
    { "attach", step_attach, TRUE },
    { "show", step_show, TRUE },          { "receipt", step_receipt, TRUE },
    { "holds", step_holds, TRUE },        { "witnessed", step_witnessed, TRUE },
    { "recover", step_recover, FALSE },   { "pause", step_pause, FALSE },
};

static gboolean
run_step(struct tool *t, const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, "=", 2);

    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (strcmp(steps[i].name, parts[0]) != 0)
            continue;
        if (steps[i].opened != (t->store != NULL) && steps[i].opened)
            return error_malformed(error, "%s comes before open", text);
        return steps[i].run(t, parts[1] != NULL ? parts[1] : "", error);
    }
    return error_malformed(error, "%s is no step", text);
}

static gboolean
prepare(struct tool *t, GError **error)
{
    char *text;
    gsize len;

    if (t->dir == NULL)
        return error_malformed(error, "--dir is missing");
    if (t->key != NULL) {
        t->client_key = secret_read_file(t->key, 1, 16384, error);
        if (t->client_key == NULL || !g_file_get_contents(t->cert, &text, &len, error))
            return FALSE;
        t->client_certificate = g_bytes_new_take(text, len);
    }
    t->config = (struct sealed_config){
        .dir = t->dir,
        .provider = (Provider *)t,
        .platform = { .source = SEAL_SOURCE_SNP, .tcb = 0x4700000000000205 },
        .judge = judge,
        .waiting = waiting,
        .notice = notice,
        .fatal = step_fatal,
        .data = t,
    };
    return TRUE;
}

int
main(int argc, char **argv)
{
    struct tool t = { 0 };
    g_autoptr(GError) error = NULL;
    char **words = NULL;
    gboolean good = options_parse(rows, argc, argv, &t, &words, &error) && prepare(&t, &error);

    for (; good && *words != NULL; words++)
        good = run_step(&t, *words, &error);
    if (!good)
        fprintf(stderr, "refused: %s\n", error->message);
    sealed_free(t.store);
    secret_free(t.client_key);
    g_clear_pointer(&t.client_certificate, g_bytes_unref);
    options_clear(rows, &t);

    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
