/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the carrier says to plain TPM commands: a TPM 2 for probing, none for use.
 */
#include "config.h"

#include "cocotpm/relay_commands.h"

#include "suites.h"

#include <string.h>

static const struct {
    const char *what;
    const char *command;
    const char *answer;
    gboolean stopped;
} command_cases[] = {
    { "Startup(CLEAR)", "8001 0000000c 00000144 0000", "8001 0000000a 00000000", FALSE },
    { "Startup(STATE)", "8001 0000000c 00000144 0001", "8001 0000000a 00000000", FALSE },
    { "Shutdown", "8001 0000000c 00000145 0000", "8001 0000000a 00000000", FALSE },
    { "SelfTest", "8001 0000000b 00000143 01", "8001 0000000a 00000000", FALSE },
    { "IncrementalSelfTest", "8001 0000000e 00000142 00000000", "8001 0000000e 00000000 00000000",
      FALSE },
    { "GetTestResult", "8001 0000000a 0000017c", "8001 00000010 00000000 0000 00000000", FALSE },
    { "its family", "8001 00000016 0000017a 00000006 00000100 00000001",
      "8001 0000001b 00000000 01 00000006 00000001 00000100 322e3000", FALSE },
    { "how many commands, as the kernel asks", "8001 00000016 0000017a 00000006 00000129 00000001",
      "8001 0000001b 00000000 01 00000006 00000001 00000129 00000006", FALSE },
    { "which commands", "8001 00000016 0000017a 00000002 00000142 000000ff",
      "8001 0000002b 00000000 00 00000002 00000006 00000142 00000143 00000144 00000145 0000017a "
      "0000017c", FALSE },
    { "two commands of them", "8001 00000016 0000017a 00000002 00000143 00000002",
      "8001 0000001b 00000000 01 00000002 00000002 00000143 00000144", FALSE },
    { "no banks", "8001 00000016 0000017a 00000005 00000000 00000001",
      "8001 00000013 00000000 00 00000005 00000000", FALSE },
    { "no handles", "8001 00000016 0000017a 00000001 81000000 000000fe",
      "8001 00000013 00000000 00 00000001 00000000", FALSE },
    { "a capability it has not", "8001 00000016 0000017a 00000009 00000000 00000001",
      "8001 0000000a 000001c4", FALSE },
    { "a GetCapability cut short", "8001 00000012 0000017a 00000006 00000100",
      "8001 0000000a 00000142", FALSE },
    { "GetRandom", "8001 0000000c 0000017b 0020", "8001 0000000a 00000143", FALSE },
    { "PCR_Extend", "8002 0000000a 00000182", "8001 0000000a 00000143", FALSE },
    { "PCR_Read", "8001 0000000a 0000017e", "8001 0000000a 00000143", FALSE },
    { "CreatePrimary", "8002 0000000a 00000131", "8001 0000000a 00000143", FALSE },
    { "NV_Read", "8002 0000000a 0000014e", "8001 0000000a 00000143", FALSE },
    { "a size that is not its length", "8001 0000000d 00000144 0000", "8001 0000000a 00000142",
      FALSE },
    { "half a header", "8001 0000", "8001 0000000a 00000142", FALSE },
    { "nothing", "", "8001 0000000a 00000142", FALSE },
    { "a TPM 1.2 question", "00c1 0000000a 000000f1", "00c4 0000000a 0000001e", FALSE },
    { "QEMU's probe before INIT", "8001 0000000a 00000181", "8001 0000000a 00000101", TRUE },
    { "Startup before INIT", "8001 0000000c 00000144 0000", "8001 0000000a 00000101", TRUE },
};

START_TEST(the_carrier_answers)
{
    g_autoptr(GBytes) command = test_bytes(command_cases[_i].command);
    g_autoptr(GBytes) wanted = test_bytes(command_cases[_i].answer);
    guint8 memory[512];
    struct builder out = builder_on(memory, sizeof(memory));
    g_autoptr(GBytes) got = NULL;
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(command, &len);

    relay_command_answer(data, len, !command_cases[_i].stopped, &out);
    ck_assert(!out.failed);
    got = g_bytes_new(memory, builder_len(&out));
    ck_assert_msg(g_bytes_equal(got, wanted), "%s", command_cases[_i].what);
}
END_TEST

/* Every command code of the library that is not in the table above is refused. */
START_TEST(nothing_else_works)
{
    static const guint32 known[] = { 0x142, 0x143, 0x144, 0x145, 0x17a, 0x17c };

    for (guint32 code = 0x100; code < 0x200; code++) {
        guint8 command[10], memory[512];
        struct builder in = builder_on(command, sizeof(command));
        struct builder out = builder_on(memory, sizeof(memory));
        const guint8 refused[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x43 };
        gboolean skip = FALSE;

        for (guint i = 0; i < G_N_ELEMENTS(known); i++)
            skip = skip || known[i] == code;
        if (skip)
            continue;
        builder_be16(&in, 0x8001);
        builder_be32(&in, 10);
        builder_be32(&in, code);
        relay_command_answer(command, sizeof(command), TRUE, &out);
        ck_assert_uint_eq(builder_len(&out), sizeof(refused));
        ck_assert_msg(memcmp(memory, refused, sizeof(refused)) == 0, "0x%x is answered", code);
    }
}
END_TEST

Suite *commands_suite(void);

Suite *
commands_suite(void)
{
    Suite *s = suite_create("relay commands");
    TCase *t = tcase_create("commands");

    tcase_add_loop_test(t, the_carrier_answers, 0, G_N_ELEMENTS(command_cases));
    tcase_add_test(t, nothing_else_works);
    suite_add_tcase(s, t);
    return s;
}
