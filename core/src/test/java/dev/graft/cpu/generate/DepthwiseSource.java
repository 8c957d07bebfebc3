package dev.graft.cpu.generate;

import static dev.graft.cpu.generate.Source.at;

import java.util.stream.IntStream;

/**
 * Writes {@code DepthwiseTaps} and {@code DepthwiseGradientTaps}: a loop for each number of taps in a row and stride.
 */
final class DepthwiseSource {
    private static final String PACKAGE = "dev.graft.cpu.conv.depthwise";
    /** Result pixels of a block: their sums, a row's weights and a source pixel fit 16 registers. */
    private static final int PIXELS = 7;

    private static final String IMPORTS = """
            import dev.graft.cpu.run.Vectors;
            import jdk.incubator.vector.FloatVector;
            import jdk.incubator.vector.IntVector;
            import jdk.incubator.vector.VectorSpecies;

            """;

    private static final String CONSTANTS = """
            private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;
            private static final int LANES = Vectors.LANES;
            """;

    /** The taps of a kernel's row, and the step from one result pixel to the next. */
    private record Row(int taps, int stride) {
        String name() {
            return "taps" + taps + (stride == 1 ? "" : "Stride" + stride);
        }

        /** Source columns of a block. */
        int columns() {
            return (PIXELS - 1) * stride + taps;
        }

        /** The result pixels that look at source column {@code j}. */
        IntStream pixels(int j) {
            return IntStream.range(0, PIXELS).filter(p -> tap(j, p) >= 0 && tap(j, p) < taps);
        }

        /** The tap with which pixel {@code p} looks at source column {@code j}. */
        int tap(int j, int p) {
            return j - p * stride;
        }
    }

    private DepthwiseSource() {}

    static Source forward() {
        Source s = new Source(DepthwiseSource.class, PACKAGE, "DepthwiseTaps", IMPORTS);
        s.lines("""
                /**
                 * The innermost loops of {@link DepthwiseBlock}: the sums of {@value #PIXELS} pixels, a vector of channels each, stay
                 * in registers while the kernel's rows go by, and each source pixel of a row is loaded once for all taps that look at
                 * it.
                 *
                 * <p>Written out because vectors stay in registers only as local variables of a single loop. On images of 14x14 pixels,
                 * on JDK 17 and 25, the layers took 5 times as long with helper methods that take and return vectors, 14 to 19 times
                 * with arrays of vectors, and 2 to 2.6 times with one loop over all taps, which loads each pixel for each of them.
                 *
                 * <p>All in one file because it is generated.
                 */
                final class DepthwiseTaps {
                    /** Result pixels of a block. */
                    static final int PIXELS = %s;

                """.formatted(PIXELS));
        s.lines(CONSTANTS).lines("\nprivate DepthwiseTaps() {}");
        for (Row row : new Row[] {row(1, 1), row(2, 1), row(3, 1), row(5, 1), row(3, 2), row(5, 2)}) {
            forward(s, row);
        }
        return s.lines("}");
    }

    private static Row row(int taps, int stride) {
        return new Row(taps, stride);
    }

    private static void forward(Source s, Row row) {
        // Only the outermost columns can lie outside the image: see DepthwiseBlock.edge.
        int edge = row.taps / 2;
        int columns = row.columns();
        s.lines("""

                static void %s(DepthwiseBlock b) {
                    float[] watched = b.watch.sums();
                    float[] x = b.x;
                    float[] w = b.w;
                    float[] y = b.y;
                    int channels = b.channels;
                    int rowStep = b.rowStep;
                    int yStep = b.yStep;
                    int kernelRows = b.kernelRows;
                    int low = b.low;
                    int high = b.high;
                """.formatted(row.name()));
        s.each(columns, "int o# = b.column[#];");
        s.each(IntStream.range(0, columns).filter(j -> j < edge || j >= columns - edge), "IntVector m# = b.mask(#);");
        s.lines("""
                for (int c = b.firstChannel; c < b.lastChannel; c += LANES) {
                    int at = b.xAt + c;
                    int tap = b.wAt + c;
                """);
        s.each(PIXELS, "FloatVector a# = FloatVector.zero(SPECIES);");
        s.lines("for (int i = 0; i < kernelRows; i++) {");
        for (int t = 0; t < row.taps; t++) {
            s.lines(load("w" + t, "w", at("tap", t, "channels")));
        }
        for (int j = 0; j < columns; j++) {
            int column = j;
            s.lines(
                    j < edge || j >= columns - edge
                            ? masked("x", j, "x", "at + o" + j, "m" + j)
                            : load("x" + j, "x", "at + o" + j));
            row.pixels(j)
                    .forEach(p -> s.lines("a%1$s = x%2$s.fma(w%3$s, a%1$s);".formatted(p, column, row.tap(column, p))));
        }
        s.lines("at += rowStep;")
                .lines("tap += " + (row.taps == 1 ? "" : row.taps + " * ") + "channels;")
                .lines("}");
        s.lines("int to = b.yAt + c;").lines("if (b.raw) {");
        for (int p = 0; p < PIXELS; p++) {
            s.lines("a%s.intoArray(y, %s);".formatted(p, at("to", p, "yStep")));
        }
        s.lines("} else {").lines(load("s", "b.scale", "c")).lines(load("t", "b.shift", "c"));
        s.each(PIXELS, "a# = a#.fma(s, t);");
        s.lines("FloatVector all = a0.add(a1).add(a2.add(a3)).add(a4.add(a5).add(a6));");
        s.lines("FloatVector.fromArray(SPECIES, watched, 0).add(all).intoArray(watched, 0);");
        for (int p = 0; p < PIXELS; p++) {
            s.lines("a%s.reinterpretAsInts().max(low).min(high).reinterpretAsFloats().intoArray(y, %s);"
                    .formatted(p, at("to", p, "yStep")));
        }
        s.lines("}").lines("}").lines("}");
    }

