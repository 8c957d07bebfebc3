package dev.graft.backend.conformance;

import static dev.graft.backend.conformance.KernelCase.Place.ANY;
import static dev.graft.backend.conformance.KernelCase.random;
import static dev.graft.backend.conformance.KernelCase.whole;

import dev.graft.backend.Reduction;
import dev.graft.tensor.Nd;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** Order, running sums and choice by index along one dimension, and reductions of integers. */
final class OrderCases {
    private OrderCases() {}

    static List<KernelCase> all() {
        List<KernelCase> cases = new ArrayList<>();
        for (DType type : new DType[] {DType.F32, DType.I64, DType.I32, DType.U8, DType.BOOL}) {
            gather(cases, type, 1, 3, 5, 2);
        }
        gather(cases, DType.F32, 0, 7, 3);
        gather(cases, DType.F32, 2, 2, 3, 11);
        gather(cases, DType.F32, 0, 40);
        gather(cases, DType.F32, 1, 2, 3, 0);
        for (boolean add : new boolean[] {false, true}) {
            for (DType type : new DType[] {DType.F32, DType.I64, DType.I32}) {
                scatter(cases, type, add, 1, 4, 3, 5, 2);
            }
            scatter(cases, DType.F32, add, 0, 3, 7, 3);
            scatter(cases, DType.F32, add, 0, 5, 90);
            scatter(cases, DType.F32, add, 1, 3, 2, 70, 3);
            scatter(cases, DType.F32, add, 0, 4, 0, 2);
        }
        scatter(cases, DType.BOOL, false, 1, 4, 3, 5, 2);
        for (boolean descending : new boolean[] {false, true}) {
            for (DType type : new DType[] {DType.F32, DType.I64, DType.I32}) {
                argsort(cases, type, descending, 1, 5, 3, 5, 2);
            }
            argsort(cases, DType.F32, descending, 0, 3, 7);
            argsort(cases, DType.F32, descending, 1, 4, 2, 67);
            argsort(cases, DType.F32, descending, 1, 1, 3, 8, 2);
            argsort(cases, DType.I64, descending, 1, 1, 3, 8);
            argsort(cases, DType.F32, descending, 0, 0, 3);
            argsort(cases, DType.F32, descending, 1, 2, 0, 3);
        }
        for (boolean reverse : new boolean[] {false, true}) {
            for (DType type : new DType[] {DType.F32, DType.I64}) {
                cumsum(cases, type, reverse, 1, 3, 5, 2);
                cumsum(cases, type, reverse, 0, 131);
            }
            cumsum(cases, DType.F32, reverse, 2, 2, 3, 4);
            cumsum(cases, DType.F32, reverse, 0, 3, 0);
        }
        for (Reduction op : new Reduction[] {Reduction.SUM, Reduction.MAX, Reduction.MIN}) {
            reduce(cases, op, new int[] {3, 4, 5}, 3, 1, 5);
            reduce(cases, op, new int[] {3, 4, 5}, 1, 4, 1);
            reduce(cases, op, new int[] {131}, 1);
            reduce(cases, op, new int[] {2, 3}, 2, 3);
        }
        reduce(cases, Reduction.SUM, new int[] {0, 3}, 1, 3);
        return cases;
    }

    private static Nd values(DType type, int seed, int... dims) {
        return switch (type) {
            case F32 -> random(seed, dims);
            case BOOL -> whole(seed, 2, dims);
            default -> whole(seed, 100, dims);
        };
    }

    private static void gather(List<KernelCase> cases, DType type, int axis, int... y) {
        int[] x = Nd.with(y, axis, 4);
        cases.add(new KernelCase("gather " + type + " along " + axis + " to " + Arrays.toString(y))
                .in(ANY, type, values(type, 31, x))
                .in(ANY, DType.I64, whole(32, 4, y))
                .out(ANY, type, y)
                .call((b, in, out) -> b.gather(in[0], axis, in[1], out[0]))
                .expect(in -> new Nd[] {Nd.fill(y, i -> in[0].get(Nd.with(i, axis, (int) in[1].get(i))))}));
    }

