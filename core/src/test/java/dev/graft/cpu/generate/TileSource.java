package dev.graft.cpu.generate;

import static dev.graft.cpu.generate.Source.at;

import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Writes {@code MicroTile}, {@code TallMicroTile}, {@code EvenMicroTile}, {@code TransposedMicroTile} and
 * {@code WindowMicroTile}: the loop of a matrix product, for 1 to 4 vectors across.
 */
final class TileSource {
    private static final String PACKAGE = "dev.graft.cpu.gemm";
    private static final int ROWS = 4;
    private static final int TALL_ROWS = 8;
    private static final int MAX_VECTORS = 4;
    /** Up to so many vectors across, a tall tile's sums fit the registers. */
    private static final int TALL_VECTORS = 2;

    private TileSource() {}

    static Source plain() {
        return plain("MicroTile", ROWS, MAX_VECTORS);
    }

    static Source tall() {
        return plain("TallMicroTile", TALL_ROWS, TALL_VECTORS);
    }

    private static Source plain(String name, int rows, int most) {
        Source s = source(name, "MicroKernel");
        s.lines("\n/** Rows of a tile. */")
                .lines("static final int ROWS = " + rows + ";")
                .lines("\nprivate " + name + "() {}");
        for (int vectors = most; vectors > 0; vectors--) {
            s.lines("""

                    static void multiply%s(
                            float[] a,
                            int aAt,
                            int aRow,
                            float[] b,
                            int bAt,
                            float[] c,
                            int cAt,
                            int cRow,
                            int rows,
                            int depth,
                            boolean add) {
                    """.formatted(vectors));
            s.each(IntStream.range(1, rows), "int a# = aAt + Math.min(#, rows - 1) * aRow;");
            s.each(IntStream.range(1, rows), "int c# = cAt + Math.min(#, rows - 1) * cRow;");
            sums(
                    s,
                    rows,
                    vectors,
                    "int p = bAt + k * " + (vectors == 1 ? "" : vectors + " * ") + "LANES;",
                    i -> "a[" + (i == 0 ? "aAt" : "a" + i) + " + k]");
        }
        return s.lines("}");
    }

    /** Tall tiles of whole rows whose distance is a constant, so that one register addresses all of them. */
    static Source even() {
        Source s = source("EvenMicroTile", "MicroKernel");
        s.lines("\nprivate EvenMicroTile() {}");
        for (int vectors = TALL_VECTORS; vectors > 0; vectors--) {
            for (int step : new int[] {16, 32, 64}) {
                s.lines("""

                        static void multiply%sBy%s(
                                float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth, boolean add) {
                        """.formatted(vectors, step));
                for (int i = 1; i < TALL_ROWS; i++) {
                    s.lines("int c" + i + " = " + at("cAt", i, "cRow") + ";");
                }
                sums(
                        s,
                        TALL_ROWS,
                        vectors,
                        "int p = bAt + k * " + (vectors == 1 ? "" : vectors + " * ") + "LANES;\nint o = aAt + k;",
                        i -> "a[" + (i == 0 ? "o" : "o + " + i * step) + "]");
            }
        }
        return s.lines("}");
    }

    static Source transposed() {
        Source s = source("TransposedMicroTile", "TransposedMicroKernel");
        s.lines("private static final int WIDTH = MicroKernel.WIDTH;").lines("\nprivate TransposedMicroTile() {}");
        for (int vectors = MAX_VECTORS; vectors > 0; vectors--) {
            s.lines("""

                    static void multiply%s(
                            float[] a, int aAt, float[] b, int bAt, float[] c, int cAt, int cRow, int depth, boolean add) {
                    """.formatted(vectors));
            for (int i = 1; i < ROWS; i++) {
                s.lines("int c" + i + " = " + at("cAt", i, "cRow") + ";");
            }
            sums(
                    s,
                    ROWS,
                    vectors,
                    "int o = aAt + k * WIDTH;\nint p = bAt + k * WIDTH;",
                    i -> "a[" + (i == 0 ? "o" : "o + " + i) + "]");
        }
        return s.lines("}");
    }

    static Source windows() {
        Source s = source("WindowMicroTile", "WindowMicroKernel");
        s.lines("\nprivate WindowMicroTile() {}");
        for (int vectors = MAX_VECTORS; vectors > 0; vectors--) {
            s.lines("""

                    static void multiply%s(
                            float[] a,
                            int aAt,
                            int aRow,
                            float[] b,
                            int bAt,
                            int bRow,
                            float[] c,
                            int cAt,
                            int cRow,
                            int depth,
                            boolean add) {
                    """.formatted(vectors));
            for (int i = 1; i < ROWS; i++) {
                s.lines("int c" + i + " = " + at("cAt", i, "cRow") + ";");
            }
            sums(
                    s,
                    ROWS,
                    vectors,
                    "int o = aAt + k * aRow;\nint p = bAt + k * bRow;",
                    i -> "a[" + (i == 0 ? "o" : "o + " + i) + "]");
        }
        return s.lines("}");
    }

    private static Source source(String name, String user) {
        return new Source(TileSource.class, PACKAGE, name, """
                import dev.graft.cpu.run.Vectors;
                import jdk.incubator.vector.FloatVector;
                import jdk.incubator.vector.VectorSpecies;

                /** The loops of {@link %2$s}, which describes them, for each number of vectors in a tile's row. */
                final class %1$s {
                    private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
                    private static final int LANES = Vectors.LANES;
                """.formatted(name, user));
    }

    /** The rest of a method: the loop, which begins with {@code places}, and the storing of its sums. */
    private static void sums(Source s, int rows, int vectors, String places, IntFunction<String> factor) {
        s.lines("FloatVector zero = FloatVector.zero(SPECIES);");
        for (int i = 0; i < rows; i++) {
            s.each(vectors, "FloatVector c" + i + "# = zero;");
        }
        s.lines("for (int k = 0; k < depth; k++) {").lines(places);
        for (int j = 0; j < vectors; j++) {
            s.lines("FloatVector b" + j + " = FloatVector.fromArray(SPECIES, b, " + at("p", j, "LANES") + ");");
        }
        for (int i = 0; i < rows; i++) {
            s.lines("FloatVector v" + i + " = FloatVector.broadcast(SPECIES, " + factor.apply(i) + ");");
            s.each(vectors, "c%1$s# = v%1$s.fma(b#, c%1$s#);".formatted(i));
        }
        s.lines("}").lines("if (add) {");
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < vectors; j++) {
                s.lines("FloatVector d%1$s%2$s = c%1$s%2$s.add(FloatVector.fromArray(SPECIES, c, %3$s));"
                        .formatted(i, j, place(i, j)));
            }
        }
        store(s, rows, vectors, "d");
        s.lines("return;").lines("}");
        store(s, rows, vectors, "c");
        s.lines("}");
    }

    private static void store(Source s, int rows, int vectors, String sums) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < vectors; j++) {
                s.lines("%s%s%s.intoArray(c, %s);".formatted(sums, i, j, place(i, j)));
            }
        }
    }

    private static String place(int row, int vector) {
        return at(row == 0 ? "cAt" : "c" + row, vector, "LANES");
    }
}
