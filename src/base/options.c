/* SPDX-License-Identifier: BSD-3-Clause */
/* options - command lines by rows; see options.h. */
#include "config.h"

#include "base/options.h"

#include <getopt.h>
#include <string.h>

#include "base/error.h"

#define FIRST_LONG 256       /* above every letter */
#define HELP_COLUMN 30
#define HELP_WIDTH 80

static const struct {
    const char *word;
    gboolean value;
} bool_words[] = {
    { "true", TRUE }, { "yes", TRUE }, { "on", TRUE }, { "1", TRUE },
    { "false", FALSE }, { "no", FALSE }, { "off", FALSE }, { "0", FALSE },
};

static void *
field_of(const struct option_row *row, void *config)
{
    return (char *)config + row->field;
}

static size_t
row_count(const struct option_row *rows)
{
    size_t n = 0;

    while (rows[n].name != NULL)
        n++;
    return n;
}

static gboolean
set_bool(const char *name, const char *text, void *field, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bool_words); i++) {
        if (text == NULL || g_ascii_strcasecmp(text, bool_words[i].word) == 0) {
            *(gboolean *)field = bool_words[i].value;
            return TRUE;
        }
    }
    return error_malformed(error, "%s: '%s' is neither yes nor no", name, text);
}

static gboolean
set_signed(const char *name, const char *text, gint64 min, int *field, GError **error)
{
    gint64 value;

    if (!g_ascii_string_to_signed(text, 10, min, G_MAXINT, &value, NULL))
        return error_malformed(error, "%s: '%s' is no number from %" G_GINT64_FORMAT " to %d",
                               name, text, min, G_MAXINT);
    *field = (int)value;
    return TRUE;
}

static gboolean
number(const char *name, const char *text, guint base, guint64 max, guint64 *ret, GError **error)
{
    const char *digits = text;

    if (base == 10 && g_ascii_strncasecmp(text, "0x", 2) == 0) {
        base = 16;
        digits = text + 2;
    }
    if (g_ascii_string_to_unsigned(digits, base, 0, max, ret, NULL))
        return TRUE;
    if (base == 8)
        return error_malformed(error, "%s: '%s' is no octal number up to %" G_GINT64_MODIFIER "o",
                               name, text, max);
    return error_malformed(error, "%s: '%s' is no number up to %" G_GUINT64_FORMAT, name, text,
                           max);
}

static gboolean
set_unsigned(const struct option_row *row, const char *name, const char *text, void *field,
             GError **error)
{
    const gboolean octal = row->kind == OPTION_OCTAL;
    guint64 value;

    if (!number(name, text, octal ? 8 : 10, octal ? 0777 : G_MAXUINT, &value, error))
        return FALSE;
    *(guint *)field = (guint)value;
    return TRUE;
}

static void
set_string(char **field, const char *text)
{
    g_free(*field);
    *field = g_strdup(text != NULL ? text : "");
}

static void
append_word(char **field, const char *word)
{
    char *longer = g_strconcat(*field != NULL ? *field : "", word, NULL);

    g_free(*field);
    *field = longer;
}

static void
add_string(GPtrArray **field, const char *text)
{
    if (*field == NULL)
        *field = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(*field, g_strdup(text));
}

/* Only kinds that may stand without a value are called with @text NULL. */
static gboolean
set_field(const struct option_row *row, const char *name, const char *text, void *config,
          GError **error)
{
    void *field = field_of(row, config);

    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_BOOL:
        return set_bool(name, text, field, error);
    case OPTION_STRING:
    case OPTION_OPTIONAL:
    case OPTION_PAIR:
        set_string(field, text);
        return TRUE;
    case OPTION_WORD:
        append_word(field, row->name);
        return TRUE;
    case OPTION_STRINGS:
        add_string(field, text);
        return TRUE;
    case OPTION_INT:
        return set_signed(name, text, G_MININT, field, error);
    case OPTION_FD:
        return set_signed(name, text, 0, field, error);
    case OPTION_UINT:
    case OPTION_OCTAL:
        return set_unsigned(row, name, text, field, error);
    case OPTION_UINT64:
        return number(name, text, 10, G_MAXUINT64, field, error);
    default:
        g_return_val_if_reached(FALSE);
    }
}

static int
argument_of(const struct option_row *row)
{
    switch (row->kind) {
    case OPTION_FLAG:
    case OPTION_WORD:
        return no_argument;
    case OPTION_BOOL:
    case OPTION_OPTIONAL:
        return optional_argument;
    default:
        return required_argument;
    }
}

