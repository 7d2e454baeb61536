/* SPDX-License-Identifier: BSD-3-Clause */
/* test_options - swtpm's grammar: what is taken, and the words in which the rest is refused. */
#include "config.h"

#include <string.h>

#include "base/error.h"
#include "base/options.h"
#include "suites.h"

Suite *options_suite(void);

struct config {
    gboolean daemon;
    char *state;
    GPtrArray *many;
    int number;
    guint size;
    guint64 large;
    guint mode;
    int fd;
    gboolean lock;
    char *files;
    char *pair[2];
    char *order;
};

#define ROW(name, letter, kind, field, value, help) \
    { name, letter, kind, offsetof(struct config, field), value, help }

static const struct option_row rows[] = {
    ROW("daemon", 'd', OPTION_FLAG, daemon, NULL, "go to the background"),
    ROW("tpmstate", 0, OPTION_STRING, state, "dir=DIR", "where the state is"),
    ROW("tpm-state", 0, OPTION_STRING, state, "dir=DIR", NULL),
    ROW("many", 'm', OPTION_STRINGS, many, "WORD", "may be given several times, and its help is "
        "so long that it does not fit into one line of eighty columns"),
    ROW("port", 'p', OPTION_INT, number, "N", "a number"),
    ROW("size", 's', OPTION_UINT, size, "N", "a number of bytes"),
    ROW("large", 0, OPTION_UINT64, large, "N", "a large number"),
    ROW("mode", 0, OPTION_OCTAL, mode, "MODE", "a file mode"),
    ROW("migration", 0, OPTION_FLAG, daemon, NULL, "one thing"),
    ROW("migration-key", 0, OPTION_STRING, state, "FILE", "another thing"),
    ROW("fd", 'f', OPTION_FD, fd, "FD", "an open file"),
    ROW("lock", 0, OPTION_BOOL, lock, "yes|no", "take a lock"),
    ROW("create-config-files", 0, OPTION_OPTIONAL, files, "HOW", "make them"),
    ROW("two-words", 0, OPTION_PAIR, pair, "TYPE FILE", "a value of two words"),
    ROW("up", 'u', OPTION_WORD, order, NULL, "one step"),
    ROW("right", 'r', OPTION_WORD, order, NULL, "another step"),
    { 0 }
};

typedef gboolean (*parser)(const struct option_row *, int, char **, void *, char ***, GError **);

/* Parses the words of @line. */
static gboolean
parse(parser how, const char *line, struct config *c, char **ret_operands, GError **error)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    char **operands = NULL;

    if (!how(rows, (int)g_strv_length(words), words, c,
             ret_operands != NULL ? &operands : NULL, error))
        return FALSE;
    if (ret_operands != NULL)
        *ret_operands = g_strjoinv(" ", operands);
    return TRUE;
}

START_TEST(every_kind_reaches_its_field)
{
    g_autoptr(GError) error = NULL;
    struct config c = { .fd = -1 };

    ck_assert_msg(parse(options_parse,
                        "x -dp2322 --tpmstate dir=/a --tpmstate=dir=/b --many a -m b --size 0x10 "
                        "--large=18446744073709551615 --mode 0640 -f 3 --lock=no "
                        "--create-config-files root", &c, NULL, &error),
                  "%s", error != NULL ? error->message : "");
    ck_assert(c.daemon);
    ck_assert_int_eq(c.number, 2322);
    ck_assert_str_eq(c.state, "dir=/b");
    ck_assert_uint_eq(c.many->len, 2);
    ck_assert_str_eq(c.many->pdata[1], "b");
    ck_assert_uint_eq(c.size, 16);
    ck_assert(c.large == G_MAXUINT64);
    ck_assert_uint_eq(c.mode, 0640);
    ck_assert_int_eq(c.fd, 3);
    ck_assert(!c.lock);
    ck_assert_str_eq(c.files, "root");
    options_clear(rows, &c);
    ck_assert_ptr_null(c.state);
    ck_assert_ptr_null(c.many);
    options_clear(rows, &c);
}
END_TEST

