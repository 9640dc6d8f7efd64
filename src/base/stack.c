#include "base/stack.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

/* Deepest are medians (num/select.c, 400 kB) under a model of the screen (200 kB). */
static const size_t size = (size_t)4 << 20;

static struct {
    ucontext_t here, there;
    int (*run)(int, char **);
    int argc, result;
    char **argv;
} job; /* makecontext hands over whole numbers only */

static void begin(void)
{
    job.result = job.run(job.argc, job.argv);
}

static bool is_enough(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= size;
}

/* Its lowest page cannot be touched: what goes beyond the end is a crash that is told, not silent damage. */
static void *make_stack(void)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    mprotect(memory, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE);
    return memory;
}

int ht_stack_run(int (*run)(int, char **), int argc, char **argv)
{
    void *memory = is_enough() ? NULL : make_stack();
    if (!memory || getcontext(&job.there) != 0) return run(argc, argv);
    job.run = run;
    job.argc = argc;
    job.argv = argv;
    job.there.uc_stack = (stack_t){.ss_sp = memory, .ss_size = size};
    job.there.uc_link = &job.here;
    makecontext(&job.there, begin, 0);
    if (swapcontext(&job.here, &job.there) != 0) return run(argc, argv);
    return job.result;
}
