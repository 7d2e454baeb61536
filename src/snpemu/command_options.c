/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command_options - one table for all commands: each takes what it knows of it.
 */
#include "snpemu/command_options.h"

#include "snpemu/launch.h"

#define ROW(name, letter, kind, field, value, help) \
    { name, letter, kind, offsetof(struct command_options, field), value, help }

const struct option_row command_rows[] = {
    ROW("socket", 0, OPTION_STRING, socket, "PATH", "the emulator's control socket"),
    ROW("guest", 0, OPTION_STRING, guest, "PATH",
        "a VM's guest device: what --platform emulator:PATH is given"),
    ROW("mount", 0, OPTION_STRING, mount, "DIR", "an empty folder for the command fuse"),
    ROW("measurement", 0, OPTION_STRING, measurement, "HEX", "launch with this digest"),
    ROW("measurement-of", 0, OPTION_STRINGS, measurement_of, "FILE",
        "measure this file into the launch; may be repeated"),
    ROW("host-data", 0, OPTION_STRING, host_data, "HEX", "32 bytes of HOST_DATA"),
    ROW("policy", 0, OPTION_UINT64, policy, "NUMBER", "guest policy, 0x30000 unless given"),
    ROW("id-block", 0, OPTION_STRING, id_block, "FILE", "ID block of 96 bytes"),
    ROW("id-auth", 0, OPTION_STRING, id_auth, "FILE", "its authentication of 4096 bytes"),
    ROW("author-key", 0, OPTION_FLAG, author_key, NULL, "the author's key is in it too"),
    ROW("vcek-disabled", 0, OPTION_FLAG, vcek_disabled, NULL, "the VM may not use the VCEK"),
    ROW("vmpck", 0, OPTION_UINT, vmpck, "N", "the VMPCK that the guest's Linux uses, 0 to 3"),
    ROW("vmpl", 0, OPTION_UINT, vmpl, "N",
        "the VMPL of the guest's Linux, 0 to 3; 4294967295: the host asks in its place"),
    ROW("certs", 0, OPTION_STRING, certs, "FILE",
        "certificate table that the host hands out instead of the chip's"),
    ROW("no-certs", 0, OPTION_FLAG, no_certs, NULL, "the host hands out no certificates"),
    ROW("fault", 0, OPTION_STRINGS, faults, "KIND[:VALUE][@REQUEST]",
        "what happens to a guest message; may be repeated"),
    ROW("tcb", 0, OPTION_STRING, tcb, "FMC:BOOTLOADER:TEE:SNP:MICROCODE", "a TCB version"),
    ROW("version", 0, OPTION_STRING, version, "MAJOR.MINOR.BUILD", "a firmware version"),
    ROW("csp-id", 0, OPTION_STRING, csp_id, "TEXT", "the cloud provider of a VLEK"),
    ROW("mask-chip-id", 0, OPTION_FLAG, mask_chip_id, NULL, "reports show no chip identifier"),
    ROW("mask-chip-key", 0, OPTION_FLAG, mask_chip_key, NULL, "the VCEK signs nothing"),
    ROW("expired", 0, OPTION_FLAG, expired, NULL, "the VCEK's certificate ended a year ago"),
    ROW("id-key", 0, OPTION_STRING, id_key, "FILE", "private P-384 key that signs the ID block"),
    ROW("author-key-file", 0, OPTION_STRING, author_key_file, "FILE",
        "private P-384 key that signs the ID key"),
    ROW("family-id", 0, OPTION_STRING, family_id, "HEX", "16 bytes of the ID block"),
    ROW("image-id", 0, OPTION_STRING, image_id, "HEX", "16 bytes of the ID block"),
    ROW("svn", 0, OPTION_UINT, svn, "N", "security version of the image in the ID block"),
    ROW("help", 'h', OPTION_FLAG, help, NULL, "shows this help"),
    { 0 }
};

void
command_options_init(struct command_options *o)
{
    *o = (struct command_options){ .policy = POLICY_DEFAULT };
}

void
command_options_clear(struct command_options *o)
{
    options_clear(command_rows, o);
}
