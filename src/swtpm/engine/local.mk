# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libengine.la
libengine_la_SOURCES = \
	src/swtpm/engine/engine.h
