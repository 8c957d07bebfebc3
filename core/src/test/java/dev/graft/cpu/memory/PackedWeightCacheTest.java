package dev.graft.cpu.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Packed weights change nothing but the time: every result has the bits that it has with weights that nobody saw
 * before.
 */
class PackedWeightCacheTest {
    private final Fixture f = new Fixture();

    /** What may be asked of a weight view. */
    private enum Pass {
        FORWARD,
        INPUT_GRADIENT
    }

    private View run(Pass pass, View image, View w, Conv2dParams params, int height, int width) {
        if (pass == Pass.FORWARD) {
            Shape result = params.outputShape(image.shape(), w.shape());
            View y = f.empty(Layout.CHANNELS_LAST, result.toArray());
            f.cpu.conv2d(image, w, Epilogue.NONE, y, params);
            return y;
        }
        View dx = f.empty(Layout.CHANNELS_LAST, image.dim(0), w.dim(1) * params.groups(), height, width);
        f.cpu.conv2dBackwardInput(image, w, dx, params);
        return dx;
    }

    /** The same values at the same places of a storage of its own. */
    private View unseen(View w) {
        View copy = new View(f.cpu.allocate(DType.F32, w.storage().length()), w.offset(), w.shape(), w.strides());
        System.arraycopy(CpuStorage.floats(w), 0, CpuStorage.floatsToWrite(copy), 0, (int)
                w.storage().length());
        return copy;
    }

    private void expectBitsOfUnseenWeights(String what, Pass pass, View w, Conv2dParams params, int height, int width) {
        boolean forward = pass == Pass.FORWARD;
        View image = forward
                ? f.gaussian(Layout.CHANNELS_LAST, 2, w.dim(1) * params.groups(), height, width)
                : f.gaussian(
                        Layout.CHANNELS_LAST,
                        2,
                        w.dim(0),
                        params.outputHeight(height, w.dim(2)),
                        params.outputWidth(width, w.dim(3)));
        View fresh = unseen(w);
        View actual = run(pass, image, w, params, height, width);
        View expected = run(pass, image, fresh, params, height, width);
        assertThat(Fixture.values(actual)).as("%s of %s", pass, what).isEqualTo(Fixture.values(expected));
        for (View view : new View[] {image, fresh, actual, expected}) {
            view.storage().release();
        }
    }

    @Test
    void forwardAndBackwardOfColumnAndRowShapedWeightsAreToldApart() {
        for (int[] shape :
                new int[][] {{3, 1, 1, 1}, {1, 3, 1, 1}, {40, 1, 1, 1}, {1, 40, 1, 1}, {40, 1, 3, 3}, {1, 40, 3, 3}}) {
            for (int order : new int[] {0b0010, 0b0101, 0b1100, 0b0011}) {
                View w = f.gaussian(Layout.ROW_MAJOR, shape);
                for (int use = 0; use < 6; use++) {
                    Pass pass = Pass.values()[order >> use % 4 & 1];
                    expectBitsOfUnseenWeights(
                            Arrays.toString(shape) + ", use " + use + " of order " + order,
                            pass,
                            w,
                            Conv2dParams.of(1, 0),
                            4,
                            5);
                }
            }
        }
    }

    @Test
    void weightsThatRepeatElementsAreToldApart() {
        View data = f.gaussian(Layout.ROW_MAJOR, 32 * 64);
        View w = Fixture.viewed(data, new int[] {32, 32, 3, 3}, new int[] {33, 1, 0, 0});
        for (int use = 0; use < 6; use++) {
            expectBitsOfUnseenWeights("repeated taps", Pass.values()[use % 2], w, Conv2dParams.of(1, 1), 6, 6);
        }
    }

