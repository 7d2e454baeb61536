# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/tools/attacker
tests_tools_attacker_SOURCES = tests/tools/attacker.c
tests_tools_attacker_LDADD = $(LINK_LIBS)
