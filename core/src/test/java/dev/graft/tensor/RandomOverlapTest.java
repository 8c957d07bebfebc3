package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.type.DType;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random views of one memory as source and target of changes in place: as if the source had been copied first. The seed
 * is the number shown.
 */
class RandomOverlapTest {
    private static final int SEEDS = 150;

    static IntStream seeds() {
        return IntStream.range(0, SEEDS);
    }

    /** A view of {@code rows x columns} elements of the base: moved, spread, transposed. */
    private static Tensor view(SplittableRandom random, Tensor base, int rows, int columns) {
        boolean transposed = random.nextBoolean();
        int r = transposed ? columns : rows;
        int c = transposed ? rows : columns;
        int rowStep = random.nextInt(1, 3);
        int columnStep = random.nextInt(1, 3);
        int fromRow = random.nextInt(base.dim(0) - (r - 1) * rowStep);
        int fromColumn = random.nextInt(base.dim(1) - (c - 1) * columnStep);
        Tensor v = base.slice(0, fromRow, fromRow + (r - 1) * rowStep + 1, rowStep)
                .slice(1, fromColumn, fromColumn + (c - 1) * columnStep + 1, columnStep);
        return transposed ? v.transpose(0, 1) : v;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void sourcesAreReadAsTheyWere(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int rows = random.nextInt(1, seed % 10 == 0 ? 220 : 30);
        int columns = random.nextInt(1, seed % 10 == 0 ? 220 : 30);
        int side = 2 * Math.max(rows, columns) + random.nextInt(1, 4);
        try (Scope scope = Scope.open()) {
            for (int change = 0; change < 3; change++) {
                Tensor base = Tensor.of(
                                IntStream.range(0, side * side)
                                        .map(i -> i % 4093)
                                        .toArray(),
                                side,
                                side)
                        .to(DType.F32);
                Tensor target = view(random, base, rows, columns);
                Tensor source = view(random, base, rows, columns);
                float[] before = target.toFloatArray();
                float[] other = source.toFloatArray();
                float[] expected = new float[before.length];
                float[] untouched = base.toFloatArray();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = change == 0
                            ? other[i]
                            : change == 1 ? before[i] + 2 * other[i] : before[i] - 0.5f * other[i];
                }
                switch (change) {
                    case 0 -> target.copyFrom(source);
                    case 1 -> target.addInPlace(source, 2);
                    default -> {
                        if (target.view().isDense()) {
                            Update.sgd(target, source, Optional.empty(), true, 0.5f, 0, 0, 0, false);
                        } else {
                            target.addInPlace(source, -0.5f);
                        }
                    }
                }
                assertThat(target.toFloatArray()).as("change %d", change).isEqualTo(expected);
                // Nothing beside the target has changed.
                target.copyFrom(Tensor.of(before, rows, columns));
                assertThat(base.toFloatArray())
                        .as("the rest after change %d", change)
                        .isEqualTo(untouched);
            }
        }
    }
}
