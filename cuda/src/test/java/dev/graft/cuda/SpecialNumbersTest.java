package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.graft.backend.Backend;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Zeros, infinities and NaN, and sums that a float would swallow: as on the CPU. */
class SpecialNumbersTest {
    private static final float INF = Float.POSITIVE_INFINITY;
    private static final float[] VALUES = {0, -0f, 1, -1, 3, -3, 6, 7, INF, -INF, Float.NaN};
    private static final float[] GRADIENTS = {1, -2, 0, INF, Float.NaN};

    private static Device gpu;

    @BeforeAll
    static void load() {
        gpu = FakeDevice.exact();
    }

    private static View view(Backend backend, float[] values) {
        View view = new View(backend.allocate(DType.F32, values.length), 0, Shape.of(values.length), new long[] {1});
        view.storage().write(0, values, 0, values.length);
        return view;
    }

    private static float[] values(View view) {
        float[] values = new float[view.numel()];
        view.storage().read(0, values, 0, values.length);
        return values;
    }

    /** Results of a function, then its gradients. */
    private static float[][] run(Backend backend, UnaryOp op, float a, float b, float[] x, float[] dy) {
        View in = view(backend, x);
        View out = view(backend, x);
        backend.unary(op, a, b, in, out);
        View dx = view(backend, x);
        backend.unaryBackward(op, a, b, in, out, view(backend, dy), dx);
        return new float[][] {values(out), values(dx)};
    }

    @Test
    void functionsMeetThemAsTheCpuDoes() {
        float[] x = new float[VALUES.length * GRADIENTS.length];
        float[] dy = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = VALUES[i / GRADIENTS.length];
            dy[i] = GRADIENTS[i % GRADIENTS.length];
        }
        List<String> wrong = new ArrayList<>();
        for (UnaryOp op : UnaryOp.values()) {
            float a = op == UnaryOp.CLAMP ? -1 : 2;
            float[][] expected = run(Device.cpu().backend(), op, a, 6, x, dy);
            float[][] actual = run(gpu.backend(), op, a, 6, x, dy);
            for (int i = 0; i < x.length; i++) {
                if (!isClose(actual[0][i], expected[0][i])) {
                    wrong.add(op + " at " + x[i] + ": GPU " + actual[0][i] + ", CPU " + expected[0][i]);
                }
                if (!isClose(actual[1][i], expected[1][i])) {
                    wrong.add(op + " at " + x[i] + ", gradient of " + dy[i] + ": GPU " + actual[1][i] + ", CPU "
                            + expected[1][i]);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static boolean isClose(float found, float expected) {
        return found == expected
                || (Float.isNaN(found) && Float.isNaN(expected))
                || Math.abs(found - expected) <= 4e-6 * Math.abs(expected);
    }

    /** 2^24 and many ones: each would be lost if they were added to it in float. */
    @Test
    void longSumsKeepWhatAFloatWouldSwallow() {
        int n = 100_000;
        float[] row = new float[n];
        Arrays.fill(row, 1);
        row[0] = 1 << 24;
        double sum = (1 << 24) + n - 1;
        try (Tensor x = Tensor.of(gpu, row, 1, n);
                Tensor ones = Tensor.ones(gpu, n, 1)) {
            assertThat((double) x.matmul(ones).item()).isCloseTo(sum, within(5e-4 * sum));
            assertThat((double) x.reshape(1, 1, 1, n).adaptiveAvgPool2d(1, 1).item() * n)
                    .isCloseTo(sum, within(1e-6 * sum));
            assertThat((double) x.sum().item()).isCloseTo(sum, within(1e-4 * sum));
        }
    }
}
