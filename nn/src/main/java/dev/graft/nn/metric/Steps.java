package dev.graft.nn.metric;

/** Walks through all thresholds that differ in what they call positive. */
final class Steps {
    private Steps() {}

    interface Walk {
        /**
         * One threshold.
         *
         * @param found positive cases of at least this probability
         * @param falselyCalled negative cases of at least this probability
         */
        void at(double threshold, int found, int falselyCalled);
    }

    /** From the highest probability to the lowest; each that occurs is visited once. */
    static void walk(BinaryCases cases, Walk walk) {
        int found = 0;
        int falselyCalled = 0;
        int n = cases.size();
        for (int at = 0; at < n; at++) {
            int i = cases.ranking().at(at);
            found += cases.isPositive(i) ? 1 : 0;
            falselyCalled += cases.isPositive(i) ? 0 : 1;
            // scores that differ may have the same probability, which is what a threshold compares
            if (at == n - 1 || cases.probability(cases.ranking().at(at + 1)) != cases.probability(i)) {
                walk.at(cases.probability(i), found, falselyCalled);
            }
        }
    }
}
