package dev.graft.backend.conformance;

import static dev.graft.backend.conformance.KernelCase.Place.ANY;
import static dev.graft.backend.conformance.KernelCase.Place.CONTIGUOUS;
import static dev.graft.backend.conformance.KernelCase.positive;
import static dev.graft.backend.conformance.KernelCase.random;
import static dev.graft.backend.conformance.KernelCase.whole;

import dev.graft.backend.Reduction;
import dev.graft.tensor.GraphRef;
import dev.graft.tensor.Nd;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** Reductions, softmax, matrix products, rows and losses. */
final class FoldCases {
    private FoldCases() {}

    static List<KernelCase> all() {
        List<KernelCase> cases = new ArrayList<>();
        for (Reduction op : Reduction.values()) {
            reduce(cases, op, new int[] {3, 4, 5}, true, true, true);
            reduce(cases, op, new int[] {3, 4, 5}, true, false, true);
            reduce(cases, op, new int[] {3, 4, 5}, false, true, false);
            reduce(cases, op, new int[] {3, 4, 5}, false, false, false);
            reduce(cases, op, new int[] {2, 5, 3, 4}, true, false, true, true);
            reduce(cases, op, new int[] {1031}, true);
            reduce(cases, op, new int[] {71, 67}, true, false);
            reduce(cases, op, new int[] {1, 1}, true, false);
            reduce(cases, op, new int[] {}, new boolean[0]);
        }
        reduce(cases, Reduction.SUM, new int[] {0, 3}, true, false);
        reduce(cases, Reduction.MEAN, new int[] {3, 0}, true, false);
        for (int axis = 0; axis < 3; axis++) {
            argmax(cases, axis, 4, 5, 3);
        }
        for (boolean log : new boolean[] {false, true}) {
            softmax(cases, log, 3, 5);
            softmax(cases, log, 67);
            softmax(cases, log, 2, 3, 1);
            softmax(cases, log, 0, 4);
        }
        matmul(cases, new int[] {3, 4}, new int[] {4, 5});
        matmul(cases, new int[] {17, 33}, new int[] {33, 19});
        matmul(cases, new int[] {1, 7}, new int[] {7, 1});
        matmul(cases, new int[] {2, 3, 4}, new int[] {2, 4, 3});
        matmul(cases, new int[] {2, 2, 3, 1}, new int[] {2, 2, 1, 3});
        matmul(cases, new int[] {3, 0}, new int[] {0, 2});
        matmul(cases, new int[] {0, 3}, new int[] {3, 2});
        linear(cases, 3, 4, 5);
        linear(cases, 1, 7, 1);
        linear(cases, 33, 20, 70);
        linear(cases, 3, 0, 2);
        linear(cases, 0, 3, 2);
        rows(cases, 6, 4, 5);
        rows(cases, 1, 1, 3);
        rows(cases, 4, 3, 0);
        // as vectors, and more than are added in floats
        rows(cases, 2, 18, 90);
        for (boolean weighted : new boolean[] {false, true}) {
            for (float smoothing : new float[] {0, 0.125f}) {
                crossEntropy(cases, weighted, smoothing, -100, 4, 5);
                crossEntropy(cases, weighted, smoothing, 2, 9, 3);
            }
        }
        crossEntropy(cases, false, 0, -100, 0, 3);
        return cases;
    }

    private static void reduce(List<KernelCase> cases, Reduction op, int[] x, boolean... folded) {
        int[] y = x.clone();
        for (int i = 0; i < y.length; i++) {
            y[i] = folded[i] ? 1 : y[i];
        }
        cases.add(new KernelCase(op + " " + Arrays.toString(x) + " to " + Arrays.toString(y))
                .in(ANY, random(81, x))
                .out(ANY, y)
                .terms(op == Reduction.MAX || op == Reduction.MIN ? 0 : 1000)
                .call((b, in, out) -> b.reduce(op, in[0], out[0]))
                .expect(in -> new Nd[] {
                    Nd.fill(y, i -> {
                        double[] total = {
                            op == Reduction.MAX
                                    ? Double.NEGATIVE_INFINITY
                                    : op == Reduction.MIN ? Double.POSITIVE_INFINITY : 0
                        };
                        int[] count = {0};
                        Nd.fill(x, j -> {
                            boolean mine = true;
                            for (int axis = 0; axis < x.length; axis++) {
                                mine &= folded[axis] || j[axis] == i[axis];
                            }
                            if (mine) {
                                double v = in[0].get(j);
                                count[0]++;
                                total[0] = op == Reduction.MAX
                                        ? Math.max(total[0], v)
                                        : op == Reduction.MIN ? Math.min(total[0], v) : total[0] + v;
                            }
                            return 0;
                        });
                        return op == Reduction.MEAN ? total[0] / count[0] : total[0];
                    })
                }));
    }

