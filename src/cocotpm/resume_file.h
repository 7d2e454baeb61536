/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resume_file - a session that outlives a process (--resume FILE): what is needed
 * to resume it, in a locked file that only its owner reads, and that is in memory
 * alone (tmpfs), since its keys must not outlive the VM.
 */
#pragma once

#include "cocotransport/session/client.h"

typedef struct ResumeFile ResumeFile;

/* Locks FILE.lock, waiting until @deadline for another process that has the session. */
ResumeFile *resume_file_open(const char *path, gint64 deadline, GError **error);
void resume_file_free(ResumeFile *f);

/* The session that is kept there; NULL in @ret when none is. */
gboolean resume_file_load(ResumeFile *f, Client **ret, GError **error);
/* A client_changed: @data is the file. */
gboolean resume_file_save(const Client *c, gpointer data, GError **error);
/* The session is over: overwritten and removed. */
gboolean resume_file_wipe(ResumeFile *f, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ResumeFile, resume_file_free)
