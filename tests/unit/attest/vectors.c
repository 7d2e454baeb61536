/* SPDX-License-Identifier: BSD-3-Clause */
/* vectors - see vectors.h. */
#include "config.h"

#include <string.h>

#include "cocotransport/attest/certificate.h"
#include "suites.h"
#include "vectors.h"

GBytes *
vector_load(const char *name)
{
    g_autofree char *path = test_vector_path(name);
    char *data;
    gsize len;

    if (path == NULL)
        return NULL;
    ck_assert_msg(g_file_get_contents(path, &data, &len, NULL), "%s", path);
    return g_bytes_new_take(data, len);
}

gboolean
vector_evidence(const char *report, const char *vek, struct evidence *ret)
{
    ret->parts[EVIDENCE_SNP_REPORT] = vector_load(report);
    ret->parts[EVIDENCE_VEK_CERTIFICATE] = vector_load(vek);
    return ret->parts[EVIDENCE_SNP_REPORT] != NULL && ret->parts[EVIDENCE_VEK_CERTIFICATE] != NULL;
}

/* The root of a chain of the test PKI, as a policy would name it by file and digest. */
static void
add_synthetic_root(struct policy *policy, const char *file)
{
    g_autoptr(GBytes) bundle = vector_load(file);
    g_autoptr(GPtrArray) list = bundle != NULL ? certificates_parse(bundle, NULL) : NULL;

    if (bundle == NULL)
        return;
    ck_assert_ptr_nonnull(list);
    for (guint i = 0; i < list->len; i++) {
        const struct certificate *c = g_ptr_array_index(list, i);
        guint8 key[32];

        if (!c->self_issued)
            continue;
        ck_assert(certificate_spki_sha256(c, key, NULL));
        g_ptr_array_add(policy->roots, policy_root_from_pin(file, key));
    }
}

struct policy *
vector_policy(gboolean synthetic)
{
    struct policy *policy = policy_default();

    if (!synthetic) {
        g_ptr_array_add(policy->roots, policy_root_parse("amd-milan", NULL));
        return policy;
    }
    g_ptr_array_set_size(policy->roots, 0);
    add_synthetic_root(policy, "synthetic/ask_ark_milan.pem");
    add_synthetic_root(policy, "synthetic/ask_ark_genoa.pem");
    add_synthetic_root(policy, "synthetic/ask_ark_turin.pem");
    return policy;
}

enum check_result
vector_result(const struct verdict *v, const char *name)
{
    for (guint i = 0; i < v->checks->len; i++) {
        const struct check *check = &g_array_index(v->checks, struct check, i);

        if (strcmp(check->name, name) == 0)
            return check->result;
    }
    return CHECK_SKIPPED;
}
