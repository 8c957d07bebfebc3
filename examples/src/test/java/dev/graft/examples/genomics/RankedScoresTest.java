package dev.graft.examples.genomics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.metric.AveragePrecision;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RankedScoresTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void areaIsThatOfAllScores(long seed) {
        Random random = new Random(seed);
        int count = 200_000;
        float[] scores = new float[count];
        boolean[] positive = new boolean[count];
        RankedScores ranked = new RankedScores();
        for (int i = 0; i < count; i++) {
            positive[i] = random.nextInt(1000) == 0;
            // as a network's: nearly all close to 0, positives often close to 1
            double x = 1 / (1 + Math.exp(-(random.nextGaussian() * 3 + (positive[i] ? 1 : -9))));
            scores[i] = (float) x;
            ranked.add(scores[i], positive[i]);
        }
        assertThat(ranked.averagePrecision())
                .as("seed %d", seed)
                .isCloseTo(AveragePrecision.binary(scores, positive), within(3e-4));
    }

    @Test
    void tiesShareAThresholdAndTheEndsOfTheRangeCount() {
        RankedScores ranked = new RankedScores();
        ranked.add(1f, false);
        ranked.add(1f, true);
        ranked.add(0.5f, true);
        ranked.add(0f, true);
        ranked.add(0f, false);
        // thresholds 1, .5 and 0: 1 of 2, 2 of 3 and 3 of 5
        assertThat(ranked.averagePrecision()).isCloseTo((1 / 2.0 + 2 / 3.0 + 3 / 5.0) / 3, within(1e-12));
        assertThat(new RankedScores().averagePrecision()).isNaN();
    }
}
