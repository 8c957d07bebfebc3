package dev.graft.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Shows the JIT compiler every kind of vector operator before the first kernel runs.
 *
 * <p>Until a kernel is compiled, its vector operations are calls. HotSpot compiles the called methods of the Vector API
 * on their own, for the operators that they have seen so far. The first operator of another kind then fails a class
 * check, which is counted as a trap. The counts of everything that a kernel inlines are added up. Above
 * {@code PerMethodTrapLimit} the compiler stops speculating on classes in that kernel: its vectors become objects, and
 * it runs 5 to 8 times slower for the rest of the process. On JDK 17 this happened to whichever network came second.
 * Methods that are compiled after they have seen all kinds fail no check.
 */
final class VectorTypeProfiles {
    /** Enough calls for the compiler to replace its first, profiled version of each method; 1000 were too few. */
    private static final int ROUNDS = 3000;

    @SuppressWarnings("unused") // keeps the loop alive
    private static float shown;

    private VectorTypeProfiles() {}

    /** Takes a tenth of a second, and no time on JDKs that do not need it (measured on 25). */
    static void show() {
        if (Runtime.version().feature() >= 25) {
            return;
        }
        FloatVector v = FloatVector.broadcast(FloatVector.SPECIES_PREFERRED, 1f);
        float[] memory = new float[v.length()];
        for (int i = 0; i < ROUNDS; i++) {
            FloatVector x = FloatVector.fromArray(FloatVector.SPECIES_PREFERRED, memory, 0);
            IntVector bits = x.add(v).sub(v).mul(v).fma(v, v).max(v).min(v).reinterpretAsInts();
            bits = bits.and(Integer.MAX_VALUE)
                    .neg()
                    .lanewise(VectorOperators.ASHR, 31)
                    .max(0)
                    .min(0);
            bits.reinterpretAsFloats().intoArray(memory, 0);
        }
        shown = memory[0]; // stored, so that the loop cannot be optimised away
    }
}
