# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += liblink.la
liblink_la_SOURCES = \
	src/cocotransport/link/link.h
