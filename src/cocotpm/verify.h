/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * verify - what the commands of cocotpm-verify share: their input from files
 * and options, and their output in words or as JSON.
 */
#pragma once

#include "base/options.h"
#include "cocotransport/attest/verify.h"
#include "cocotransport/wire/statement.h"

#include <json-glib/json-glib.h>

#define EVIDENCE_FILE_MAX (1024 * 1024)

enum verify_exit { VERIFY_ACCEPTED, VERIFY_REJECTED, VERIFY_UNUSABLE };

/* The options that every judging command has; first member of its config. */
struct verify_options {
    gboolean help, version, json, allow_debug;
    GPtrArray *roots, *chains;       /* char * */
    char *policy, *crl, *at, *own_chip, *report_data, *vek;
};

#define VERIFY_SHOW_ROWS(config) \
    { "json", 0, OPTION_FLAG, offsetof(config, common.json), NULL, "print JSON" }, \
    { "help", 'h', OPTION_FLAG, offsetof(config, common.help), NULL, "show this text" }, \
    { "version", 'V', OPTION_FLAG, offsetof(config, common.version), NULL, "show the version" }

#define VERIFY_JUDGE_ROWS(config) \
    { "root", 0, OPTION_STRINGS, offsetof(config, common.roots), "NAME|FILE", \
      "a root that is trusted, instead of the policy's: amd-genoa, amd-turin, amd-milan, " \
      "intel-tdx, or a certificate" }, \
    { "policy", 0, OPTION_STRING, offsetof(config, common.policy), "FILE", \
      "who the peer has to be (cocotpm-policy(5))" }, \
    { "at", 0, OPTION_STRING, offsetof(config, common.at), "TIME", \
      "judge as of this time (RFC 3339) instead of now" }, \
    { "allow-debug", 0, OPTION_FLAG, offsetof(config, common.allow_debug), NULL, \
      "accept VMs that the host may debug" }, \
    VERIFY_SHOW_ROWS(config)

#define VERIFY_REPORT_DATA_ROW(config) \
    { "report-data", 0, OPTION_STRING, offsetof(config, common.report_data), "HEX", \
      "what the report has to be made over, 64 bytes" }

#define VERIFY_VEK_ROW(config) \
    { "vek", 0, OPTION_STRING, offsetof(config, common.vek), "FILE", \
      "the VCEK or VLEK certificate of an SNP report, PEM or DER" }

#define VERIFY_CRL_ROW(config) \
    { "crl", 0, OPTION_STRING, offsetof(config, common.crl), "FILE", \
      "the root's revocation list, PEM or DER" }

#define VERIFY_CHAIN_ROWS(config) \
    { "chain", 0, OPTION_STRINGS, offsetof(config, common.chains), "FILE", \
      "certificates between the report's key and the root, PEM or DER; may be repeated" }, \
    VERIFY_CRL_ROW(config), \
    { "own-chip", 0, OPTION_STRING, offsetof(config, common.own_chip), "HEX", \
      "the chip that same-chip compares with; without it same-chip is not judged" }

/* What those options come to. */
struct verify_input {
    struct policy *policy;
    gboolean has_policy;
    gboolean chip_not_judged;
    GBytes *chain, *crl;             /* NULL for none */
    guint8 own_chip[64], report_data[64];
    struct verify_context context;   /* points into the rest */
};

gboolean verify_input_read(const struct verify_options *options, char *const *more_chains,
                           struct verify_input *ret, GError **error);
void verify_input_clear(struct verify_input *in);
/* For TDX: Intel's root, where neither a policy nor --root says whom to trust. */
void verify_input_trust_intel(const struct verify_options *options, struct verify_input *in);

/* A file that need not be given: @path NULL leaves *@ret alone. */
gboolean verify_read_optional(const char *path, gsize max, GBytes **ret, GError **error);
/* A whole file of evidence. */
GBytes *verify_read_evidence(const char *path, GError **error);

/*
 * One command's start: parses the options, serves --help and --version (FALSE
 * without error then). @ret_operands may be NULL when the command takes none.
 */
gboolean verify_start(const char *synopsis, const struct option_row *rows, int argc, char **argv,
                      struct verify_options *options, char ***ret_operands, GError **error);

/* Every field by name; to be unreffed. */
JsonObject *verify_snp_fields(const struct snp_report *report, enum snp_product product);

JsonObject *verify_td_fields(const struct td_report *td);
/* The same with what is known of its platform. */
JsonObject *verify_quote_fields(const struct verdict *v);
/* The two pins that an owner takes from a birth statement stand here. */
JsonObject *verify_statement_fields(const struct statement *s);

/* --nonce, 32 to 64 bytes; an error where it is missing. */
gboolean verify_read_nonce(const char *hex, guint8 ret[static STATEMENT_NONCE_MAX],
                           gsize *ret_len, GError **error);

/* Helpers for the above and its kin. */
void verify_add_hex(JsonObject *object, const char *name, const void *data, size_t len);
void verify_add_number(JsonObject *object, const char *name, guint64 value);

/* Prints an object: as JSON, or one line a member, indented. */
void verify_print_json(JsonObject *object);
void verify_print_words(JsonObject *object, int indent);

/* The verdict, with the fields of what was judged (may be NULL). Returns the exit status. */
int verify_print_verdict(const struct verdict *v, const char *what, JsonObject *fields,
                         const struct verify_input *in, gboolean json);

typedef int verify_command(int argc, char **argv, GError **error);

verify_command verify_command_report;
verify_command verify_command_show;
verify_command verify_command_policy;
verify_command verify_command_tdx;
verify_command verify_command_hcl;
verify_command verify_command_bundle;
verify_command verify_command_ek;
