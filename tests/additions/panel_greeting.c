/* panel_greeting.c - says hello as often as ui.greetings has it. */
#include "base/text.h"
#include "view/panels/panels.h"

void ht_panel_greeting(const ht_model *m, ht_room room, ht_form *form)
{
    (void)room;
    ht_text_copy(form->title, sizeof form->title, "Greeting");
    for (int i = 0; i < (int)ht_params_get(&m->asked, HT_P_UI_GREETINGS); i++)
        ht_form_add(form, HT_ROW_VALUE, HT_ROLE_GOOD, "hello", "%d", i + 1);
}
