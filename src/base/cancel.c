#include "base/cancel.h"

#include <stddef.h>

static _Thread_local const atomic_bool *off;

const atomic_bool *ht_cancel_by(const atomic_bool *flag)
{
    const atomic_bool *before = off;
    off = flag;
    return before;
}

const atomic_bool *ht_cancel_flag(void)
{
    return off;
}

bool ht_cancelled(void)
{
    return off != NULL && atomic_load_explicit(off, memory_order_relaxed);
}

ht_code ht_still_wanted(ht_error *err)
{
    return ht_cancelled() ? ht_error_set(err, HT_FAIL, "cancelled") : HT_OK;
}
