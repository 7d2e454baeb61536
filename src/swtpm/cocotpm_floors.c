/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cocotpm_floors - the lowest TCB and SVN whose states this image adopts. They
 * stand in a file of the image, which is measured: the header of a state could
 * otherwise ask for the key of a firmware or an image that is known to be
 * broken, and a forgery made there would be taken for the instance.
 */
#include <config.h>

#include "swtpm/cocotpm_private.h"

#include "base/error.h"
#include "base/io.h"
#include "base/keyfile.h"
#include "cocotransport/attest/policy_values.h"

#include <errno.h>
#include <sys/stat.h>

#define FLOORS_FILE SYSCONFDIR "/cocotpm-floors.conf"

struct floors {
    struct snp_tcb tcb[SNP_PRODUCTS];
    gboolean tcb_given[SNP_PRODUCTS];
    guint svn;
};

#define TCB_ROW(key, read, product) \
    { "floors", key, read, offsetof(struct floors, tcb[product]), \
      offsetof(struct floors, tcb_given[product]), "lowest firmware" }

static const struct keyfile_row rows[] = {
    TCB_ROW("tcb-floor-milan", policy_read_tcb, SNP_PRODUCT_MILAN),
    TCB_ROW("tcb-floor-genoa", policy_read_tcb, SNP_PRODUCT_GENOA),
    TCB_ROW("tcb-floor-turin", policy_read_tcb_turin, SNP_PRODUCT_TURIN),
    { "floors", "svn-floor", keyfile_read_uint, offsetof(struct floors, svn), 0, "lowest SVN" },
    { 0 },
};

static guint64
higher_bytes(guint64 a, guint64 b)
{
    guint64 ret = 0;

    for (guint shift = 0; shift < 64; shift += 8)
        ret |= MAX((a >> shift) & 0xff, (b >> shift) & 0xff) << shift;
    return ret;
}

/* What a file says can only raise what was there before it. */
static gboolean
raise_floors(const Cocotpm *c, const char *path, struct seal_platform *platform, GError **error)
{
    const enum snp_product product = snp_report_product(&c->own);
    struct floors f = { .svn = 0 };
    g_autoptr(GBytes) file = io_read_file(path, KEYFILE_MAX, error);
    gsize len;
    const char *text = file != NULL ? g_bytes_get_data(file, &len) : NULL;

    if (text == NULL || !keyfile_parse(text, len, rows, &f, error)) {
        g_prefix_error(error, "floors of the image: %s: ", path);
        return FALSE;
    }
    if (f.tcb_given[product])
        platform->tcb_floor = higher_bytes(platform->tcb_floor, snp_tcb_join(f.tcb[product],
                                                                             product));
    platform->svn_floor = MAX(platform->svn_floor, f.svn);

    return TRUE;
}

gboolean
cocotpm_floors_read(const Cocotpm *c, struct seal_platform *ret, GError **error)
{
    struct stat st;
    /* One that is there, and cannot be reached, is no reason to go without. */
    const gboolean none = lstat(FLOORS_FILE, &st) != 0 && errno == ENOENT;

    if (!none && !raise_floors(c, FLOORS_FILE, ret, error))
        return FALSE;
    return c->options.floors == NULL || raise_floors(c, c->options.floors, ret, error);
}
