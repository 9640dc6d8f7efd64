/* What people call the column of the label. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "data/table/label.h"

enum { NAME = 64 };

/* Small letters and digits; a name that is too long is of nothing known. */
static void squeeze(const char *name, char to[NAME])
{
    size_t used = 0;
    for (; *name && used + 1 < NAME; name++)
        if (isalnum((unsigned char)*name) || (unsigned char)*name >= 0x80)
            to[used++] = (char)tolower((unsigned char)*name);
    to[*name ? 0 : used] = '\0';
}

static bool is_among(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

ht_label_rank ht_label_rank_of(const char *name)
{
    static const char *const sure[] = {"label",       "labels",      "class",    "classes",    "target",
                                       "targets",     "classlabel",  "classid",  "classname",  "labelid",
                                       "labelname",   "targetclass", "targetid", "targetname", "targetlabel",
                                       "groundtruth", NULL},
                             *const likely[] = {"y",         "outcome",   "output",   "category", "species",
                                                "diagnosis", "survived",  "response", "variety",  "churn",
                                                "exited",    "attrition", "decision", NULL};
    char plain[NAME] = {0};
    squeeze(name, plain);
    if (is_among(plain, sure)) return HT_LABEL_SURE;
    if (is_among(plain, likely)) return HT_LABEL_LIKELY;
    bool is = strncasecmp(name, "is", 2) == 0 &&
              (name[2] == '_' || name[2] == ' ' || name[2] == '-' || isupper((unsigned char)name[2]));
    return is && plain[2] ? HT_LABEL_MAYBE : HT_LABEL_NO;
}
