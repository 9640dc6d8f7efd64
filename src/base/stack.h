/* stack.h - a stack that is large enough, whatever `ulimit -s` says: the kernel ends a program that outgrows
 * its own. */
#ifndef HT_BASE_STACK_H
#define HT_BASE_STACK_H

/* Returns run(argc, argv), which runs on the stack that we were given if that may grow to four megabytes,
 * else on one of that size. Where there is no memory for one it runs as it is. To be called once, from main.
 */
int ht_stack_run(int (*run)(int, char **), int argc, char **argv);

#endif