    /** Weights, and views of them that differ in one thing. */
    private List<View> views(View data) {
        List<View> views = new ArrayList<>();
        for (int offset : new int[] {0, 1, 48}) {
            for (int[] dims : new int[][] {
                {3, 1, 1, 1},
                {1, 3, 1, 1},
                {6, 1, 3, 3},
                {6, 2, 3, 3},
                {6, 6, 3, 3},
                {6, 6, 1, 3},
                {6, 6, 3, 1},
                {32, 32, 3, 3},
                {32, 32, 1, 1},
                {48, 32, 3, 3},
                {32, 48, 3, 3},
                {32, 1, 3, 3},
                {32, 1, 5, 5},
                {160, 144, 3, 3}
            }) {
                int o = dims[0];
                int i = dims[1];
                int h = dims[2];
                int k = dims[3];
                views.add(new View(data.storage(), offset, Shape.of(dims), new int[] {i * h * k, h * k, k, 1}));
                views.add(new View(data.storage(), offset, Shape.of(dims), new int[] {i * h * k, 1, k * i, i}));
                views.add(new View(data.storage(), offset, Shape.of(dims), new int[] {1, o, k * i * o, i * o}));
                views.add(new View(data.storage(), offset, Shape.of(dims), new int[] {h * k, o * h * k, k, 1}));
                views.add(new View(data.storage(), offset, Shape.of(dims), new int[] {i, 1, 0, 0}));
            }
        }
        return views;
    }

    private static Conv2dParams params(View w, Random random) {
        int h = w.dim(2);
        Conv2dParams params = Conv2dParams.of(random.nextInt(3) == 0 ? 2 : 1, h / 2);
        if (w.dim(1) == 1 && w.dim(0) > 3) {
            return params.groups(w.dim(0));
        }
        return w.dim(0) == 6 && w.dim(1) == 2 ? params.groups(3) : random.nextInt(8) == 0 ? params.dilation(2) : params;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void randomUsesUpdatesAndReplacementsKeepTheBits(long seed) {
        Random random = new Random(seed);
        View data = f.gaussian(Layout.ROW_MAJOR, 160 * 144 * 9 + 48);
        List<View> favourites = favourites(data, random);
        for (int step = 0; step < 250; step++) {
            String what = "step " + step + " of seed " + seed;
            int choice = random.nextInt(20);
            if (choice == 0) {
                f.cpu.addScaled(
                        0.5f, f.gaussian(Layout.ROW_MAJOR, 200), Fixture.viewed(data, new int[] {200}, new int[] {7}));
            } else if (choice == 1) {
                data.storage().write(random.nextInt(300), new float[] {random.nextFloat()}, 0, 1);
            } else if (choice == 2) {
                CpuStorage.floats(data)[random.nextInt(300)] = random.nextFloat();
                data.storage().markModified();
            } else if (choice == 3) {
                // The pool hands the same array to the next storage.
                data.storage().release();
                data = f.gaussian(Layout.ROW_MAJOR, 160 * 144 * 9 + 48);
                favourites = favourites(data, random);
            } else if (choice == 4) {
                favourites = favourites(data, random);
            } else if (choice == 5) {
                f.cpu.trim();
            } else {
                View w = favourites.get(random.nextInt(favourites.size()));
                Pass pass = Pass.values()[random.nextInt(2)];
                expectBitsOfUnseenWeights(
                        what + " " + w.shape() + Arrays.toString(w.strides()),
                        pass,
                        w,
                        params(w, random),
                        5 + random.nextInt(3),
                        5 + random.nextInt(3));
            }
        }
    }

    private List<View> favourites(View data, Random random) {
        List<View> all = views(data);
        List<View> few = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            few.add(all.get(random.nextInt(all.size())));
        }
        return few;
    }

    private void convolve(View w) {
        View x = f.gaussian(Layout.CHANNELS_LAST, 1, w.dim(1), 4, 4);
        run(Pass.FORWARD, x, w, Conv2dParams.of(1, 1), 4, 4).storage().release();
        x.storage().release();
    }

