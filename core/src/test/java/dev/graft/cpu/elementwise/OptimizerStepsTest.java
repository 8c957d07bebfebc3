package dev.graft.cpu.elementwise;

import static dev.graft.cpu.Fixture.assertClose;
import static dev.graft.cpu.Fixture.values;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerStepsTest {
    private static final int N = 3001;

    private final Fixture f = new Fixture();

    @Test
    void sgdFollowsTheFormula() {
        for (float momentum : new float[] {0f, 0.9f}) {
            for (float dampening : new float[] {0f, 0.3f}) {
                for (boolean nesterov : new boolean[] {false, true}) {
                    checkSgd(momentum, dampening, nesterov);
                }
            }
        }
    }

    private void checkSgd(float momentum, float dampening, boolean nesterov) {
        View w = f.gaussian(Layout.ROW_MAJOR, N);
        View v = f.gaussian(Layout.ROW_MAJOR, N);
        double[] ws = values(w);
        double[] vs = new double[N];
        float lr = 0.1f;
        float decay = 0.01f;
        for (int step = 0; step < 4; step++) {
            View g = f.gaussian(Layout.ROW_MAJOR, N);
            double[] gs = values(g);
            f.cpu.sgd(
                    List.of(w),
                    List.of(g),
                    momentum == 0 ? List.of() : List.of(v),
                    step == 0,
                    lr,
                    momentum,
                    dampening,
                    decay,
                    nesterov);
            for (int i = 0; i < N; i++) {
                double d = gs[i] + decay * ws[i];
                if (momentum != 0) {
                    vs[i] = step == 0 ? d : momentum * vs[i] + (1 - dampening) * d;
                    d = nesterov ? d + momentum * vs[i] : vs[i];
                }
                ws[i] -= lr * d;
            }
        }
        assertClose("weights", w, ws, 2e-6);
        if (momentum != 0) {
            assertClose("velocity", v, vs, 2e-6);
        }
    }

    @Test
    void velocityWithoutGradientReachesZeroInsteadOfDenormals() {
        View w = f.of(1f, 1f);
        View v = f.of(1f, -1f);
        View g = f.of(0f, 0f);
        for (int step = 0; step < 700; step++) {
            f.cpu.sgd(List.of(w), List.of(g), List.of(v), false, 0.1f, 0.9f, 0f, 0f, false);
        }
        assertThat(values(v)).containsExactly(0, 0);
        View tiny = f.of(3e-20f, -3e-20f);
        f.cpu.sgd(List.of(w), List.of(g), List.of(tiny), false, 0.1f, 0.5f, 0f, 0f, false);
        assertClose("small but normal velocity", tiny, new double[] {1.5e-20, -1.5e-20}, 1e-7, 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void adamFollowsTheFormula(boolean decoupled) {
        View w = f.gaussian(Layout.ROW_MAJOR, N);
        View m = f.empty(Layout.ROW_MAJOR, N);
        View v = f.empty(Layout.ROW_MAJOR, N);
        f.cpu.fill(m, 0);
        f.cpu.fill(v, 0);
        double[] ws = values(w);
        double[] ms = new double[N];
        double[] vs = new double[N];
        double lr = 0.01f;
        double b1 = 0.9f;
        double b2 = 0.999f;
        for (int t = 1; t <= 5; t++) {
            View g = f.gaussian(Layout.ROW_MAJOR, N);
            double[] gs = values(g);
            f.cpu.adam(w, g, m, v, t, 0.01f, 0.9f, 0.999f, 1e-8f, 0.1f, decoupled);
            for (int i = 0; i < N; i++) {
                gs[i] += decoupled ? 0 : 0.1f * ws[i];
                ws[i] *= decoupled ? 1 - lr * 0.1f : 1;
                ms[i] = b1 * ms[i] + (1 - b1) * gs[i];
                vs[i] = b2 * vs[i] + (1 - b2) * gs[i] * gs[i];
                ws[i] -= lr * (ms[i] / (1 - Math.pow(b1, t))) / (Math.sqrt(vs[i] / (1 - Math.pow(b2, t))) + 1e-8f);
            }
        }
        assertClose("weights", w, ws, 3e-6);
        assertClose("first moment", m, ms, 1e-6);
        assertClose("second moment", v, vs, 1e-6);
    }

    @Test
    void squaresBeyondAFloatAreSummedInDouble() {
        for (float scale : new float[] {1e-40f, 1e-30f, 1e-15f, 1f, 1e15f, 1e25f, 3e37f}) {
            double[] numbers = values(f.gaussian(Layout.ROW_MAJOR, 100_000));
            float[] scaled = new float[numbers.length];
            for (int i = 0; i < scaled.length; i++) {
                scaled[i] = (float) (numbers[i] * scale);
            }
            View x = f.of(scaled);
            double expected = 0;
            for (double value : values(x)) {
                expected += value * value;
            }
            assertThat(f.sumOfSquares(x)).as("scale %s", scale).isCloseTo(expected, Percentage.withPercentage(1e-3));
        }
        assertThat(f.sumOfSquares(f.of(1f, Float.NaN))).isNaN();
        assertThat(f.sumOfSquares(f.of(1f, Float.NEGATIVE_INFINITY))).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(f.sumOfSquares(f.of(0f, -0f))).isZero();
    }

    @Test
    void settingsNextToOneAreRoundedOnce() {
        View w = f.of(1f);
        View m = f.of(0f);
        View v = f.of(0f);
        f.cpu.adam(w, f.of(2f), m, v, 1, 0.1, 0.9, 0.99999999, 1e-8, 0, true);
        assertThat(values(w)[0]).isCloseTo(0.9, Offset.offset(1e-5));
        assertThat(values(v)[0]).isCloseTo(4e-8, Percentage.withPercentage(1e-3));
        View w2 = f.of(0f);
        f.cpu.sgd(List.of(w2), List.of(f.of(1e6f)), List.of(f.of(0f)), false, 1, 0.5, 0.99999999, 0, false);
        assertThat(values(w2)[0]).isCloseTo(-0.01, Offset.offset(1e-7));
    }

    /**
     * Pieces of one loop over all weights begin and end anywhere in them; some are small, empty or of another layout.
     */
    @Test
    void sgdOfManyWeightsIsSgdOfEach() {
        int[][] shapes = {{1}, {32767}, {}, {0}, {2, 3}, {70000}, {5, 1}, {40000}};
        for (boolean first : new boolean[] {true, false}) {
            List<View> weights = new ArrayList<>();
            List<View> gradients = new ArrayList<>();
            List<View> velocities = new ArrayList<>();
            List<double[]> expected = new ArrayList<>();
            for (int[] shape : shapes) {
                Layout layout = shape.length == 2 ? Layout.REVERSED : Layout.ROW_MAJOR;
                weights.add(f.gaussian(layout, shape));
                gradients.add(f.gaussian(layout, shape));
                velocities.add(f.gaussian(layout, shape));
            }
            for (int i = 0; i < shapes.length; i++) {
                View w = copy(weights.get(i));
                View v = copy(velocities.get(i));
                f.cpu.sgd(List.of(w), List.of(gradients.get(i)), List.of(v), first, 0.1, 0.9, 0.25, 0.01, false);
                expected.add(values(w));
                expected.add(values(v));
            }
            f.cpu.sgd(weights, gradients, velocities, first, 0.1, 0.9, 0.25, 0.01, false);
            for (int i = 0; i < shapes.length; i++) {
                assertThat(values(weights.get(i))).isEqualTo(expected.get(2 * i));
                assertThat(values(velocities.get(i))).isEqualTo(expected.get(2 * i + 1));
            }
        }
    }

    private View copy(View view) {
        View copy = new View(f.cpu.allocate(view.dtype(), view.numel()), 0, view.shape(), view.strides());
        f.cpu.copy(view, copy);
        return copy;
    }
}
