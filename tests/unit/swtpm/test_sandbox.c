/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"
#include "swtpm/sandbox.h"

Suite *sandbox_suite(void);

/* What a child does behind the filter, and how it has to end: a signal, or an exit status. */
enum deed { SERVE, FORK, EXECUTE, MOUNT };

static const struct {
    const char *what;
    const char *action;
    enum deed deed;
    int signal;              /* 0: goes on, and ends with 0 */
} cases[] = {
    { "what it needs, by default", NULL, SERVE, 0 },
    { "what it needs, with kill", "kill", SERVE, 0 },
    { "a fork by default", NULL, FORK, SIGSYS },
    { "a fork with kill", "kill", FORK, SIGSYS },
    { "a program with kill", "kill", EXECUTE, SIGSYS },
    { "a mount with kill", "kill", MOUNT, SIGSYS },
    { "a fork with log", "log", FORK, 0 },
    { "a mount with log", "log", MOUNT, 0 },
    { "a fork with none", "none", FORK, 0 },
    { "a mount with none", "none", MOUNT, 0 },
};

static void
serve(void)
{
    int ends[2];
    char byte = 0;

    if (pipe2(ends, 0) != 0 || write(ends[1], "x", 1) != 1 || read(ends[0], &byte, 1) != 1)
        _exit(3);
}

static void G_GNUC_NORETURN
behind_filter(const char *action, enum deed deed)
{
    char *const words[] = { NULL };
    pid_t pid;

    if (!sandbox_close(action, NULL))
        _exit(2);
    switch (deed) {
    case FORK:
        pid = fork();
        if (pid == 0)
            _exit(0);
        break;
    case EXECUTE:
        execve("/nonexistent", words, words);
        break;
    case MOUNT:
        mount("none", "/nonexistent", "none", 0, NULL);
        break;
    case SERVE:
    default:
        serve();
    }
    _exit(0);
}

START_TEST(action_is_taken)
{
    int status = 0;
    pid_t pid;

#ifdef SANITIZERS
    return;                  /* sandbox_close() closes nothing there */
#endif
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        behind_filter(cases[_i].action, cases[_i].deed);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (cases[_i].signal != 0)
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == cases[_i].signal, "%s: 0x%x",
                      cases[_i].what, status);
    else
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: 0x%x", cases[_i].what,
                      status);
}
END_TEST

Suite *
sandbox_suite(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tcase = tcase_create("sandbox");

    tcase_add_loop_test(tcase, action_is_taken, 0, G_N_ELEMENTS(cases));
    suite_add_tcase(suite, tcase);
    return suite;
}
