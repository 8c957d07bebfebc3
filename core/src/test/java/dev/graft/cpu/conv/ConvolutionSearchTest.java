package dev.graft.cpu.conv;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Epilogue;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.memory.CpuStorage;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random convolutions against their definition in double: their values, and that NaN and infinities among pixels,
 * weights or gradients reach exactly those results that read them.
 */
public class ConvolutionSearchTest {
    private static final int CASES = 80;
    /** Of a float, relative. */
    private static final double ROUNDING = Math.ulp(1f);

    private static final float[] STRANGE = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

    private Fixture f;
    private Random random;

    @BeforeEach
    void begin() {
        f = new Fixture();
    }

    @FunctionalInterface
    private interface Check {
        void accept(ConvCase k);
    }

    private void search(long seed, Check check) {
        for (int i = 0; i < CASES; i++) {
            random = new Random(1000 * seed + i);
            f.random.setSeed(1000 * seed + i);
            ConvCase k = ConvCase.random(random);
            try {
                check.accept(k);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", case " + i + ": " + k + ": " + e.getMessage(), e);
            }
        }
    }

    private Layout layout() {
        return random.nextInt(3) > 0 ? Layout.CHANNELS_LAST : Layout.values()[random.nextInt(Layout.values().length)];
    }

    /** Values of which a few, if any, are not finite. */
    private View operand(Layout layout, int strange, int... dims) {
        View view = f.gaussian(layout, dims);
        for (int i = 0; i < strange && view.numel() > 0; i++) {
            int[] place = new int[dims.length];
            for (int d = 0; d < dims.length; d++) {
                // Corners and edges often.
                place[d] = switch (random.nextInt(4)) {
                    case 0 -> 0;
                    case 1 -> dims[d] - 1;
                    default -> random.nextInt(dims[d]);
                };
            }
            CpuStorage.floatsToWrite(view)[Fixture.place(view, place)] = STRANGE[random.nextInt(STRANGE.length)];
        }
        return view;
    }

    private int strange(boolean planted) {
        return planted ? random.nextInt(3) : 0;
    }

    private static void compare(String what, View actual, double[] expected, double[] sizes, double tolerance) {
        double[] values = Fixture.values(actual);
        assertThat(values.length).isEqualTo(expected.length);
        for (int i = 0; i < values.length; i++) {
            double e = expected[i];
            boolean same = Double.isFinite(e)
                    ? Math.abs(values[i] - e) <= tolerance * sizes[i]
                    : Double.compare(values[i], e) == 0;
            if (!same) {
                throw new AssertionError(what + " at " + i + ": " + values[i] + ", expected " + e);
            }
        }
    }

    /** Winograd's error is relative to the largest result. */
    private static double[] sizes(ConvCase k, double[] sizes) {
        boolean square = k.kh() == 3
                && k.kw() == 3
                && k.inputs() >= 32
                && k.o() / k.params().groups() >= 32;
        boolean winograd = square || k.kind().equals("a line");
        double[] all = sizes.clone();
        if (winograd) {
            Arrays.fill(
                    all, 4 * Arrays.stream(sizes).filter(Double::isFinite).max().orElse(0));
        }
        return all;
    }

    private static double tolerance(int terms) {
        return ROUNDING * (4 + Math.sqrt(terms));
    }

    private void forward(ConvCase k, boolean planted) {
        Layout layout = layout();
        View x = operand(layout, strange(planted), k.x());
        View w = operand(layout(), strange(planted), k.weight());
        boolean bare = random.nextBoolean();
        Optional<View> scale =
                bare || random.nextBoolean() ? Optional.empty() : Optional.of(f.gaussian(Layout.ROW_MAJOR, k.o()));
        Optional<View> shift = bare ? Optional.empty() : Optional.of(f.gaussian(Layout.ROW_MAJOR, k.o()));
        Optional<View> residual =
                bare || random.nextBoolean() ? Optional.empty() : Optional.of(operand(layout, strange(planted), k.y()));
        Activation activation = bare ? Activation.NONE : Activation.values()[random.nextInt(3)];
        Epilogue epilogue = new Epilogue(scale, shift, residual, activation);
        View y = f.gaussian(layout, k.y());
        f.cpu.conv2d(x, w, epilogue, y, k.params());

        ConvCase.Sums sums = k.forward(Fixture.values(x), Fixture.values(w));
        double[] expected = new double[sums.values().length];
        double[] sizes = sizes(k, sums.sizes());
        double[] added = residual.map(Fixture::values).orElse(new double[0]);
        for (int i = 0; i < expected.length; i++) {
            int channel = i / (k.oh() * k.ow()) % k.o();
            double s = scale.isPresent() ? Fixture.at(scale.get(), channel) : 1;
            double h = shift.isPresent() ? Fixture.at(shift.get(), channel) : 0;
            double r = residual.isPresent() ? added[i] : 0;
            double v = s * sums.values()[i] + h + r;
            expected[i] = switch (activation) {
                case NONE -> v;
                case RELU -> Math.max(v, 0);
                case RELU6 -> Math.min(Math.max(v, 0), 6);
            };
            sizes[i] = Math.abs(s) * sizes[i] + Math.abs(h) + Math.abs(r);
        }
        compare("conv2d", y, expected, sizes, tolerance(k.inputs() * k.kh() * k.kw()));
        if (residual.isEmpty()) {
            pooled(k, x, w, epilogue, expected, sizes);
        }
    }

    private void pooled(ConvCase k, View x, View w, Epilogue epilogue, double[] expected, double[] sizes) {
        int rows = (k.oh() + 1) / 2;
        int columns = (k.ow() + 1) / 2;
        int[] top = new int[rows];
        int[] bottom = new int[rows];
        int[] left = new int[columns];
        int[] right = new int[columns];
        Arrays.setAll(top, i -> Math.max(0, 2 * i - 1));
        Arrays.setAll(bottom, i -> Math.min(k.oh(), 2 * i + 2));
        Arrays.setAll(left, i -> Math.max(0, 2 * i - 1));
        Arrays.setAll(right, i -> Math.min(k.ow(), 2 * i + 2));
        View maxima = f.gaussian(Layout.CHANNELS_LAST, k.n(), k.o(), rows, columns);
        f.cpu.conv2d(
                x,
                w,
                new Epilogue(
                        epilogue.scale(),
                        epilogue.shift(),
                        Optional.empty(),
                        epilogue.activation(),
                        Optional.of(Pool2dParams.of(3, 2, 1))),
                maxima,
                k.params());
        double[] largest = new double[maxima.numel()];
        double[] largestSize = new double[largest.length];
        for (int i = 0; i < largest.length; i++) {
            int plane = i / (rows * columns) * k.oh() * k.ow();
            int q = i / columns % rows;
            int r = i % columns;
            largest[i] = Double.NEGATIVE_INFINITY;
            for (int a = top[q]; a < bottom[q]; a++) {
                for (int b = left[r]; b < right[r]; b++) {
                    largest[i] = Math.max(largest[i], expected[plane + a * k.ow() + b]);
                    largestSize[i] = Math.max(largestSize[i], sizes[plane + a * k.ow() + b]);
                }
            }
        }
        compare("conv2d with maxima", maxima, largest, largestSize, tolerance(k.inputs() * k.kh() * k.kw()));
    }

    private void inputGradient(ConvCase k, boolean planted) {
        Layout layout = layout();
        View dy = operand(layout, strange(planted), k.y());
        View w = operand(layout(), strange(planted), k.weight());
        View dx = f.gaussian(layout, k.x());
        f.cpu.conv2dBackwardInput(dy, w, dx, k.params());
        ConvCase.Sums sums = k.inputGradient(Fixture.values(dy), Fixture.values(w));
        compare("conv2dBackwardInput", dx, sums.values(), sizes(k, sums.sizes()), tolerance(k.o() * k.kh() * k.kw()));
    }

    private void weightGradient(ConvCase k, boolean planted) {
        Layout layout = layout();
        View x = operand(layout, strange(planted), k.x());
        View dy = operand(layout(), strange(planted), k.y());
        View dw = f.gaussian(random.nextBoolean() ? Layout.CHANNELS_LAST : Layout.ROW_MAJOR, k.weight());
        f.cpu.conv2dBackwardWeight(x, dy, dw, k.params());
        ConvCase.Sums sums = k.weightGradient(Fixture.values(x), Fixture.values(dy));
        compare("conv2dBackwardWeight", dw, sums.values(), sizes(k, sums.sizes()), tolerance(k.n() * k.oh() * k.ow()));
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2})
    void valuesAreThoseOfTheDefinition(long seed) {
        search(seed, k -> {
            forward(k, false);
            inputGradient(k, false);
            weightGradient(k, false);
        });
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 4, 5})
    void strangeValuesReachTheResultsThatReadThem(long seed) {
        search(seed, k -> forward(k, true));
    }

    @ParameterizedTest
    @ValueSource(longs = {6, 7, 8})
    void strangeValuesReachTheInputGradientsThatReadThem(long seed) {
        search(seed, k -> inputGradient(k, true));
    }

    @ParameterizedTest
    @ValueSource(longs = {9, 10, 11})
    void strangeValuesReachTheWeightGradientsThatReadThem(long seed) {
        search(seed, k -> weightGradient(k, true));
    }
}
