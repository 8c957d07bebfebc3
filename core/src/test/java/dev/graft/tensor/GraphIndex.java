package dev.graft.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Choice by index, running sums, spread and norms for random graphs. Each maker appends one, or gives -1. */
final class GraphIndex {
    private GraphIndex() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(
                GraphIndex::indexSelect,
                GraphIndex::gather,
                g -> scatter(g, false),
                g -> scatter(g, true),
                GraphIndex::flip,
                GraphIndex::diagonal,
                GraphIndex::cumsum,
                GraphIndex::variance,
                GraphIndex::norm);
    }

    private static int withAxis(GraphBuilder g) {
        return g.any(v -> g.rank(v) > 0);
    }

    private static String list(long[] values) {
        return Arrays.stream(values).mapToObj(Long::toString).collect(Collectors.joining(", "));
    }

    private static String tensor(long[] values, int[] dims) {
        return "Tensor.of(new long[] {" + list(values) + "}, " + Graph.list(dims) + ")";
    }

    private static String python(long[] values, int[] dims) {
        return "torch.tensor([" + list(values) + "]).reshape(" + GraphBuilder.python(dims) + ")";
    }

    private static int indexSelect(GraphBuilder g) {
        int x = withAxis(g);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        long[] index =
                g.random.longs(g.random.nextInt(1, 5), 0, g.dims(x)[axis]).toArray();
        return g.step(
                IndexOp.IndexSelect.class,
                new int[] {x},
                t -> t[0].indexSelect(axis, On.deviceOf(t[0]).of(index, index.length)),
                r -> GraphRef.of(
                        r[0].tape(),
                        Nd.with(r[0].dims(), axis, index.length),
                        i -> r[0].get(Nd.with(i, axis, (int) index[i[axis]]))),
                "$0.indexSelect(" + axis + ", " + tensor(index, new int[] {index.length}) + ")",
                "$0.index_select(" + axis + ", " + python(index, new int[] {index.length}) + ")");
    }

    /** Sizes of an index that fits a tensor, of up to {@code most} along the axis. */
    private static int[] smaller(GraphBuilder g, int x, int axis, int most) {
        int[] dims = g.dims(x);
        return IntStream.range(0, dims.length)
                .map(d -> d == axis
                        ? g.random.nextInt(1, most + 1)
                        : g.random.nextInt(3) == 0 ? g.random.nextInt(1, dims[d] + 1) : dims[d])
                .toArray();
    }

    private static int gather(GraphBuilder g) {
        int x = withAxis(g);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        int[] dims = smaller(g, x, axis, 4);
        long[] index = g.random.longs(GraphRef.count(dims), 0, g.dims(x)[axis]).toArray();
        return g.step(
                IndexOp.Gather.class,
                new int[] {x},
                t -> t[0].gather(axis, On.deviceOf(t[0]).of(index, dims)),
                r -> {
                    int[] at = {0};
                    return GraphRef.of(r[0].tape(), dims, i -> r[0].get(Nd.with(i, axis, (int) index[at[0]++])));
                },
                "$0.gather(" + axis + ", " + tensor(index, dims) + ")",
                "$0.gather(" + axis + ", " + python(index, dims) + ")");
    }

    /** What is set is set once, since the gradient of what is set twice is a convention. */
    private static int scatter(GraphBuilder g, boolean add) {
        int x = withAxis(g);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        int size = g.dims(x)[axis];
        int[] dims = smaller(g, x, axis, add ? 5 : size);
        int source = g.shaped(dims);
        int shift = g.random.nextInt(size);
        long[] index = new long[GraphRef.count(dims)];
        int[] at = {0};
        Nd.fill(dims, i -> index[at[0]++] = add ? g.random.nextInt(size) : (i[axis] + shift) % size);
        String call = (add ? "scatterAdd(" : "scatter(") + axis + ", ";
        return g.step(
                IndexOp.Scatter.class,
                new int[] {x, source},
                t -> add
                        ? t[0].scatterAdd(axis, On.deviceOf(t[0]).of(index, dims), t[1])
                        : t[0].scatter(axis, On.deviceOf(t[0]).of(index, dims), t[1]),
                r -> {
                    int[] ids = r[0].ids().clone();
                    int[] next = {0};
                    GraphRef.of(r[0].tape(), dims, i -> {
                        int n = next[0]++;
                        int[] to = Nd.with(i, axis, (int) index[n]);
                        int place = 0;
                        for (int d = 0; d < to.length; d++) {
                            place = place * r[0].dims()[d] + to[d];
                        }
                        int value = r[1].ids()[n];
                        ids[place] = add ? r[0].tape().add(ids[place], value) : value;
                        return value;
                    });
                    return new GraphRef(r[0].tape(), r[0].dims(), ids);
                },
                "$0." + call + tensor(index, dims) + ", $1)",
                "$0." + (add ? "scatter_add(" : "scatter(") + axis + ", " + python(index, dims) + ", $1)");
    }

    private static int flip(GraphBuilder g) {
        int x = withAxis(g);
        if (x < 0) {
            return -1;
        }
        int[] axes = IntStream.range(0, g.rank(x))
                .filter(d -> g.random.nextBoolean())
                .toArray();
        return g.step(
                IndexOp.Flip.class,
                new int[] {x},
                t -> t[0].flip(axes),
                r -> GraphRef.of(r[0].tape(), r[0].dims(), i -> {
                    int[] from = i.clone();
                    for (int axis : axes) {
                        from[axis] = r[0].dims()[axis] - 1 - i[axis];
                    }
                    return r[0].get(from);
                }),
                "$0.flip(" + Graph.list(axes) + ")",
                "$0.flip(" + GraphBuilder.python(axes) + ")");
    }

    /** Of the first two dimensions. */
    private static int diagonal(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 1);
        if (x < 0) {
            return -1;
        }
        int[] dims = g.dims(x);
        int offset = g.random.nextInt(1 - dims[0], dims[1]);
        int length = Math.min(dims[0] - Math.max(0, -offset), dims[1] - Math.max(0, offset));
        int[] rest = Arrays.copyOfRange(dims, 2, dims.length);
        return g.step(
                ShapeOp.Diagonal.class,
                new int[] {x},
                t -> t[0].diagonal(offset, 0, 1),
                r -> GraphRef.of(r[0].tape(), Nd.inserted(rest, rest.length, length), i -> {
                    int k = i[i.length - 1];
                    int[] from = Nd.inserted(Nd.without(i, i.length - 1), 0, k + Math.max(0, offset));
                    return r[0].get(Nd.inserted(from, 0, k + Math.max(0, -offset)));
                }),
                "$0.diagonal(" + offset + ", 0, 1)",
                "$0.diagonal(" + offset + ", 0, 1)");
    }

    private static int cumsum(GraphBuilder g) {
        int x = withAxis(g);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        return g.step(
                ReductionOp.CumSum.class,
                new int[] {x},
                t -> t[0].cumsum(axis),
                r -> GraphRef.of(
                        r[0].tape(),
                        r[0].dims(),
                        i -> r[0].tape()
                                .sum(IntStream.rangeClosed(0, i[axis])
                                        .map(k -> r[0].get(Nd.with(i, axis, k)))
                                        .toArray())),
                "$0.cumsum(" + axis + ")",
                "$0.cumsum(" + axis + ")");
    }

    private static int variance(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 0 && Arrays.stream(g.dims(v)).anyMatch(d -> d > 1));
        if (x < 0) {
            return -1;
        }
        int axis = IntStream.range(0, g.rank(x))
                .filter(d -> g.dims(x)[d] > 1)
                .findFirst()
                .orElseThrow();
        boolean root = g.random.nextBoolean();
        int correction = g.random.nextInt(2);
        boolean[] folded = new boolean[g.rank(x)];
        folded[axis] = true;
        int n = g.dims(x)[axis];
        int[] clear = {1};
        g.ref(x).fold(folded, ids -> {
            double mean = Arrays.stream(ids)
                    .mapToDouble(g.ref(x).tape()::value)
                    .average()
                    .orElse(0);
            double most = Arrays.stream(ids)
                    .mapToDouble(id -> Math.abs(g.ref(x).tape().value(id) - mean))
                    .max()
                    .orElse(0);
            clear[0] &= most > 0.1 ? 1 : 0; // the root has no slope at 0
            return ids[0];
        });
        if (clear[0] == 0) {
            return -1;
        }
        String name = root ? "std" : "var";
        return g.step(
                ReductionOp.Variance.class,
                new int[] {x},
                t -> root ? t[0].std(correction, true, axis) : t[0].var(correction, true, axis),
                r -> {
                    GraphTape t = r[0].tape();
                    GraphRef mean = r[0].fold(folded, t::mean);
                    GraphRef squares = GraphRef.zip(r[0], mean, t::sub).map(id -> t.mul(id, id));
                    return squares.fold(folded, ids -> {
                        int y = t.affine(t.sum(ids), 1.0 / (n - correction), 0);
                        return root ? t.sqrt(y) : y;
                    });
                },
                "$0." + name + "(" + correction + ", true, " + axis + ")",
                "$0." + name + "(" + axis + ", correction=" + correction + ", keepdim=True)");
    }

    private static int norm(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 0 && g.isAwayFrom(v, 0) && g.all(v, e -> e != 0));
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        int p = g.random.nextInt(1, 4);
        boolean[] folded = new boolean[g.rank(x)];
        folded[axis] = true;
        return g.step(
                ReductionOp.Norm.class,
                new int[] {x},
                t -> t[0].norm(p, true, axis),
                r -> {
                    GraphTape t = r[0].tape();
                    return r[0].fold(folded, ids -> {
                        int sum = t.sum(Arrays.stream(ids)
                                .map(id -> {
                                    double v = Math.abs(t.value(id));
                                    return t.function(
                                            id, Math.pow(v, p), Math.signum(t.value(id)) * p * Math.pow(v, p - 1.0));
                                })
                                .toArray());
                        return t.function(
                                sum, Math.pow(t.value(sum), 1.0 / p), Math.pow(t.value(sum), 1.0 / p - 1) / p);
                    });
                },
                "$0.norm(" + p + ", true, " + axis + ")",
                "torch.linalg.vector_norm($0, " + p + ", " + axis + ", keepdim=True)");
    }
}