/* Two spellings of one thing share a value, so that what abbreviates both is not ambiguous. */
static int
value_of(const struct option_row *rows, size_t i)
{
    size_t first = 0;

    if (rows[i].kind == OPTION_WORD)
        return FIRST_LONG + (int)i;
    while (rows[first].field != rows[i].field || rows[first].kind != rows[i].kind)
        first++;
    return FIRST_LONG + (int)first;
}

static struct option *
long_options(const struct option_row *rows)
{
    const size_t n = row_count(rows);
    struct option *longs = g_new0(struct option, n + 1);

    for (size_t i = 0; i < n; i++)
        longs[i] = (struct option){ .name = rows[i].name, .has_arg = argument_of(&rows[i]),
                                    .val = value_of(rows, i) };
    return longs;
}

/* The colon first makes getopt tell a missing value from an unknown option. */
static char *
short_options(const struct option_row *rows)
{
    static const char *const suffix[] = {
        [no_argument] = "", [required_argument] = ":", [optional_argument] = "::"
    };
    GString *letters = g_string_new(":");

    for (; rows->name != NULL; rows++) {
        if (rows->letter != 0)
            g_string_append_printf(letters, "%c%s", rows->letter, suffix[argument_of(rows)]);
    }
    return g_string_free(letters, FALSE);
}

static const struct option_row *
row_found(const struct option_row *rows, int found)
{
    if (found >= FIRST_LONG)
        return &rows[found - FIRST_LONG];
    while (rows->name != NULL && rows->letter != found)
        rows++;
    return rows->name != NULL ? rows : NULL;
}

/* What the word @typed could be short for: "--a, --b"; NULL when that is not two or more. */
static char *
candidates(const struct option_row *rows, const char *typed)
{
    g_autoptr(GString) list = g_string_new(NULL);
    g_autofree char *name = NULL;
    guint n = 0;

    while (*typed == '-')
        typed++;
    name = g_strndup(typed, strcspn(typed, "="));
    for (; rows->name != NULL; rows++) {
        if (g_str_has_prefix(rows->name, name) && rows->help != NULL)
            g_string_append_printf(list, "%s--%s", n++ > 0 ? ", " : "", rows->name);
    }
    return n > 1 ? g_strdup(list->str) : NULL;
}

static gboolean
refuse(const struct option_row *rows, int found, char **argv, GError **error)
{
    const char *typed = argv[optind - 1];
    g_autofree char *could_be = NULL;

    if (optopt != 0 && optopt < FIRST_LONG) {
        if (found == ':')
            return error_malformed(error, "option '-%c' needs a value", optopt);
        return error_malformed(error, "unknown option '-%c'", optopt);
    }
    if (found == ':')
        return error_malformed(error, "option '%s' needs a value", typed);
    if (optopt != 0)
        return error_malformed(error, "option '%s' takes no value", typed);
    could_be = candidates(rows, typed);
    if (could_be != NULL)
        return error_malformed(error, "option '%s' is ambiguous: %s", typed, could_be);
    return error_malformed(error, "unknown option '%s'", typed);
}

static gboolean
next_is_word(char **argv)
{
    return argv[optind] != NULL && argv[optind][0] != '-';
}

static gboolean
take(const struct option_row *row, int found, char **argv, void *config, GError **error)
{
    const char *value = optarg;
    g_autofree char *name = found < FIRST_LONG ? g_strdup_printf("-%c", row->letter)
                                               : g_strdup_printf("--%s", row->name);

    if (row->kind == OPTION_OPTIONAL && value == NULL && next_is_word(argv))
        value = argv[optind++];
    if (row->kind == OPTION_PAIR && next_is_word(argv))
        set_string((char **)field_of(row, config) + 1, argv[optind++]);
    return set_field(row, name, value, config, error);
}

typedef int (*getopt_function)(int, char *const *, const char *, const struct option *, int *);

