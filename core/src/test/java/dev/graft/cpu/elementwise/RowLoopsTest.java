package dev.graft.cpu.elementwise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.graft.cpu.run.RowLoops;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Loops over rows against double precision, and on vectors against those without, at awkward sizes and places. */
class RowLoopsTest {
    private static final long SEED = 20261130;
    private static final int[] COUNTS = {0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 197, 1023, 1024, 1025, 1536, 5000};
    private static final int AT = 3;

    static Stream<RowLoops> loops() {
        RowLoops plain = new PlainRowLoops();
        return hasVectors() ? Stream.of(plain, new VectorElementLoops().rows()) : Stream.of(plain);
    }

    private static boolean hasVectors() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    private static float[] row(SplittableRandom random, int count, double mean) {
        float[] x = new float[count + 2 * AT];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (mean + random.nextDouble(-4, 4));
        }
        // before and behind the row
        for (int i = 0; i < AT; i++) {
            x[i] = Float.MAX_VALUE;
            x[x.length - 1 - i] = Float.MAX_VALUE;
        }
        return x;
    }

    @ParameterizedTest
    @MethodSource("loops")
    void sumsAreNearExact(RowLoops loops) {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int count : COUNTS) {
            float[] x = row(random, count, 100);
            float[] y = row(random, count, 0);
            double differences = 0;
            double squares = 0;
            double products = 0;
            double size = 0;
            for (int i = AT; i < AT + count; i++) {
                differences += x[i] - 100.0;
                squares += (x[i] - 100.25) * (x[i] - 100.25);
                products += (double) x[i] * y[i];
                size += Math.abs((double) x[i] * y[i]);
            }
            assertThat(Math.abs(loops.differences(x, AT, count, 100f) - differences))
                    .as("differences of %d", count)
                    .isLessThanOrEqualTo(1e-6 * 4 * count);
            assertThat(Math.abs(loops.squares(x, AT, count, 100f, 0.25f) - squares))
                    .as("squares of %d", count)
                    .isLessThanOrEqualTo(2e-6 * squares);
            assertThat(Math.abs(loops.products(x, AT, y, AT, count) - products))
                    .as("products of %d", count)
                    .isLessThanOrEqualTo(2e-6 * size);
        }
    }

    @ParameterizedTest
    @MethodSource("loops")
    void largestAndExponentialsAreExact(RowLoops loops) {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int count : COUNTS) {
            float[] x = row(random, count, -20);
            float largest = Float.NEGATIVE_INFINITY;
            for (int i = AT; i < AT + count; i++) {
                largest = Math.max(largest, x[i]);
            }
            assertThat(loops.largest(x, AT, count)).as("largest of %d", count).isEqualTo(largest);
            if (count > 1) {
                x[AT + 1] = Float.NEGATIVE_INFINITY;
            }
            float[] y = new float[x.length];
            loops.exponentials(x, AT, -15f, y, AT, count);
            for (int i = AT; i < AT + count; i++) {
                double right = Math.exp((double) x[i] + 15);
                // the difference is rounded before its exponential is taken
                assertThat(Math.abs(y[i] - right))
                        .as("exp(%s + 15)", x[i])
                        .isLessThanOrEqualTo((3 + Math.abs(x[i])) * Math.ulp((float) right));
            }
            assertThat(y[AT + count]).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("loops")
    void aNaNIsNeverLost(RowLoops loops) {
        for (int bits : new int[] {0x7fc00000, 0xffc00000, 0x7f800001, 0xffffffff}) {
            for (int at = 0; at < 100; at++) {
                float[] x = new float[100];
                x[at] = Float.intBitsToFloat(bits);
                float[] y = new float[100];
                loops.exponentials(x, 0, loops.largest(x, 0, 100), y, 0, 100);
                assertThat(loops.sum(y, 0, 100)).as("NaN %08x at %d", bits, at).isNaN();
            }
        }
    }

    @Test
    void vectorsGiveTheSameBits() {
        assumeTrue(hasVectors(), "the module jdk.incubator.vector is not there");
        RowLoops plain = new PlainRowLoops();
        RowLoops vector = new VectorElementLoops().rows();
        SplittableRandom random = new SplittableRandom(SEED);
        for (int count : COUNTS) {
            float[] x = row(random, count, 5);
            float[] y = row(random, count, 0);
            float[] z = row(random, count, 0);
            assertThat(vector.differences(x, AT, count, 5f)).isEqualTo(plain.differences(x, AT, count, 5f));
            assertThat(vector.squares(x, AT, count, 5f, 1e-3f)).isEqualTo(plain.squares(x, AT, count, 5f, 1e-3f));
            assertThat(vector.products(x, AT, y, AT, count)).isEqualTo(plain.products(x, AT, y, AT, count));
            assertThat(vector.largest(x, AT, count)).isEqualTo(plain.largest(x, AT, count));
            float[] a = new float[x.length];
            float[] b = new float[x.length];
            plain.exponentials(x, AT, 9f, a, AT, count);
            vector.exponentials(x, AT, 9f, b, AT, count);
            assertThat(b).as("exponentials of %d", count).isEqualTo(a);
            plain.normalize(x, AT, 5f, 0.7f, 1e-3f, y, AT, z, AT, a, AT, count);
            vector.normalize(x, AT, 5f, 0.7f, 1e-3f, y, AT, z, AT, b, AT, count);
            assertThat(b).as("normalized row of %d", count).isEqualTo(a);
        }
    }
}
