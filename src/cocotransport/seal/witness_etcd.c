/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * witness_etcd - etcd's v3 JSON gateway (POST /v3/kv/range and /v3/kv/txn) as a
 * witness: key "cocotpm/UUID", value the 80 bytes of a receipt. Members are
 * known by their pinned keys alone; each is tried in turn, the one that
 * answered last first. Ranges are linearizable, which is etcd's default.
 *
 * Addresses are numbers: a resolver would bring a thread of its own after the
 * sandbox is closed, and the pin says who may answer anyway.
 */
#include "cocotransport/seal/witness_backends.h"

#include "base/error.h"
#include "base/keyfile.h"
#include "cocotransport/seal/etcd_json.h"

#include <curl/curl.h>
#include <string.h>

#define MEMBERS_MAX 9u
#define ANSWER_MAX 65536u
#define CONNECT_TIMEOUT_MS 2000L
#define TIMEOUT_MS 5000L
#define ENDING_US (3 * G_USEC_PER_SEC)   /* for all members, once the process is to end */

struct member {
    char *url;                           /* "https://ADDRESS:PORT" */
    CURL *curl;
};

struct etcd_witness {
    Witness witness;
    struct member members[MEMBERS_MAX];
    guint count, last;
    struct curl_slist *headers;
    Secret *key;
    GBytes *certificate;
    gint64 give_up;                      /* when; 0: not ending */
};

struct answer {
    char text[ANSWER_MAX];
    size_t len;
};

static size_t
take_answer(char *data, size_t size, size_t count, void *user)
{
    struct answer *a = user;
    const size_t len = size * count;

    if (len > sizeof(a->text) - 1 - a->len)
        return 0;
    memcpy(a->text + a->len, data, len);
    a->len += len;

    return len;
}

/*
 * An orderly end has a last change to store, so it asks as ever; but members that are silent, as
 * those are that end with it, would hold it up by a time-out each.
 */
static gboolean
gives_up(struct etcd_witness *w)
{
    if (!g_atomic_int_get(&w->witness.ending))
        return FALSE;
    if (w->give_up == 0)
        w->give_up = g_get_monotonic_time() + ENDING_US;
    return g_get_monotonic_time() > w->give_up;
}

/* libcurl calls this about once a second while it waits. */
static int
on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return gives_up(user);
}

