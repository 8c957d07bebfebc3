package dev.graft.tensor;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operator against naive references in double precision: the value, and the gradients against central
 * differences, element by element and along random directions, which reach all elements at once.
 */
class OpGradientTest {
    private static final double STEP = 1e-5;
    private static final int ELEMENTS = 12;
    private static final int DIRECTIONS = 2;

    static List<OpCase> cases() {
        return OpCases.all();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void valueIsThatOfTheNaiveReference(OpCase c) {
        Nd expected = c.naive().apply(arguments(c));
        Close.check(c + ", value", OpRun.of(c, Layout.CONTIGUOUS).out(), expected, c.terms());
    }

    static List<OpCase> smoothCases() {
        return OpCases.withGradient().stream().filter(OpCase::smooth).toList();
    }

    @ParameterizedTest
    @MethodSource("smoothCases")
    void gradientsAreTheSlopesOfTheNaiveReference(OpCase c) {
        Nd[] in = arguments(c);
        OpRun run = OpRun.of(c, Layout.CONTIGUOUS);
        Random random = new Random(c.name().hashCode());
        run.gradients().forEach((argument, gradient) -> {
            Nd exact = new Nd(
                    in[argument].dims(),
                    IntStream.range(0, gradient.length)
                            .mapToDouble(i -> gradient[i])
                            .toArray());
            double scale = Close.scale(exact.data(), c.terms());
            int n = exact.size();
            int[] elements = n <= ELEMENTS
                    ? IntStream.range(0, n).toArray()
                    : random.ints(ELEMENTS, 0, n).toArray();
            for (int i : elements) {
                double[] direction = new double[n];
                direction[i] = 1;
                expectSlope(
                        c, in, argument, direction, exact.data()[i], Math.abs(exact.data()[i]) + scale, "element " + i);
            }
            for (int k = 0; k < DIRECTIONS && n > 0; k++) {
                Nd direction = new Nd(exact.dims(), random.doubles(n, -1, 1).toArray());
                expectSlope(
                        c,
                        in,
                        argument,
                        direction.data(),
                        exact.dot(direction),
                        exact.map(Math::abs).sum() + scale,
                        "direction " + k);
            }
        });
    }

    private static Nd[] arguments(OpCase c) {
        return IntStream.range(0, c.arguments())
                .mapToObj(i -> c.golden("in" + i).values())
                .toArray(Nd[]::new);
    }

    private static void expectSlope(
            OpCase c, Nd[] in, int argument, double[] direction, double slope, double scale, String where) {
        Nd dy = c.golden("dy").values();
        double measured = (c.naive().apply(moved(in, argument, direction, STEP)).dot(dy)
                        - c.naive().apply(moved(in, argument, direction, -STEP)).dot(dy))
                / (2 * STEP);
        double allowed = 3 * Close.tolerance(c.terms()) * scale;
        if (!(Math.abs(measured - slope) <= allowed)) {
            throw new AssertionError(c + ", argument " + argument + ", " + where + ": the gradient gives slope " + slope
                    + ", central differences " + measured
                    + " (difference " + (slope - measured) + ", allowed " + allowed + ")");
        }
    }

    private static Nd[] moved(Nd[] in, int argument, double[] direction, double step) {
        Nd[] out = in.clone();
        double[] data = in[argument].data().clone();
        for (int i = 0; i < data.length; i++) {
            data[i] += step * direction[i];
        }
        out[argument] = new Nd(in[argument].dims(), data);
        return out;
    }
}
