/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fake_tsm - a FUSE tree that behaves as configfs-tsm does, over a launch of
 * the emulator: fake_tsm MOUNTPOINT GUEST PROVIDER [RACES]. For the first RACES
 * reports somebody else writes to the entry in between.
 */
#define FUSE_USE_VERSION 35
#include "config.h"

#include "cocotransport/attest/certtable.h"
#include "cocotransport/attest/provider.h"

#include <errno.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One folder made by mkdir(2). */
struct entry {
    guint generation;
    guint8 data[64];
    gboolean written;
};

struct tree {
    const char *guest;               /* the launch's socket */
    const char *provider;
    int races;
    GHashTable *entries;             /* name → struct entry */
};

static const char *const attributes[] = { "inblob", "outblob", "auxblob", "provider", "generation" };

/* "/NAME/ATTRIBUTE" to its parts; NULL for a folder. */
static struct entry *
entry_of(const char *path, const char **ret_attribute)
{
    struct tree *t = fuse_get_context()->private_data;
    g_auto(GStrv) parts = g_strsplit(path, "/", 3);

    *ret_attribute = strrchr(path, '/') + 1;
    return parts[1] != NULL && parts[2] != NULL ? g_hash_table_lookup(t->entries, parts[1]) : NULL;
}

static int
tree_getattr(const char *path, struct stat *st, struct fuse_file_info *file)
{
    struct tree *t = fuse_get_context()->private_data;
    const char *attribute = NULL;

    (void)file;
    memset(st, 0, sizeof(*st));
    st->st_nlink = 1;
    if (entry_of(path, &attribute) != NULL) {
        for (size_t i = 0; i < G_N_ELEMENTS(attributes); i++)
            if (strcmp(attributes[i], attribute) == 0) {
                st->st_mode = S_IFREG | (i == 0 ? 0200 : 0400);
                st->st_size = 4096;
                return 0;
            }
        return -ENOENT;
    }
    st->st_mode = S_IFDIR | 0755;
    return strcmp(path, "/") == 0 || g_hash_table_contains(t->entries, path + 1) ? 0 : -ENOENT;
}

static int
tree_mkdir(const char *path, mode_t mode)
{
    struct tree *t = fuse_get_context()->private_data;

    (void)mode;
    if (strchr(path + 1, '/') != NULL)
        return -EPERM;
    if (!g_hash_table_insert(t->entries, g_strdup(path + 1), g_new0(struct entry, 1)))
        return -EEXIST;
    return 0;
}

static int
tree_rmdir(const char *path)
{
    struct tree *t = fuse_get_context()->private_data;

    return g_hash_table_remove(t->entries, path + 1) ? 0 : -ENOENT;
}

static int
tree_open(const char *path, struct fuse_file_info *file)
{
    (void)path;
    file->direct_io = 1;
    return 0;
}

static int
tree_write(const char *path, const char *data, size_t len, off_t at, struct fuse_file_info *file)
{
    const char *attribute = NULL;
    struct entry *e = entry_of(path, &attribute);

    (void)file;
    if (e == NULL || at != 0 || strcmp(attribute, "inblob") != 0 || len != sizeof(e->data))
        return -EINVAL;
    memcpy(e->data, data, len);
    e->written = TRUE;
    e->generation++;
    return (int)len;
}

static GBytes *
table_of(GBytes *vek)
{
    GBytes *entries[CERTTABLE_KINDS] = { NULL };

    entries[CERTTABLE_VCEK] = vek;
    return vek ? certtable_write(entries, NULL) : NULL;
}

/* Report or table, made when it is read, as the kernel does. */
static GBytes *
blob_make(struct tree *t, struct entry *e, const char *attribute)
{
    g_autofree char *spec = g_strconcat("emulator:", t->guest, NULL);
    g_autoptr(Provider) p = provider_open(spec, NULL);
    g_auto(evidence_t) made = { 0 };

    if (p == NULL || !provider_evidence(p, e->data, &made, NULL))
        return NULL;
    if (strcmp(attribute, "auxblob") == 0)
        return table_of(made.parts[EVIDENCE_VEK_CERTIFICATE]);
    if (t->races > 0) {
        t->races--;
        e->generation++;
    }
    return g_bytes_ref(made.parts[EVIDENCE_SNP_REPORT]);
}

static int
tree_read(const char *path, char *out, size_t room, off_t at, struct fuse_file_info *file)
{
    struct tree *t = fuse_get_context()->private_data;
    const char *attribute = NULL;
    struct entry *e = entry_of(path, &attribute);
    g_autofree char *text = NULL;
    g_autoptr(GBytes) blob = NULL;
    size_t size = 0;

    (void)file;
    if (e == NULL)
        return -ENOENT;
    if (strcmp(attribute, "generation") == 0)
        text = g_strdup_printf("%u\n", e->generation);
    else if (strcmp(attribute, "provider") == 0)
        text = g_strdup_printf("%s\n", t->provider);
    else if (!e->written)
        return -EINVAL;
    if (text != NULL)
        blob = g_bytes_new(text, strlen(text));
    else
        blob = blob_make(t, e, attribute);
    if (blob == NULL)
        return -ENXIO;
    size = g_bytes_get_size(blob);
    if ((size_t)at >= size)
        return 0;
    memcpy(out, (const char *)g_bytes_get_data(blob, NULL) + at, MIN(room, size - (size_t)at));
    return (int)MIN(room, size - (size_t)at);
}

static const struct fuse_operations operations = {
    .getattr = tree_getattr,
    .mkdir = tree_mkdir,
    .rmdir = tree_rmdir,
    .open = tree_open,
    .read = tree_read,
    .write = tree_write,
};

int
main(int argc, char **argv)
{
    struct tree t = { 0 };
    char *words[] = { argv[0], (char *)"-f", (char *)"-s", argc > 1 ? argv[1] : NULL, NULL };
    int rc = 0;

    if (argc < 4) {
        fprintf(stderr, "usage: fake_tsm MOUNTPOINT GUEST PROVIDER [RACES]\n");
        return EXIT_FAILURE;
    }
    t.guest = argv[2];
    t.provider = argv[3];
    t.races = argc > 4 ? atoi(argv[4]) : 0;
    t.entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    rc = fuse_main(4, words, &operations, &t);
    g_hash_table_unref(t.entries);
    return rc;
}
