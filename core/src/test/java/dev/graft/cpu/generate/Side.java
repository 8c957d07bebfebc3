package dev.graft.cpu.generate;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** A transform of one side: values on the way, by name, and results in order; {@code $0} is the side's first value. */
record Side(Map<String, String> halfway, List<String> results) {
    private static final Pattern NAME = Pattern.compile("\\$\\d|(?<![.\\w])[a-z]\\w*");

    /** From lines {@code name = expression} and, for a result, {@code expression}. */
    static Side of(String lines) {
        Side side = new Side(new LinkedHashMap<>(), new ArrayList<>());
        lines.lines().forEach(line -> {
            int equals = line.indexOf(" = ");
            if (equals < 0) {
                side.results.add(line);
            } else {
                side.halfway.put(line.substring(0, equals), line.substring(equals + 3));
            }
        });
        return side;
    }

    /** How many values the transform takes. */
    int inputs() {
        return (int) needed(all()).stream().filter(name -> name.startsWith("$")).count();
    }

    /** The numbers of all results. */
    int[] all() {
        return IntStream.range(0, results.size()).toArray();
    }

    /** The names that the given results need, directly or by values on the way. */
    Set<String> needed(int... results) {
        Set<String> names = new LinkedHashSet<>();
        IntStream.of(results).forEach(i -> addNeeded(this.results.get(i), names));
        return names;
    }

    private void addNeeded(String expression, Set<String> names) {
        NAME.matcher(expression)
                .results()
                .map(m -> m.group())
                .filter(names::add)
                .forEach(name -> {
                    if (halfway.containsKey(name)) {
                        addNeeded(halfway.get(name), names);
                    }
                });
    }

    /** The expression with {@code values} in place of {@code $i}, and names on the way after a prefix. */
    String fill(String expression, List<String> values, String prefix) {
        return NAME.matcher(expression)
                .replaceAll(m -> Matcher.quoteReplacement(
                        m.group().startsWith("$")
                                ? values.get(m.group().charAt(1) - '0')
                                : halfway.containsKey(m.group()) ? prefix + m.group() : m.group()));
    }
}
