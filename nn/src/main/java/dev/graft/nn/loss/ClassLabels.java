package dev.graft.nn.loss;

import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Optional;

/** Class indices on the host: which of them count, and how much. */
final class ClassLabels {
    private ClassLabels() {}

    /**
     * Checks indices {@code [N, ...]} for outputs {@code [N, C, ...]}.
     *
     * @param what the outputs' name in messages
     * @throws IllegalArgumentException if types or shapes do not fit
     */
    static void check(String name, String what, Tensor outputs, Tensor labels) {
        String operands = " (" + what + " " + outputs.shape() + ", labels " + labels.shape() + ")";
        if (outputs.dtype() != DType.F32) {
            throw new IllegalArgumentException(name + ": " + what + " must be F32, were " + outputs.dtype() + operands
                    + ". Hint: call to(DType.F32).");
        }
        if (labels.dtype() != DType.I64 && labels.dtype() != DType.I32) {
            throw new IllegalArgumentException(name + ": labels must be class indices, were " + labels.dtype()
                    + operands + ". Hint: make labels an I64 tensor.");
        }
        Shape x = outputs.shape();
        Shape y = labels.shape();
        boolean fits = x.rank() >= 2 && y.rank() == x.rank() - 1 && y.dim(0) == x.dim(0);
        for (int i = 2; fits && i < x.rank(); i++) {
            fits = x.dim(i) == y.dim(i - 1);
        }
        if (!fits) {
            throw new IllegalArgumentException(name + ": labels must be [N, ...] for " + what + " [N, C, ...]"
                    + operands + ". Hint: labels are class indices, not one-hot rows.");
        }
    }

    /** Checks that a label is one of the classes of the outputs. */
    static int index(String name, long label, int classes) {
        return index(name, label, classes, "classes", "count labels from 0.");
    }

    /** The class weight of a label. */
    static float weightOf(String name, long label, float[] weights) {
        return weights[
                index(
                        name,
                        label,
                        weights.length,
                        "class weights",
                        "count labels from 0, and give each class a weight.")];
    }

    private static int index(String name, long label, int count, String what, String hint) {
        if (label < 0 || label >= count) {
            throw new IllegalArgumentException(
                    name + ": a label is " + label + ", but there are " + count + " " + what + ". Hint: " + hint);
        }
        return (int) label;
    }

    /** The sum of the class weights of the labels that count, or their number if there are no class weights. */
    static double weight(String name, Tensor labels, Optional<float[]> weights, long ignoreIndex) {
        double sum = 0;
        for (long label : labels.toLongArray()) {
            if (label != ignoreIndex) {
                sum += weights.isPresent() ? weightOf(name, label, weights.get()) : 1;
            }
        }
        return sum;
    }

    /** Images {@code [N, C, ...]} as rows {@code [N * ..., C]}, one for each label. */
    static Tensor rows(Tensor outputs) {
        int[] order = new int[outputs.rank()];
        for (int i = 1; i < order.length - 1; i++) {
            order[i] = i + 1;
        }
        order[order.length - 1] = 1;
        int classes = outputs.dim(1);
        return outputs.permute(order).reshape(classes == 0 ? 0 : outputs.numel() / classes, classes);
    }
}
