package dev.graft.cpu.generate;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes {@code PlainWinogradF4}: a method for each transform of one side. */
final class PlainWinogradSource {
    private final Source s =
            new Source(PlainWinogradSource.class, "dev.graft.cpu.conv.winograd", "PlainWinogradF4", "");

    private PlainWinogradSource() {}

    static Source f4() {
        PlainWinogradSource source = new PlainWinogradSource();
        source.s.lines("""
                /**
                 * The transforms of {@link WinogradF4} without vectors. Each is one side's, and in place: results take the place of
                 * values in the arrays {@code at}, {@code at + step} and so on, of which there are enough for both. Loops have one
                 * index for all arrays: JDK 25's C2 then turns them into vector instructions, JDK 17's only that of {@link #weights}.
                 */
                final class PlainWinogradF4 {
                    private PlainWinogradF4() {}
                """);
        source.transform("input", WinogradSides.F4.input());
        source.transform("output", WinogradSides.F4.output());
        source.transform("weights", WinogradSides.F4.weights());
        return source.s.lines("}");
    }

    private void transform(String name, Side side) {
        int arrays = Math.max(side.inputs(), side.results().size());
        s.lines("\nstatic void %s(float[][] rows, int at, int step, int count) {".formatted(name));
        for (int j = 0; j < arrays; j++) {
            s.lines("float[] %s = rows[%s];".formatted(array(j), Source.at("at", j, "step")));
        }
        List<String> values = IntStream.range(0, side.inputs())
                .mapToObj(j -> array(j) + "[i]")
                .collect(Collectors.toList());
        s.lines("for (int i = 0; i < count; i++) {");
        side.halfway().forEach((halfway, expression) -> declare(halfway, infix(side, expression, values)));
        List<String> results = side.results().stream()
                .map(expression -> infix(side, expression, values))
                .collect(Collectors.toList());
        for (int k = 0; k < results.size(); k++) {
            if (needsOverwritten(side.results().get(k), k)) {
                String last = "new" + array(k).toUpperCase(Locale.ROOT);
                declare(last, results.set(k, last));
            }
        }
        for (int k = 0; k < results.size(); k++) {
            s.lines(array(k) + "[i] = " + results.get(k) + ";");
        }
        s.lines("}").lines("}");
    }

    private void declare(String name, String expression) {
        s.lines("float " + name + " = " + expression + ";");
    }

    /** Whether result {@code k} needs a value in whose place an earlier result is stored. */
    private static boolean needsOverwritten(String expression, int k) {
        return IntStream.range(0, k).anyMatch(j -> expression.contains("$" + j));
    }

    private static String infix(Side side, String expression, List<String> values) {
        return side.fill(Infix.of(expression, WinogradSides.CONSTANTS), values, "");
    }

    private static String array(int number) {
        return Character.toString('a' + number);
    }
}
