/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command - what a host tells its chip: launches of VMs and commands of the
 * platform, as words of a command line, the same in the client and the daemon.
 */
#pragma once

#include "snpemu/chip.h"

/* The operation of frames on the control socket: folder of the client and its
 * words, each ended by a zero byte → u8 1 for success, then text. */
#define COMMAND_OPERATION 16

#define COMMAND_WORDS_MAX 128

typedef struct Host Host;

/* The machine around a chip: its running VMs. */
Host *host_new(struct chip *chip);
void host_free(Host *h);

/* Runs one command; @ret_text is what the client prints. */
gboolean command_run(Host *h, const char *folder, char **words, char **ret_text, GError **error);

/* TRUE once "quit" was asked for. */
gboolean host_is_done(const Host *h);

/* For --help: names and sentences of the commands, to be freed. */
char *command_help(void);
