/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * driver_ima - one entry after the other:
 *
 *   which banks are there? ---> the next entry ---> PCR_Extend ---> the next entry …
 *                               none: look again in a second
 *
 * Formats: the kernel's Documentation/security/IMA-templates, in the byte order of
 * the machine (little-endian, as both platforms are); TPM 2.0 Part 3, sections
 * 22.2 and 30.2.
 */
#include "config.h"

#include "cocotpm/driver_ima.h"

#include "base/builder.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/io.h"
#include "cocotransport/keys/crypto.h"
#include "cocotransport/wire/message.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define LIST_MAX (256u * 1024 * 1024)
#define NAME_MAX_LEN 64
#define DATA_MAX (1024u * 1024)
#define DIGEST_SIZE 20
#define IMA_PCR 10
#define LOOK_SECONDS 1
#define BANKS_MAX 8

#define CC_GET_CAPABILITY 0x17au
#define CC_PCR_EXTEND 0x182u
#define CAP_PCRS 5u
#define RS_PW 0x40000009u

struct DriverIma {
    char *list;                      /* its path, for words */
    char *name;                      /* in @folder, which stays the same when the initrd is left and
                                      * mounts move away under our root */
    int folder;
    struct driver_tpm *tpm;
    void (*failed)(const char *why, gpointer data);
    gpointer data;
    guint16 banks[BANKS_MAX];
    guint bank_count;
    gsize done;                      /* bytes of the list that are in the PCR */
    GBytes *bytes;                   /* the list as it was read last */
    guint look;
};

static void next_entry(DriverIma *i);

/* ---- the list ---- */

gboolean
ima_entry_parse(struct cursor *in, struct ima_entry *ret, GError **error)
{
    static const guint8 zeroes[DIGEST_SIZE] = { 0 };
    struct cursor c = *in;
    struct ima_entry e = { .pcr = cursor_le32(&c) };
    const guint8 *digest = cursor_bytes(&c, DIGEST_SIZE);
    guint32 len = cursor_le32(&c);
    const guint8 *name;

    *ret = (struct ima_entry){ 0 };
    if (!c.failed && (len == 0 || len > NAME_MAX_LEN))
        return error_malformed(error, "a template's name of %u bytes", len);
    name = cursor_bytes(&c, len);
    if (!name)
        return TRUE;
    e.violation = memcmp(digest, zeroes, sizeof(zeroes)) == 0;
    if (len == 3 && memcmp(name, "ima", 3) == 0)
        return error_malformed(error, "the template \"ima\" has no digests but SHA-1's; another "
                               "one has to be chosen (ima_template=ima-ng)");
    len = cursor_le32(&c);
    if (!c.failed && len > DATA_MAX)
        return error_malformed(error, "an entry of %u bytes", len);
    e.data = cursor_bytes(&c, len);
    e.len = len;
    if (c.failed)
        return TRUE;
    *in = c;
    *ret = e;
    return TRUE;
}

/* ---- the TPM ---- */

static void
give_up(DriverIma *i, const char *why)
{
    i->failed(why, i->data);
}

/* The code of an answer, its body left in @ret. */
static guint32
answer_code(const guint8 *answer, gsize len, struct cursor *ret)
{
    struct message_header h = { .code = G_MAXUINT32 };

    *ret = cursor_from(answer, len);
    if (!message_header_parse(ret, TPM_MESSAGE_MAX, &h, NULL) || h.size != len)
        return G_MAXUINT32;
    return h.code;
}

static void
extended(const guint8 *answer, gsize len, gpointer data)
{
    DriverIma *i = data;
    struct cursor body;

    if (answer_code(answer, len, &body) == 0)
        next_entry(i);
    else
        give_up(i, "the TPM does not extend PCR 10");
}

static void
extend(DriverIma *i, const struct ima_entry *e)
{
    guint8 memory[TPM_MESSAGE_MAX], digest[SHA512_SIZE];
    struct builder out = builder_on(memory, sizeof(memory));

    message_header_write(&out, TAG_TPM_SESSIONS, 0, CC_PCR_EXTEND);
    builder_be32(&out, e->pcr);
    builder_be32(&out, 9);                   /* of the authorization: an empty password */
    builder_be32(&out, RS_PW);
    builder_be16(&out, 0);
    builder_u8(&out, 0);
    builder_be16(&out, 0);
    builder_be32(&out, i->bank_count);
    for (guint b = 0; b < i->bank_count; b++) {
        gsize size = crypto_tpm_hash(i->banks[b], e->data, e->len, digest);

        if (e->violation)
            memset(digest, 0xff, size);
        builder_be16(&out, i->banks[b]);
        builder_bytes(&out, digest, size);
    }
    builder_be32_at(&out, 2, (guint32)builder_len(&out));
    i->tpm->ops->command(i->tpm, memory, builder_len(&out), extended, i);
}

