# SPDX-License-Identifier: BSD-3-Clause

noinst_LTLIBRARIES += libattest.la
libattest_la_SOURCES = \
	src/cocotransport/attest/policy.h \
	src/cocotransport/attest/provider.h \
	src/cocotransport/attest/report.h \
	src/cocotransport/attest/verify.h
include src/cocotransport/attest/provider.mk
