package dev.graft.cpu.run;

import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Whether this JVM compiles the Vector API to instructions. If it does not, each vector operation is a call that
 * allocates an object. A network then takes a hundred times longer than with plain loops, or several hundred times if
 * the processor's fused multiply-add is not used either.
 *
 * <p>The answer must not depend on how busy the machine is, because the results of the two kinds of kernels differ in
 * their last bits. So it comes from what the JVM reports about itself (a few milliseconds, once). Only a JVM that
 * reports nothing is measured.
 */
public final class VectorCheck {
    /** The shortest vectors that kernels support. */
    private static final int SHORTEST_BITS = 128;
    /**
     * In hardware, a fused multiply-add costs no more than a call of an empty method. Without hardware it is computed
     * in decimals, 100 times slower.
     */
    private static final int SLOW = 20;

    private static final int TRIES = 6;
    private static final int CALLS = 8;
    private static final int MEASURED_FLOATS = 1024;
    /** An iteration of the measured loop, compiled, takes 2 ns or less; with calls in it, 100 ns or more. */
    private static final int COMPILED_NANOS = 20;

    private static final long MEASURING_NANOS = 3_000_000_000L;

    @SuppressWarnings("unused") // keeps the measured loops alive
    private static volatile float sink;

    private VectorCheck() {}

    private static final class Holder {
        private static final Optional<String> OBSTACLE = find();
    }

    /** Why vector kernels would be slow on this JVM, with the fix; empty if they are fast. Needs {@link #hasModule}. */
    public static Optional<String> obstacle() {
        return Holder.OBSTACLE;
    }

    /** Asks without loading a class of the Vector API. */
    public static boolean hasModule() {
        return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    }

    private static Optional<String> find() {
        String info = System.getProperty("java.vm.info", "");
        if (info.contains("interpreted")) {
            return Optional.of("this JVM only interprets. Hint: run without -Xint, on a JVM with a JIT compiler");
        }
        if (info.contains("emulated-client")) {
            return onlyFirstCompiler();
        }
        if (!hasFusedMultiplyAdd()) {
            return Optional.of(
                    "this JVM does not use the processor's fused multiply-add instructions. Hint: run without -XX:-UseFMA and"
                            + " -XX:UseAVX=0, on a processor that has them (x86-64 since 2013, 64-bit ARM)");
        }
        int bits = Width.bits();
        if (bits < SHORTEST_BITS) {
            return Optional.of("this JVM's compiler uses vectors of " + bits
                    + " bits. Hint: run without -XX:MaxVectorSize, on a processor"
                    + " whose vectors this JVM supports");
        }
        Optional<Boolean> compiled = HotSpotFlags.compilesWithC2();
        if (compiled.isEmpty()) {
            return Width.isFast()
                    ? Optional.empty()
                    : Optional.of(
                            "this JVM (" + System.getProperty("java.vm.name")
                                    + ") does not compile the Vector API to instructions. Hint: use a JDK with HotSpot's C2 compiler, such as Eclipse Temurin");
        }
        return compiled.get() ? Optional.empty() : onlyFirstCompiler();
    }

    private static Optional<String> onlyFirstCompiler() {
        return Optional.of(
                "this JVM runs without its optimizing compiler, C2. Hint: run without -XX:TieredStopAtLevel and -XX:CompilationMode");
    }

    /**
     * Whether a fused multiply-add costs about what the two operations cost. It has another result than the two, by one
     * rounding.
     */
    public static boolean hasFusedMultiplyAdd() {
        return FusedHolder.FUSED;
    }

    private static final class FusedHolder {
        private static final boolean FUSED = measureFusedMultiplyAdd();
    }

    private static boolean measureFusedMultiplyAdd() {
        long fused = Long.MAX_VALUE;
        long plain = Long.MAX_VALUE;
        float x = 1.5f;
        for (int i = 0; i < TRIES; i++) {
            long start = System.nanoTime();
            for (int j = 0; j < CALLS; j++) {
                x = Math.fma(x, 0.9f, 0.1f);
            }
            fused = Math.min(fused, System.nanoTime() - start);
            start = System.nanoTime();
            for (int j = 0; j < CALLS; j++) {
                x = multiplyAdd(x, 0.9f, 0.1f);
            }
            plain = Math.min(plain, System.nanoTime() - start);
        }
        sink = x; // stored, so that the loops cannot be optimised away
        return fused <= SLOW * Math.max(plain, CALLS * 5L);
    }

    private static float multiplyAdd(float a, float b, float c) {
        return a * b + c;
    }

    /** In a separate class, because it needs the module. */
    private static final class Width {
        private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

        static int bits() {
            return SPECIES.vectorBitSize();
        }

        /** Runs a loop until it is fast, or for three seconds, because the compiler is late on a busy machine. */
        static boolean isFast() {
            float[] x = new float[MEASURED_FLOATS];
            long begin = System.nanoTime();
            while (System.nanoTime() - begin < MEASURING_NANOS) {
                long start = System.nanoTime();
                add(x);
                if (System.nanoTime() - start < (long) COMPILED_NANOS * MEASURED_FLOATS / SPECIES.length()) {
                    sink = x[0];
                    return true;
                }
            }
            return false;
        }

        private static void add(float[] x) {
            for (int i = 0; i < MEASURED_FLOATS; i += SPECIES.length()) {
                FloatVector v = FloatVector.fromArray(SPECIES, x, i);
                v.fma(v, v).intoArray(x, i);
            }
        }
    }
}