    @Test
    void copiesAreCountedAndEndWithTheContentTheyWereMadeOf() {
        View w = f.gaussian(Layout.ROW_MAJOR, 20, 20, 3, 3);
        convolve(w);
        assertThat(f.cpu.memory().packed()).as("after one use").isZero();
        convolve(w);
        long one = f.cpu.memory().packed();
        assertThat(one).as("after two uses").isBetween(4L * w.numel(), 12L * w.numel());
        convolve(w);
        assertThat(f.cpu.memory().packed()).as("after three uses").isEqualTo(one);
        f.cpu.fill(w, 1);
        assertThat(f.cpu.memory().packed()).as("after a change").isZero();
        convolve(w);
        convolve(w);
        assertThat(f.cpu.memory().packed()).as("used again").isEqualTo(one);
        w.storage().release();
        assertThat(f.cpu.memory().packed()).as("after the weights' end").isZero();
    }

    @Test
    void copiesOfWindowsAreBounded() {
        PackedWeightMemory memory = new PackedWeightMemory(1000, new MemoryAccount());
        PackedWeightCache weights = new PackedWeightCache(memory);
        for (int round = 0; round < 3; round++) {
            for (int window = 0; window < 50; window++) {
                int value = window;
                MatrixBuffer buffer = weights.get(
                        PackedWeightCache.Key.of("test", new int[] {window}),
                        7,
                        10,
                        floats -> new HeapMatrixBuffer(new float[floats]),
                        floats -> new HeapMatrixBuffer(new float[floats]),
                        p -> p.put(0, new float[] {value}, 0, 1));
                float[] first = new float[1];
                buffer.get(0, first, 0, 1);
                assertThat(first[0]).isEqualTo(value);
                assertThat(memory.bytes()).isLessThanOrEqualTo(1000);
            }
        }
        assertThat(memory.bytes()).as("as many as there is room for").isEqualTo(1000);
    }

    @Test
    void copiesNoLongerUsedMakeRoom() {
        PackedWeightMemory memory = new PackedWeightMemory(1000, new MemoryAccount());
        for (int model = 0; model < 3; model++) {
            PackedWeightCache weights = new PackedWeightCache(memory);
            int kept = 0;
            for (int use = 0; use < 20; use++) {
                for (int layer = 0; layer < 10; layer++) {
                    kept += weights.find(
                                            PackedWeightCache.Key.of("test", new int[] {layer}),
                                            7,
                                            20,
                                            floats -> new HeapMatrixBuffer(new float[floats]),
                                            p -> {})
                                    .isPresent()
                            ? 1
                            : 0;
                }
            }
            assertThat(kept).as("uses of kept copies, model %d", model).isGreaterThan(100);
            assertThat(memory.bytes()).isLessThanOrEqualTo(1000);
        }
    }

    /** Also where nobody called {@code clear()} between the two, as where one thread writes while another reads. */
    @Test
    void aCopyIsNeverGivenForAnotherContent() {
        PackedWeightCache weights = new PackedWeightCache(new PackedWeightMemory(1000, new MemoryAccount()));
        PackedWeightCache.Key key = PackedWeightCache.Key.of("test", new int[] {1});
        for (int content : new int[] {7, 7, 7, 8, 8, 8, 7, 9, 9}) {
            MatrixBuffer buffer = weights.get(
                    key,
                    content,
                    1,
                    floats -> new HeapMatrixBuffer(new float[floats]),
                    floats -> new HeapMatrixBuffer(new float[floats]),
                    p -> p.put(0, new float[] {content}, 0, 1));
            float[] first = new float[1];
            buffer.get(0, first, 0, 1);
            assertThat(first[0]).isEqualTo(content);
        }
    }

    @Test
    void aCopyGivenBackIsMadeAgain() {
        PackedWeightMemory memory = new PackedWeightMemory(1000, new MemoryAccount());
        PackedWeightCache weights = new PackedWeightCache(memory);
        int[] packed = new int[1];
        for (int use = 0; use < 6; use++) {
            weights.find(
                    PackedWeightCache.Key.of("test", new int[] {1}),
                    7,
                    20,
                    floats -> new HeapMatrixBuffer(new float[floats]),
                    p -> packed[0]++);
            if (use == 3) {
                memory.giveBack();
                assertThat(memory.bytes()).isZero();
            }
        }
        assertThat(packed[0]).isEqualTo(2);
        assertThat(memory.bytes()).isEqualTo(80);
    }
}