static gboolean
ask_member(struct member *m, const char *path, const char *body, struct answer *ret,
           GError **error)
{
    g_autofree char *url = g_strconcat(m->url, path, NULL);
    long status = 0;
    CURLcode rc;

    ret->len = 0;
    curl_easy_setopt(m->curl, CURLOPT_URL, url);
    curl_easy_setopt(m->curl, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(m->curl, CURLOPT_WRITEDATA, ret);
    rc = curl_easy_perform(m->curl);
    if (rc != CURLE_OK)
        return error_system(error, "%s: %s", m->url,
                            rc == CURLE_ABORTED_BY_CALLBACK ? "gave no answer before the end came"
                                                            : curl_easy_strerror(rc));
    curl_easy_getinfo(m->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return error_system(error, "%s: HTTP status %ld", m->url, status);
    ret->text[ret->len] = '\0';

    return TRUE;
}

/* The error is that of the member that was asked last. */
static gboolean
ask(struct etcd_witness *w, const char *path, const char *body, struct answer *ret,
    GError **error)
{
    g_autoptr(GError) why = NULL;

    for (guint i = 0; i < w->count && !(why != NULL && gives_up(w)); i++) {
        const guint which = (w->last + i) % w->count;

        g_clear_error(&why);
        if (ask_member(&w->members[which], path, body, ret, &why)) {
            w->last = which;
            return TRUE;
        }
    }
    g_propagate_error(error, g_steal_pointer(&why));

    return FALSE;
}

static enum witness_answer
etcd_read(Witness *witness, const guint8 uuid[static 16], struct receipt *ret, GError **error)
{
    struct etcd_witness *w = (struct etcd_witness *)witness;
    g_autofree char *body = etcd_range_request(uuid);
    g_autofree struct answer *a = g_new(struct answer, 1);
    struct etcd_value held;

    if (!ask(w, "/v3/kv/range", body, a, error) ||
        !etcd_range_answer(a->text, a->len, &held, error))
        return WITNESS_AWAY;
    if (!held.there)
        return WITNESS_EMPTY;
    *ret = held.receipt;

    return WITNESS_HOLDS;
}

/* A swap whose answer was lost and that comes again finds @next: it was done. */
static enum witness_answer
etcd_swap(Witness *witness, const struct receipt *old, const struct receipt *next, GError **error)
{
    struct etcd_witness *w = (struct etcd_witness *)witness;
    g_autofree char *body = etcd_swap_request(old, next);
    g_autofree struct answer *a = g_new(struct answer, 1);
    struct etcd_value held;
    gboolean done;

    if (!ask(w, "/v3/kv/txn", body, a, error) ||
        !etcd_swap_answer(a->text, a->len, &done, &held, error))
        return WITNESS_AWAY;
    if (done || (held.there && receipt_equal(&held.receipt, next)))
        return WITNESS_HOLDS;
    return held.there ? WITNESS_OTHER : WITNESS_EMPTY;
}

static void
etcd_free(Witness *witness)
{
    struct etcd_witness *w = (struct etcd_witness *)witness;

    for (guint i = 0; i < w->count; i++) {
        curl_easy_cleanup(w->members[i].curl);
        g_free(w->members[i].url);
    }
    curl_slist_free_all(w->headers);
    secret_free(w->key);
    g_clear_pointer(&w->certificate, g_bytes_unref);
    g_free(w);
}

static const struct witness_ops etcd_ops = { etcd_read, etcd_swap, etcd_free };

/* "https://1.2.3.4:2379", "https://[::1]:2379"; no user, no path. */
static gboolean
url_is_plain(const char *url, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, error);

    if (uri == NULL)
        return FALSE;
    if (strcmp(g_uri_get_scheme(uri), "https") != 0 || g_uri_get_userinfo(uri) != NULL ||
        g_uri_get_query(uri) != NULL || g_uri_get_fragment(uri) != NULL ||
        strcmp(g_uri_get_path(uri), "") != 0)
        return error_malformed(error, "witness %s: has to be https://ADDRESS:PORT", url);
    if (!g_hostname_is_ip_address(g_uri_get_host(uri)))
        return error_malformed(error, "witness %s: the address has to be given as a number", url);
    return TRUE;
}

/* "sha256:HEX …" in libcurl's words: "sha256//BASE64;…". */
static char *
curl_pins(const char *pin, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(pin != NULL ? pin : "", " ,", 0);
    g_autoptr(GString) out = g_string_new(NULL);

    for (char **word = words; *word != NULL; word++) {
        g_autofree char *base64 = NULL;
        guint8 digest[32];

        if (**word == '\0')
            continue;
        if (!g_str_has_prefix(*word, "sha256:") ||
            !hex_decode(*word + strlen("sha256:"), digest, sizeof(digest), error)) {
            g_prefix_error(error, "witness-key: ");
            return NULL;
        }
        base64 = g_base64_encode(digest, sizeof(digest));
        g_string_append_printf(out, "%ssha256//%s", out->len > 0 ? ";" : "", base64);
    }
    if (out->len == 0) {
        error_malformed(error, "witness-key: a witness that is not pinned would be the host's");
        return NULL;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* The pin stands for all that a chain would say; no proxy of the environment, no redirection. */
static gboolean
member_open(struct etcd_witness *w, const char *url, const char *pins, GError **error)
{
    struct member *m;
    CURLcode rc;

    if (!url_is_plain(url, error))
        return FALSE;
    if (w->count >= MEMBERS_MAX)
        return error_malformed(error, "witness: more than %u members", MEMBERS_MAX);
    m = &w->members[w->count];
    m->curl = curl_easy_init();
    if (m->curl == NULL)
        return error_system(error, "libcurl: cannot be started");
    m->url = g_strdup(url);
    w->count++;
    curl_easy_setopt(m->curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(m->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(m->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(m->curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(m->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
    curl_easy_setopt(m->curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(m->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(m->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(m->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(m->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(m->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(m->curl, CURLOPT_XFERINFODATA, w);
    curl_easy_setopt(m->curl, CURLOPT_HTTPHEADER, w->headers);
    curl_easy_setopt(m->curl, CURLOPT_WRITEFUNCTION, take_answer);
    rc = curl_easy_setopt(m->curl, CURLOPT_PINNEDPUBLICKEY, pins);
    if (rc != CURLE_OK)
        return error_system(error, "libcurl: pins: %s", curl_easy_strerror(rc));
    return TRUE;
}

/* Key and certificate from memory: they stand in the sealed body and in no file. */
static gboolean
members_identify(struct etcd_witness *w, GError **error)
{
    gsize len;
    const void *certificate = g_bytes_get_data(w->certificate, &len);
    struct curl_blob cert = { (void *)certificate, len, CURL_BLOB_NOCOPY };
    struct curl_blob key = { secret_bytes(w->key), secret_len(w->key), CURL_BLOB_NOCOPY };

    for (guint i = 0; i < w->count; i++) {
        if (curl_easy_setopt(w->members[i].curl, CURLOPT_SSLCERT_BLOB, &cert) != CURLE_OK ||
            curl_easy_setopt(w->members[i].curl, CURLOPT_SSLKEY_BLOB, &key) != CURLE_OK)
            return error_system(error, "libcurl: takes no client key from memory");
    }
    return TRUE;
}

static gboolean
members_open(struct etcd_witness *w, const char *where, const char *pin, GError **error)
{
    g_auto(GStrv) urls = g_strsplit_set(where, " ,", 0);
    g_autofree char *pins = curl_pins(pin, error);

    if (pins == NULL)
        return FALSE;
    for (char **url = urls; *url != NULL; url++)
        if (**url != '\0' && !member_open(w, *url, pins, error))
            return FALSE;
    return w->key == NULL || members_identify(w, error);
}

Witness *
witness_etcd_open(const char *where, const char *pin, GBytes *certificate, const Secret *key,
                  GError **error)
{
    struct etcd_witness *w;

    if ((certificate == NULL) != (key == NULL)) {
        error_malformed(error, "witness: client key and certificate belong together");
        return NULL;
    }
    w = g_new0(struct etcd_witness, 1);
    w->witness.ops = &etcd_ops;
    w->key = secret_dup(key);
    w->certificate = certificate != NULL ? g_bytes_ref(certificate) : NULL;
    w->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!members_open(w, where, pin, error)) {
        etcd_free(&w->witness);
        return NULL;
    }
    return &w->witness;
}