static gboolean
parse(getopt_function next, const struct option_row *rows, int argc, char **argv, void *config,
      char ***ret_operands, GError **error)
{
    g_autofree struct option *longs = long_options(rows);
    g_autofree char *shorts = short_options(rows);
    int found;

    optind = 0;              /* glibc: begin anew */
    opterr = 0;
    while ((found = next(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_row *row = found == '?' || found == ':' ? NULL
                                                                    : row_found(rows, found);

        if (row == NULL)
            return refuse(rows, found, argv, error);
        if (!take(row, found, argv, config, error))
            return FALSE;
    }
    if (ret_operands != NULL)
        *ret_operands = argv + optind;
    else if (optind < argc)
        return error_malformed(error, "Unknown parameter '%s'", argv[optind]);
    return TRUE;
}

gboolean
options_parse(const struct option_row *rows, int argc, char **argv, void *config,
              char ***ret_operands, GError **error)
{
    return parse(getopt_long, rows, argc, argv, config, ret_operands, error);
}

gboolean
options_parse_one_dash(const struct option_row *rows, int argc, char **argv, void *config,
                       char ***ret_operands, GError **error)
{
    return parse(getopt_long_only, rows, argc, argv, config, ret_operands, error);
}

/* Length of the part before the next comma that stands outside of braces. */
static size_t
part_length(const char *text)
{
    size_t depth = 0;
    size_t i;

    for (i = 0; text[i] != '\0' && (depth > 0 || text[i] != ','); i++) {
        if (text[i] == '{')
            depth++;
        else if (text[i] == '}' && depth > 0)
            depth--;
    }
    return i;
}

static const struct option_row *
row_named(const struct option_row *rows, const char *name)
{
    while (rows->name != NULL && strcmp(rows->name, name) != 0)
        rows++;
    return rows->name != NULL ? rows : NULL;
}

static gboolean
takes_no_value(const struct option_row *row)
{
    return row->kind == OPTION_FLAG || row->kind == OPTION_BOOL || row->kind == OPTION_OPTIONAL;
}

/* @part is "name" or "name=value"; @seen has a byte for each row. */
static gboolean
take_part(const struct option_row *rows, const char *option, char *part, guint8 *seen,
          void *config, GError **error)
{
    char *value = strchr(part, '=');
    const struct option_row *row;
    g_autofree char *typed = g_strdup(part);
    g_autofree char *name = NULL;

    if (value != NULL)
        *value++ = '\0';
    row = row_named(rows, part);
    if (row == NULL || (value != NULL && *value == '\0'))
        return error_malformed(error, "%s: Unknown option '%s'%s", option, typed,
                               row != NULL ? ", for want of a value" : "");
    if (value == NULL && !takes_no_value(row))
        return error_malformed(error, "%s: '%s' needs a value (%s=…)", option, part, part);
    if (row->kind != OPTION_STRINGS && seen[row - rows]++ > 0)
        return TRUE;
    name = g_strdup_printf("%s %s", option, part);
    return set_field(row, name, value, config, error);
}

gboolean
suboptions_parse(const struct option_row *rows, const char *option, const char *text,
                 void *config, GError **error)
{
    g_autofree guint8 *seen = g_new0(guint8, row_count(rows) + 1);

    while (*text != '\0') {
        const size_t len = part_length(text);
        g_autofree char *part = g_strndup(text, len);

        if (len > 0 && !take_part(rows, option, part, seen, config, error))
            return FALSE;
        text += len;
        if (*text == ',')
            text++;
    }
    return TRUE;
}

/* Appends the words of @text, breaking lines before they leave the page. */
static void
append_wrapped(GString *out, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    glong column = HELP_COLUMN;

    for (char **word = words; *word != NULL; word++) {
        const glong len = g_utf8_strlen(*word, -1);

        if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
            g_string_append_printf(out, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (word != words) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append(out, *word);
        column += len;
    }
    g_string_append_c(out, '\n');
}

static void
append_row(GString *out, const struct option_row *row)
{
    g_autoptr(GString) left = g_string_new("  ");
    const gboolean optional = takes_no_value(row);

    if (row->name[1] == '\0')
        g_string_append_printf(left, "-%s", row->name);   /* it has no long form */
    else if (row->letter != 0)
        g_string_append_printf(left, "-%c, --%s", row->letter, row->name);
    else
        g_string_append_printf(left, "--%s", row->name);
    if (row->value != NULL)
        g_string_append_printf(left, optional ? "[=%s]" : " %s", row->value);
    if (g_utf8_strlen(left->str, -1) > HELP_COLUMN - 2)
        g_string_append_printf(out, "%s\n%*s", left->str, HELP_COLUMN, "");
    else
        g_string_append_printf(out, "%s%*s", left->str,
                               HELP_COLUMN - (int)g_utf8_strlen(left->str, -1), "");
    append_wrapped(out, row->help);
}

char *
options_help(const struct option_row *rows)
{
    GString *out = g_string_new(NULL);

    for (; rows->name != NULL; rows++) {
        if (rows->help != NULL)
            append_row(out, rows);
    }
    return g_string_free(out, FALSE);
}

void
options_clear(const struct option_row *rows, void *config)
{
    for (; rows->name != NULL; rows++) {
        void *field = field_of(rows, config);

        if (rows->kind == OPTION_PAIR)
            g_clear_pointer((char **)field + 1, g_free);
        if (rows->kind == OPTION_STRING || rows->kind == OPTION_OPTIONAL ||
            rows->kind == OPTION_PAIR || rows->kind == OPTION_WORD)
            g_clear_pointer((char **)field, g_free);
        else if (rows->kind == OPTION_STRINGS)
            g_clear_pointer((GPtrArray **)field, g_ptr_array_unref);
    }
}
