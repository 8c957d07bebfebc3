package dev.graft.cpu.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes {@code WinogradF2} and {@code WinogradF4}: each transform of a side goes down the columns, then along the
 * rows.
 */
final class WinogradSource {
    /** Vectors in rows and columns of an array: pixels, or one after the other, {@code step} apart. */
    private record Grid(String array, int columns, String step) {
        static Grid pixels(String array) {
            return new Grid(array, 0, "");
        }

        String at(int row, int column) {
            String start = array + "At";
            return columns == 0
                    ? Source.at(Source.at(start, row, array + "Row"), column, array + "Column")
                    : Source.at(start, row * columns + column, array + step);
        }
    }

    private static final String PACKAGE = "dev.graft.cpu.conv.winograd";
    private static final String IMPORTS = """
            import dev.graft.cpu.run.Vectors;
            import jdk.incubator.vector.FloatVector;
            import jdk.incubator.vector.VectorSpecies;

            """;

    private final Source s;
    private final WinogradSides t;

    private WinogradSource(WinogradSides t) {
        this.s = new Source(WinogradSource.class, PACKAGE, "WinogradF" + t.tile(), IMPORTS);
        this.t = t;
    }

    static Source f2() {
        return new WinogradSource(WinogradSides.F2).write("""
                /**
                 * F(2x2, 3x3) with the points 0, 1, -1: 16 products in place of 36, and no less exact than a direct convolution.
                 * Written out for the reason that {@link WinogradF4} gives.
                 */
                """);
    }

    static Source f4() {
        return new WinogradSource(WinogradSides.F4).write("""
                /**
                 * F(4x4, 3x3) with the points 0, 1, -1, 2, -2: 36 products in place of 144. Its error is up to about 2e-5 of the
                 * largest result, ten times that of a direct convolution.
                 *
                 * <p>Written out, without loops, so that halfway results stay in registers: {@link #input} took 1.3 to 1.9 times as
                 * long through memory, and 4 to 5.6 times with helper methods that take and return vectors (JDK 17 and 25).
                 *
                 * <p>All in one file because it is generated.
                 */
                """);
    }

    private Source write(String comment) {
        s.lines(comment).lines("public final class WinogradF" + t.tile() + " extends WinogradStride1 {");
        s.lines("private static final VectorSpecies<Float> SPECIES = Vectors.SPECIES;");
        s.lines("\npublic WinogradF%1$s() {\n    super(%1$s);\n}".formatted(t.tile()));
        String arguments = "float[] d, int dAt, int dRow, int dColumn, float[] v, int vAt, int vPosition";
        s.lines("\n@Override\nvoid input(%s) {".formatted(arguments));
        Grid patch = Grid.pixels("d");
        Grid positions = new Grid("v", t.width(), "Position");
        if (t.tile() == 2) {
            transform(t.input(), patch, positions, false, t.input().all());
        } else {
            s.lines("inputMiddle(d, dAt, dRow, dColumn, v, vAt, vPosition);");
            s.lines("inputOuter(d, dAt, dRow, dColumn, v, vAt, vPosition);");
            s.lines("}").lines("\n// Two methods, as all 36 halfway results are more than there are registers.");
            s.lines("private static void inputMiddle(%s) {".formatted(arguments));
            transform(t.input(), patch, positions, false, 1, 2, 3, 4);
            s.lines("}").lines("\nprivate static void inputOuter(%s) {".formatted(arguments));
            transform(t.input(), patch, positions, false, 0, 5);
        }
        s.lines("}").lines("""

                @Override
                void output(float[] m, int mAt, int mPosition, float[] y, int yAt, int yRow, int yColumn, float[] watched) {""");
        transform(
                t.output(),
                new Grid("m", t.width(), "Position"),
                Grid.pixels("y"),
                true,
                t.output().all());
        s.lines("}").lines("""

                @Override
                void weights(float[] g, int gAt, int gTap, float[] u, int uAt, int uPosition) {""");
        transform(
                t.weights(),
                new Grid("g", 3, "Tap"),
                new Grid("u", t.width(), "Position"),
                false,
                t.weights().all());
        s.lines("}").lines("""

                @Override
                void outputGradient(float[] dy, int dyAt, int dyRow, int dyColumn, float[] m, int mAt, int mPosition) {""");
        Grid products = new Grid("m", t.width(), "Position");
        transform(
                t.outputGradient(),
                Grid.pixels("dy"),
                products,
                false,
                t.outputGradient().all());
        s.lines("}").lines("""

                @Override
                void weightGradient(float[] u, int uAt, int uPosition, float[] dg, int dgAt, int dgTap, float[] watched) {""");
        Grid taps = new Grid("dg", 3, "Tap");
        transform(
                t.weightGradient(),
                new Grid("u", t.width(), "Position"),
                taps,
                true,
                t.weightGradient().all());
        return s.lines("}").lines("}");
    }

