# SPDX-License-Identifier: BSD-3-Clause
# What a stranger, a peer or a server can send (src/cocotransport/wire, keys, session).

FUZZ_SESSION = $(FUZZ_LIBS) $(SESSION_LIBS)

check_PROGRAMS += \
	tests/fuzz/fuzz_message \
	tests/fuzz/fuzz_claims \
	tests/fuzz/fuzz_evidence \
	tests/fuzz/fuzz_identity \
	tests/fuzz/fuzz_resume \
	tests/fuzz/fuzz_saved \
	tests/fuzz/fuzz_preauth \
	tests/fuzz/fuzz_eventlog \
	tests/fuzz/fuzz_tunnel \
	tests/fuzz/fuzz_ptm
tests_fuzz_fuzz_message_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_message_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_claims_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_claims_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_evidence_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_evidence_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_identity_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_identity_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_resume_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_resume_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_saved_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_saved_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_preauth_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_preauth_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_eventlog_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_eventlog_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_tunnel_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_tunnel_LDADD = $(FUZZ_SESSION)
tests_fuzz_fuzz_ptm_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/include
tests_fuzz_fuzz_ptm_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_ptm_LDADD = $(FUZZ_LIBS) $(CONTROL_LIBS)
