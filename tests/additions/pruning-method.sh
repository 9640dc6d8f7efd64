add() {
    row src/params/prune_methods.def 'HT_PRUNE_METHOD(LAST, "last", "neurons", last, false, false, APART, 6, CURVE_3, SOLID, "the last neurons first")'
    put prune_last.c src/prune
}

check() {
    says 'last: the last neurons first' "$H" help params
    says '"method": "last"' "$H" prune run --method last --ratio 0.5 --json
    says '"ratio": 0.5' "$H" prune run --method last --ratio 0.5 --json
    has 'its curve' "$H" prune run --method last --curve --json
    has 'its picture' "$H" prune run --method last --png last.png
}
