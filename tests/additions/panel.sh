add() {
    row src/view/panels.def 'HT_PANEL(GREETING, "greeting", DASHBOARD, FORM, ht_panel_greeting, "Says hello.\nTry: ui.greetings.")'
    put panel_greeting.c src/view/panels
}

check() {
    says 'greeting' "$H" help bash
    has 'its picture' "$H" snapshot run --panel greeting --out greeting.png
    has 'the picture of another panel' "$H" snapshot run --panel now --out now.png
    has 'another picture than that of another panel' differs greeting.png now.png
}
