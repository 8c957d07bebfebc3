package dev.graft.cpu.elementwise;

import dev.graft.cpu.run.Vectors;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * On vectors.
 *
 * <p>Each loop is compiled by itself, behind a method handle that is no constant, which C2 does not inline. With
 * several such loops in one compilation, JDK 17 made objects of some vectors in two of three processes, which took four
 * times as long.
 */
final class VectorRowLoops extends PlainRowLoops {
    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
    private static final int LANES = Vectors.LANES;
    private static final int PAIR = 2 * LANES;
    private static final float[] LOWEST = lowest();
    private static final Class<?> FLOATS = float[].class;

    // not static: a constant handle is inlined
    private final MethodHandle largest = loop("largestOf", int.class, FLOATS, int.class, int.class);
    private final MethodHandle exponentials =
            loop("exponentialsOf", int.class, FLOATS, int.class, float.class, FLOATS, int.class, int.class);
    private final MethodHandle differences =
            loop("differencesOfPair", void.class, FLOATS, int.class, int.class, float.class, FLOATS, int.class);
    private final MethodHandle squares = loop(
            "squaresOfPair", void.class, FLOATS, int.class, int.class, float.class, float.class, FLOATS, int.class);
    private final MethodHandle moments =
            loop("momentsOfPair", void.class, FLOATS, int.class, int.class, float.class, FLOATS, int.class);
    private final MethodHandle products =
            loop("productsOfPair", void.class, FLOATS, int.class, FLOATS, int.class, int.class, FLOATS, int.class);
    private final MethodHandle normalize = loop(
            "normalizeOf",
            int.class,
            FLOATS,
            int.class,
            float.class,
            float.class,
            float.class,
            FLOATS,
            int.class,
            FLOATS,
            int.class,
            FLOATS,
            int.class,
            int.class);

