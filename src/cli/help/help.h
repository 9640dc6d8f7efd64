/* help.h - the long texts of `heavytail help TOPIC`, on standard output; made from the tables. */
#ifndef HT_CLI_HELP_H
#define HT_CLI_HELP_H

void ht_help_man(void);  /* the manual page, roff with the man macros */
void ht_help_bash(void); /* completions */
void ht_help_zsh(void);

#endif
