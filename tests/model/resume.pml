/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * resume - exactly once over lost links (protocol, section 6.2).
 *
 * TLS is taken as ideal: the host can neither read nor make a record. It can
 * do all else: hold any message back for as long as it likes, also beyond the
 * moment at which the client has given the link up; deliver any message it
 * ever saw, as often as it likes; cut, as seen by the client alone; and
 * forge the refusal of a handshake (an alert in the clear), so that the client
 * offers its other key. Once, the client's own memory is put back to an older
 * copy (the file of --resume).
 *
 * The client has COMMANDS to give; number 1 is ATTACH, which was carried out
 * when the model begins. What is asserted: no command runs twice, none runs
 * before the one in front of it, each answer is that of the command it is
 * taken for, and the client ends with all answers: a client that is stuck is
 * an invalid end state. The session's own number stands for the key that its
 * exporter gives.
 *
 * Variants, each of which must fail: KEEP_ONLY_NEW_KEY,
 * NO_NUMBERS, NO_CACHE, NO_FENCE, NO_SEQUENCE, NO_STALE.
 */
#ifndef COMMANDS
#define COMMANDS 3
#endif
#ifndef SESSIONS
#define SESSIONS 8
#endif
#ifndef CUTS
#define CUTS 2
#endif
#define SIZE 9                    /* more than COMMANDS and SESSIONS */

mtype = { UNUSED, PENDING, ATTACHED, OVER };

/* Client: key [1] comes from the newest session, key [0] made it; 0 is none. */
byte c_sent = 1, c_received, c_session = 1;
byte c_key[2], c_number[2];
bool stopped, done;

/* Its older copy. */
bool copied, restored;
byte o_sent, o_received, o_key[2], o_number[2];

/* Server. */
byte s_executed = 1, s_answer = 1, s_session = 1;
byte s_key[2], s_number[2];
byte ran[SIZE];

/* Sessions, and what the host holds of each. */
byte sessions = 1, cuts;
mtype state[SIZE];
byte made_key[SIZE], made_number[SIZE];
byte said_sent[SIZE], said_received[SIZE];      /* RESUME */
byte command[SIZE], written[SIZE], taken[SIZE]; /* the command, its record, the server's count */
byte answer[SIZE];                              /* on its way to the client */
bool resumed[SIZE];                             /* so is the answer to RESUME, which has: */
byte resumed_executed[SIZE], resumed_answer[SIZE];

byte i;

inline send()
{
    command[c_session] = c_sent;
    written[c_session]++
}

/* Offers the key in this slot; the server knows it by number and value. */
#define KNOWN(slot) (c_key[slot] != 0 && \
    ((s_key[0] == c_key[slot] && s_number[0] == c_number[slot]) || \
     (s_key[1] == c_key[slot] && s_number[1] == c_number[slot])))

inline connect(slot)
{
    sessions++;
    c_session = sessions;
    state[c_session] = PENDING;
    made_key[c_session] = c_key[slot];
    made_number[c_session] = c_number[slot];
    said_sent[c_session] = c_sent;
    said_received[c_session] = c_received
}

/* The key that made session k is kept, and the one that comes from it. */
inline server_rotate(k)
{
    if
    :: s_key[0] != 0 && s_number[0] == made_number[k] -> skip
    :: else -> s_key[0] = s_key[1]; s_number[0] = s_number[1]
    fi;
#ifdef KEEP_ONLY_NEW_KEY
    s_key[0] = 0;
#endif
    s_key[1] = k;
    s_number[1] = made_number[k] + 1
}

inline client_rotate()
{
    if
    :: made_key[c_session] == c_key[1] -> c_key[0] = c_key[1]; c_number[0] = c_number[1]
    :: else -> skip
    fi;
    c_key[1] = c_session;
    c_number[1] = c_number[0] + 1
}

#ifdef NO_STALE
#define NUMBERS_GOOD(k) true
#else
#define NUMBERS_GOOD(k) (said_sent[k] == s_executed || \
    (said_sent[k] == s_executed + 1 && said_received[k] == s_executed))
#endif

inline accept_resume(k)
{
    server_rotate(k);
    for (i : 1 .. SESSIONS) {
        if
        :: state[i] == PENDING && i != k -> state[i] = OVER
        :: else -> skip
        fi
    }
    if
    :: s_session != k -> state[s_session] = OVER
    :: else -> skip
    fi;
    s_session = k;
    state[k] = ATTACHED;
    resumed[k] = true;
    resumed_executed[k] = s_executed;
    resumed_answer[k] = (said_received[k] < s_executed -> s_answer : 0)
}

