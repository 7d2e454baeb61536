/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sealed_bench - what a save costs against the bare system calls of rule 2 on
 * the same disk, alternating: medians and 99th percentiles in microseconds.
 *
 *   sealed_bench FOLDER COUNT
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../bench/bare.h"
#include "cocotransport/keys/crypto.h"
#include "swtpm/store/sealed.h"

#define STATE_SIZE 20000                 /* about what libtpms keeps */

static const guint8 uuid[16] = { 0xc0, 0xc0 };

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
    (void)facts;
    (void)ret;
    (void)data;
    (void)error;
    return TRUE;
}

static void
fatal(const GError *why, void *data)
{
    (void)data;
    fprintf(stderr, "%s\n", why->message);
    _exit(EXIT_FAILURE);
}

static gint64
bare(int dir, const guint8 *data, gsize len)
{
    const gint64 start = g_get_monotonic_time();

    if (!bare_store(dir, data, len))
        exit(EXIT_FAILURE);
    return g_get_monotonic_time() - start;
}

static gint64
sealed(SealedStore *s, const guint8 *data)
{
    const gint64 start = g_get_monotonic_time();
    Store *store = sealed_store(s);

    if (!store->ops->save(store, "permall", data, STATE_SIZE, NULL))
        exit(EXIT_FAILURE);
    return g_get_monotonic_time() - start;
}

static int
compare(gconstpointer a, gconstpointer b)
{
    const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static SealedStore *
make(const char *folder, const guint8 *data)
{
    const struct sealed_config config = {
        .dir = folder, .platform = { .source = SEAL_SOURCE_SNP }, .judge = judge, .fatal = fatal,
    };
    g_auto(provision_t) p = { .action = PROVISION_MAKE, .policy = g_bytes_new_static("p", 1) };
    SealedStore *s;
    Store *store;

    memcpy(p.uuid, uuid, sizeof(uuid));
    s = sealed_make(&config, &p, NULL);
    if (s == NULL)
        exit(EXIT_FAILURE);
    store = sealed_store(s);
    if (!store->ops->save(store, "permall", data, STATE_SIZE, NULL) || !sealed_finish(s, NULL))
        exit(EXIT_FAILURE);
    return s;
}

int
main(int argc, char **argv)
{
    const guint count = argc > 2 ? (guint)strtoul(argv[2], NULL, 10) : 1000;
    g_autofree gint64 *ours = g_new(gint64, count + 1);
    g_autofree gint64 *theirs = g_new(gint64, count + 1);
    g_autofree guint8 *data = g_malloc0(STATE_SIZE + 512);
    SealedStore *s;
    int dir;

    if (argc < 2 || count == 0)
        return EXIT_FAILURE;
    dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s = make(argv[1], data);
    for (guint i = 0; i < count; i++) {
        theirs[i] = bare(dir, data, STATE_SIZE + 400);
        ours[i] = sealed(s, data);
    }
    sealed_free(s);
    qsort(ours, count, sizeof(*ours), compare);
    qsort(theirs, count, sizeof(*theirs), compare);
    printf("save of a sealed state against its bare system calls, %u each, alternating (us)\n"
           "            median      p99\n"
           "sealed    %8" G_GINT64_FORMAT " %8" G_GINT64_FORMAT "\n"
           "bare      %8" G_GINT64_FORMAT " %8" G_GINT64_FORMAT "\n"
           "ratio of the medians %.2f\n", count, ours[count / 2], ours[count * 99 / 100],
           theirs[count / 2], theirs[count * 99 / 100],
           (double)ours[count / 2] / (double)MAX(theirs[count / 2], 1));

    return EXIT_SUCCESS;
}
