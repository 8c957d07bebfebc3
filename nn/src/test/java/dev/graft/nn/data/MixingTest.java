package dev.graft.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Golden;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** MixUp and CutMix against torchvision's ({@code augment_goldens.py}), their draws, and whole epochs of them. */
class MixingTest {

    private static Tensor images() {
        float[] values = new float[3 * 2 * 5 * 7];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 11 - 4;
        }
        return Tensor.of(values, 3, 2, 5, 7);
    }

    private static Batch batch() {
        return new Batch(images(), Tensor.of(new long[] {2, 0, 3}, 3), new int[] {5, 6, 7});
    }

    @Test
    void batchesAreThoseOfTorchvision() {
        List<Golden> cases = Golden.read("mixing.json").children("cases");
        assertThat(cases).hasSize(9);
        for (Golden golden : cases) {
            double lambda = golden.number("lambda");
            boolean blended = golden.text("op").equals("mixup");
            Batch mixed = blended
                    ? MixUp.of(1, 4).mix(batch(), lambda)
                    : CutMix.of(1, 4).mix(batch(), CutMix.Box.of(lambda, 7, 5, (int) golden.number("x"), (int)
                            golden.number("y")));
            assertThat(mixed.indices()).containsExactly(5, 6, 7);
            String what = golden.text("op") + " " + lambda;
            assertNear(mixed.inputs(), golden.doubles("images"), what);
            assertNear(mixed.labels(), golden.doubles("labels"), what);
        }
    }

    private static void assertNear(Tensor tensor, double[] expected, String what) {
        float[] values = tensor.toFloatArray();
        assertThat(values.length).isEqualTo(expected.length);
        for (int i = 0; i < values.length; i++) {
            assertThat((double) values[i]).as(what + " element " + i).isCloseTo(expected[i], within(1e-6));
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.05, 0.2, 1, 4, 50})
    void lambdaIsDrawnFromBeta(double alpha) {
        int count = 20_000;
        double mean = 0;
        double squares = 0;
        int nearEnds = 0;
        for (int i = 0; i < count; i++) {
            double lambda = Mixing.beta(alpha, RandomStream.of(i, "beta"));
            assertThat(lambda).isBetween(0.0, 1.0);
            mean += lambda / count;
            squares += lambda * lambda / count;
            nearEnds += lambda < 0.1 || lambda > 0.9 ? 1 : 0;
        }
        double variance = 1 / (4 * (2 * alpha + 1));
        assertThat(mean).isCloseTo(0.5, within(0.01));
        assertThat(squares - mean * mean).isCloseTo(variance, within(0.03 * variance + 1e-4));
        if (alpha == 1) {
            assertThat((double) nearEnds / count).isCloseTo(0.2, within(0.01));
        }
    }

    @Test
    void severalLabelsAndSoftOnesAreMixedAsTheyAre() {
        float[] labels = {1, 1, 0, 0, 1, 0, 0, 0, 1};
        Batch mixed = MixUp.of(1, 3).mix(new Batch(images(), Tensor.of(labels, 3, 3), new int[3]), 0.75);
        assertThat(mixed.labels().toFloatArray()).containsExactly(0.75f, 0.75f, 0.25f, 0.25f, 1, 0, 0, 0.25f, 0.75f);
    }

    @Test
    void whatCannotBeMixedIsNamed() {
        assertThatThrownBy(() -> MixUp.of(0, 3))
                .hasMessage(
                        "mixUp: alpha 0.0, classes 3. Hint: alpha must be positive, such as 0.2 or 1, and classes at"
                                + " least 1.");
        assertThatThrownBy(() -> CutMix.of(1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MixUp.of(1, 3).mix(batch(), 0.5))
                .hasMessage("mixUp: label 3 is not in [0, 3). Hint: check the number of classes.");
        Batch rows = new Batch(Tensor.ones(2, 3), Tensor.of(new long[] {0, 1}, 2), new int[2]);
        assertThat(MixUp.of(1, 2).mix(rows, 0.5).inputs().shape().toArray()).containsExactly(2, 3);
        assertThatThrownBy(() -> CutMix.of(1, 2).mix(rows, new CutMix.Box(0, 0, 1, 1)))
                .hasMessageStartingWith("cutMix: inputs must be F32 images [N, C, H, W] (inputs F32 [2, 3])");
        assertThatThrownBy(() -> Collate.oneOf()).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anEpochIsTheSameWithAnyWorkersAndFromItsMiddle() {
        TensorDataset data = new TensorDataset(Tensor.uniform(RandomStream.of(1, "x"), -1, 1, 23, 3, 8, 8), labels(23));
        Collate either = Collate.oneOf(MixUp.of(0.4, 4), CutMix.of(1, 4));
        List<float[]> alone = epoch(data, either, 0, 0);
        assertThat(alone).hasSize(2 * 5);
        List<float[]> many = epoch(data, either, 3, 0);
        List<float[]> rest = epoch(data, either, 2, 3);
        for (int i = 0; i < alone.size(); i++) {
            assertThat(many.get(i)).containsExactly(alone.get(i));
            if (i >= 6) {
                assertThat(rest.get(i - 6)).containsExactly(alone.get(i));
            }
        }
    }

    private static Tensor labels(int count) {
        long[] labels = new long[count];
        for (int i = 0; i < count; i++) {
            labels[i] = i % 4;
        }
        return Tensor.of(labels, count);
    }

    private static List<float[]> epoch(TensorDataset data, Collate rule, int workers, int first) {
        List<float[]> all = new ArrayList<>();
        try (DataLoader loader =
                DataLoader.of(data, 5).workers(workers).shuffled(9).collate(rule)) {
            for (Batch batch : loader.at(2, first)) {
                all.add(batch.inputs().toFloatArray());
                all.add(batch.labels().toFloatArray());
            }
        }
        return all;
    }
}
