/* SPDX-License-Identifier: BSD-3-Clause */
/* folder - one that is ours alone for a while, with files in it and no folders. */
#pragma once

/* With all that others may have left there, or a file. What cannot be removed stays. */
void folder_remove(const char *path);
