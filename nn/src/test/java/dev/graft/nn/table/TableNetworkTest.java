package dev.graft.nn.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.data.table.EncodedRows;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TableNetworkTest {
    private static EncodedRows rows(int n) {
        int[] codes = new int[n * 2];
        float[] numbers = new float[n * 3];
        SplittableRandom random = new SplittableRandom(n);
        for (int i = 0; i < n; i++) {
            codes[2 * i] = random.nextInt(4);
            codes[2 * i + 1] = random.nextInt(40);
            for (int j = 0; j < 3; j++) {
                numbers[3 * i + j] = (float) random.nextGaussian();
            }
        }
        return new EncodedRows(n, codes, numbers);
    }

    @Test
    void isEmbeddingsNumbersAndLayers() {
        try (var network = new TableNetwork(List.of(4, 40), 3, List.of(8, 5), 0.5, new SplittableRandom(1))) {
            assertThat(network.stateDict().get("embeddings.0.weight").shape()).hasToString("[4, 2]");
            assertThat(network.stateDict().get("embeddings.1.weight").shape()).hasToString("[40, 16]");
            assertThat(network.stateDict().get("hidden.0.linear.weight").shape())
                    .hasToString("[8, 21]");
            network.startAt(0.1);
            network.stateDict().names().stream()
                    .filter(name -> name.equals("head.weight"))
                    .forEach(name -> fill(network.stateDict().get(name)));
            assertThat(listOf(TableTraining.predict(network, rows(7))))
                    .hasSize(7)
                    .allSatisfy(TableNetworkTest::isATenth);
        }
    }

    private static List<Double> listOf(double[] values) {
        return Arrays.stream(values).boxed().toList();
    }

    private static void isATenth(Double p) {
        assertThat(p).isCloseTo(0.1, within(1e-6));
    }

    @SuppressWarnings("try")
    private static void fill(Tensor weight) {
        try (Autograd.Guard guard = Autograd.noGrad()) {
            weight.detach().fill(0);
        }
    }

    @Test
    void worksWithoutCategoriesAndWithoutNumbers() {
        boolean[] y = new boolean[40];
        for (int i = 0; i < 40; i++) {
            y[i] = i % 3 == 0;
        }
        EncodedRows both = rows(40);
        for (EncodedRows some : List.of(
                new EncodedRows(40, new int[0], both.numbers()),
                new EncodedRows(40, both.codes(), new float[0]),
                both)) {
            try (var network = new TableNetwork(
                    some.categories() == 0 ? List.of() : List.of(4, 40),
                    some.numerics(),
                    List.of(8),
                    0.1,
                    new SplittableRandom(2))) {
                TableTraining.fit(
                        network, some, y, TableSettings.defaults().epochs(2).batch(13), Optional.empty(), b -> b);
                assertThat(listOf(TableTraining.predict(network, some)))
                        .hasSize(40)
                        .allSatisfy(p -> assertThat(p).isBetween(0.0, 1.0));
            }
        }
        assertThatThrownBy(() -> new TableNetwork(List.of(), 0, List.of(), 0, new SplittableRandom(1)))
                .hasMessageContaining("there is no input. Hint: ");
    }

    /** Weight decay moves what it applies to even if there is no gradient; biases and norms must stay. */
    @Test
    void decayLeavesBiasesAndNormsAlone() {
        try (var network = new TableNetwork(List.of(4, 40), 3, List.of(8), 0, new SplittableRandom(1))) {
            var groups = TableTraining.groups(network, 0.01, 1.0);
            assertThat(groups).hasSize(2);
            groups.forEach(group -> group.parameters()
                    .forEach(parameter -> assertThat(group.options().weightDecay())
                            .isEqualTo(parameter.shape().rank() > 1 ? 1.0 : 0.0)));
        }
    }

    @Test
    void aSeedGivesTheSameBits() {
        EncodedRows x = rows(300);
        boolean[] y = new boolean[300];
        for (int i = 0; i < 300; i++) {
            y[i] = x.codes()[2 * i] == 1;
        }
        double[][] twice = new double[2][];
        for (int run = 0; run < 2; run++) {
            try (var network = new TableNetwork(List.of(4, 40), 3, List.of(16), 0.3, new SplittableRandom(5))) {
                TableTraining.fit(
                        network,
                        x,
                        y,
                        TableSettings.defaults().epochs(12).batch(32).rate(0.01).decay(0.01),
                        Optional.empty(),
                        b -> b);
                twice[run] = TableTraining.predict(network, x);
            }
        }
        assertThat(twice[0]).isEqualTo(twice[1]);
        for (int i = 0; i < 300; i++) {
            assertThat(twice[0][i] > 0.5).as("row " + i).isEqualTo(y[i]);
        }
    }
}
