package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WalkTest {
    /** The struct as kernels read it: places of both operands, element by element. */
    private static List<long[]> places(Walk walk, int count) {
        ByteBuffer memory = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        walk.put(memory);
        int rank = memory.getInt(0);
        List<long[]> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long[] at = new long[2];
            int rest = i;
            for (int d = rank - 1; d >= 0; d--) {
                int size = memory.getInt(8 + 4 * d);
                for (int k = 0; k < at.length; k++) {
                    at[k] += (rest % size) * memory.getLong(8 + 4 * Walk.MOST_DIMS + 8 * (k * Walk.MOST_DIMS + d));
                }
                rest /= size;
            }
            places.add(at);
        }
        return places;
    }

    private static int rank(Walk walk) {
        ByteBuffer memory = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        walk.put(memory);
        return memory.getInt(0);
    }

    @Test
    void walksWhatTheDimensionsWalk() {
        for (int seed = 0; seed < 2000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int rank = random.nextInt(6);
            int[] dims = random.ints(rank, 1, 5).toArray();
            long[][] steps = new long[2][rank];
            for (long[] of : steps) {
                long step = 1;
                for (int d = rank - 1; d >= 0; d--) {
                    of[d] = random.nextInt(3) == 0 ? random.nextInt(7) : step;
                    step *= dims[d];
                }
            }
            List<long[]> expected = new ArrayList<>();
            int[] index = new int[rank];
            int count = Arrays.stream(dims).reduce(1, (a, b) -> a * b);
            for (int i = 0; i < count; i++) {
                long[] at = new long[2];
                for (int d = 0; d < rank; d++) {
                    at[0] += index[d] * steps[0][d];
                    at[1] += index[d] * steps[1][d];
                }
                expected.add(at);
                for (int d = rank - 1; d >= 0 && ++index[d] == dims[d]; d--) {
                    index[d] = 0;
                }
            }
            List<long[]> actual = places(Walk.of(dims, steps), count);
            for (int i = 0; i < count; i++) {
                assertThat(actual.get(i)).as("seed %d, element %d", seed, i).containsExactly(expected.get(i));
            }
        }
    }

    @Test
    void mergesWhatLiesTogether() {
        assertThat(rank(Walk.of(new int[] {4, 3, 5}, new long[] {15, 5, 1}, new long[] {15, 5, 1})))
                .isEqualTo(1);
        assertThat(rank(Walk.of(new int[] {4, 3, 5}, new long[] {15, 5, 1}, new long[] {0, 5, 1})))
                .isEqualTo(2);
        assertThat(rank(Walk.of(new int[] {1, 1}, new long[] {7, 9}, new long[] {1, 1})))
                .isZero();
    }

    @Test
    void refusesMoreDimensionsThanKernelsHave() {
        int[] dims = new int[13];
        long[] gaps = new long[13];
        Arrays.fill(dims, 2);
        Arrays.setAll(gaps, d -> 3L * (d + 1));
        assertThatThrownBy(() -> Walk.of(dims, gaps))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("13 dimensions")
                .hasMessageContaining("Hint: make it contiguous first");
    }
}
