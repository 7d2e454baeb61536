/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lossy_run - a disk that loses what was not flushed, as a model: one whole run
 * is recorded (preloaded: faults.c), and then every state is built that a power
 * cut could leave behind at any moment of it, as POSIX allows it:
 *
 *   - the data of a file is there up to its last fdatasync; what was written
 *     since may be there, in part or not at all;
 *   - of the names made, moved and removed since the last fsync of the folder
 *     any may have reached the disk.
 *
 * The witness is another machine: what it has said it holds. Each state has to
 * open as the one that was acknowledged last or the one on its way.
 *
 *   lossy_run SHIM TOOL FOLDER [witness] [forget=file | forget=folder]
 *
 * forget: as if the program had left out those flushes, which has to be found.
 */
#include "config.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define NAME_OPS_MAX 6u                  /* between two fsyncs of the folder */
#define STATE_NAME "state/tpm2-00.sealed"
#define NEXT_NAME "state/tpm2-00.sealed.next"

struct inode {
    GByteArray *data;
    guint synced;                        /* bytes of it that are on the disk */
};

/* A name that was set to a file, or removed (@to NULL), and another one removed with it. */
struct name_op {
    char *name;
    struct inode *to;
    char *gone;
};

struct disk {
    GHashTable *names;                   /* as the program sees them: path → inode */
    GHashTable *durable;                 /* as they were at the last fsync of the folder */
    GPtrArray *inodes;
    struct name_op pending[NAME_OPS_MAX];
    guint count;
    GHashTable *witness;                 /* path → GByteArray */
    GString *acks;
    gboolean forgets_file, forgets_folder;
    GHashTable *seen;                    /* crash states that were judged */
    guint states;
};

static struct inode *
inode_new(struct disk *d)
{
    struct inode *i = g_new0(struct inode, 1);

    i->data = g_byte_array_new();
    g_ptr_array_add(d->inodes, i);
    return i;
}

static void
name_op(struct disk *d, const char *name, struct inode *to, const char *gone)
{
    if (d->count >= NAME_OPS_MAX)
        violated("more than %u changes of names without an fsync of the folder", NAME_OPS_MAX);
    d->pending[d->count++] = (struct name_op){ g_strdup(name), to, g_strdup(gone) };
    if (to != NULL)
        g_hash_table_insert(d->names, g_strdup(name), to);
    else
        g_hash_table_remove(d->names, name);
    if (gone != NULL)
        g_hash_table_remove(d->names, gone);
}

static void
apply(GHashTable *names, const struct name_op *op)
{
    if (op->to != NULL)
        g_hash_table_insert(names, g_strdup(op->name), op->to);
    else
        g_hash_table_remove(names, op->name);
    if (op->gone != NULL)
        g_hash_table_remove(names, op->gone);
}

static void
sync_folder(struct disk *d)
{
    for (guint i = 0; i < d->count; i++) {
        apply(d->durable, &d->pending[i]);
        g_free(d->pending[i].name);
        g_free(d->pending[i].gone);
    }
    d->count = 0;
}

/* What the file has after the cut: 0 what was flushed, 1 half of the rest too, 2 all. */
static guint
length_after(const struct inode *i, guint variant)
{
    const guint rest = i->data->len - i->synced;

    return i->synced + (variant == 0 ? 0 : variant == 1 ? rest / 2 : rest);
}

static void
put(GHashTable *names, const char *name, const char *path, guint variant, GChecksum *sum)
{
    const struct inode *i = g_hash_table_lookup(names, name);

    (void)g_unlink(path);
    g_checksum_update(sum, (const guchar *)name, -1);
    if (i == NULL)
        return;
    harness_write(path, i->data->data, length_after(i, variant));
    g_checksum_update(sum, i->data->data, length_after(i, variant));
}

static void
cut_here(struct harness *h, struct disk *d, guint mask, guint variant)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    const GByteArray *held = g_hash_table_lookup(d->witness, "witness/file");
    g_autofree char *what = NULL;
    GHashTableIter iter;
    gpointer name, inode;

    g_hash_table_iter_init(&iter, d->durable);
    while (g_hash_table_iter_next(&iter, &name, &inode))
        g_hash_table_insert(names, g_strdup(name), inode);
    for (guint i = 0; i < d->count; i++)
        if (mask & (1u << i))
            apply(names, &d->pending[i]);
    put(names, STATE_NAME, h->file, variant, sum);
    put(names, NEXT_NAME, h->next, variant, sum);
    if (held != NULL) {
        harness_write(h->witness, held->data, held->len);
        g_checksum_update(sum, held->data, held->len);
    }
    g_checksum_update(sum, (const guchar *)d->acks->str, -1);
    if (!g_hash_table_add(d->seen, g_strdup(g_checksum_get_string(sum))))
        return;
    d->states++;
    what = g_strdup_printf("power cut after '%s', names %x, data %u", d->acks->str, mask, variant);
    harness_judge(h, what, d->acks->str, FALSE);
}

