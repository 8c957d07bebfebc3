package dev.graft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.LongToDoubleFunction;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine can do, measured: the most multiply-adds and the most bytes a second.
 *
 * @param gigaflops of vector multiply-adds on registers, two operations each
 * @param gigabytesPerSecond of copying arrays larger than the caches, bytes read plus bytes written
 */
public record Roofline(int threads, double gigaflops, double gigabytesPerSecond) {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 12;
    private static final int LOOP = 1_000_000;
    private static final int COPY_FLOATS = 16 << 20;
    private static final long NANOS = 500_000_000L;

    /** Measures for about two seconds. */
    public static Roofline measure(int threads) {
        // until the loop is compiled
        multiplyAdds(NANOS);
        return new Roofline(threads, all(threads, Roofline::multiplyAdds) / 1e9, all(threads, Roofline::copies) / 1e9);
    }

    private static double all(int threads, LongToDoubleFunction body) {
        Executor own = task -> new Thread(task).start();
        List<CompletableFuture<Double>> rates = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            rates.add(CompletableFuture.supplyAsync(() -> body.applyAsDouble(NANOS), own));
        }
        return rates.stream().mapToDouble(CompletableFuture::join).sum();
    }

    private static double multiplyAdds(long nanos) {
        double best = 0;
        long end = System.nanoTime() + nanos;
        float guard = 0;
        while (System.nanoTime() < end) {
            long start = System.nanoTime();
            guard += chains(0.999f, 1e-3f);
            best = Math.max(best, 2.0 * CHAINS * SPECIES.length() * LOOP / (System.nanoTime() - start) * 1e9);
        }
        if (Float.isNaN(guard)) {
            throw new IllegalStateException("multiply-adds gave NaN");
        }
        return best;
    }

    /** Enough independent chains to hide the latency of one; written out, as vectors in an array would be objects. */
    private static float chains(float factor, float term) {
        FloatVector f = FloatVector.broadcast(SPECIES, factor);
        FloatVector t = FloatVector.broadcast(SPECIES, term);
        FloatVector c0 = t;
        FloatVector c1 = t;
        FloatVector c2 = t;
        FloatVector c3 = t;
        FloatVector c4 = t;
        FloatVector c5 = t;
        FloatVector c6 = t;
        FloatVector c7 = t;
        FloatVector c8 = t;
        FloatVector c9 = t;
        FloatVector c10 = t;
        FloatVector c11 = t;
        for (int n = 0; n < LOOP; n++) {
            c0 = c0.fma(f, t);
            c1 = c1.fma(f, t);
            c2 = c2.fma(f, t);
            c3 = c3.fma(f, t);
            c4 = c4.fma(f, t);
            c5 = c5.fma(f, t);
            c6 = c6.fma(f, t);
            c7 = c7.fma(f, t);
            c8 = c8.fma(f, t);
            c9 = c9.fma(f, t);
            c10 = c10.fma(f, t);
            c11 = c11.fma(f, t);
        }
        return c0.add(c1)
                .add(c2)
                .add(c3)
                .add(c4.add(c5).add(c6).add(c7))
                .add(c8.add(c9).add(c10).add(c11))
                .lane(0);
    }

    private static double copies(long nanos) {
        float[] from = new float[COPY_FLOATS];
        float[] to = new float[COPY_FLOATS];
        double best = 0;
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            long start = System.nanoTime();
            System.arraycopy(from, 0, to, 0, COPY_FLOATS);
            best = Math.max(best, 2.0 * Float.BYTES * COPY_FLOATS / (System.nanoTime() - start) * 1e9);
        }
        return best;
    }

    /** The fraction of what the machine can do: of multiply-adds where there are any, else of copying. */
    public double fraction(double flops, double bytes, double ms) {
        return flops > 0 ? flops / ms / 1e6 / gigaflops : bytes / ms / 1e6 / gigabytesPerSecond;
    }

    /** What tables of fractions must say first. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "peak, measured with %d threads: %.0f GF/s of multiply-adds, %.1f GB/s of copying%n"
                        + "of peak: of multiply-adds where there are GF/s, else of copying. Operations are counted as the definition has them,%n"
                        + "so an algorithm that needs fewer may exceed 1; so may arrays that stay in the caches.",
                threads,
                gigaflops,
                gigabytesPerSecond);
    }
}
