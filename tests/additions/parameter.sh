# ui.greetings; its reader is the panel's addition, which the next row of the table counts.
add() {
    row src/params/params.def 'HT_PARAM(UI_GREETINGS, UI, "ui.greetings", INT, 3, 1, 9, LINEAR, 1, "", VIEW, NONE, "how often the greeting panel greets")'
}

check() {
    says 'ui.greetings' "$H" help params
    says 'ui.greetings' "$H" help man
    says 'ui.greetings: .10. is not allowed; give a whole number from 1 to 9' "$H" train --set ui.greetings=10 --steps 1
    says "did you mean 'ui.greetings'" "$H" train --set ui.greetigs=2 --steps 1
    has 'a run that is told of it' "$H" train --preset ecg-demo --set model.width=20 --ui.greetings 2 --steps 1 --quiet
}
