add() {
    row src/params/layers.def 'HT_LAYER(HALVED, "halved", halved, "N", UNITS, "what comes in with half its inputs left out")'
    put layer_halved.c src/nn/layers
}

# The lab builds dense networks only; the test of layers trains and evaluates one of every kind in the table.
check() {
    cp -a "$top/tests" "$copy/tree/"
    program=build/additions/tests/unit/test_layers
    has 'its gradient' make -s -C "$copy/tree" CC="${CC:-cc}" OPTIMIZE=-O0 VARIANT=additions "$program"
    has 'its gradient' "$copy/tree/$program"
    grep -q HALVED "$copy/tree/src/params/layers.def" || complain "$kind: no row"
}