    private static void argmax(List<KernelCase> cases, int axis, int... x) {
        cases.add(new KernelCase("argmax along " + axis)
                .in(ANY, random(82, x).map(v -> Math.rint(2 * v)))
                .out(ANY, DType.I64, Nd.with(x, axis, 1))
                .call((b, in, out) -> b.argmax(in[0], axis, out[0]))
                .expect(in -> new Nd[] {
                    Nd.fill(Nd.with(x, axis, 1), i -> {
                        int best = 0;
                        for (int k = 1; k < x[axis]; k++) {
                            best = in[0].get(Nd.with(i, axis, k)) > in[0].get(Nd.with(i, axis, best)) ? k : best;
                        }
                        return best;
                    })
                }));
    }

    private static void softmax(List<KernelCase> cases, boolean log, int... x) {
        String name = (log ? "logSoftmax" : "softmax");
        Function<GraphRef[], GraphRef> f = in -> in[0].softmax(log, x.length - 1);
        cases.add(new KernelCase(name + " " + Arrays.toString(x))
                .in(CONTIGUOUS, random(83, x))
                .out(CONTIGUOUS, x)
                .terms(20)
                .call((b, in, out) -> b.softmax(log, in[0], out[0]))
                .expect(in -> new Nd[] {Gradients.value(f, in[0])}));
        Nd argument = random(83, x);
        cases.add(new KernelCase(name + "Backward " + Arrays.toString(x))
                .in(CONTIGUOUS, Gradients.value(f, argument).map(v -> (float) v))
                .in(CONTIGUOUS, random(84, x))
                .out(CONTIGUOUS, x)
                .terms(50)
                .call((b, in, out) -> b.softmaxBackward(log, in[0], in[1], out[0]))
                .expect(in -> Gradients.of(f, in[1], argument)));
    }

    private static void matmul(List<KernelCase> cases, int[] p, int[] q) {
        int[] y = p.clone();
        y[y.length - 1] = q[q.length - 1];
        cases.add(new KernelCase("matmul " + Arrays.toString(p) + " " + Arrays.toString(q))
                .in(ANY, random(85, p))
                .in(ANY, random(86, q))
                .out(CONTIGUOUS, y)
                .terms(64)
                .call((b, in, out) -> b.matmul(in[0], in[1], out[0]))
                .expect(in -> new Nd[] {Gradients.value(t -> GraphRef.matmul(t[0], t[1]), in)}));
    }

    private static void linear(List<KernelCase> cases, int rows, int inputs, int outputs) {
        Function<GraphRef[], GraphRef> f = in -> {
            GraphRef product = GraphRef.matmul(in[0], in[1].permute(1, 0));
            return in.length < 3 ? product : GraphRef.zip(product, in[2], in[0].tape()::add);
        };
        Nd x = random(91, rows, inputs);
        Nd w = random(92, outputs, inputs);
        String shape = rows + " x " + inputs + " to " + outputs;
        cases.add(new KernelCase("linear " + shape)
                .in(ANY, x)
                .in(ANY, w)
                .out(CONTIGUOUS, rows, outputs)
                .terms(64)
                .call((b, in, out) -> b.linear(in[0], in[1], Optional.empty(), out[0]))
                .expect(in -> new Nd[] {Gradients.value(f, in)}));
        cases.add(new KernelCase("linear with bias " + shape)
                .in(ANY, x)
                .in(ANY, w)
                .in(CONTIGUOUS, random(93, outputs))
                .out(CONTIGUOUS, rows, outputs)
                .terms(64)
                .call((b, in, out) -> b.linear(in[0], in[1], Optional.of(in[2]), out[0]))
                .expect(in -> new Nd[] {Gradients.value(f, in)}));
    }