    static Source gradient() {
        Source s = new Source(DepthwiseSource.class, PACKAGE, "DepthwiseGradientTaps", IMPORTS);
        s.lines("""
                /**
                 * The innermost loops of {@link DepthwiseGradientBlock}: the sums of a kernel row's taps, a vector of channels each,
                 * stay in registers while {@value DepthwiseTaps#PIXELS} result columns and the source columns that they look at go by.
                 *
                 * <p>Written out for the reason that {@link DepthwiseTaps} gives.
                 */
                final class DepthwiseGradientTaps {
                """);
        s.lines(CONSTANTS).lines("\nprivate DepthwiseGradientTaps() {}");
        for (Row row : new Row[] {row(3, 1), row(5, 1), row(3, 2), row(5, 2)}) {
            gradient(s, row);
        }
        return s.lines("}");
    }

    private static void gradient(Source s, Row row) {
        s.lines("""

                static void %s(DepthwiseGradientBlock b) {
                    float[] x = b.x;
                    float[] dy = b.dy;
                    float[] sums = b.sums;
                    int channels = b.channels;
                    int padded = b.padded;
                    int xStep = b.xStep;
                    int dyStep = b.dyStep;
                    int rows = b.rows;
                """.formatted(row.name()));
        s.each(row.columns(), "int o# = b.column[#];").each(PIXELS, "int p# = b.pixel[#];");
        s.each(row.columns(), "IntVector m# = b.mask(#);").each(PIXELS, "IntVector n# = b.pixelMask(#);");
        s.lines("""
                for (int c = b.firstChannel; c < b.lastChannel; c += LANES) {
                    int k = Math.min(c, channels - LANES);
                    int at = b.xAt + k;
                    int from = b.dyAt + k;
                """);
        s.each(row.taps, "FloatVector s# = FloatVector.zero(SPECIES);");
        s.lines("for (int q = 0; q < rows; q++) {");
        for (int j = 0; j < row.columns(); j++) {
            int column = j;
            row.pixels(j)
                    .filter(p -> row.tap(column, p) == 0)
                    .forEach(p -> s.lines(masked("d", p, "dy", "from + p" + p, "n" + p)));
            s.lines(masked("x", j, "x", "at + o" + j, "m" + j));
            row.pixels(j)
                    .forEach(p -> s.lines("s%1$s = x%2$s.fma(d%3$s, s%1$s);".formatted(row.tap(column, p), column, p)));
        }
        s.lines("at += xStep;").lines("from += dyStep;").lines("}").lines("int to = b.sumAt + c;");
        for (int t = 0; t < row.taps; t++) {
            s.lines("s%1$s.add(FloatVector.fromArray(SPECIES, sums, %2$s)).intoArray(sums, %2$s);"
                    .formatted(t, at("to", t, "padded")));
        }
        s.lines("}").lines("}");
    }

    private static String load(String name, String array, String index) {
        return "FloatVector %s = FloatVector.fromArray(SPECIES, %s, %s);".formatted(name, array, index);
    }

    /** The vector's bits where the mask is -1, zeros where it is 0. */
    private static String masked(String name, int number, String array, String index, String mask) {
        return """
                IntVector %1$sBits%2$s = FloatVector.fromArray(SPECIES, %3$s, %4$s).reinterpretAsInts();
                FloatVector %1$s%2$s = %1$sBits%2$s.and(%5$s).reinterpretAsFloats();
                """.formatted(name, number, array, index, mask);
    }
}
