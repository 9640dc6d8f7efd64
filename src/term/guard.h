/* guard.h - a small process that outlives ours: when we are killed (SIGKILL, no memory), it gives the
 * terminal back. One terminal, one guard. */
#ifndef HT_TERM_GUARD_H
#define HT_TERM_GUARD_H

/* Puts the terminal in order: frames no longer held back, pasting as ever, mouse off, normal screen, colours
 * off, cursor on, keypad off. */
#define HT_GUARD_RESTORE                                                                                     \
    "\033[?2026l\033[?2004l\033[?1006l\033[?1003l\033[?1002l\033[?1000l\033[0m\033[?1049l\033[?25h\033[?"    \
    "1l\033>\r\n"

/* Starts the guard; to be called while the process is small and has no threads. Without one all goes on as
 * before. */
void ht_guard_start(void);

/* From here on the terminal is ours, or the shell's again; async-signal-safe. */
void ht_guard_arm(void);
void ht_guard_disarm(void);

#endif
