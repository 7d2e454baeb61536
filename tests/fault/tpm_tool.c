/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm_tool - a real TPM on a sealed state, step by step, for tests that kill it
 * meanwhile: the engine, the store and libtpms; a platform that is made up.
 *
 *   tpm_tool DIR [witness=FILE] STEP…
 *     make     a new instance: an NV index with the password "right", a counter, 32 tries
 *     on       power and Startup(CLEAR);  off: Shutdown(CLEAR)
 *     right    reads the index with its password;  wrong: with another one
 *     count    increments the counter
 *     show     wrong tries counted, counter, clock
 *     quit     ends the process as it is
 *
 * A line "ok STEP …" for each answer that the TPM gave, by one write(2).
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "cocotransport/keys/crypto.h"
#include "swtpm/engine/engine.h"
#include "step.h"
#include "swtpm/store/sealed.h"

#define ST_NO_SESSIONS 0x8001u
#define ST_SESSIONS 0x8002u
#define RH_OWNER 0x40000001u
#define RH_LOCKOUT 0x4000000au
#define RS_PW 0x40000009u
#define INDEX_DATA 0x01500001u
#define INDEX_COUNTER 0x01500002u
#define ALG_SHA256 0x000bu

#define NV_OWNERWRITE (1u << 1)
#define NV_AUTHWRITE (1u << 2)
#define NV_COUNTER (1u << 4)
#define NV_OWNERREAD (1u << 17)
#define NV_AUTHREAD (1u << 18)
#define NV_NO_DA (1u << 25)

#define CC_NV_INCREMENT 0x134u
#define CC_NV_DEFINE 0x12au
#define CC_NV_WRITE 0x137u
#define CC_DA_PARAMETERS 0x13au
#define CC_NV_READ 0x14eu
#define CC_READ_CLOCK 0x181u

#define RC_RETRY 0x922u
#define RC_AUTH_FAIL 0x98eu              /* of the first session */
#define CAP_PROPERTIES 6u
#define PT_LOCKOUT_COUNTER 0x20eu
#define TRIES 32u

struct tool {
    const char *witness;
    SealedStore *store;
    Engine *engine;
    struct sealed_config config;
};

static const guint8 uuid[16] = { 0xc0, 0xc0, 7 };

Secret *
provider_derive_key(Provider *provider, const struct derive_request *request, GError **error)
{
    (void)provider;
    (void)request;
    (void)error;
    return secret_copy("chip-key-chip-key-chip-key-chip-", 32);
}

static gboolean
judge(const struct sealed_facts *facts, struct sealed_terms *ret, void *data, GError **error)
{
    const struct tool *t = data;
    g_autofree char *where = NULL;

    ret->drops_launches = TRUE;
    if (t->witness == NULL)
        return TRUE;
    where = g_strconcat("file:", t->witness, NULL);
    ret->witness = witness_open(where, NULL, facts->witness_certificate, facts->witness_key,
                                error);
    return ret->witness != NULL;
}

struct command {
    guint8 bytes[256];
    struct builder out;
};

static void
begin(struct command *c, guint16 tag, guint32 code)
{
    c->out = builder_on(c->bytes, sizeof(c->bytes));
    builder_be16(&c->out, tag);
    builder_be32(&c->out, 0);
    builder_be32(&c->out, code);
}

/* A session by password: the size of the area, then that one. */
static void
password(struct command *c, const char *text)
{
    builder_be32(&c->out, (guint32)(9 + strlen(text)));
    builder_be32(&c->out, RS_PW);
    builder_be16(&c->out, 0);
    builder_u8(&c->out, 0);
    builder_be16(&c->out, (guint16)strlen(text));
    builder_bytes(&c->out, text, strlen(text));
}

/* The response code; the cursor is left behind it. */
static guint32
answer(struct tool *t, struct command *c, struct cursor *ret)
{
    const guint8 *bytes;
    gsize len;
    guint32 code;

    builder_be32_at(&c->out, 2, (guint32)builder_len(&c->out));
    g_assert(!c->out.failed);
    engine_process(t->engine, c->bytes, builder_len(&c->out), &bytes, &len);
    *ret = cursor_from(bytes, len);
    (void)cursor_be16(ret);
    (void)cursor_be32(ret);
    code = cursor_be32(ret);
    return ret->failed ? 0xffffffff : code;
}