#ifdef NO_FENCE
#define SERVED(k) (state[k] == ATTACHED || (state[k] == OVER && written[k] > 0))
#else
#define SERVED(k) (k == s_session)
#endif
#ifdef NO_SEQUENCE
#define NEXT_RECORD(k) (command[k] != 0 && ran[command[k]] < 2)
#else
#define NEXT_RECORD(k) (taken[k] < written[k])
#endif

inline execute(k)
{
    taken[k] = written[k];
    ran[command[k]]++;
    assert(ran[command[k]] == 1);               /* never twice */
    assert(ran[command[k] - 1] == 1);           /* none left out */
    s_executed++;
#ifdef NO_CACHE
    s_answer = 0;
#else
    s_answer = command[k];
#endif
    answer[k] = command[k]
}

/* The client has the answer to its RESUME. */
inline catch_up()
{
    resumed[c_session] = false;
    client_rotate();
    if
#ifdef NO_NUMBERS
    :: c_received < c_sent -> send()
    :: else -> skip
#else
#ifndef NO_STALE
    :: resumed_executed[c_session] > c_sent || resumed_executed[c_session] < c_received ->
        assert(restored);
        stopped = true
#endif
    :: resumed_executed[c_session] < c_sent && resumed_executed[c_session] >= c_received ->
        send()
    :: resumed_executed[c_session] == c_sent && c_received < c_sent ->
        if
        :: resumed_answer[c_session] == 0 -> stopped = true
        :: else ->
            assert(resumed_answer[c_session] == c_sent);
            c_received = c_sent
        fi
    :: resumed_executed[c_session] == c_sent && c_received == c_sent -> skip
#ifdef NO_STALE
    :: resumed_executed[c_session] > c_sent || resumed_executed[c_session] < c_received -> skip
#endif
#endif
    fi
}

/* An honest client is never refused, unless the session is not the newest. */
inline refuse_resume(k)
{
    assert(restored || k != c_session);
    state[k] = OVER;
    if
    :: k == c_session -> stopped = true
    :: else -> skip
    fi
}

#define DELIVER(k) \
    :: d_step { state[k] == PENDING && NUMBERS_GOOD(k) -> accept_resume(k) } \
    :: d_step { state[k] == PENDING && !NUMBERS_GOOD(k) -> refuse_resume(k) } \
    :: d_step { SERVED(k) && NEXT_RECORD(k) -> execute(k) }

active proctype world()
{
    d_step {
        c_key[1] = 1; c_number[1] = 1;
        s_key[1] = 1; s_number[1] = 1;
        state[1] = ATTACHED;
        answer[1] = 1;
        ran[0] = 1; ran[1] = 1
    }
    do
    :: done || (stopped && restored) -> break   /* nothing else may stop the client */
    :: d_step { !stopped && c_session != 0 && c_received == c_sent && c_sent < COMMANDS &&
        !resumed[c_session] && state[c_session] != PENDING -> c_sent++; send() }
    :: d_step { !stopped && c_session != 0 && answer[c_session] != 0 && !resumed[c_session] &&
        c_received < c_sent ->
        assert(answer[c_session] == c_sent);
        answer[c_session] = 0;
        c_received = c_sent }
    :: d_step { !stopped && c_session != 0 && resumed[c_session] -> catch_up() }
    :: d_step { !stopped && c_received == COMMANDS && c_session != 0 -> done = true; stopped = true }

    /* The host cuts now and then; it has to stop at last. */
    :: d_step { !stopped && c_session != 0 && cuts < CUTS -> cuts++; c_session = 0 }
    :: d_step { !stopped && c_session != 0 && state[c_session] == OVER -> c_session = 0 }
    :: d_step { !stopped && c_session == 0 && KNOWN(1) && sessions < SESSIONS -> connect(1) }
    :: d_step { !stopped && c_session == 0 && KNOWN(0) && sessions < SESSIONS -> connect(0) }
    :: d_step { !stopped && c_session == 0 && !KNOWN(0) && !KNOWN(1) ->
        assert(restored);                       /* no key in common */
        stopped = true }

    /* The host delivers what it holds. */
    DELIVER(1) DELIVER(2) DELIVER(3) DELIVER(4)
    DELIVER(5) DELIVER(6) DELIVER(7) DELIVER(8)

    /* The client's older copy. */
    :: d_step { !stopped && !copied -> copied = true;
        o_sent = c_sent; o_received = c_received;
        o_key[0] = c_key[0]; o_key[1] = c_key[1];
        o_number[0] = c_number[0]; o_number[1] = c_number[1] }
    :: d_step { !stopped && copied && !restored && !done -> restored = true;
        c_sent = o_sent; c_received = o_received;
        c_key[0] = o_key[0]; c_key[1] = o_key[1];
        c_number[0] = o_number[0]; c_number[1] = o_number[1];
        c_session = 0 }
    od
}