    private static void rows(List<KernelCase> cases, int size, int width, int rows) {
        Nd index = whole(87, size, rows);
        cases.add(new KernelCase("checkIndices " + size + " at " + rows)
                .in(ANY, DType.I64, index)
                .call((b, in, out) -> {
                    b.checkIndices(in[0], size, OptionalLong.empty(), (position, value) -> {
                        throw new AssertionError(position + " holds " + value);
                    });
                    b.synchronize();
                })
                .expect(in -> new Nd[0]));
        cases.add(new KernelCase("gatherRows " + size + " x " + width + " at " + rows)
                .in(CONTIGUOUS, random(88, size, width))
                .in(ANY, DType.I64, index)
                .out(CONTIGUOUS, rows, width)
                .call((b, in, out) -> b.gatherRows(in[0], in[1], out[0]))
                .expect(in ->
                        new Nd[] {Nd.fill(new int[] {rows, width}, i -> in[0].get((int) in[1].get(i[0]), i[1]))}));
        cases.add(new KernelCase("gatherRowsBackward " + size + " x " + width + " at " + rows)
                .in(ANY, random(89, rows, width))
                .in(ANY, DType.I64, index)
                .out(CONTIGUOUS, size, width)
                .terms(Math.max(5, rows / size))
                .call((b, in, out) -> b.gatherRowsBackward(in[0], in[1], out[0]))
                .expect(in -> Gradients.of(
                        t -> GraphRef.of(
                                t[0].tape(), new int[] {rows, width}, i -> t[0].get((int) in[1].get(i[0]), i[1])),
                        in[0],
                        random(88, size, width))));
    }

    /** {@code -sum_c share(c) weight(c) log p(c)} a row; rows to be ignored give 0. */
    private static GraphRef loss(GraphRef x, Nd target, Optional<Nd> weight, double smoothing, long ignore) {
        GraphRef log = x.softmax(true, 1);
        int classes = x.dims()[1];
        return GraphRef.of(x.tape(), target.dims(), i -> {
            int t = (int) target.get(i);
            if (t == ignore) {
                return x.tape().leaf(0);
            }
            int[] parts = new int[classes];
            for (int c = 0; c < classes; c++) {
                double share = (c == t ? 1 - smoothing : 0) + smoothing / classes;
                parts[c] = x.tape()
                        .affine(
                                log.get(i[0], c),
                                -share * (weight.isPresent() ? weight.get().get(c) : 1),
                                0);
            }
            return x.tape().sum(parts);
        });
    }

    private static void crossEntropy(
            List<KernelCase> cases, boolean weighted, float smoothing, long ignore, int rows, int classes) {
        String name = rows + " x " + classes + (weighted ? " weighted" : "") + " smoothing " + smoothing + " ignoring "
                + ignore;
        Nd logits = random(90, rows, classes);
        Nd target = whole(91, classes, rows);
        Nd weight = positive(92, classes);
        Optional<Nd> w = weighted ? Optional.of(weight) : Optional.empty();
        Nd log = Gradients.value(t -> t[0].softmax(true, 1), logits);
        cases.add(new KernelCase("crossEntropy " + name)
                .in(CONTIGUOUS, logits)
                .in(CONTIGUOUS, DType.I64, target)
                .in(CONTIGUOUS, weight)
                .out(CONTIGUOUS, rows)
                .out(CONTIGUOUS, rows)
                .out(CONTIGUOUS, rows, classes)
                .terms(20)
                .call((b, in, out) -> b.crossEntropy(
                        in[0],
                        in[1],
                        weighted ? Optional.of(in[2]) : Optional.empty(),
                        smoothing,
                        ignore,
                        out[0],
                        out[1],
                        out[2]))
                .expect(in -> new Nd[] {
                    Gradients.value(t -> loss(t[0], target, w, smoothing, ignore), logits),
                    target.map(t -> t == ignore ? 0 : weighted ? weight.get((int) t) : 1),
                    log
                }));
        cases.add(new KernelCase("crossEntropyBackward " + name)
                .in(CONTIGUOUS, log.map(v -> (float) v))
                .in(CONTIGUOUS, DType.I64, target)
                .in(CONTIGUOUS, weight)
                .in(CONTIGUOUS, random(93, rows))
                .out(CONTIGUOUS, rows, classes)
                .terms(50)
                .call((b, in, out) -> b.crossEntropyBackward(
                        in[0],
                        in[1],
                        weighted ? Optional.of(in[2]) : Optional.empty(),
                        smoothing,
                        ignore,
                        in[3],
                        out[0]))
                .expect(in -> Gradients.of(t -> loss(t[0], target, w, smoothing, ignore), in[3], logits)));
    }
}
