/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * options - command lines by rows. A row is the whole truth about an option:
 * parsing, --help, the check of the man pages read the same row. Grammar as
 * swtpm's users know it: getopt_long's long options with their unique
 * abbreviations, "-p2322", and values of the form a=b,c=d.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

enum option_kind {
    OPTION_FLAG,             /* gboolean, no value */
    OPTION_STRING,           /* char *; the last one given counts; owned by the config */
    OPTION_STRINGS,          /* GPtrArray * of char *, made when first needed */
    OPTION_INT,              /* int, decimal */
    OPTION_UINT,             /* guint, decimal; also 0x… */
    OPTION_UINT64,           /* guint64 */
    OPTION_OCTAL,            /* guint: a file mode, 0 to 0777 */
    OPTION_FD,               /* int >= 0; config starts with -1; ports too */
    OPTION_BOOL,             /* gboolean, value yes|no|true|false|on|off|1|0, none means true */
    OPTION_OPTIONAL,         /* char *; the value may be missing (then ""), or be the next word
                                when that begins with no dash */
    OPTION_PAIR,             /* char *[2]: the value, and the word after it when that begins with
                                no dash, else NULL */
    OPTION_WORD,             /* char *, no value: its name is appended, so that several options
                                with one field tell their order */
};

struct option_row {
    const char *name;        /* NULL ends the table */
    char letter;             /* short form, or 0 */
    enum option_kind kind;
    size_t field;            /* offset in the program's config struct */
    const char *value;       /* what the value is called in --help; NULL for flags */
    const char *help;        /* one sentence; NULL hides a row (obsolete spellings) from --help */
};

/*
 * Parses argv[1…] into @config. Operands (words without a dash) are an error
 * unless @ret_operands is given, which then points into @argv, NULL-ended.
 * Errors name the option in the words the user typed.
 */
gboolean options_parse(const struct option_row *rows, int argc, char **argv, void *config,
                       char ***ret_operands, GError **error);

/* The same where long options may have one dash (getopt_long_only: swtpm_ioctl, swtpm_cert). */
gboolean options_parse_one_dash(const struct option_row *rows, int argc, char **argv,
                                void *config, char ***ret_operands, GError **error);

/* Parses "a=b,c,d=e" into @config; @option is the name for error messages ("--tpmstate"). A bare
 * name is a flag; of a name given twice the first counts, as in swtpm; commas inside {} do not
 * divide. */
gboolean suboptions_parse(const struct option_row *rows, const char *option, const char *text,
                          void *config, GError **error);

/* The rows as the indented lines of --help, to be freed. */
char *options_help(const struct option_row *rows);

/* Frees every string the rows own inside @config. */
void options_clear(const struct option_row *rows, void *config);