static guint32
nv_define(struct tool *t, guint32 index, guint32 attributes, const char *auth)
{
    struct command c;
    struct cursor in;

    begin(&c, ST_SESSIONS, CC_NV_DEFINE);
    builder_be32(&c.out, RH_OWNER);
    password(&c, "");
    builder_be16(&c.out, (guint16)strlen(auth));
    builder_bytes(&c.out, auth, strlen(auth));
    builder_be16(&c.out, 14);
    builder_be32(&c.out, index);
    builder_be16(&c.out, ALG_SHA256);
    builder_be32(&c.out, attributes);
    builder_be16(&c.out, 0);
    builder_be16(&c.out, 8);
    return answer(t, &c, &in);
}

static guint32
nv_command(struct tool *t, guint32 code, guint32 auth_handle, guint32 index, const char *auth,
           struct cursor *ret)
{
    struct command c;

    begin(&c, ST_SESSIONS, code);
    builder_be32(&c.out, auth_handle);
    builder_be32(&c.out, index);
    password(&c, auth);
    if (code == CC_NV_WRITE) {
        builder_be16(&c.out, 8);
        builder_bytes(&c.out, "the data", 8);
    } else if (code == CC_NV_READ) {
        builder_be16(&c.out, 8);
    }
    if (code != CC_NV_INCREMENT)
        builder_be16(&c.out, 0);
    return answer(t, &c, ret);
}

static guint32
da_parameters(struct tool *t)
{
    struct command c;
    struct cursor in;

    begin(&c, ST_SESSIONS, CC_DA_PARAMETERS);
    builder_be32(&c.out, RH_LOCKOUT);
    password(&c, "");
    builder_be32(&c.out, TRIES);
    builder_be32(&c.out, G_MAXINT32);
    builder_be32(&c.out, G_MAXINT32);
    return answer(t, &c, &in);
}

static gboolean
good(guint32 code, const char *what, GError **error)
{
    return code == 0 || error_system(error, "%s: 0x%03x", what, code);
}

static gboolean
open_engine(struct tool *t, gboolean must_exist, GError **error)
{
    t->engine = engine_open(&(const struct engine_settings){
        .tpm2 = TRUE, .store = sealed_store(t->store), .must_exist = must_exist,
        .no_volatile = TRUE,
    }, error);
    return t->engine != NULL && engine_power_on(t->engine, FALSE, error) &&
           good(engine_startup(t->engine, ENGINE_STARTUP_CLEAR), "Startup", error);
}

static gboolean
step_off(struct tool *t, GError **error)
{
    if (!good(engine_shutdown(t->engine, FALSE), "Shutdown", error))
        return FALSE;
    engine_power_off(t->engine);
    step_say("ok off");

    return TRUE;
}

static gboolean
step_make(struct tool *t, GError **error)
{
    struct cursor in;
    g_auto(provision_t) p = {
        .action = PROVISION_MAKE,
        .lineage = { 1 },
        .policy = g_bytes_new_static("policy", 6),
    };

    memcpy(p.uuid, uuid, sizeof(uuid));
    t->store = sealed_make(&t->config, &p, error);
    if (t->store == NULL || !open_engine(t, FALSE, error))
        return FALSE;
    return good(da_parameters(t), "DictionaryAttackParameters", error) &&
           good(nv_define(t, INDEX_DATA, NV_AUTHREAD | NV_AUTHWRITE | NV_OWNERWRITE, "right"),
                "NV_DefineSpace", error) &&
           good(nv_define(t, INDEX_COUNTER, NV_COUNTER | NV_OWNERREAD | NV_OWNERWRITE | NV_NO_DA,
                          ""), "NV_DefineSpace", error) &&
           good(nv_command(t, CC_NV_WRITE, RH_OWNER, INDEX_DATA, "", &in), "NV_Write", error) &&
           good(nv_command(t, CC_NV_INCREMENT, RH_OWNER, INDEX_COUNTER, "", &in), "NV_Increment",
                error) &&
           step_off(t, error) && sealed_finish(t->store, error);
}

static gboolean
step_on(struct tool *t, GError **error)
{
    t->store = sealed_open(&t->config, error);
    if (t->store == NULL || !open_engine(t, TRUE, error))
        return FALSE;
    step_say("ok on");

    return TRUE;
}

/*
 * TPM 2.0 Part 1, 19.8: the first use of what the dictionary attack logic
 * protects stores that it was used, and answers TPM_RC_RETRY, right or wrong.
 */
