/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify_bench - the median time of judging one SNP report with its chain, and
 * of nothing but its four signature checks in GnuTLS, with keys and what is signed
 * found beforehand. The root is read once, as who judges often does; report,
 * certificate and signer come as bytes every time:
 * verify_bench REPORT VEK SIGNER ROOT [ROUNDS], all in DER.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "cocotransport/attest/certificate.h"
#include "cocotransport/attest/verify.h"

struct bench {
    struct evidence evidence;
    struct policy *policy;
    struct verify_context context;
    Der *der;
    struct certificate *vek, *signer, *root;
    struct der_signed parts[3];      /* of the root, the signer, and the report's certificate */
    guint8 r[48], s[48];
};

static GBytes *
load(const char *path)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = io_read_file(path, CHAIN_MAX, &error);

    if (bytes == NULL) {
        fprintf(stderr, "%s\n", error->message);
        exit(EXIT_FAILURE);
    }
    return bytes;
}

static gboolean
judge(struct bench *b)
{
    struct verdict v = { 0 };
    const gboolean good = verify_evidence(&b->evidence, b->policy, &b->context, &v);

    verdict_clear(&v);
    return good;
}

static gboolean
link_holds(const struct der_signed *link, const struct certificate *issuer)
{
    return gnutls_pubkey_verify_data2(issuer->key, GNUTLS_SIGN_RSA_PSS_SHA384, 0, &link->body,
                                      &link->signature) >= 0;
}

/* What is signed, and the signature, found beforehand. */
static gboolean
link_find(struct bench *b, const struct certificate *c, struct der_signed *ret)
{
    gsize len;
    const void *data = g_bytes_get_data(c->der, &len);
    const gnutls_datum_t object = { (void *)data, (unsigned)len };

    return der_signed_pss384(b->der, &object, ret, NULL);
}

static gboolean
signatures(struct bench *b)
{
    const guint8 *raw = g_bytes_get_data(b->evidence.parts[EVIDENCE_SNP_REPORT], NULL);

    return link_holds(&b->parts[0], b->root) && link_holds(&b->parts[1], b->root) &&
           link_holds(&b->parts[2], b->signer) &&
           certificate_verify_p384(b->vek, raw, SNP_REPORT_SIZE - 512, b->r, b->s, NULL);
}

static int
by_size(const void *a, const void *b)
{
    const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return x < y ? -1 : x > y;
}

static gint64
time_of(struct bench *b, gboolean (*run)(struct bench *b))
{
    const gint64 start = g_get_monotonic_time();

    if (!run(b)) {
        fprintf(stderr, "the report does not verify\n");
        exit(EXIT_FAILURE);
    }
    return g_get_monotonic_time() - start;
}

static gint64
median(gint64 *times, guint rounds)
{
    qsort(times, rounds, sizeof(*times), by_size);
    return times[rounds / 2];
}

static void
bench_init(struct bench *b, char **argv)
{
    g_autoptr(GBytes) signer = load(argv[3]);
    g_autoptr(GBytes) root = load(argv[4]);
    const guint8 *raw;

    b->evidence.parts[EVIDENCE_SNP_REPORT] = load(argv[1]);
    b->evidence.parts[EVIDENCE_VEK_CERTIFICATE] = load(argv[2]);
    b->context.chain = g_bytes_ref(signer);
    b->root = certificate_parse(root, NULL);
    b->context.root = b->root;
    b->context.now = time(NULL);
    b->policy = policy_default();
    b->der = der_new(NULL);
    b->signer = certificate_parse(signer, NULL);
    b->vek = certificate_parse(b->evidence.parts[EVIDENCE_VEK_CERTIFICATE], NULL);
    if (b->root == NULL || b->signer == NULL || b->vek == NULL ||
        !link_find(b, b->root, &b->parts[0]) || !link_find(b, b->signer, &b->parts[1]) ||
        !link_find(b, b->vek, &b->parts[2])) {
        fprintf(stderr, "the certificates cannot be read\n");
        exit(EXIT_FAILURE);
    }
    raw = g_bytes_get_data(b->evidence.parts[EVIDENCE_SNP_REPORT], NULL);
    for (int i = 0; i < 48; i++) {
        b->r[47 - i] = raw[SNP_REPORT_SIZE - 512 + i];
        b->s[47 - i] = raw[SNP_REPORT_SIZE - 512 + 72 + i];
    }
}

int
main(int argc, char **argv)
{
    struct bench b = { 0 };
    const guint rounds = argc > 5 ? (guint)atoi(argv[5]) : 1000;
    g_autofree gint64 *bare = g_new(gint64, MAX(rounds, 1));
    g_autofree gint64 *whole = g_new(gint64, MAX(rounds, 1));
    gint64 bare_median, whole_median;

    if (argc < 5 || rounds == 0)
        return EXIT_FAILURE;
    bench_init(&b, argv);
    /* By turns: what else the machine does meanwhile then falls on both alike. */
    for (guint i = 0; i < rounds; i++) {
        bare[i] = time_of(&b, signatures);
        whole[i] = time_of(&b, judge);
    }
    bare_median = median(bare, rounds);
    whole_median = median(whole, rounds);
    printf("| one report | median of %u, us |\n|---|---|\n", rounds);
    printf("| its four signature checks | %" G_GINT64_FORMAT " |\n", bare_median);
    printf("| all of verify_evidence() | %" G_GINT64_FORMAT " |\n", whole_median);
    printf("| ratio | %.2f |\n", (double)whole_median / (double)bare_median);
    return EXIT_SUCCESS;
}
