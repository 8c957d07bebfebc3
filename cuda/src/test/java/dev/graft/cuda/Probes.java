package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;

/** What the kernels of {@code fake_driver_probe.cu} have to compute; the mutants of these kernels have to fail here. */
final class Probes {
    static final String FILE = "fake_driver_probe.cu";

    private Probes() {}

    static Map<String, Consumer<RawDriver>> all() {
        Map<String, Consumer<RawDriver>> probes = new LinkedHashMap<>();
        probes.put("unary", Probes::unary);
        probes.put("strided", Probes::strided);
        probes.put("sums", Probes::sums);
        probes.put("tree", Probes::tree);
        probes.put("transpose", Probes::transpose);
        probes.put("atomics", Probes::atomics);
        probes.put("shuffles", Probes::shuffles);
        return probes;
    }

    static float[] ramp(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (i * 37 % 101 - 50) / 16f;
        }
        return values;
    }

    static void unary(RawDriver driver) {
        int n = 1000;
        float[] x = ramp(n);
        long dx = driver.upload(x);
        long dy = driver.allocate(4L * n);
        driver.launch("probe_negate", new int[] {4}, new int[] {256}, dy, dx, n);
        float[] y = driver.download(dy, n);
        driver.launch("probe_exp", new int[] {4}, new int[] {256}, dy, dx, n);
        float[] e = driver.download(dy, n);
        for (int i = 0; i < n; i++) {
            assertThat(y[i]).isEqualTo(-x[i]);
            assertThat((double) e[i]).isCloseTo(Math.exp(x[i]), within(1e-6 * Math.exp(x[i])));
        }
    }

    static void strided(RawDriver driver) {
        ByteBuffer shape = ByteBuffer.allocate(136).order(ByteOrder.LITTLE_ENDIAN);
        shape.putLong(0, 5)
                .putLong(8, 7)
                .putLong(64, 1)
                .putLong(72, 5)
                .putInt(128, 2)
                .putFloat(132, 2f);
        float[] x = ramp(35);
        long dy = driver.allocate(4 * 35);
        driver.launch("probe_strided", new int[] {2}, new int[] {32}, dy, driver.upload(x), shape.array(), 35L);
        float[] y = driver.download(dy, 35);
        for (int i = 0; i < 35; i++) {
            assertThat(y[i]).isEqualTo(2 * x[i / 7 + i % 7 * 5]);
        }
    }

    static void sums(RawDriver driver) {
        int n = 200;
        float[] x = ramp(2 * n);
        long out = driver.allocate(16);
        driver.launch("probe_sums", new int[] {2}, new int[] {96}, out, driver.upload(x), n);
        float[] y = driver.download(out, 4);
        for (int b = 0; b < 2; b++) {
            double sum = 0;
            double squares = 0;
            for (int i = b * n; i < (b + 1) * n; i++) {
                sum += x[i];
                squares += x[i] * x[i];
            }
            assertThat((double) y[2 * b]).isCloseTo(sum, within(1e-3));
            assertThat((double) y[2 * b + 1]).isCloseTo(squares, within(1e-2));
        }
    }

    static void tree(RawDriver driver) {
        double[] x = new double[256];
        for (int i = 0; i < x.length; i++) {
            x[i] = i * i;
        }
        long out = driver.allocate(8);
        try (DoublePointer host = new DoublePointer(x)) {
            driver.launch("probe_tree", new int[] {1}, new int[] {256}, out, driver.uploaded(host, 2048));
            driver.downloadTo(host, out, 8);
            assertThat(host.get(0)).isEqualTo(255 * 256 * 511 / 6);
        }
    }

    static void transpose(RawDriver driver) {
        int rows = 35;
        int columns = 50;
        float[] x = ramp(rows * columns);
        long dy = driver.allocate(4L * x.length);
        driver.launch("probe_transpose", new int[] {4, 3}, new int[] {16, 16}, dy, driver.upload(x), rows, columns);
        float[] y = driver.download(dy, x.length);
        for (int i = 0; i < x.length; i++) {
            assertThat(y[i]).isEqualTo(x[i % rows * columns + i / rows]);
        }
    }

    static void atomics(RawDriver driver) {
        int n = 300;
        int[] x = new int[n];
        int[] bins = new int[4];
        long total = 0;
        int mask = 0;
        int largest = 0;
        for (int i = 0; i < n; i++) {
            x[i] = i * 7919 % 1000;
            bins[x[i] & 3]++;
            total += x[i];
            mask |= 1 << x[i];
            largest = Math.max(largest, x[i]);
        }
        long counts = driver.upload(new float[4]);
        long most = driver.upload(0);
        long sum = driver.upload(0, 0);
        long or = driver.upload(0);
        long half = driver.upload(0);
        try (IntPointer host = new IntPointer(x);
                LongPointer wide = new LongPointer(1L)) {
            long dx = driver.uploaded(host, 4L * n);
            driver.launch("probe_atomics", new int[] {3}, new int[] {128}, counts, most, sum, or, half, dx, n);
            driver.downloadTo(host, counts, 16);
            int[] found = new int[4];
            host.get(found);
            assertThat(found).isEqualTo(bins);
            driver.downloadTo(host, most, 4);
            assertThat(host.get(0)).isEqualTo(largest);
            driver.downloadTo(host, or, 4);
            assertThat(host.get(0)).isEqualTo(mask);
            driver.downloadTo(wide, sum, 8);
            assertThat(wide.get(0)).isEqualTo(total);
        }
        assertThat(driver.download(half, 1)).containsExactly(n / 2f);
    }

    static void shuffles(RawDriver driver) {
        int n = 64;
        long f = driver.allocate(4L * n);
        long d = driver.allocate(8L * n);
        long l = driver.allocate(8L * n);
        long votes = driver.allocate(4L * n);
        driver.launch("probe_shuffles", new int[] {1}, new int[] {n}, f, d, l, votes);
        float[] floats = driver.download(f, n);
        try (DoublePointer doubles = new DoublePointer(n);
                LongPointer longs = new LongPointer(n);
                IntPointer ballots = new IntPointer(n)) {
            driver.downloadTo(doubles, d, 8L * n);
            driver.downloadTo(longs, l, 8L * n);
            driver.downloadTo(ballots, votes, 4L * n);
            for (int i = 0; i < n; i++) {
                int lane = i % 32;
                int sum = (31 * 32 - lane * (lane - 1)) / 2;
                assertThat(floats[i]).isEqualTo(sum);
                assertThat(doubles.get(i)).isEqualTo(sum / 2.0);
                assertThat(longs.get(i)).isEqualTo((long) sum << 40);
                assertThat(ballots.get(i)).isEqualTo(0x49249249);
            }
        }
    }
}
