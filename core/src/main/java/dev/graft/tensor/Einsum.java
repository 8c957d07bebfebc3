package dev.graft.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * Einstein's summation. Each operand's repeated labels become its diagonal; then the operands are multiplied from left
 * to right, each pair by one batched matrix product: labels that both have and that are needed later are its batch,
 * labels that both have and that are not are summed, the others are its rows and columns.
 */
final class Einsum {
    /** Dimensions of an ellipsis have labels of their own, counted from the last one. */
    private static final char ELLIPSIS = '\u2026';

    private final String equation;
    private final Tensor[] operands;
    private final Map<Character, Integer> sizes = new LinkedHashMap<>();

    private Einsum(String equation, Tensor[] operands) {
        this.equation = equation;
        this.operands = operands;
    }

    /** A tensor whose dimensions have these labels, none of them twice. */
    private record Labelled(Tensor tensor, String labels) {}

    static Tensor of(String equation, Tensor... operands) {
        if (operands.length == 0) {
            throw new IllegalArgumentException("einsum: needs at least one operand (" + equation + ")");
        }
        for (Tensor t : operands) {
            operands[0].checkUsable("einsum", t);
        }
        Op.requireFloat("einsum", operands);
        return Composite.under("einsum", () -> new Einsum(equation, operands).run());
    }

    private IllegalArgumentException wrong(String what, String hint) {
        return new IllegalArgumentException("einsum: " + what + " (equation \"" + equation + "\", operands "
                + Arrays.stream(operands).map(Tensor::shape).toList() + "). Hint: " + hint);
    }

    private Tensor run() {
        String text = equation.replace(" ", "");
        int arrow = text.indexOf("->");
        String[] terms = (arrow < 0 ? text : text.substring(0, arrow)).split(",", -1);
        if (terms.length != operands.length) {
            throw wrong(
                    "the equation has " + terms.length + " terms for " + operands.length + " operands",
                    "separate terms by commas.");
        }
        List<String> labels = new ArrayList<>();
        for (int i = 0; i < terms.length; i++) {
            labels.add(labels(terms[i], operands[i].rank()));
            measure(labels.get(i), operands[i]);
        }
        String result = arrow < 0 ? implied(labels) : result(text.substring(arrow + 2), labels);
        Labelled product = summed(simple(operands[0], labels.get(0)), later(result, labels, 0));
        for (int i = 1; i < terms.length; i++) {
            Labelled next = simple(operands[i], labels.get(i));
            product = multiplied(product, next, later(result, labels, i));
        }
        return arranged(product, result);
    }

    /** The labels that are still needed after operand {@code i}. */
    private static String later(String result, List<String> labels, int i) {
        return result + String.join("", labels.subList(i + 1, labels.size()));
    }

