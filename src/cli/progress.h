/* progress.h - what a command without a screen is busy with, and for how long: one line on standard error,
 * only where that is a terminal and only when it takes a while. Main thread only, but for the share. */
#ifndef HT_CLI_PROGRESS_H
#define HT_CLI_PROGRESS_H

void ht_progress_start(void);
/* From now on this is under way: "the curve of coreset". */
void ht_progress_stage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* So much of it is done, 0 to 1: the line says how long it will still take. Where standard error is no
 * terminal, a stage of more than 20 s says so in a line of its own, every 20 s. Any thread. */
void ht_progress_share(double done);
/* Nothing is; the line is gone, and others may print. */
void ht_progress_clear(void);
void ht_progress_end(void);

#endif