static guint32
nv_read_data(struct tool *t, const char *auth)
{
    struct cursor in;
    guint32 code = nv_command(t, CC_NV_READ, INDEX_DATA, INDEX_DATA, auth, &in);

    return code == RC_RETRY ? nv_command(t, CC_NV_READ, INDEX_DATA, INDEX_DATA, auth, &in) : code;
}

static gboolean
step_right(struct tool *t, GError **error)
{
    if (!good(nv_read_data(t, "right"), "NV_Read", error))
        return FALSE;
    step_say("ok right");

    return TRUE;
}

static gboolean
step_wrong(struct tool *t, GError **error)
{
    const guint32 code = nv_read_data(t, "wrong");

    if (code != RC_AUTH_FAIL)
        return error_system(error, "a wrong password was answered by 0x%03x", code);
    step_say("ok wrong");

    return TRUE;
}

static gboolean
read_counter(struct tool *t, guint64 *ret, GError **error)
{
    struct cursor in;

    if (!good(nv_command(t, CC_NV_READ, RH_OWNER, INDEX_COUNTER, "", &in), "NV_Read", error))
        return FALSE;
    (void)cursor_be32(&in);                      /* parameters */
    (void)cursor_be16(&in);
    *ret = cursor_be64(&in);
    return !in.failed || error_system(error, "NV_Read: short");
}

static gboolean
step_count(struct tool *t, GError **error)
{
    struct cursor in;
    guint64 now;

    if (!good(nv_command(t, CC_NV_INCREMENT, RH_OWNER, INDEX_COUNTER, "", &in), "NV_Increment",
              error) || !read_counter(t, &now, error))
        return FALSE;
    step_say("ok count %" G_GUINT64_FORMAT, now);

    return TRUE;
}

static gboolean
step_show(struct tool *t, GError **error)
{
    g_autoptr(GBytes) properties = NULL;
    struct command c;
    struct cursor in, clock;
    guint64 counter, milliseconds;
    guint32 tries;

    if (!good(engine_get_capability(t->engine, CAP_PROPERTIES, PT_LOCKOUT_COUNTER, 1, &properties),
              "GetCapability", error) || !read_counter(t, &counter, error))
        return FALSE;
    in = cursor_from(g_bytes_get_data(properties, NULL), g_bytes_get_size(properties));
    (void)cursor_bytes(&in, 12);                 /* capability, count, property */
    tries = cursor_be32(&in);
    begin(&c, ST_NO_SESSIONS, CC_READ_CLOCK);
    if (!good(answer(t, &c, &clock), "ReadClock", error))
        return FALSE;
    (void)cursor_be64(&clock);                   /* time */
    milliseconds = cursor_be64(&clock);
    if (in.failed || clock.failed)
        return error_system(error, "a short answer");
    step_say("ok show tries %u counter %" G_GUINT64_FORMAT " clock %" G_GUINT64_FORMAT, tries, counter,
       milliseconds);

    return TRUE;
}

static G_NORETURN gboolean
step_quit(struct tool *t, GError **error)
{
    (void)t;
    (void)error;
    _exit(EXIT_SUCCESS);
}

static const struct {
    const char *name;
    gboolean (*run)(struct tool *t, GError **error);
} steps[] = {
    { "make", step_make },   { "on", step_on },       { "off", step_off },
    { "right", step_right }, { "wrong", step_wrong }, { "count", step_count },
    { "show", step_show },   { "quit", step_quit },
};

static gboolean
run_step(struct tool *t, const char *name, GError **error)
{
    if (g_str_has_prefix(name, "witness=")) {
        t->witness = name + strlen("witness=");
        return TRUE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (strcmp(steps[i].name, name) == 0)
            return steps[i].run(t, error);
    return error_malformed(error, "%s is no step", name);
}

int
main(int argc, char **argv)
{
    struct tool t = { 0 };
    g_autoptr(GError) error = NULL;
    gboolean done = argc > 1;

    t.config = (struct sealed_config){
        .dir = argv[1],
        .provider = (Provider *)&t,
        .platform = { .source = SEAL_SOURCE_SNP, .tcb = 0x4700000000000205 },
        .judge = judge,
        .fatal = step_fatal,
        .data = &t,
    };
    for (int i = 2; done && i < argc; i++)
        done = run_step(&t, argv[i], &error);
    if (!done)
        fprintf(stderr, "refused: %s\n", error != NULL ? error->message : "no folder");
    engine_close(t.engine);
    sealed_free(t.store);

    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
