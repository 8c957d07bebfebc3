package dev.graft.cpu.reduce;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.layout.ElementAccess;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Sums, extremes and running sums of I64 of random shapes and layouts, beside a loop over the elements. */
class IntegerFoldsTest {
    private static final int CASES = 300;
    private static final int[] SIZES = {1, 2, 3, 4, 7, 15, 16, 17, 33, 100, 1025};
    private static final int MOST = 60_000;

    private final Fixture f = new Fixture();

    private int[] dims(Random random) {
        int[] dims = new int[1 + random.nextInt(4)];
        int count = 1;
        for (int d = 0; d < dims.length; d++) {
            int size = random.nextInt(60) == 0 ? 40_000 : SIZES[random.nextInt(SIZES.length)];
            dims[d] = count * size > MOST ? 1 : size;
            count *= dims[d];
        }
        return dims;
    }

    /** In any order of dimensions, with a gap between elements at times. */
    private View empty(Random random, int[] dims) {
        List<Integer> order = IntStream.range(0, dims.length).boxed().collect(Collectors.toList());
        if (random.nextBoolean()) {
            Collections.shuffle(order, random);
        }
        int step = 1 + random.nextInt(4) / 3;
        int[] strides = new int[dims.length];
        int count = step;
        for (int d = dims.length - 1; d >= 0; d--) {
            strides[order.get(d)] = count;
            count *= dims[order.get(d)];
        }
        int offset = random.nextInt(5);
        return new View(f.cpu.allocate(DType.I64, count + offset), offset, Shape.of(dims), strides);
    }

    private View random(Random random, int[] dims) {
        View view = empty(random, dims);
        long[] values = random.longs(view.storage().length()).toArray();
        view.storage().write(0, values, 0, values.length);
        return view;
    }

    private static long at(View view, int... index) {
        return ElementAccess.of(view).getLong(Fixture.place(view, index));
    }

    private static int[] index(int place, int[] dims) {
        int[] index = new int[dims.length];
        for (int d = dims.length - 1, rest = place; d >= 0; d--) {
            index[d] = rest % dims[d];
            rest /= dims[d];
        }
        return index;
    }

    private static long[] elements(View view) {
        int[] dims = view.shape().toArray();
        return IntStream.range(0, view.numel())
                .mapToLong(i -> at(view, index(i, dims)))
                .toArray();
    }

    @Test
    void foldsAreThoseOfALoop() {
        Reduction[] ops = {Reduction.SUM, Reduction.MAX, Reduction.MIN};
        for (int seed = 0; seed < CASES; seed++) {
            Random random = new Random(seed);
            View x = random(random, dims(random));
            int[] dims = x.shape().toArray();
            int[] kept = dims.clone();
            for (int d = 0; d < kept.length; d++) {
                kept[d] = random.nextBoolean() ? 1 : kept[d];
            }
            Reduction op = ops[random.nextInt(ops.length)];
            View y = empty(random, kept);
            long[] expected = new long[y.numel()];
            boolean[] begun = new boolean[expected.length];
            for (int i = 0; i < x.numel(); i++) {
                int[] index = index(i, dims);
                int to = 0;
                for (int d = 0; d < kept.length; d++) {
                    to = to * kept[d] + (kept[d] == 1 ? 0 : index[d]);
                }
                long v = at(x, index);
                long other = expected[to];
                expected[to] = !begun[to]
                        ? v
                        : op == Reduction.SUM
                                ? v + other
                                : op == Reduction.MAX ? Math.max(v, other) : Math.min(v, other);
                begun[to] = true;
            }
            for (int threads : new int[] {1, 2, 16}) {
                f.cpu.setThreads(threads);
                f.cpu.fill(y, 5);
                f.cpu.reduce(op, x, y);
                assertThat(elements(y))
                        .as("%s of %s to %s, seed %d, %d threads", op, x.shape(), y.shape(), seed, threads)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void runningSumsAreThoseOfALoop() {
        for (int seed = 0; seed < CASES; seed++) {
            Random random = new Random(seed);
            int[] dims = dims(random);
            View x = random(random, dims);
            View y = empty(random, dims);
            int axis = random.nextInt(dims.length);
            boolean reverse = random.nextBoolean();
            long[] expected = new long[x.numel()];
            long[] xs = elements(x);
            int inner = Arrays.stream(dims, axis + 1, dims.length).reduce(1, (a, b) -> a * b);
            for (int i = 0; i < expected.length; i++) {
                int place = reverse ? expected.length - 1 - i : i;
                int before = reverse ? place + inner : place - inner;
                int k = place / inner % dims[axis];
                boolean first = reverse ? k == dims[axis] - 1 : k == 0;
                expected[place] = xs[place] + (first ? 0 : expected[before]);
            }
            for (int threads : new int[] {1, 16}) {
                f.cpu.setThreads(threads);
                f.cpu.fill(y, 5);
                f.cpu.cumsum(x, axis, reverse, y);
                assertThat(elements(y))
                        .as("%s along %d, reverse %s, seed %d, %d threads", x.shape(), axis, reverse, seed, threads)
                        .isEqualTo(expected);
            }
        }
    }
}
