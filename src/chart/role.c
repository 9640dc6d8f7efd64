#include "chart/role.h"

#include <math.h>

const char *ht_role_name(ht_role role)
{
    static const char *const names[] = {
#define X(id, name, what) name,
        HT_ROLES(X)
#undef X
    };
    return (unsigned)role < HT_ROLE_COUNT ? names[role] : "?";
}

ht_role ht_role_signed(double value)
{
    enum { MOST = HT_SIGNED_LEVELS / 2 };
    if (isnan(value)) return HT_ROLE_SIGNED_5;
    double level = round(MOST * fmin(1, fmax(-1, value)));
    return (ht_role)(HT_ROLE_SIGNED_5 + (int)level);
}

ht_role ht_role_heat(double value)
{
    double level = isnan(value) ? 0 : round((HT_HEAT_LEVELS - 1) * fmin(1, fmax(0, value)));
    return (ht_role)(HT_ROLE_HEAT_1 + (int)level);
}
