package dev.graft.backend.conformance;

import dev.graft.tensor.GraphRef;
import dev.graft.tensor.GraphTape;
import dev.graft.tensor.Nd;
import java.util.Arrays;
import java.util.function.Function;

/**
 * Gradients of a function of numbers on a {@link GraphTape}: by the chain rule alone, whatever the kernel's formula.
 */
final class Gradients {
    private Gradients() {}

    /** The gradients of {@code sum(dy * f(x))} by every operand. */
    static Nd[] of(Function<GraphRef[], GraphRef> f, Nd dy, Nd... x) {
        GraphTape tape = new GraphTape(0, 0);
        GraphRef[] in = new GraphRef[x.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = new GraphRef(
                    tape,
                    x[i].dims(),
                    Arrays.stream(x[i].data()).mapToInt(tape::leaf).toArray());
        }
        GraphRef y = f.apply(in);
        double[] d = new double[tape.size()];
        tape.backward(y.ids(), dy.data(), d);
        return Arrays.stream(in)
                .map(v -> new Nd(
                        v.dims(),
                        Arrays.stream(v.ids()).mapToDouble(id -> d[id]).toArray()))
                .toArray(Nd[]::new);
    }

    static Nd value(GraphRef y) {
        return new Nd(
                y.dims(), Arrays.stream(y.ids()).mapToDouble(y.tape()::value).toArray());
    }

    static Nd value(Function<GraphRef[], GraphRef> f, Nd... x) {
        GraphTape tape = new GraphTape(0, 0);
        GraphRef[] in = Arrays.stream(x)
                .map(v -> new GraphRef(
                        tape,
                        v.dims(),
                        Arrays.stream(v.data()).mapToInt(tape::leaf).toArray()))
                .toArray(GraphRef[]::new);
        return value(f.apply(in));
    }
}
