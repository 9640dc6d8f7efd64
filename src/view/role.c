#include "view/role.h"

const char *ht_role_name(ht_role role)
{
    static const char *const names[] = {
#define X(id, name, what) name,
        HT_ROLES(X)
#undef X
    };
    return (unsigned)role < HT_ROLE_COUNT ? names[role] : "?";
}