    private static void scatter(List<KernelCase> cases, DType type, boolean add, int axis, int depth, int... x) {
        int[] y = Nd.with(x, axis, depth);
        cases.add(new KernelCase((add ? "scatter added " : "scatter ") + type + " along " + axis + " of "
                        + Arrays.toString(x) + " to " + depth)
                .in(ANY, type, values(type, 33, x))
                .in(ANY, DType.I64, whole(34, depth, x))
                .in(ANY, type, values(type, 35, y))
                .changes(2)
                .terms(type == DType.F32 && add ? 60 : 0)
                .call((b, in, out) -> b.scatter(in[0], axis, in[1], add, out[0]))
                .expect(in -> {
                    double[] result = in[2].data().clone();
                    Nd after = new Nd(y, result);
                    Nd.fill(x, i -> {
                        int[] to = Nd.with(i, axis, (int) in[1].get(i));
                        int at = 0;
                        for (int d = 0; d < y.length; d++) {
                            at = at * y[d] + to[d];
                        }
                        result[at] = add ? result[at] + in[0].get(i) : in[0].get(i);
                        return 0;
                    });
                    return new Nd[] {after};
                }));
    }

    /** Whole numbers: many are equal. */
    private static void argsort(List<KernelCase> cases, DType type, boolean descending, int axis, int kept, int... x) {
        int[] y = Nd.with(x, axis, kept);
        cases.add(new KernelCase("argsort " + type + (descending ? " descending" : "") + " along " + axis + " of "
                        + Arrays.toString(x) + ", first " + kept)
                .in(ANY, type, whole(36, 7, x).map(v -> v - 3))
                .out(ANY, DType.I64, y)
                .call((b, in, out) -> b.argsort(in[0], axis, descending, out[0]))
                .expect(in -> new Nd[] {
                    Nd.fill(y, i -> {
                        Comparator<Integer> order = Comparator.comparing(k -> in[0].get(Nd.with(i, axis, k)));
                        return IntStream.range(0, x[axis])
                                .boxed()
                                .sorted(descending ? order.reversed() : order)
                                .toList()
                                .get(i[axis]);
                    })
                }));
    }

    private static void cumsum(List<KernelCase> cases, DType type, boolean reverse, int axis, int... x) {
        cases.add(new KernelCase(
                        "cumsum " + type + (reverse ? " reverse" : "") + " along " + axis + " of " + Arrays.toString(x))
                .in(ANY, type, values(type, 37, x))
                .out(ANY, type, x)
                .terms(type == DType.F32 ? 20 : 0)
                .call((b, in, out) -> b.cumsum(in[0], axis, reverse, out[0]))
                .expect(in -> new Nd[] {
                    Nd.fill(x, i -> {
                        double sum = 0;
                        for (int k = reverse ? i[axis] : 0; k <= (reverse ? x[axis] - 1 : i[axis]); k++) {
                            sum += in[0].get(Nd.with(i, axis, k));
                        }
                        return sum;
                    })
                }));
    }

    private static void reduce(List<KernelCase> cases, Reduction op, int[] x, int... y) {
        cases.add(new KernelCase(op + " of I64 " + Arrays.toString(x) + " to " + Arrays.toString(y))
                .in(ANY, DType.I64, whole(38, 100, x).map(v -> v - 50))
                .out(ANY, DType.I64, y)
                .call((b, in, out) -> b.reduce(op, in[0], out[0]))
                .expect(in -> {
                    Nd result = Nd.fill(y, i -> op == Reduction.SUM ? 0 : op == Reduction.MAX ? -1e9 : 1e9);
                    Nd.fill(x, i -> {
                        int at = 0;
                        for (int d = 0; d < y.length; d++) {
                            at = at * y[d] + (y[d] == 1 ? 0 : i[d]);
                        }
                        double old = result.data()[at];
                        result.data()[at] = op == Reduction.SUM
                                ? old + in[0].get(i)
                                : op == Reduction.MAX ? Math.max(old, in[0].get(i)) : Math.min(old, in[0].get(i));
                        return 0;
                    });
                    return new Nd[] {result};
                }));
    }
}
