/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tpm2_keys - the keys a new TPM gets: EK and templates of the TCG EK
 * Credential Profile for TPM 2.0 (2.5), storage primary key, IAK and IDevID
 * (TPM 2.0 Keys for Device Identity and Attestation).
 */
#include "config.h"

#include "swtpm_setup/tpm2.h"

#include "base/error.h"
#include "base/keyfile.h"

#include <string.h>
#include <tss2/tss2_mu.h>

static const struct key_algorithm algorithms[] = {
    { .name = "rsa2048", .words = "RSA 2048", .file = "rsa2048", .bits = 2048,
      .name_alg = TPM2_ALG_SHA256, .aes = 128, .low_range = TRUE, .ek_handle = 0x81010001,
      .ek_nv = 0x01c00002, .ek_template_nv = 0x01c00004 },
    { .name = "rsa3072", .words = "RSA 3072", .file = "rsa3072", .bits = 3072,
      .name_alg = TPM2_ALG_SHA384, .aes = 256, .ek_handle = 0x8101001c, .ek_nv = 0x01c0001c,
      .ek_template_nv = 0x01c0001d },
    { .name = "rsa4096", .words = "RSA 4096", .file = "rsa4096", .bits = 4096,
      .name_alg = TPM2_ALG_SHA384, .aes = 256, .ek_handle = 0x8101001e, .ek_nv = 0x01c0001e,
      .ek_template_nv = 0x01c0001f },
    { .name = "ecc_nist_p256", .alias = "secp256r1", .words = "ECC", .file = "secp256r1",
      .curve = TPM2_ECC_NIST_P256, .name_alg = TPM2_ALG_SHA256, .aes = 128, .low_range = TRUE,
      .ek_handle = 0x8101000a, .ek_nv = 0x01c0000a, .ek_template_nv = 0x01c0000b },
    { .name = "ecc_nist_p384", .alias = "secp384r1", .words = "ECC", .file = "secp384r1",
      .curve = TPM2_ECC_NIST_P384, .name_alg = TPM2_ALG_SHA384, .aes = 256,
      .ek_handle = 0x81010016, .ek_nv = 0x01c00016, .ek_template_nv = 0x01c00017 },
    { .name = "ecc_nist_p521", .alias = "secp521r1", .words = "ECC", .file = "secp521r1",
      .curve = TPM2_ECC_NIST_P521, .name_alg = TPM2_ALG_SHA512, .aes = 256,
      .ek_handle = 0x81010018, .ek_nv = 0x01c00018, .ek_template_nv = 0x01c00019 },
};

/* The profile's policies: A for the low range, B of each hash for the high range. */
static const struct {
    TPM2_ALG_ID hash;
    gboolean low_range;
    const char *hex;
} policies[] = {
    { TPM2_ALG_SHA256, TRUE, "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa" },
    { TPM2_ALG_SHA256, FALSE, "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0" },
    { TPM2_ALG_SHA384, FALSE,
      "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"
      "cb47ba09699646150f9fc000f3f80e12" },
    { TPM2_ALG_SHA512, FALSE,
      "b8221ca69e8550a4914de3faa6a18c072cc01208073a928d5d66d59ef79e49a4"
      "29c41a6b269571d57edb25fbdb1838425608b413cd616a5f6db5b6071af99bea" },
};

const struct key_algorithm *
key_algorithm_find(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(algorithms); i++)
        if (g_str_equal(name, algorithms[i].name)
            || g_strcmp0(name, algorithms[i].alias) == 0)
            return &algorithms[i];
    return NULL;
}

const struct key_algorithm *
key_algorithm_at(guint n)
{
    return n < G_N_ELEMENTS(algorithms) ? &algorithms[n] : NULL;
}

static void
set_policy(TPMT_PUBLIC *public, gboolean low_range)
{
    for (guint i = 0; i < G_N_ELEMENTS(policies); i++)
        if (policies[i].hash == public->nameAlg && policies[i].low_range == low_range) {
            gsize len = strlen(policies[i].hex) / 2;

            /* Our own digits: they cannot be wrong. */
            if (hex_decode(policies[i].hex, public->authPolicy.buffer, len, NULL))
                public->authPolicy.size = (UINT16)len;
        }
}

/* What kind of key each role is. EK: attributes as swtpm_setup has always given them. */
static TPMA_OBJECT
role_attributes(const struct key_wish *wish)
{
    const TPMA_OBJECT always =
        TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
    const TPMA_OBJECT signer =
        always | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_SIGN_ENCRYPT;
    TPMA_OBJECT ek = always | TPMA_OBJECT_ADMINWITHPOLICY;

    switch (wish->role) {
    case KEY_SPK:
        return always | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED
               | TPMA_OBJECT_DECRYPT;
    case KEY_IAK:
        return signer | TPMA_OBJECT_RESTRICTED;
    case KEY_IDEVID:
        return signer;
    case KEY_EK:
        break;
    }
    if (!wish->algorithm->low_range)
        ek |= TPMA_OBJECT_USERWITHAUTH;
    if (!wish->signing)
        return ek | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    ek |= TPMA_OBJECT_SIGN_ENCRYPT;
    return wish->decryption ? ek | TPMA_OBJECT_DECRYPT : ek;
}

