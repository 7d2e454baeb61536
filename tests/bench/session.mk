# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/bench/link_latency
tests_bench_link_latency_LDADD = libsession.la libattest.la liblink.la libwire.la libkeys.la \
	libbase.la $(GNUTLS_LIBS) $(GLIB_LIBS)