static gboolean
look_again(gpointer data)
{
    DriverIma *i = data;

    i->look = 0;
    next_entry(i);
    return G_SOURCE_REMOVE;
}

/* TRUE: another entry was found, and is on its way. */
static gboolean
take_entry(DriverIma *i, gboolean *ret_broken)
{
    g_autoptr(GError) error = NULL;
    struct ima_entry e = { 0 };
    struct cursor in;
    gsize len = 0;
    const guint8 *bytes = i->bytes ? g_bytes_get_data(i->bytes, &len) : NULL;

    if (len <= i->done)
        return FALSE;
    in = cursor_from(bytes + i->done, len - i->done);
    if (!ima_entry_parse(&in, &e, &error)) {
        give_up(i, error->message);
        *ret_broken = TRUE;
        return FALSE;
    }
    if (!e.data)
        return FALSE;
    i->done = (gsize)(in.pos - bytes);
    if (e.pcr != IMA_PCR) {
        give_up(i, "an entry for another PCR than 10");
        *ret_broken = TRUE;
        return FALSE;
    }
    extend(i, &e);
    return TRUE;
}

static GBytes *
read_list(const DriverIma *i, GError **error)
{
    g_auto(AutoFd) fd = openat(i->folder, i->name, O_RDONLY | O_CLOEXEC);
    GBytes *bytes = NULL;

    if (fd < 0)
        error_errno(error, errno, "%s", i->list);
    else if ((bytes = io_read_fd(fd, LIST_MAX, error)) == NULL)
        g_prefix_error(error, "%s: ", i->list);
    return bytes;
}

/* FALSE: it cannot be followed, and nobody would measure what it says next. */
static gboolean
take_list(DriverIma *i)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&i->bytes, g_bytes_unref);
    i->bytes = read_list(i, &error);
    if (!i->bytes)
        give_up(i, error->message);
    else if (g_bytes_get_size(i->bytes) < i->done)
        give_up(i, "the measurement list has become shorter");
    else
        return TRUE;
    return FALSE;
}

static void
next_entry(DriverIma *i)
{
    gboolean broken = FALSE;

    if (take_entry(i, &broken) || broken || !take_list(i))
        return;
    if (!take_entry(i, &broken) && !broken)
        i->look = g_timeout_add_seconds(LOOK_SECONDS, look_again, i);
}

/* TPMS_CAPABILITY_DATA with a TPML_PCR_SELECTION: the banks that have PCRs. */
static void
banks_known(const guint8 *answer, gsize len, gpointer data)
{
    DriverIma *i = data;
    struct cursor in;
    guint32 code = answer_code(answer, len, &in), count;
    guint8 digest[SHA512_SIZE];

    cursor_u8(&in);
    cursor_be32(&in);
    count = cursor_be32(&in);
    for (guint32 n = 0; code == 0 && n < count && !in.failed; n++) {
        guint16 alg = cursor_be16(&in);
        guint8 size = cursor_u8(&in), any = 0;

        for (guint8 b = 0; b < size; b++)
            any |= cursor_u8(&in);
        if (!in.failed && any && i->bank_count < BANKS_MAX &&
            crypto_tpm_hash(alg, "", 0, digest) > 0)
            i->banks[i->bank_count++] = alg;
    }
    /* A bank that half a list leaves out would not know what the kernel measured. */
    if (i->bank_count > 0 && !in.failed)
        next_entry(i);
    else
        give_up(i, "the TPM names no PCR bank");
}

static void
ask_banks(DriverIma *i)
{
    guint8 memory[MESSAGE_HEADER + 12];
    struct builder out = builder_on(memory, sizeof(memory));

    message_header_write(&out, TAG_TPM_NO_SESSIONS, sizeof(memory), CC_GET_CAPABILITY);
    builder_be32(&out, CAP_PCRS);
    builder_be32(&out, 0);
    builder_be32(&out, 1);
    i->tpm->ops->command(i->tpm, memory, sizeof(memory), banks_known, i);
}

DriverIma *
driver_ima_new(const char *list, struct driver_tpm *tpm,
               void (*failed)(const char *why, gpointer data), gpointer data, GError **error)
{
    g_autoptr(DriverIma) i = g_new0(DriverIma, 1);
    g_autofree char *folder = g_path_get_dirname(list);

    i->list = g_strdup(list);
    i->name = g_path_get_basename(list);
    i->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (i->folder < 0) {
        error_errno(error, errno, "%s", folder);
        return NULL;
    }
    i->bytes = read_list(i, error);
    if (!i->bytes)
        return NULL;
    i->tpm = tpm;
    i->failed = failed;
    i->data = data;
    ask_banks(i);
    return g_steal_pointer(&i);
}

void
driver_ima_free(DriverIma *i)
{
    if (!i)
        return;
    g_clear_handle_id(&i->look, g_source_remove);
    g_clear_pointer(&i->bytes, g_bytes_unref);
    io_close(&i->folder);
    g_free(i->name);
    g_free(i->list);
    g_free(i);
}
