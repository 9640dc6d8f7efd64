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

ht_role ht_role_rgb(double red, double green, double blue)
{
    const double channel[3] = {red, green, blue};
    int index = 0;
    for (int i = 0; i < 3; i++) {
        double value = isnan(channel[i]) ? 0 : fmin(1, fmax(-1, channel[i]));
        index = index * HT_RGB_LEVELS + (int)round((HT_RGB_LEVELS - 1) * (value + 1) / 2);
    }
    return (ht_role)((int)HT_ROLE_RGB + index);
}

bool ht_role_is_rgb(unsigned role)
{
    return role >= (unsigned)HT_ROLE_RGB && role < (unsigned)HT_ROLE_COLOURS;
}

void ht_role_channels(unsigned role, double channel[3])
{
    int index = (int)role - (int)HT_ROLE_RGB;
    for (int i = 3; i-- > 0; index /= HT_RGB_LEVELS)
        channel[i] = 2.0 * (index % HT_RGB_LEVELS) / (HT_RGB_LEVELS - 1) - 1;
}