    /** The labels of all dimensions, those of an ellipsis included. */
    private String labels(String term, int rank) {
        int dots = term.indexOf("...");
        String letters = dots < 0 ? term : term.substring(0, dots) + term.substring(dots + 3);
        for (int i = 0; i < letters.length(); i++) {
            char c = letters.charAt(i);
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
                throw wrong(
                        "'" + c + "' is not a label", "labels are letters; \"...\" stands for the dimensions left.");
            }
        }
        int left = rank - letters.length();
        if (left < 0 || (left > 0 && dots < 0)) {
            throw wrong(
                    "the term \"" + term + "\" has " + letters.length() + " labels for " + rank + " dimensions",
                    "name each dimension, or write \"...\" for the leading ones.");
        }
        return dots < 0 ? letters : term.substring(0, dots) + ellipsis(left) + term.substring(dots + 3);
    }

    private static String ellipsis(int count) {
        StringBuilder labels = new StringBuilder();
        for (int i = count - 1; i >= 0; i--) {
            labels.append((char) (ELLIPSIS + i));
        }
        return labels.toString();
    }

    /** The size of each label: sizes of 1 broadcast. */
    private void measure(String labels, Tensor t) {
        for (int i = 0; i < labels.length(); i++) {
            char label = labels.charAt(i);
            int size = t.dim(i);
            int before = sizes.getOrDefault(label, 1);
            if (before != 1 && size != 1 && size != before) {
                throw wrong(
                        (label >= ELLIPSIS ? "dimensions of \"...\" have" : "label '" + label + "' has") + " sizes "
                                + before + " and " + size,
                        "dimensions with one label must match or be 1.");
            }
            sizes.put(label, size == 1 ? before : size);
        }
    }

    /** Without an arrow: the ellipsis, then all labels that are there once, in alphabetical order. */
    private String implied(List<String> labels) {
        Map<Character, Integer> count = new TreeMap<>();
        String.join("", labels).chars().forEach(c -> count.merge((char) c, 1, Integer::sum));
        StringBuilder once = new StringBuilder();
        count.forEach((label, n) -> once.append(n == 1 && label < ELLIPSIS ? label.toString() : ""));
        return allEllipsis(labels) + once;
    }

    private static String allEllipsis(List<String> labels) {
        int most = (int) labels.stream()
                .mapToLong(l -> l.chars().filter(c -> c >= ELLIPSIS).count())
                .max()
                .orElse(0);
        return ellipsis(most);
    }

    private String result(String term, List<String> labels) {
        String expanded = term.replace("...", allEllipsis(labels));
        for (int i = 0; i < expanded.length(); i++) {
            char label = expanded.charAt(i);
            if (!sizes.containsKey(label)) {
                throw wrong("the result's label '" + label + "' is in no operand", "a result cannot have new labels.");
            }
            if (expanded.indexOf(label) != i) {
                throw wrong("the result has label '" + label + "' twice", "name each dimension of the result once.");
            }
        }
        return expanded;
    }

    /** One dimension a label, and none where the operand is broadcast. */
    private Labelled simple(Tensor operand, String labels) {
        Tensor t = operand;
        StringBuilder left = new StringBuilder();
        for (int at = 0; at < labels.length(); at++) {
            char label = labels.charAt(at);
            int axis = left.length();
            int first = left.indexOf(String.valueOf(label));
            if (t.dim(axis) == 1 && sizes.getOrDefault(label, 1) != 1) {
                t = t.squeeze(axis);
            } else if (first < 0) {
                left.append(label);
            } else {
                t = t.diagonal(0, first, axis); // the diagonal becomes the last dimension
                int[] order = new int[t.rank()];
                for (int i = 0; i < order.length; i++) {
                    order[i] = i < first ? i : i == first ? order.length - 1 : i - 1;
                }
                t = t.permute(order);
            }
        }
        return new Labelled(t, left.toString());
    }

    /** The sum over labels that are not needed any more. */
    private static Labelled summed(Labelled x, String needed) {
        int[] axes = new int[x.labels.length()];
        int count = 0;
        StringBuilder left = new StringBuilder();
        for (int i = 0; i < axes.length; i++) {
            if (needed.indexOf(x.labels.charAt(i)) < 0) {
                axes[count++] = i;
            } else {
                left.append(x.labels.charAt(i));
            }
        }
        return count == 0 ? x : new Labelled(x.tensor.sum(Arrays.copyOf(axes, count)), left.toString());
    }

    private Labelled multiplied(Labelled p, Labelled q, String later) {
        StringBuilder batch = new StringBuilder();
        StringBuilder inner = new StringBuilder();
        StringBuilder rows = new StringBuilder();
        for (char label : p.labels.toCharArray()) {
            boolean shared = q.labels.indexOf(label) >= 0;
            boolean needed = later.indexOf(label) >= 0;
            (shared ? needed ? batch : inner : rows).append(label);
        }
        Labelled right = summed(q, later + p.labels);
        Labelled left = summed(p, later + q.labels);
        String kept = only(rows.toString(), label -> left.labels.indexOf(label) >= 0);
        String columns = only(right.labels, label -> p.labels.indexOf(label) < 0);
        int n = count(batch.toString());
        int m = count(kept);
        int k = count(inner.toString());
        int l = count(columns);
        Tensor y = inner.isEmpty()
                ? arranged(left, batch + kept)
                        .reshape(n, m, 1)
                        .mul(arranged(right, batch.toString() + columns).reshape(n, 1, l))
                : arranged(left, batch + kept + inner)
                        .reshape(n, m, k)
                        .matmul(arranged(right, batch.toString() + inner + columns)
                                .reshape(n, k, l));
        String labels = batch + kept + columns;
        return new Labelled(y.reshape(dims(labels)), labels);
    }

    private static String only(String labels, IntPredicate wanted) {
        StringBuilder left = new StringBuilder();
        labels.chars().filter(wanted).forEach(c -> left.append((char) c));
        return left.toString();
    }

    private int count(String labels) {
        return Arrays.stream(dims(labels)).reduce(1, (x, y) -> x * y);
    }

    private int[] dims(String labels) {
        return labels.chars().map(c -> sizes.getOrDefault((char) c, 1)).toArray();
    }

    /** The dimensions in this order. */
    private static Tensor arranged(Labelled x, String order) {
        if (order.equals(x.labels)) {
            return x.tensor.alias("einsum");
        }
        return x.tensor.permute(order.chars().map(x.labels::indexOf).toArray());
    }
}
