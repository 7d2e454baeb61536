/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * attach - one attach a launch, and no way back, under a host that keeps
 * every file it ever saw (protocol, sections 6.1 and 7; sealed-state rules 2
 * and 3).
 *
 * Two TPM VMs of one instance. The host kills them and starts them with any
 * STATE and any STATE.next that were ever written: rollback, clones and
 * crashes at every step are that. Two launches of the CoCoVM; the root of each
 * sides with the host from its start, so that it attaches as often as it can
 * and guesses a PIN that allows TRIES wrong ones. Sealing, and the witness's
 * compare-and-swap, are taken as ideal; evidence names its channel.
 *
 * What is asserted (each by itself, so that a variant fails for its reason):
 *   RESET   a launch has the TPM once: nobody gets clean PCRs again
 *   GUESS   never more wrong guesses are answered than the PIN allows
 *   FORK    of the attached TPM VMs at most one holds what the witness holds,
 *           which is what EVIDENCE asks for
 *
 * What protects: WITNESS, BURNT (else the guest makes evidence again and
 * again); without both the attach log alone, which holds when the host does
 * not roll back (HONEST_DISK). Variants that must fail: neither of them;
 * BURNT for GUESS; NO_LOG, LOG_LATE, NUMBER_ONLY (the witness holds just the
 * generation), NO_COMPARE (it is only read at the start), ANSWER_FIRST,
 * NO_EPOCH (an attach is no new state), NO_BINDING (evidence names no channel).
 */
#ifndef STATES
#define STATES 5
#endif
#define SIZE 6                      /* STARTS has a row for each */
#define TRIES 1
#define LAUNCHES 2

/* Every state ever written, by number; 0 is none, 1 the one of provisioning. */
byte states = 1;
byte previous[SIZE], generation[SIZE], log[SIZE], tries[SIZE];
byte newest = 1;                    /* on an honest disk */
byte witness = 1;

/* TPM VMs: 0 is off. */
byte current[2], pending[2], attached[2], wants[2];

/* Launches, 1 and 2. */
bool shown[3];
byte attaches[3], guesses;

#define GUESSING 3                  /* what is wanted: an attach of launch 1 or 2, or a guess */
#define LOGGED(s, l) ((log[s] >> l) & 1)

#ifdef NUMBER_ONLY
#define HOLDS(s) (generation[witness] == generation[s])
#else
#define HOLDS(s) (witness == s)
#endif

#ifdef BURNT
#ifdef NO_BINDING
#define HAS_EVIDENCE(l) true        /* the host shows the one there is again */
#else
#define HAS_EVIDENCE(l) (!shown[l])
#endif
#else
#define HAS_EVIDENCE(l) true
#endif

#ifdef NO_LOG
#define MAY_ATTACH(s, l) true
#else
#define MAY_ATTACH(s, l) (!LOGGED(s, l))
#endif

inline check_fork()
{
#ifdef FORK
    assert(!(attached[0] != 0 && attached[1] != 0 && HOLDS(current[0]) && HOLDS(current[1])))
#else
    skip
#endif
}

/* What was asked for takes effect: clean PCRs for a launch, or a guess answered. */
inline effect(v)
{
    if
    :: wants[v] == GUESSING ->
        guesses++;
#ifdef GUESS
        assert(guesses <= TRIES);
#endif
    :: else ->
        attached[v] = wants[v];
        attaches[wants[v]]++;
#ifdef RESET
        assert(attaches[wants[v]] == 1);
#endif
    fi;
    check_fork()
}

/* STATE.next is durable; the host has it from here on. */
inline write_next(v, what)
{
    wants[v] = what;
    states++;
    pending[v] = states;
    previous[states] = current[v];
    generation[states] = generation[current[v]] + 1;
    log[states] = log[current[v]];
    tries[states] = tries[current[v]];
    if
    :: what == GUESSING -> tries[states]++
    :: else ->
        shown[what] = true;
        log[states] = log[states] | (1 << what)
    fi;
#ifdef ANSWER_FIRST
    effect(v)
#endif
#ifdef LOG_LATE
    if
    :: what != GUESSING -> effect(v)
    :: else -> skip
    fi
#endif
}

inline off(v)
{
    current[v] = 0; pending[v] = 0; attached[v] = 0; wants[v] = 0
}

/* The compare-and-swap, then the rename, then the store's callback returns. */
inline commit(v)
{
    if
#ifdef WITNESS
#ifndef NO_COMPARE
    :: !HOLDS(current[v]) && !HOLDS(pending[v]) -> off(v)   /* fenced: the process ends */
#endif
#endif
    :: else ->
        witness = pending[v];
        current[v] = pending[v];
        newest = pending[v];
        pending[v] = 0;
#ifdef LOG_LATE
        if
        :: wants[v] == GUESSING -> effect(v)
        :: else -> skip
        fi;
#else
#ifndef ANSWER_FIRST
        effect(v);
#endif
#endif
        wants[v] = 0
    fi
}

/* With STATE s and STATE.next n (0: none), by the table of rule 2. */
inline start(v, s, n)
{
    if
#ifdef WITNESS
    :: HOLDS(s) && n != 0 -> witness = n; current[v] = n
    :: HOLDS(s) && n == 0 -> current[v] = s
    :: !HOLDS(s) && n != 0 && HOLDS(n) -> current[v] = n
    :: else -> skip                                         /* refused */
#else
    :: else -> current[v] = s
#endif
    fi;
    check_fork()
}

#ifdef HONEST_DISK
#define ON_DISK(v, s, n) (s == newest && n == 0 && current[1 - v] == 0)
#else
#define ON_DISK(v, s, n) (s <= states && n <= states)
#endif

/* A STATE.next that is no successor is the same to rule 2 as none. */
#define START(v, s, n) \
    :: d_step { current[v] == 0 && ON_DISK(v, s, n) && (n == 0 || previous[n] == s) -> \
        start(v, s, n) }
#define START_FROM(v, s) START(v, s, 0) START(v, s, 2) START(v, s, 3) START(v, s, 4) START(v, s, 5)
#define STARTS(v) START_FROM(v, 1) START_FROM(v, 2) START_FROM(v, 3) START_FROM(v, 4) \
    START_FROM(v, 5)

#ifdef NO_EPOCH
#define ATTACH(v, l) \
    :: d_step { current[v] != 0 && pending[v] == 0 && HAS_EVIDENCE(l) \
        && MAY_ATTACH(current[v], l) -> \
        shown[l] = true; wants[v] = l; effect(v); wants[v] = 0 }
#else
#define ATTACH(v, l) \
    :: d_step { current[v] != 0 && pending[v] == 0 && states < STATES && HAS_EVIDENCE(l) \
        && MAY_ATTACH(current[v], l) -> write_next(v, l) }
#endif

#define GUESS_PIN(v) \
    :: d_step { current[v] != 0 && pending[v] == 0 && states < STATES && attached[v] != 0 \
        && tries[current[v]] < TRIES -> write_next(v, GUESSING) }

active proctype world()
{
    generation[1] = 1;
    do
    STARTS(0) STARTS(1)
    :: d_step { current[0] != 0 -> off(0) }
    :: d_step { current[1] != 0 -> off(1) }

    ATTACH(0, 1) ATTACH(0, 2) ATTACH(1, 1) ATTACH(1, 2)
    GUESS_PIN(0) GUESS_PIN(1)
    :: d_step { pending[0] != 0 -> commit(0) }
    :: d_step { pending[1] != 0 -> commit(1) }
    od
}