    private static MethodHandle loop(String name, Class<?> result, Class<?>... arguments) {
        try {
            return MethodHandles.lookup()
                    .findStatic(VectorRowLoops.class, name, MethodType.methodType(result, arguments));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Error thrown(Throwable thrown) {
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        return thrown instanceof Error error ? error : new AssertionError(thrown);
    }

    private static float[] lowest() {
        float[] lowest = new float[LANES];
        Arrays.fill(lowest, Float.NEGATIVE_INFINITY);
        return lowest;
    }

    /** Whether chains fill pairs of vectors. */
    static boolean fits() {
        return CHAINS % PAIR == 0;
    }

    @Override
    public float largest(float[] x, int at, int count) {
        if (count < PAIR) {
            return super.largest(x, at, count);
        }
        int whole = count - count % PAIR;
        try {
            int bits = (int) largest.invokeExact(x, at, whole);
            float most = Float.intBitsToFloat(((bits >> 31) & Integer.MAX_VALUE) ^ bits);
            return Math.max(most, super.largest(x, at + whole, count - whole));
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    // As integers that have the floats' order: the other bits of a negative float are inverted.
    @SuppressWarnings("unused") // called by its handle
    private static int largestOf(float[] x, int at, int count) {
        IntVector first = order(FloatVector.fromArray(SPECIES, LOWEST, 0).reinterpretAsInts());
        IntVector second = first;
        for (int i = at; i < at + count; i += PAIR) {
            first = first.max(order(FloatVector.fromArray(SPECIES, x, i).reinterpretAsInts()));
            second = second.max(
                    order(FloatVector.fromArray(SPECIES, x, i + LANES).reinterpretAsInts()));
        }
        return first.max(second).reduceLanes(VectorOperators.MAX);
    }

    private static IntVector order(IntVector bits) {
        return bits.lanewise(VectorOperators.ASHR, 31).and(Integer.MAX_VALUE).lanewise(VectorOperators.XOR, bits);
    }

    @Override
    public void exponentials(float[] x, int xAt, float largest, float[] y, int yAt, int count) {
        try {
            int done = Float.isNaN(largest) || count < LANES
                    ? 0
                    : (int) exponentials.invokeExact(x, xAt, largest, y, yAt, count);
            super.exponentials(x, xAt + done, largest, y, yAt + done, count - done);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /** Returns how many it has computed. */
    @SuppressWarnings("unused") // called by its handle
    private static int exponentialsOf(float[] x, int xAt, float largest, float[] y, int yAt, int count) {
        FloatVector top = FloatVector.broadcast(SPECIES, largest);
        FloatVector round = FloatVector.broadcast(SPECIES, FloatFunctions.ROUND_EXPONENT);
        FloatVector log2E = FloatVector.broadcast(SPECIES, -FloatFunctions.LOG2_E);
        FloatVector ln2 = FloatVector.broadcast(SPECIES, FloatFunctions.LN2);
        FloatVector ln2Rest = FloatVector.broadcast(SPECIES, FloatFunctions.LN2_REST);
        FloatVector e4 = FloatVector.broadcast(SPECIES, FloatFunctions.DOWN * FloatFunctions.E4);
        FloatVector e3 = FloatVector.broadcast(SPECIES, -FloatFunctions.DOWN * FloatFunctions.E3);
        FloatVector e2 = FloatVector.broadcast(SPECIES, FloatFunctions.DOWN * FloatFunctions.E2);
        FloatVector e1 = FloatVector.broadcast(SPECIES, -FloatFunctions.DOWN * FloatFunctions.E1);
        FloatVector e0 = FloatVector.broadcast(SPECIES, FloatFunctions.DOWN * FloatFunctions.E0);
        FloatVector minus = FloatVector.broadcast(SPECIES, -FloatFunctions.DOWN);
        FloatVector one = FloatVector.broadcast(SPECIES, FloatFunctions.DOWN);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector v = top.sub(FloatVector.fromArray(SPECIES, x, xAt + i))
                    .reinterpretAsInts()
                    .min(FloatFunctions.MINUS_LARGEST_BITS)
                    .reinterpretAsFloats();
            FloatVector t = v.fma(log2E, round);
            FloatVector n = t.sub(round);
            FloatVector r = n.fma(ln2Rest, n.fma(ln2, v));
            FloatVector p =
                    r.fma(e4, e3).fma(r, e2).fma(r, e1).fma(r, e0).fma(r, minus).fma(r, one);
            t.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, FloatFunctions.MANTISSA_BITS)
                    .reinterpretAsFloats()
                    .mul(p)
                    .intoArray(y, yAt + i);
        }
        return i;
    }

    @Override
    void addDifferences(float[] x, int at, int count, float origin, float[] chains) {
        try {
            for (int j = 0; j < CHAINS; j += PAIR) {
                differences.invokeExact(x, at + j, count, origin, chains, j);
            }
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    @SuppressWarnings("unused") // called by its handle
    private static void differencesOfPair(float[] x, int at, int count, float origin, float[] chains, int j) {
        FloatVector from = FloatVector.broadcast(SPECIES, origin);
        FloatVector first = FloatVector.zero(SPECIES);
        FloatVector second = first;
        for (int i = at; i < at + count; i += CHAINS) {
            first = first.add(FloatVector.fromArray(SPECIES, x, i).sub(from));
            second = second.add(FloatVector.fromArray(SPECIES, x, i + LANES).sub(from));
        }
        first.intoArray(chains, j);
        second.intoArray(chains, j + LANES);
    }

    @Override
    void addSquares(float[] x, int at, int count, float mean, float rest, float[] chains) {
        try {
            for (int j = 0; j < CHAINS; j += PAIR) {
                squares.invokeExact(x, at + j, count, mean, rest, chains, j);
            }
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    @SuppressWarnings("unused") // called by its handle
    private static void squaresOfPair(float[] x, int at, int count, float mean, float rest, float[] chains, int j) {
        FloatVector from = FloatVector.broadcast(SPECIES, mean);
        FloatVector more = FloatVector.broadcast(SPECIES, rest);
        FloatVector first = FloatVector.zero(SPECIES);
        FloatVector second = first;
        for (int i = at; i < at + count; i += CHAINS) {
            FloatVector d = FloatVector.fromArray(SPECIES, x, i).sub(from).sub(more);
            FloatVector e =
                    FloatVector.fromArray(SPECIES, x, i + LANES).sub(from).sub(more);
            first = d.fma(d, first);
            second = e.fma(e, second);
        }
        first.intoArray(chains, j);
        second.intoArray(chains, j + LANES);
    }

    @Override
    void addMoments(float[] x, int at, int count, float origin, float[] chains) {
        try {
            for (int j = 0; j < CHAINS; j += PAIR) {
                moments.invokeExact(x, at + j, count, origin, chains, j);
            }
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    @SuppressWarnings("unused") // called by its handle
    private static void momentsOfPair(float[] x, int at, int count, float origin, float[] chains, int j) {
        FloatVector from = FloatVector.broadcast(SPECIES, origin);
        FloatVector first = FloatVector.zero(SPECIES);
        FloatVector second = first;
        FloatVector firstSquares = first;
        FloatVector secondSquares = first;
        for (int i = at; i < at + count; i += CHAINS) {
            FloatVector d = FloatVector.fromArray(SPECIES, x, i).sub(from);
            FloatVector e = FloatVector.fromArray(SPECIES, x, i + LANES).sub(from);
            first = first.add(d);
            second = second.add(e);
            firstSquares = d.fma(d, firstSquares);
            secondSquares = e.fma(e, secondSquares);
        }
        first.intoArray(chains, j);
        second.intoArray(chains, j + LANES);
        firstSquares.intoArray(chains, CHAINS + j);
        secondSquares.intoArray(chains, CHAINS + j + LANES);
    }

    @Override
    void addProducts(float[] x, int xAt, float[] y, int yAt, int count, float[] chains) {
        try {
            for (int j = 0; j < CHAINS; j += PAIR) {
                products.invokeExact(x, xAt + j, y, yAt + j, count, chains, j);
            }
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    @SuppressWarnings("unused") // called by its handle
    private static void productsOfPair(float[] x, int xAt, float[] y, int yAt, int count, float[] chains, int j) {
        FloatVector first = FloatVector.zero(SPECIES);
        FloatVector second = first;
        for (int i = 0; i < count; i += CHAINS) {
            first = FloatVector.fromArray(SPECIES, x, xAt + i).fma(FloatVector.fromArray(SPECIES, y, yAt + i), first);
            second = FloatVector.fromArray(SPECIES, x, xAt + i + LANES)
                    .fma(FloatVector.fromArray(SPECIES, y, yAt + i + LANES), second);
        }
        first.intoArray(chains, j);
        second.intoArray(chains, j + LANES);
    }

    @Override
    public void normalize(
            float[] x,
            int xAt,
            float mean,
            float scale,
            float shift,
            float[] g,
            int gAt,
            float[] b,
            int bAt,
            float[] y,
            int yAt,
            int count) {
        try {
            int done = count < LANES
                    ? 0
                    : (int) normalize.invokeExact(x, xAt, mean, scale, shift, g, gAt, b, bAt, y, yAt, count);
            super.normalize(
                    x, xAt + done, mean, scale, shift, g, gAt + done, b, bAt + done, y, yAt + done, count - done);
        } catch (Throwable t) {
            throw thrown(t);
        }
    }

    /** Returns how many it has computed. */
    @SuppressWarnings("unused") // called by its handle
    private static int normalizeOf(
            float[] x,
            int xAt,
            float mean,
            float scale,
            float shift,
            float[] g,
            int gAt,
            float[] b,
            int bAt,
            float[] y,
            int yAt,
            int count) {
        FloatVector center = FloatVector.broadcast(SPECIES, mean);
        FloatVector factor = FloatVector.broadcast(SPECIES, scale);
        FloatVector offset = FloatVector.broadcast(SPECIES, shift);
        int i = 0;
        for (; i <= count - LANES; i += LANES) {
            FloatVector.fromArray(SPECIES, x, xAt + i)
                    .sub(center)
                    .fma(factor, offset)
                    .fma(FloatVector.fromArray(SPECIES, g, gAt + i), FloatVector.fromArray(SPECIES, b, bAt + i))
                    .intoArray(y, yAt + i);
        }
        return i;
    }
}