    /** The columns, as far as the given rows of results need them, then those rows. */
    private void transform(Side side, Grid from, Grid to, boolean watched, int... rows) {
        Set<String> needed = side.needed(side.all());
        WinogradSides.CONSTANTS.forEach((name, value) -> {
            if (needed.contains(name)) {
                s.lines("FloatVector " + name + " = FloatVector.broadcast(SPECIES, " + value + "f);");
            }
        });
        List<List<String>> columns = new ArrayList<>();
        for (int j = 0; j < side.inputs(); j++) {
            columns.add(column(side, from, j, rows));
        }
        for (int k = 0; k < rows.length; k++) {
            int place = k;
            List<String> values =
                    columns.stream().map(column -> column.get(place)).collect(Collectors.toList());
            row(side, values, to, rows[k], watched);
        }
    }

    /** Loads a column and transforms it; returns the names of the results for the given rows. */
    private List<String> column(Side side, Grid from, int j, int... rows) {
        Set<String> needed = side.needed(rows);
        List<String> values = new ArrayList<>();
        for (int i = 0; i < side.inputs(); i++) {
            values.add(from.array + i + j);
            if (needed.contains("$" + i)) {
                String place = from.array + ", " + from.at(i, j);
                s.lines("FloatVector " + values.get(i) + " = FloatVector.fromArray(SPECIES, " + place + ");");
            }
        }
        List<String> results = results(side, values, "c" + j, rows);
        for (int k = 0; k < rows.length; k++) {
            results.set(k, named("t" + rows[k] + j, results.get(k)));
        }
        return results;
    }

    /** Transforms a row of values and stores the results. */
    private void row(Side side, List<String> values, Grid to, int i, boolean watched) {
        List<String> results = results(side, values, "r" + i, side.all());
        for (int j = 0; j < results.size(); j++) {
            if (watched) {
                results.set(j, named(to.array + i + j, results.get(j)));
            }
            s.lines(results.get(j) + ".intoArray(" + to.array + ", " + to.at(i, j) + ");");
        }
        if (watched) {
            String all = named("r" + i + "all", sum(results));
            s.lines("FloatVector.fromArray(SPECIES, watched, 0).add(" + all + ").intoArray(watched, 0);");
        }
    }

    /** Declares what the results need on the way; returns their expressions. */
    private List<String> results(Side side, List<String> values, String prefix, int... results) {
        side.halfway().keySet().stream()
                .filter(side.needed(results)::contains)
                .forEach(name -> named(prefix + name, side.fill(side.halfway().get(name), values, prefix)));
        return IntStream.of(results)
                .mapToObj(i -> side.fill(side.results().get(i), values, prefix))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** Gives a name to an expression, unless it is one already. */
    private String named(String name, String expression) {
        if (expression.matches("\\w+")) {
            return expression;
        }
        s.lines("FloatVector " + name + " = " + expression + ";");
        return name;
    }

    private static String sum(List<String> names) {
        String first = names.get(0) + ".add(" + names.get(1) + ")";
        return switch (names.size()) {
            case 2 -> first;
            case 3 -> first + ".add(" + names.get(2) + ")";
            default -> first + ".add(" + names.get(2) + ".add(" + names.get(3) + "))";
        };
    }
}
