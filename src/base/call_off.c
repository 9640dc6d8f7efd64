#include "base/call_off.h"

#include <stddef.h>

static _Thread_local const atomic_bool *off;

void ht_call_off_by(const atomic_bool *flag)
{
    off = flag;
}

bool ht_called_off(void)
{
    return off != NULL && atomic_load_explicit(off, memory_order_relaxed);
}

ht_code ht_still_wanted(ht_error *err)
{
    return ht_called_off() ? ht_error_set(err, HT_FAIL, "called off") : HT_OK;
}
