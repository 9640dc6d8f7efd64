add() {
    row src/params/optimizers.def 'HT_OPTIMIZER(SIGN, "sign", sign, "steps of one length")'
    put optimizer_sign.c src/nn/optimizers
}

check() {
    says 'sign: steps of one length' "$H" help params
    has 'it trains' "$H" train --set model.width=20 --train.optimizer sign --train.lr 0.001 --steps 5 --quiet
}