static void
cut_everywhere(struct harness *h, struct disk *d)
{
    for (guint mask = 0; mask < (1u << d->count); mask++)
        for (guint variant = 0; variant < 3; variant++)
            cut_here(h, d, mask, variant);
}

static void
append_hex(GByteArray *to, const char *hex)
{
    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const guint8 byte = (guint8)(g_ascii_xdigit_value(hex[0]) * 16 +
                                     g_ascii_xdigit_value(hex[1]));

        g_byte_array_append(to, &byte, 1);
    }
}

/* The witness's own files: at once, and whole. mkostemp(3) makes one that was not seen before. */
static void
witness_op(struct disk *d, char **words)
{
    GByteArray *file = g_hash_table_lookup(d->witness, words[1]);

    if (strcmp(words[0], "write") == 0) {
        if (file == NULL) {
            file = g_byte_array_new();
            g_hash_table_insert(d->witness, g_strdup(words[1]), file);
        }
        append_hex(file, words[2]);
    } else if (strcmp(words[0], "rename") == 0 && file != NULL) {
        g_hash_table_insert(d->witness, g_strdup(words[2]), g_byte_array_ref(file));
    }
}

static void
state_op(struct disk *d, char **words)
{
    struct inode *i = g_hash_table_lookup(d->names, words[1]);

    if (strcmp(words[0], "create") == 0) {
        if (!g_str_has_suffix(words[1], ".lock"))
            name_op(d, words[1], inode_new(d), NULL);
    } else if (strcmp(words[0], "write") == 0) {
        append_hex(i->data, words[2]);
    } else if (strcmp(words[0], "sync") == 0 && strcmp(words[1], "state") == 0) {
        if (!d->forgets_folder)
            sync_folder(d);
    } else if (strcmp(words[0], "sync") == 0) {
        if (!d->forgets_file)
            i->synced = i->data->len;
    } else if (strcmp(words[0], "rename") == 0) {
        name_op(d, words[2], i, words[1]);
    } else if (strcmp(words[0], "unlink") == 0) {
        name_op(d, words[1], NULL, NULL);
    } else {
        violated("'%s' is no operation", words[0]);
    }
}

static void
replay(struct harness *h, struct disk *d, const char *log)
{
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);

    cut_everywhere(h, d);
    for (char **line = lines; *line != NULL && **line != '\0'; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 3);

        if (strcmp(words[0], "ack") == 0)
            g_string_append_printf(d->acks, "%s\n", *line + strlen("ack "));
        else if (g_str_has_prefix(words[1], "witness"))
            witness_op(d, words);
        else
            state_op(d, words);
        cut_everywhere(h, d);
    }
}

static void
template_on(struct harness *h, struct disk *d)
{
    struct inode *i = inode_new(d);
    g_autofree char *data = NULL;
    gsize len;

    if (!g_file_get_contents(h->template_state, &data, &len, NULL))
        violated("%s cannot be read", h->template_state);
    g_byte_array_append(i->data, (const guint8 *)data, (guint)len);
    i->synced = (guint)len;
    g_hash_table_insert(d->names, g_strdup(STATE_NAME), i);
    g_hash_table_insert(d->durable, g_strdup(STATE_NAME), i);
    g_clear_pointer(&data, g_free);
    if (h->with_witness && g_file_get_contents(h->template_witness, &data, &len, NULL)) {
        GByteArray *held = g_byte_array_new();

        g_byte_array_append(held, (const guint8 *)data, (guint)len);
        g_hash_table_insert(d->witness, g_strdup("witness/file"), held);
    }
}

static char *
record(struct harness *h)
{
    struct outcome o = { 0 };
    char *log = NULL;

    harness_fresh(h);
    harness_run(h, "record", 0, 0, h->scenario->steps, &o);
    if (o.status != 0 || !g_file_get_contents(h->log, &log, NULL, NULL))
        violated("the recorded run failed: %s", o.err);
    outcome_clear(&o);

    return log;
}

int
main(int argc, char **argv)
{
    struct harness h = { 0 };
    struct disk d = {
        .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .durable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .inodes = g_ptr_array_new(),
        .witness = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         (GDestroyNotify)g_byte_array_unref),
        .acks = g_string_new(NULL),
        .seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    gboolean with_witness = FALSE;
    g_autofree char *log = NULL;

    if (argc < 4)
        violated("lossy_run SHIM TOOL FOLDER [witness] [forget=file | forget=folder]");
    for (int i = 4; i < argc; i++) {
        with_witness |= strcmp(argv[i], "witness") == 0;
        d.forgets_file |= strcmp(argv[i], "forget=file") == 0;
        d.forgets_folder |= strcmp(argv[i], "forget=folder") == 0;
    }
    harness_open(&h, argv, with_witness);
    log = record(&h);
    template_on(&h, &d);
    replay(&h, &d, log);
    if (strstr(d.acks->str, "ok save 3\n") == NULL || d.states < 12)
        violated("only %u states: nothing would be shown", d.states);
    printf("%u states after a power cut: always before or after, nothing acknowledged was lost\n",
           d.states);

    return EXIT_SUCCESS;
}
