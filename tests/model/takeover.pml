/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * takeover - who has the TPM while a launch takes over and an older one comes
 * back (protocol, sections 6.1 and 6.2, takeover = yes). The root of the older
 * launch sides with the host, which opens and cuts links when it likes.
 *
 * The TPM's thread gives a link's session back some time after it was asked to, so
 * one RESUME waits for the older link's, and an ATTACH ends the link that was there
 * when it began. A link is shaken once its handshake is through, by a key of the
 * launch that has the TPM then; its RESUME may leave out the attach id, so it names
 * no launch.
 *
 * What is asserted: one link is served at most, and it is one of the launch that
 * the TPM belongs to.
 *
 * Variants that must fail: NO_MEETING (a RESUME whose turn comes while an attach
 * is under way is let in), NO_END (an attach leaves the older link alone), NO_KEY_END
 * (and those that came with a key of the older launch).
 */
#define LINKS 3                     /* two of launch 1, one of launch 2 */
#define LAUNCH(k) (k == LINKS -> 2 : 1)

byte life = 1, peer = 1;            /* the launch; its link that is served, 0: suspended */
bool served[LINKS + 1];
bool shaken[LINKS + 1];
bool attaching;
byte attacher, older;
byte resuming;                      /* the link that waits; 0: none */

inline check()
{
    assert(!(served[1] && served[2]) && !(served[1] && served[3]) && !(served[2] && served[3]));
    assert(!((served[1] || served[2]) && life != 1) && !(served[3] && life != 2))
}

inline serve(k)
{
    served[k] = true;
    peer = k;
    check()
}

/* Nobody is attached now. */
inline finish()
{
    if
#ifndef NO_MEETING
    :: attaching -> skip            /* refused */
    :: else -> serve(resuming)
#else
    :: true -> serve(resuming)
#endif
    fi;
    resuming = 0
}

inline given_back(k)
{
    served[k] = false;
    if
    :: peer == k ->
        peer = 0;
        if
        :: resuming != 0 -> finish()
        :: else -> skip
        fi
    :: else -> skip
    fi
}

inline resume(k)
{
    resuming = k;
    if
    :: peer == 0 -> finish()
    :: else -> skip
    fi
}

/* The job that attaches runs between these two. */
inline attach_begin(k)
{
    attaching = true;
    attacher = k;
    older = peer
}

inline attach_done()
{
    attaching = false;
#ifndef NO_END
    if
    :: older != 0 -> served[older] = false
    :: else -> skip
    fi;
#endif
#ifndef NO_KEY_END
    shaken[1] = false;
    shaken[2] = false;
    shaken[3] = false;
    resuming = 0;
#endif
    peer = 0;
    life = LAUNCH(attacher);
    serve(attacher)
}

#define SHAKE(k) \
    :: d_step { life == LAUNCH(k) && !served[k] && !shaken[k] -> shaken[k] = true }
#define RESUME(k) \
    :: d_step { shaken[k] && !served[k] && !attaching && resuming == 0 -> \
        shaken[k] = false; resume(k) }
#define GIVEN_BACK(k) \
    :: d_step { served[k] -> given_back(k) }
#define ATTACH(k) \
    :: d_step { life != LAUNCH(k) && !served[k] && !attaching -> attach_begin(k) }

active proctype world()
{
    served[1] = true;
    do
    SHAKE(1) SHAKE(2) SHAKE(3)
    RESUME(1) RESUME(2) RESUME(3)
    GIVEN_BACK(1) GIVEN_BACK(2) GIVEN_BACK(3)   /* asked to, or the host cut it */
    ATTACH(3)
    :: d_step { attaching -> attach_done() }
    od
}
