package dev.graft.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.layer.Conv1d;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class InitTest {
    private static float[] weights(Linear layer) {
        return layer.weight().value().toFloatArray();
    }

    @Test
    void skippedLayersAreZeroAndDrawNothing() {
        SplittableRandom random = new SplittableRandom(1);
        Sequential skipped = Init.skip(() ->
                new Sequential(new Conv2d(3, 4, 3, random), new Conv1d(2, 3, 3, random), new Linear(5, 2, random)));
        assertThat(skipped.stateDict().names()).hasSize(6);
        skipped.parameters().forEach(p -> assertThat(p.value().toFloatArray()).containsOnly(0f));
        assertThat(random.nextLong()).isEqualTo(new SplittableRandom(1).nextLong());
    }

    @Test
    void layersAfterwardsAreDrawnAgain() {
        float[] drawn = weights(new Linear(5, 2, new SplittableRandom(1)));
        assertThat(drawn).doesNotContain(0f);
        Init.skip(() -> Init.skip(() -> new Linear(5, 2, new SplittableRandom(1))));
        assertThat(weights(new Linear(5, 2, new SplittableRandom(1)))).containsExactly(drawn);
        assertThatThrownBy(() -> Init.skip(() -> {
                    throw new IllegalStateException("no network");
                }))
                .hasMessage("no network");
        assertThat(weights(new Linear(5, 2, new SplittableRandom(1)))).containsExactly(drawn);
    }

    @Test
    void whatIsAskedForIsWrittenEvenWhereLayersAreSkipped() {
        Linear layer = Init.skip(() -> {
            Linear made = new Linear(5, 2, new SplittableRandom(1));
            Init.constant(made.weight().value(), 3f);
            return made;
        });
        assertThat(weights(layer)).containsOnly(3f);
    }
}
