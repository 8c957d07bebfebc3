package dev.graft.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Views, copies and joins for random graphs. */
final class GraphShapes {
    private GraphShapes() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(
                GraphShapes::reshape,
                GraphShapes::flatten,
                GraphShapes::unsqueeze,
                GraphShapes::squeeze,
                GraphShapes::permute,
                GraphShapes::transpose,
                GraphShapes::expand,
                GraphShapes::slice,
                GraphShapes::slice,
                GraphShapes::select,
                GraphShapes::contiguous,
                GraphShapes::copy,
                GraphShapes::concat,
                GraphShapes::stack,
                GraphShapes::pad);
    }

    private static int reshape(GraphBuilder g) {
        int x = g.any();
        int[] target = new int[g.random.nextInt(1, 5)];
        int rest = g.size(x);
        for (int i = 0; i < target.length - 1; i++) {
            int n = rest;
            int[] divisors = IntStream.rangeClosed(1, n).filter(d -> n % d == 0).toArray();
            target[i] = divisors[g.random.nextInt(divisors.length)];
            rest /= target[i];
        }
        target[target.length - 1] = rest;
        return g.step(
                ShapeOp.Reshape.class,
                new int[] {x},
                t -> t[0].reshape(target),
                r -> r[0].reshape(target),
                "$0.reshape(" + Graph.list(target) + ")",
                "$0.reshape(" + GraphBuilder.python(target) + ")");
    }

    private static int flatten(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 1);
        if (x < 0) {
            return -1;
        }
        int from = g.random.nextInt(g.rank(x));
        int[] dims = Arrays.copyOf(g.dims(x), from + 1);
        for (int i = from + 1; i < g.rank(x); i++) {
            dims[from] *= g.dims(x)[i];
        }
        return g.step(
                ShapeOp.Reshape.class,
                new int[] {x},
                t -> t[0].flatten(from),
                r -> r[0].reshape(dims),
                "$0.flatten(" + from + ")",
                "$0.flatten(" + from + ")");
    }

    private static int unsqueeze(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) < 4);
        if (x < 0) {
            return -1;
        }
        int at = g.random.nextInt(g.rank(x) + 1);
        int[] dims = Nd.inserted(g.dims(x), at, 1);
        return g.step(
                ShapeOp.Reshape.class,
                new int[] {x},
                t -> t[0].unsqueeze(at),
                r -> r[0].reshape(dims),
                "$0.unsqueeze(" + at + ")",
                "$0.unsqueeze(" + at + ")");
    }

    private static int squeeze(GraphBuilder g) {
        int x = g.any(v -> Arrays.stream(g.dims(v)).anyMatch(d -> d == 1));
        if (x < 0) {
            return -1;
        }
        int at = IntStream.range(0, g.rank(x))
                .filter(d -> g.dims(x)[d] == 1)
                .findFirst()
                .orElseThrow();
        int[] dims = Nd.without(g.dims(x), at);
        return g.step(
                ShapeOp.Reshape.class,
                new int[] {x},
                t -> t[0].squeeze(at),
                r -> r[0].reshape(dims),
                "$0.squeeze(" + at + ")",
                "$0.squeeze(" + at + ")");
    }

    private static int permute(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 1);
        if (x < 0) {
            return -1;
        }
        int[] order = IntStream.range(0, g.rank(x)).toArray();
        for (int i = order.length - 1; i > 0; i--) {
            int j = g.random.nextInt(i + 1);
            int kept = order[i];
            order[i] = order[j];
            order[j] = kept;
        }
        return g.step(
                ShapeOp.Permute.class,
                new int[] {x},
                t -> t[0].permute(order),
                r -> r[0].permute(order),
                "$0.permute(" + Graph.list(order) + ")",
                "$0.permute(" + Graph.list(order) + ")");
    }

    private static int transpose(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 1);
        if (x < 0) {
            return -1;
        }
        int[] order = IntStream.range(0, g.rank(x)).toArray();
        int p = g.random.nextInt(order.length);
        int q = g.random.nextInt(order.length);
        order[p] = q;
        order[q] = p;
        String call = "$0.transpose(" + p + ", " + q + ")";
        return g.step(
                ShapeOp.Permute.class, new int[] {x}, t -> t[0].transpose(p, q), r -> r[0].permute(order), call, call);
    }

    private static int expand(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) < 4 || Arrays.stream(g.dims(v)).anyMatch(d -> d == 1));
        if (x < 0) {
            return -1;
        }
        int lead = g.rank(x) < 4 ? g.random.nextInt(2) : 0;
        int[] dims = new int[lead + g.rank(x)];
        for (int i = 0; i < dims.length; i++) {
            int old = i < lead ? 1 : g.dims(x)[i - lead];
            dims[i] = old == 1 ? g.random.nextInt(1, 4) : old;
        }
        return g.step(
                ShapeOp.Expand.class,
                new int[] {x},
                t -> t[0].expand(dims),
                r -> r[0].expand(dims),
                "$0.expand(" + Graph.list(dims) + ")",
                "$0.expand(" + GraphBuilder.python(dims) + ")");
    }

    private static int slice(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 0);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        int size = g.dims(x)[axis];
        int from = g.random.nextInt(size);
        int to = g.random.nextInt(from + 1, size + 1);
        int step = g.random.nextInt(1, 4);
        return g.step(
                ShapeOp.Slice.class,
                new int[] {x},
                t -> t[0].slice(axis, from, to, step),
                r -> r[0].slice(axis, from, to, step),
                "$0.slice(" + axis + ", " + from + ", " + to + ", " + step + ")",
                "$0[" + ":, ".repeat(axis) + from + ":" + to + ":" + step + "]");
    }

    private static int copy(GraphBuilder g) {
        return g.step(ShapeOp.Copy.class, new int[] {g.any()}, t -> t[0].copy(), r -> r[0], "$0.copy()", "$0.clone()");
    }

    private static int select(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 0);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        int index = g.random.nextInt(g.dims(x)[axis]);
        int[] dims = Nd.without(g.dims(x), axis);
        return g.step(
                List.of(ShapeOp.Slice.class, ShapeOp.Reshape.class),
                new int[] {x},
                t -> t[0].select(axis, index),
                r -> r[0].slice(axis, index, index + 1, 1).reshape(dims),
                "$0.select(" + axis + ", " + index + ")",
                "$0.select(" + axis + ", " + index + ")",
                0,
                false);
    }

    private static int contiguous(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 1);
        return g.step(
                ShapeOp.Contiguous.class,
                new int[] {x},
                t -> t[0].contiguous(),
                r -> r[0],
                "$0.contiguous()",
                "$0.contiguous()");
    }

    private static int[] several(GraphBuilder g, int first) {
        return IntStream.range(0, g.random.nextInt(1, 4))
                .map(i -> i == 0
                        ? first
                        : g.random.nextInt(4) == 0
                                ? g.leaf(false, g.random.nextBoolean(), g.dims(first))
                                : g.any(v -> Arrays.equals(g.dims(v), g.dims(first))))
                .toArray();
    }

    private static int concat(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) > 0);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x));
        int[] in = several(g, x);
        String parts = IntStream.range(0, in.length).mapToObj(i -> "$" + i).collect(Collectors.joining(", "));
        return g.step(
                ShapeOp.Concat.class,
                in,
                t -> Tensor.concat(axis, t),
                r -> GraphRef.concat(axis, r),
                "Tensor.concat(" + axis + ", " + parts + ")",
                "torch.cat([" + parts + "], " + axis + ")");
    }

    private static int stack(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) < 4);
        if (x < 0) {
            return -1;
        }
        int axis = g.random.nextInt(g.rank(x) + 1);
        int[] in = several(g, x);
        int[] one = Nd.inserted(g.dims(x), axis, 1);
        String parts = IntStream.range(0, in.length).mapToObj(i -> "$" + i).collect(Collectors.joining(", "));
        return g.step(
                ShapeOp.Concat.class,
                in,
                t -> Tensor.stack(axis, t),
                r -> GraphRef.concat(
                        axis, Arrays.stream(r).map(p -> p.reshape(one)).toArray(GraphRef[]::new)),
                "Tensor.stack(" + axis + ", " + parts + ")",
                "torch.stack([" + parts + "], " + axis + ")");
    }

    private static int pad(GraphBuilder g) {
        int x = g.any(v -> g.rank(v) == 4);
        if (x < 0) {
            x = g.shaped(g.dims(4, 3));
        }
        int[] p = g.random.ints(4, 0, 3).toArray();
        return g.step(
                ShapeOp.Pad2d.class,
                new int[] {x},
                t -> t[0].pad2d(p[0], p[1], p[2], p[3]),
                r -> r[0].pad(p[0], p[1], p[2], p[3]),
                "$0.pad2d(" + Graph.list(p) + ")",
                "F.pad($0, (" + Graph.list(p[2], p[3], p[0], p[1]) + "))");
    }
}
