add() {
    row src/cli/commands.def 'HT_COMMAND(greet, ht_cmd_greet, "[--name N]", "say hello", "", HT_MULTIPLIES_NOT)'
    put cmd_greet.c src/cli
}

check() {
    says '^ *say hello' "$H" help
    says '\-\-name' "$H" help greet
    says 'greet' "$H" help zsh
    says 'hello, Ada' "$H" greet --name Ada
    says "did you mean.*--name" "$H" greet --nam Ada
}