/* Restricted decryption keys protect others by AES; those that sign do not. */
static void
set_symmetric(TPMT_SYM_DEF_OBJECT *symmetric, const TPMT_PUBLIC *public, guint16 bits)
{
    const TPMA_OBJECT parent = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;

    symmetric->algorithm = TPM2_ALG_NULL;
    if ((public->objectAttributes & parent) != parent)
        return;
    symmetric->algorithm = TPM2_ALG_AES;
    symmetric->keyBits.aes = bits;
    symmetric->mode.aes = TPM2_ALG_CFB;
}

/* Identity keys have a fixed scheme, so that what they sign is what others expect. */
static gboolean
has_scheme(const struct key_wish *wish)
{
    return wish->role == KEY_IAK || wish->role == KEY_IDEVID;
}

/* Device identity keys are told apart by their unique field. */
static void
set_unique_word(const struct key_wish *wish, UINT16 *size, BYTE *buffer)
{
    const char *word = wish->role == KEY_IAK ? "IAK" : "IDEVID";

    if (wish->role != KEY_IAK && wish->role != KEY_IDEVID)
        return;
    *size = (UINT16)strlen(word);
    memcpy(buffer, word, *size);
}

static void
fill_rsa(const struct key_wish *wish, TPMT_PUBLIC *public)
{
    const struct key_algorithm *a = wish->algorithm;
    TPMS_RSA_PARMS *rsa = &public->parameters.rsaDetail;

    public->type = TPM2_ALG_RSA;
    set_symmetric(&rsa->symmetric, public, a->aes);
    rsa->scheme.scheme = TPM2_ALG_NULL;
    if (has_scheme(wish)) {
        rsa->scheme.scheme = TPM2_ALG_RSAPSS;
        rsa->scheme.details.rsapss.hashAlg = a->name_alg;
    }
    rsa->keyBits = a->bits;
    set_unique_word(wish, &public->unique.rsa.size, public->unique.rsa.buffer);
    if (wish->role == KEY_SPK || (wish->role == KEY_EK && a->low_range))
        public->unique.rsa.size = (UINT16)(a->bits / 8);
}

static guint16
curve_bytes(TPM2_ECC_CURVE curve)
{
    return curve == TPM2_ECC_NIST_P256 ? 32 : curve == TPM2_ECC_NIST_P384 ? 48 : 66;
}

static void
fill_ecc(const struct key_wish *wish, TPMT_PUBLIC *public)
{
    const struct key_algorithm *a = wish->algorithm;
    TPMS_ECC_PARMS *ecc = &public->parameters.eccDetail;

    public->type = TPM2_ALG_ECC;
    set_symmetric(&ecc->symmetric, public, a->aes);
    ecc->curveID = a->curve;
    ecc->kdf.scheme = TPM2_ALG_NULL;
    ecc->scheme.scheme = TPM2_ALG_NULL;
    if (has_scheme(wish)) {
        ecc->scheme.scheme = TPM2_ALG_ECDSA;
        ecc->scheme.details.ecdsa.hashAlg = a->name_alg;
    }
    set_unique_word(wish, &public->unique.ecc.x.size, public->unique.ecc.x.buffer);
    if (wish->role == KEY_SPK || (wish->role == KEY_EK && a->low_range))
        public->unique.ecc.x.size = public->unique.ecc.y.size = curve_bytes(a->curve);
}

static void
fill_public(const struct key_wish *wish, TPMT_PUBLIC *public)
{
    public->nameAlg = wish->algorithm->name_alg;
    public->objectAttributes = role_attributes(wish);
    if (wish->role != KEY_SPK)
        set_policy(public, wish->role == KEY_EK && wish->algorithm->low_range);
    if (wish->algorithm->curve == 0)
        fill_rsa(wish, public);
    else
        fill_ecc(wish, public);
}

static gboolean
evict(Tpm2 *t, ESYS_TR key, guint32 handle, GError **error)
{
    ESYS_TR persistent = ESYS_TR_NONE;
    gboolean ok = tpm2_ok(Esys_EvictControl(tpm2_esys(t), ESYS_TR_RH_OWNER, key, ESYS_TR_PASSWORD,
                                            ESYS_TR_NONE, ESYS_TR_NONE, handle, &persistent),
                          "TPM2_EvictControl", error);

    if (ok)
        Esys_TR_Close(tpm2_esys(t), &persistent);
    return ok;
}

