package dev.graft.nn.data;

import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.stream.Collectors;

/** The tensors of an example or a batch. */
final class Only {
    private Only() {}

    /** The tensor of a list that is meant to have one. */
    static Tensor of(List<Tensor> tensors, String holder, String what, String all) {
        if (tensors.size() != 1) {
            throw new IllegalStateException(holder + ": there "
                    + (tensors.isEmpty() ? "is no " + what : "are " + tensors.size() + " " + what + "s")
                    + (tensors.isEmpty() ? "" : " (" + shapes(tensors) + ")") + ", not one. Hint: use " + all
                    + ".");
        }
        return tensors.get(0);
    }

    static String shapes(List<Tensor> tensors) {
        return tensors.stream().map(tensor -> tensor.shape().toString()).collect(Collectors.joining(", "));
    }

    /** Separate views, which outlive the scope in which the tensors were made. */
    static List<Tensor> kept(List<Tensor> tensors) {
        return tensors.stream().map(tensor -> tensor.detach().keep()).toList();
    }
}
