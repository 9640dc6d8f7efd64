/* option_values.h - the values of options, checked by the dictionary (options.h) before a command begins:
 * what is misspelt, or cannot be written, is told before a long training and not after it. */
#ifndef HT_CLI_OPTION_VALUES_H
#define HT_CLI_OPTION_VALUES_H

#include "heavytail/status.h"

/* argv[1] … are a command's own, `usage` its usage. HT_USAGE names the option, its value and what is allowed:
 * words of a list (themes, panels, methods), names of data sets, values of parameters; HT_FAIL a file that is
 * to be written into a folder that is not there. Options that the usage does not know are left to the
 * command, which refuses them. */
ht_code ht_options_check(const char *usage, int argc, char **argv, ht_error *err);

#endif