gboolean
tpm2_make_key(Tpm2 *t, const struct key_wish *wish, TPM2B_PUBLIC **ret, GError **error)
{
    const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
    const TPM2B_DATA outside = { 0 };
    const TPML_PCR_SELECTION pcrs = { 0 };
    const ESYS_TR parent = wish->role == KEY_SPK ? ESYS_TR_RH_OWNER : ESYS_TR_RH_ENDORSEMENT;
    TPM2B_PUBLIC template = { 0 };
    TPM2B_PUBLIC *public = NULL;
    ESYS_TR key = ESYS_TR_NONE;
    gboolean done;

    fill_public(wish, &template.publicArea);
    if (!tpm2_ok(Esys_CreatePrimary(tpm2_esys(t), parent, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &sensitive, &template, &outside, &pcrs, &key,
                                    &public, NULL, NULL, NULL),
                 "TPM2_CreatePrimary", error))
        return FALSE;
    done = evict(t, key, wish->handle, error)
           && tpm2_ok(Esys_FlushContext(tpm2_esys(t), key), "TPM2_FlushContext", error);
    if (!done) {
        Esys_Free(public);
        return FALSE;
    }
    *ret = public;
    return TRUE;
}

/* Coordinates keep their whole width: leading zeroes are part of a point. */
static char *
coordinate(const TPM2B_ECC_PARAMETER *value, gsize width)
{
    guint8 padded[TPM2_MAX_ECC_KEY_BYTES] = { 0 };
    gsize len = MIN(value->size, width);

    memcpy(padded + width - len, value->buffer, len);
    return hex_encode(padded, width);
}

char *
tpm2_key_text(const TPM2B_PUBLIC *public)
{
    const TPMT_PUBLIC *p = &public->publicArea;
    TPM2_ECC_CURVE curve = p->parameters.eccDetail.curveID;
    g_autofree char *x = NULL;
    g_autofree char *y = NULL;
    const char *id = NULL;

    if (p->type == TPM2_ALG_RSA)
        return hex_encode(p->unique.rsa.buffer, p->unique.rsa.size);
    for (guint i = 0; i < G_N_ELEMENTS(algorithms); i++)
        if (algorithms[i].curve == curve)
            id = algorithms[i].alias;
    x = coordinate(&p->unique.ecc.x, curve_bytes(curve));
    y = coordinate(&p->unique.ecc.y, curve_bytes(curve));
    return g_strdup_printf("x=%s,y=%s,id=%s", x, y, id);
}

char *
tpm2_key_name(Tpm2 *t, guint32 handle, GError **error)
{
    ESYS_TR key = ESYS_TR_NONE;
    TPM2B_NAME *name = NULL;
    char *hex;

    if (!tpm2_ok(Esys_TR_FromTPMPublic(tpm2_esys(t), handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &key),
                 "TPM2_ReadPublic", error)
        || !tpm2_ok(Esys_TR_GetName(tpm2_esys(t), key, &name), "Esys_TR_GetName", error))
        return NULL;
    hex = hex_encode(name->name, name->size);
    Esys_Free(name);
    Esys_TR_Close(tpm2_esys(t), &key);
    return hex;
}

gboolean
tpm2_read_public(Tpm2 *t, guint32 handle, TPM2B_PUBLIC **ret, GError **error)
{
    ESYS_TR key = ESYS_TR_NONE;
    gboolean there = FALSE;
    gboolean done;

    *ret = NULL;
    if (!tpm2_has_handle(t, handle, &there, error))
        return FALSE;
    if (!there)
        return TRUE;
    if (!tpm2_ok(Esys_TR_FromTPMPublic(tpm2_esys(t), handle, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, &key),
                 "TPM2_ReadPublic", error))
        return FALSE;
    done = tpm2_ok(Esys_ReadPublic(tpm2_esys(t), key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                   ret, NULL, NULL),
                   "TPM2_ReadPublic", error);
    Esys_TR_Close(tpm2_esys(t), &key);
    return done;
}

GBytes *
tpm2_public_bytes(const TPMT_PUBLIC *public, GError **error)
{
    guint8 buffer[sizeof(TPMT_PUBLIC)];
    size_t len = 0;

    if (!tpm2_ok(Tss2_MU_TPMT_PUBLIC_Marshal(public, buffer, sizeof(buffer), &len), "TPMT_PUBLIC",
                 error))
        return NULL;
    return g_bytes_new(buffer, len);
}

GBytes *
tpm2_key_template(const struct key_wish *wish, GError **error)
{
    TPMT_PUBLIC public = { 0 };

    fill_public(wish, &public);
    return tpm2_public_bytes(&public, error);
}
