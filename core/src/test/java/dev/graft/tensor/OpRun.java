package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * What one run of a case gave, copied out.
 *
 * @param gradients by argument
 * @param after arguments that the run changed in place
 * @param proved the keys of all operators recorded on the way
 */
record OpRun(
        Shape shape,
        DType dtype,
        float[] out,
        Map<Integer, float[]> gradients,
        Map<Integer, float[]> after,
        Set<Object> proved) {

    /** Puts the values of a part of a case, such as {@code in0} or {@code dy}, into memory in some way. */
    interface Arrangement {
        Tensor of(String part, Tensor values);
    }

    static OpRun of(OpCase c, Layout layout) {
        return of(c, On.CPU, layout);
    }

    static OpRun of(OpCase c, On on, Layout layout) {
        return of(c, on, (part, values) -> layout.of(values), i -> true);
    }

    /** Runs a case; arguments on a device that have a golden gradient ask for one where {@code needs} says so. */
    static OpRun of(OpCase c, On on, Arrangement arrangement, IntPredicate needs) {
        try (Scope scope = Scope.open()) {
            Tensor[] in = new Tensor[c.arguments()];
            for (int i = 0; i < in.length; i++) {
                in[i] = arrangement.of("in" + i, on.put(c.golden("in" + i).tensor()));
                if (c.hasGolden("grad" + i) && needs.test(i)) {
                    in[i].requireGrad(true);
                }
            }
            Tensor out = c.graft().apply(in);
            Set<Object> proved = new HashSet<>();
            collect(out.node(), proved);
            if (out.requiresGrad()) {
                out.backward(arrangement.of("dy", on.put(c.golden("dy").tensor())));
            }
            Map<Integer, float[]> gradients = new TreeMap<>();
            Map<Integer, float[]> after = new TreeMap<>();
            for (int i = 0; i < in.length; i++) {
                int at = i;
                in[i].grad().ifPresent(g -> {
                    assertThat(g.shape()).isEqualTo(in[at].shape());
                    gradients.put(at, g.toFloatArray());
                });
                if (c.hasGolden("after" + i)) {
                    after.put(i, in[i].toFloatArray());
                }
            }
            return new OpRun(out.shape(), out.dtype(), out.toFloatArray(), gradients, after, proved);
        }
    }

    private static void collect(Node node, Set<Object> keys) {
        if (node != null) {
            keys.add(OpCases.key(node.op));
            Arrays.stream(node.inputs).forEach(n -> collect(n, keys));
        }
    }
}
