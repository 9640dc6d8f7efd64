/* progress.h - what a command without a screen is busy with, and for how long, on standard error and only
 * when it takes a while: one line that changes where that is a terminal, else a line every HT_PROGRESS_PERIOD
 * seconds. Main thread only, but for the share. */
#ifndef HT_CLI_PROGRESS_H
#define HT_CLI_PROGRESS_H

enum { HT_PROGRESS_PERIOD = 5 };

void ht_progress_start(void);
/* From now on this is under way: "the curve of coreset". */
void ht_progress_stage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* So much of it is done, 0 to 1: the line says how long it will still take. Any thread. */
void ht_progress_share(double done);
/* Nothing is; the line is gone, and others may print. */
void ht_progress_clear(void);
void ht_progress_end(void);

#endif
