# SPDX-License-Identifier: BSD-3-Clause

check_PROGRAMS += tests/tools/attacker
tests_tools_attacker_SOURCES = tests/tools/attacker.c tests/tools/attacks.c tests/tools/attacks.h
tests_tools_attacker_LDADD = $(LINK_LIBS)

check_PROGRAMS += tests/tools/tap
tests_tools_tap_SOURCES = tests/tools/tap.c
tests_tools_tap_LDADD = $(LINK_LIBS)

check_PROGRAMS += tests/tools/carrier
tests_tools_carrier_SOURCES = tests/tools/carrier.c tests/tools/orders.c tests/tools/orders.h
tests_tools_carrier_LDADD = $(LINK_LIBS)

check_PROGRAMS += tests/tools/control
tests_tools_control_SOURCES = tests/tools/control.c tests/tools/orders.c tests/tools/orders.h
tests_tools_control_LDADD = $(LINK_LIBS)

check_PROGRAMS += tests/tools/tpm_time
MODULE = tests/tools/module.c tests/tools/module.h
tests_tools_tpm_time_SOURCES = tests/tools/tpm_time.c $(MODULE)
tests_tools_tpm_time_CPPFLAGS = $(AM_CPPFLAGS) $(TSS_CFLAGS)
tests_tools_tpm_time_LDADD = $(LINK_LIBS) -ldl

check_PROGRAMS += tests/tools/module_user
tests_tools_module_user_SOURCES = tests/tools/module_user.c $(MODULE)
tests_tools_module_user_CPPFLAGS = $(AM_CPPFLAGS) $(TSS_CFLAGS)
tests_tools_module_user_LDADD = $(BASE_LIBS) -ldl

check_PROGRAMS += tests/tools/loris
tests_tools_loris_SOURCES = tests/tools/loris.c
tests_tools_loris_LDADD = $(LINK_LIBS)

check_PROGRAMS += tests/tools/rogue tests/tools/rivals tests/tools/resumer tests/tools/cuckoo \
	tests/tools/attached tests/tools/resetter
TENANT = tests/tools/tenant.c tests/tools/tenant.h
STEPS = tests/tools/steps.c tests/tools/steps.h $(TENANT)
PLAY = tests/tools/play.c tests/tools/play.h $(STEPS)
tests_tools_rogue_SOURCES = tests/tools/rogue.c $(TENANT)
tests_tools_rogue_LDADD = $(SESSION_LIBS) $(LINK_LIBS)
tests_tools_rivals_SOURCES = tests/tools/rivals.c $(STEPS)
tests_tools_rivals_LDADD = $(SESSION_LIBS) $(LINK_LIBS)
tests_tools_resumer_SOURCES = tests/tools/resumer.c $(PLAY)
tests_tools_resumer_LDADD = $(SESSION_LIBS) $(LINK_LIBS)
tests_tools_attached_SOURCES = tests/tools/attached.c $(PLAY)
tests_tools_attached_LDADD = $(SESSION_LIBS) $(LINK_LIBS)
tests_tools_resetter_SOURCES = tests/tools/resetter.c $(STEPS)
tests_tools_resetter_LDADD = $(SESSION_LIBS) $(LINK_LIBS)
tests_tools_cuckoo_SOURCES = tests/tools/cuckoo.c $(STEPS)
tests_tools_cuckoo_LDADD = $(SESSION_LIBS) $(LINK_LIBS)

check_PROGRAMS += tests/tools/impostor
tests_tools_impostor_SOURCES = tests/tools/impostor.c tests/tools/tenant.c tests/tools/tenant.h
tests_tools_impostor_LDADD = $(SESSION_LIBS) $(LINK_LIBS)

check_PROGRAMS += tests/tools/log_writes
tests_tools_log_writes_SOURCES = tests/tools/log_writes.c
tests_tools_log_writes_LDADD = $(BASE_LIBS)

# Preloaded, as tests/fault/faults.so.
check_PROGRAMS += tests/tools/clock.so
tests_tools_clock_so_SOURCES = tests/tools/clock.c
tests_tools_clock_so_CFLAGS = $(COCO_CFLAGS) -fPIC
tests_tools_clock_so_LDFLAGS = $(COCO_LDFLAGS) -shared
