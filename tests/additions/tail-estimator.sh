add() {
    row src/tail/estimators.def 'HT_ESTIMATOR(MEDIAN, "median", VALUES, ht_median_estimate, WATCHED, false, TAIL, CURVE_3, false, 5, "nobody, 2026", "1/α = log₂ of |x|₍ⱼ₎ / |x|₍₂ⱼ₎, j = ⌊k/2⌋", "a power law beyond |x|₍ₖ₎", "none")'
    put tail_median.c src/tail/estimate
}

check() {
    says '^median  *1/α' "$H" help estimators
    says 'nobody, 2026' "$H" help estimators
    says '"median"' "$H" tail run --json
    says ' median  *[0-9]' "$H" tail run
    has 'its picture' "$H" tail run --png tail.png
}