START_TEST(abbreviations_and_operands)
{
    g_autofree char *operands = NULL;
    struct config c = { 0 };

    /* An exact name is never ambiguous; two spellings of one thing are not either. */
    ck_assert(parse(options_parse, "x one --tpm dir=a --migration --lock two -- -d", &c,
                    &operands, NULL));
    ck_assert_str_eq(operands, "one two -d");
    ck_assert_str_eq(c.state, "dir=a");
    ck_assert(c.daemon);
    ck_assert(c.lock);
    options_clear(rows, &c);
}
END_TEST

START_TEST(a_value_may_be_missing)
{
    struct config c = { 0 };

    ck_assert(parse(options_parse, "x --create-config-files -d", &c, NULL, NULL));
    ck_assert_str_eq(c.files, "");
    ck_assert(c.daemon);
    ck_assert(parse(options_parse, "x --create-config-files=skip", &c, NULL, NULL));
    ck_assert_str_eq(c.files, "skip");
    options_clear(rows, &c);
}
END_TEST

START_TEST(a_pair_takes_the_word_after_it)
{
    struct config c = { 0 };
    g_autofree char *operands = NULL;

    ck_assert(parse(options_parse, "x before --two-words a b after", &c, &operands, NULL));
    ck_assert_str_eq(c.pair[0], "a");
    ck_assert_str_eq(c.pair[1], "b");
    ck_assert_str_eq(operands, "before after");
    options_clear(rows, &c);
    ck_assert_ptr_null(c.pair[1]);
    ck_assert(parse(options_parse, "x --two-words=a -d", &c, NULL, NULL));
    ck_assert_str_eq(c.pair[0], "a");
    ck_assert_ptr_null(c.pair[1]);
    options_clear(rows, &c);
}
END_TEST

START_TEST(words_tell_their_order)
{
    struct config c = { 0 };

    ck_assert(parse(options_parse, "x --right -u -u --right", &c, NULL, NULL));
    ck_assert_str_eq(c.order, "rightupupright");
    options_clear(rows, &c);
    ck_assert_ptr_null(c.order);
}
END_TEST

START_TEST(one_dash_is_enough_where_it_was)
{
    struct config c = { 0 };

    ck_assert(parse(options_parse_one_dash, "x -size 3 -d -tpmstate=q", &c, NULL, NULL));
    ck_assert_uint_eq(c.size, 3);
    ck_assert(c.daemon);
    ck_assert_str_eq(c.state, "q");
    options_clear(rows, &c);
}
END_TEST

static const struct {
    const char *line;
    const char *words;
} refused[] = {
    { "x --nonsense", "unknown option '--nonsense'" },
    { "x -q", "unknown option '-q'" },
    { "x -dq", "unknown option '-q'" },
    { "x --tpmstate", "option '--tpmstate' needs a value" },
    { "x -p", "option '-p' needs a value" },
    { "x --daemon=yes", "option '--daemon=yes' takes no value" },
    { "x --m", "option '--m' is ambiguous: --many, --mode, --migration, --migration-key" },
    { "x --port 1x", "--port: '1x'" },
    { "x --port 2147483648", "--port: '2147483648'" },
    { "x -s -1", "-s: '-1'" },
    { "x --size 4294967296", "--size: '4294967296'" },
    { "x --mode 8", "--mode: '8' is no octal number" },
    { "x --mode 1000", "--mode: '1000'" },
    { "x --fd -1", "--fd: '-1'" },
    { "x --lock=maybe", "--lock: 'maybe' is neither yes nor no" },
    { "x word", "Unknown parameter 'word'" },
};

