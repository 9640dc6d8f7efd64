add() {
    row src/data/sets.def 'HT_DATA_SET("bytes:FILE", "Bytes, a label and four values each", "FILE", "4 inputs", ht_load_bytes, NEEDS_FILES, "teacher")'
    put load_bytes.c src/data/load
}

check() {
    for i in 1 2 3 4 5 6 7 8 9 10; do printf 'a%db90bc5zz' $((i % 10)); done >few.bytes
    says 'bytes:FILE' "$H" data list
    says 'bytes:' "$H" help bash
    says 'inputs *4' "$H" data info bytes:few.bytes
    says 'nothing.bytes' "$H" data info bytes:nothing.bytes
    says "did you mean 'bytes'" "$H" data info byts:few.bytes
    has 'a training on it' "$H" train --data bytes:few.bytes --set model.width=5 --steps 3 --quiet
}
