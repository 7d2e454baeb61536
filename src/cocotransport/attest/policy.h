/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policy - what an instance, a driver or a relying party expects: the key file
 * of sealed-state.md ("Policy of an instance"). One parser for both kinds of
 * file: [cocovm] in the instance's, [cocotpm] in the driver's; rows in a table.
 */
#pragma once

#include "cocotransport/attest/report.h"

#include <glib.h>

enum policy_kind {
    POLICY_INSTANCE,         /* [trust] [cocovm] [link] [seal] [freshness] */
    POLICY_DRIVER,           /* [trust] [cocotpm] [link] */
};

enum policy_psk { POLICY_PSK_SECRET, POLICY_PSK_BOOTSTRAP };
enum policy_reference { POLICY_PIN_MEASUREMENT = 1, POLICY_PIN_SIGNER = 2 };   /* "how" of protocol 4 */
enum policy_bind { POLICY_BIND_MEASUREMENT, POLICY_BIND_SIGNER };
enum policy_freshness { POLICY_FRESHNESS_RECEIPT, POLICY_FRESHNESS_WITNESS, POLICY_FRESHNESS_NONE };

/* What the peer has to be: the keys of [cocovm] and [cocotpm]. */
struct policy_peer {
    GPtrArray *measurements;         /* GBytes of 48 */
    GPtrArray *author_key_digests;   /* GBytes of 48 */
    gboolean   family_id_given, image_id_given, host_data_given, vmpl_given;
    guint8     family_id[16], image_id[16], host_data[32];
    guint      min_svn;
    guint      vmpl;                 /* default 0 */
    gboolean   same_chip;            /* default TRUE */
    GPtrArray *chip_ids;             /* GBytes of 64; empty: any (that same_chip lets through) */
    GPtrArray *denied_chip_ids;
    gboolean   min_tcb_given[SNP_PRODUCTS];
    struct snp_tcb min_tcb[SNP_PRODUCTS];
    guint64    platform_require;     /* PLATFORM_INFO bits */
    guint64    platform_forbid;
    guint64    policy_forbid;        /* bits of the guest policy: debug and migrate-ma by default */
    guint64    policy_require;
    gboolean   allow_version_4;
    gboolean   min_abi_given;
    guint      min_abi;              /* the ABI a guest policy has to ask for: major * 256 + minor */
    gboolean   committed_firmware;   /* CURRENT has to be what is committed */
    guint64    mitigations_require;  /* bits of both mitigation vectors (version 5) */
    GPtrArray *csp_ids;              /* char *: clouds whose VLEK is good; empty: no VLEK */
    /* TDX; such a peer is refused unless td_measurements names it. */
    GPtrArray *td_measurements;      /* GBytes of 48: MRTD */
    GPtrArray *td_rtmr[4];           /* GBytes of 48; empty: any value */
    GPtrArray *td_mr_seam;
    gboolean   td_config_id_given, td_owner_given, td_owner_config_given;
    guint8     td_config_id[48], td_owner[48], td_owner_config[48];
    /* [cocovm] only */
    guint      localities;           /* bit n: locality n; default 1 */
    gboolean   takeover, burns_evidence, keep_evidence;
    /* [cocotpm] only */
    GPtrArray *policy_digests;       /* GBytes of 32, at least one: required */
    GPtrArray *ek_names;             /* GBytes of TPM names; empty until known */
};

typedef struct policy policy_t;

struct policy {
    enum policy_kind kind;
    GPtrArray *roots;                /* of struct policy_root * */
    struct policy_peer peer;
    enum policy_psk psk;             /* default secret */
    enum policy_reference psk_pin;   /* default measurement */
    enum policy_bind bind;           /* the rest: instance only */
    gboolean owner_secret;           /* required */
    guint8 recovery_key[32];         /* SHA-256 of the owner's public key (SubjectPublicKeyInfo) */
    gboolean recovery_key_given;
    gboolean tcb_floor_given[SNP_PRODUCTS];
    struct snp_tcb tcb_floor[SNP_PRODUCTS];
    guint svn_floor;
    enum policy_freshness freshness;
    char *witness;                   /* URL */
    char *witness_key;               /* pin */
    guint8 digest[32];               /* SHA-256 of the file's bytes */
};

enum policy_root_kind { POLICY_ROOT_AMD, POLICY_ROOT_INTEL, POLICY_ROOT_FILE };

struct policy_root {
    char *name;                      /* "amd-genoa", … or the file's name */
    enum policy_root_kind kind;
    enum snp_product product;        /* UNKNOWN for a root that is not AMD's */
    guint8 spki_sha256[32];          /* the pin: its key */
};

/* Whether one of the GBytes in @list is this, byte by byte; a list that is NULL has none. */
gboolean policy_list_has(const GPtrArray *list, const void *value, gsize len);

struct policy *policy_parse(const char *text, gsize len, enum policy_kind kind, GError **error);
/* "amd-genoa", "intel-tdx", or "file:PATH sha256:HEX"; for --root, and for roots of a policy. */
struct policy_root *policy_root_parse(const char *text, GError **error);
struct policy_root *policy_root_from_pin(const char *name, const guint8 spki_sha256[static 32]);
void policy_root_free(struct policy_root *root);
/* What this accepts in words, and what it leaves open: one line each, to be freed. */
char *policy_explain(const struct policy *p);

/* The policy of cocotpm-verify without --policy: roots Genoa and Turin, nobody named. */
struct policy *policy_default(void);
void policy_free(struct policy *p);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(policy_t, policy_free)