START_TEST(what_is_wrong_is_named)
{
    g_autoptr(GError) error = NULL;
    struct config c = { 0 };

    ck_assert_msg(!parse(options_parse, refused[_i].line, &c, NULL, &error), "%s",
                  refused[_i].line);
    ck_assert(g_error_matches(error, COCO_ERROR, COCO_ERROR_MALFORMED));
    ck_assert_msg(strstr(error->message, refused[_i].words) != NULL, "%s: %s", refused[_i].line,
                  error->message);
    options_clear(rows, &c);
}
END_TEST

START_TEST(suboptions_reach_their_fields)
{
    struct config c = { 0 };

    ck_assert(suboptions_parse(rows, "--x", "tpmstate=a=b,daemon,mode=770,,lock=true,"
                               "files={\"a\":1", &c, NULL) == FALSE);
    options_clear(rows, &c);
    c = (struct config){ 0 };
    ck_assert(suboptions_parse(rows, "--x", "tpmstate=a=b,daemon,mode=770,lock=1,tpmstate=c,"
                               "create-config-files={\"a\":{},\"b\":[1,2]},many=1,many=2", &c,
                               NULL));
    ck_assert_str_eq(c.state, "a=b");            /* the first counts */
    ck_assert(c.daemon && c.lock);
    ck_assert_uint_eq(c.mode, 0770);
    ck_assert_str_eq(c.files, "{\"a\":{},\"b\":[1,2]}");
    ck_assert_uint_eq(c.many->len, 2);
    options_clear(rows, &c);
    ck_assert(suboptions_parse(rows, "--x", "", &c, NULL));
}
END_TEST

static const struct {
    const char *text;
    const char *words;
} bad_suboptions[] = {
    { "nonsense", "--x: Unknown option 'nonsense'" },
    { "daemo", "--x: Unknown option 'daemo'" },
    { "daemo=1", "--x: Unknown option 'daemo=1'" },
    { "tpmstate=", "--x: Unknown option 'tpmstate='" },
    { "tpmstate", "--x: 'tpmstate' needs a value" },
    { "fd=x", "--x fd: 'x'" },
    { "daemon=maybe", "--x daemon: 'maybe'" },
};

START_TEST(bad_suboptions_are_named)
{
    g_autoptr(GError) error = NULL;
    struct config c = { 0 };

    ck_assert(!suboptions_parse(rows, "--x", bad_suboptions[_i].text, &c, &error));
    ck_assert_msg(strstr(error->message, bad_suboptions[_i].words) != NULL, "%s",
                  error->message);
}
END_TEST

START_TEST(help_shows_each_row_and_keeps_inside_the_page)
{
    g_autofree char *help = options_help(rows);
    g_auto(GStrv) lines = g_strsplit(help, "\n", -1);

    ck_assert_ptr_nonnull(strstr(help, "  -d, --daemon                go to the background\n"));
    ck_assert_ptr_nonnull(strstr(help, "  --lock[=yes|no]             take a lock\n"));
    ck_assert_ptr_nonnull(strstr(help, "  --create-config-files[=HOW]\n"
                                       "                              make them\n"));
    ck_assert_ptr_null(strstr(help, "--tpm-state"));
    for (char **line = lines; *line != NULL; line++)
        ck_assert_uint_le(strlen(*line), 80);
}
END_TEST

Suite *
options_suite(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");

    tcase_add_test(tcase, every_kind_reaches_its_field);
    tcase_add_test(tcase, abbreviations_and_operands);
    tcase_add_test(tcase, a_value_may_be_missing);
    tcase_add_test(tcase, a_pair_takes_the_word_after_it);
    tcase_add_test(tcase, words_tell_their_order);
    tcase_add_test(tcase, one_dash_is_enough_where_it_was);
    tcase_add_loop_test(tcase, what_is_wrong_is_named, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tcase, suboptions_reach_their_fields);
    tcase_add_loop_test(tcase, bad_suboptions_are_named, 0, G_N_ELEMENTS(bad_suboptions));
    tcase_add_test(tcase, help_shows_each_row_and_keeps_inside_the_page);
    suite_add_tcase(suite, tcase);
    return suite;
}
