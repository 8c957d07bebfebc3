package dev.graft.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints a module as a table: one line for each layer that holds parameters or has no children. */
final class Summary {
    private Summary() {}

    static String of(Module root) {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"name", "layer", "weights", "parameters", ""});
        root.namedModules().forEach((name, module) -> {
            Members members = Members.of(module);
            if (!members.parameters().isEmpty() || members.children().isEmpty()) {
                rows.add(row(name, module, members.parameters()));
            }
        });
        StringBuilder table = new StringBuilder();
        int[] widths = new int[5];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        for (String[] row : rows) {
            String format = "%-" + widths[0] + "s  %-" + widths[1] + "s  %-" + widths[2] + "s  %" + widths[3] + "s  %s";
            String line = String.format(Locale.ROOT, format, (Object[]) row);
            table.append(line.stripTrailing()).append('\n');
        }
        long trainable = root.trainableParameters().stream()
                .mapToLong(p -> p.shape().numel())
                .sum();
        return table.append(
                        String.format(Locale.ROOT, "%,d parameters, %,d trainable%n", root.parameterCount(), trainable))
                .toString();
    }

    private static String[] row(String name, Module module, Map<String, Parameter> parameters) {
        long count = 0;
        boolean frozen = !parameters.isEmpty();
        List<String> shapes = new ArrayList<>();
        for (Parameter parameter : parameters.values()) {
            count += parameter.shape().numel();
            frozen &= parameter.isFrozen();
            shapes.add(parameter.shape().toString());
        }
        return new String[] {
            name,
            module.toString(),
            String.join(" ", shapes),
            String.format(Locale.ROOT, "%,d", count),
            frozen ? "frozen" : ""
        };
    }
}
