package dev.graft.tensor;

import dev.graft.backend.UnaryOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Grows a random {@link Graph}. Every step is evaluated at once on an exact and on a noisy tape; one whose numbers are
 * huge, hang on rounding errors, or lie at a jump of a function without being exact is taken back.
 */
final class GraphBuilder {
    private static final int LARGEST_SIZE = 240;
    private static final double LARGEST_VALUE = 500;
    private static final double MARGIN = 2e-3;

    final SplittableRandom random;
    private final GraphTape exact = new GraphTape(0, 0);
    private final GraphTape noisy;
    private final List<Graph.Vertex> vertices = new ArrayList<>();
    private final List<GraphRef> refs = new ArrayList<>();
    private final List<GraphRef> noisyRefs = new ArrayList<>();
    private final List<Graph.Pass> passes = new ArrayList<>();

    private GraphBuilder(long seed) {
        random = new SplittableRandom(seed);
        noisy = new GraphTape(1e-6, seed);
    }

    /** A graph of operators by these makers; it depends on the seed alone. */
    static Graph random(long seed, List<ToIntFunction<GraphBuilder>> makers) {
        GraphBuilder g = new GraphBuilder(seed);
        int leaves = g.random.nextInt(1, 4);
        for (int i = 0; i < leaves; i++) {
            g.leaf(g.random.nextInt(3) == 0, i == 0 || g.random.nextInt(10) < 7, g.dims(g.random.nextInt(5), 4));
        }
        int count = g.random.nextInt(4) == 0 ? 2 : 1;
        for (int pass = 0; pass < count; pass++) {
            int from = g.vertices.size();
            int steps = g.random.nextInt(1, 12);
            for (int tries = 0; tries < 4 * steps && g.vertices.size() < from + steps; tries++) {
                int unused = makers.get(g.random.nextInt(makers.size())).applyAsInt(g);
            }
            g.finish();
        }
        return new Graph(g.vertices, g.passes);
    }

    int[] dims(int rank, int largest) {
        return random.ints(rank, 1, largest + 1).toArray();
    }

    int[] dims(int vertex) {
        return vertices.get(vertex).dims();
    }

    int rank(int vertex) {
        return dims(vertex).length;
    }

    int size(int vertex) {
        return refs.get(vertex).ids().length;
    }

    /** {@code grid}: small whole and half numbers, so that ties and zeros occur; else normal ones. */
    int leaf(boolean grid, boolean needs, int... dims) {
        return leaf(
                grid
                        ? () -> (random.nextInt(9) - 4) / 2f
                        : () -> (float) (random.nextInt(-1200, 1200) / 512.0 + random.nextFloat() / 64),
                needs,
                dims);
    }

    int positive(boolean needs, int... dims) {
        return leaf(() -> 0.25f + 2 * random.nextFloat(), needs, dims);
    }

    interface Draw {
        float next();
    }

    int leaf(Draw draw, boolean needs, int... dims) {
        float[] data = new float[GraphRef.count(dims)];
        for (int i = 0; i < data.length; i++) {
            data[i] = draw.next();
        }
        Graph.Arrangement arrangement = Graph.Arrangement.values()[random.nextInt(3) == 0 ? random.nextInt(5) : 0];
        if (arrangement == Graph.Arrangement.EXPANDED) {
            if (dims.length == 0) {
                arrangement = Graph.Arrangement.CONTIGUOUS;
            } else {
                int part = data.length / dims[0];
                for (int i = part; i < data.length; i++) {
                    data[i] = data[i % part];
                }
            }
        }
        return append(new Graph.Leaf(dims, data, arrangement, needs));
    }

    private int append(Graph.Vertex v) {
        refs.add(Graph.evaluate(exact, v, refs.toArray(GraphRef[]::new)));
        noisyRefs.add(Graph.evaluate(noisy, v, noisyRefs.toArray(GraphRef[]::new)));
        vertices.add(v);
        return vertices.size() - 1;
    }

    private boolean usable(int vertex) {
        return vertices.get(vertex).pass() < 0 || vertices.get(vertex).pass() == passes.size();
    }

    /** Any vertex that fits, younger ones more often; -1 where none does. */
    int any(IntPredicate fits) {
        int[] found = IntStream.range(0, vertices.size())
                .filter(v -> usable(v) && fits.test(v))
                .toArray();
        return found.length == 0 ? -1 : found[Math.max(random.nextInt(found.length), random.nextInt(found.length))];
    }

    int any() {
        int v = any(i -> true);
        return v >= 0 ? v : leaf(false, true, dims(2, 3));
    }

    /** A vertex of this shape: one that is there, a part of another one under another shape, or a new leaf. */
    int shaped(int... dims) {
        int choice = random.nextInt(4);
        int same = choice == 0 ? -1 : any(v -> Arrays.equals(dims(v), dims));
        if (same >= 0) {
            return same;
        }
        int n = GraphRef.count(dims);
        int source = choice == 1 ? -1 : any(v -> size(v) >= n && usable(v));
        if (source >= 0) {
            int flat = rank(source) == 1
                    ? source
                    : step(
                            ShapeOp.Reshape.class,
                            new int[] {source},
                            t -> t[0].flatten(0),
                            r -> r[0].reshape(r[0].ids().length),
                            "$0.flatten(0)",
                            "$0.flatten(0)");
            int from = random.nextInt(size(source) - n + 1);
            int part = n == size(source)
                    ? flat
                    : step(
                            ShapeOp.Slice.class,
                            new int[] {flat},
                            t -> t[0].slice(0, from, from + n),
                            r -> r[0].slice(0, from, from + n, 1),
                            "$0.slice(0, " + from + ", " + (from + n) + ")",
                            "$0[" + from + ":" + (from + n) + "]");
            return dims.length == 1
                    ? part
                    : step(
                            ShapeOp.Reshape.class,
                            new int[] {part},
                            t -> t[0].reshape(dims),
                            r -> r[0].reshape(dims),
                            "$0.reshape(" + Graph.list(dims) + ")",
                            "$0.reshape(" + python(dims) + ")");
        }
        return leaf(random.nextInt(4) == 0, random.nextInt(10) < 7, dims);
    }

    static String python(int... dims) {
        return "(" + Graph.list(dims) + (dims.length == 1 ? "," : "") + ")";
    }

    int step(
            Object key,
            int[] in,
            Function<Tensor[], Tensor> graft,
            Function<GraphRef[], GraphRef> reference,
            String java,
            String python) {
        return step(List.of(key), in, graft, reference, java, python, 0, false);
    }

    /** Appends an operator, or gives -1 where its result does not do. */
    int step(
            List<Object> keys,
            int[] in,
            Function<Tensor[], Tensor> graft,
            Function<GraphRef[], GraphRef> reference,
            String java,
            String python,
            int flowing,
            boolean coarse) {
        if (Arrays.stream(in).anyMatch(i -> i < 0)) {
            return -1;
        }
        int size = exact.size();
        int noisySize = noisy.size();
        GraphRef out = reference.apply(Arrays.stream(in).mapToObj(refs::get).toArray(GraphRef[]::new));
        int[] dims = out.dims();
        exact.truncate(size);
        boolean tooLarge = out.ids().length > LARGEST_SIZE;
        int v = tooLarge
                ? -1
                : append(
                        new Graph.Step(dims, passes.size(), keys, in, graft, reference, java, python, flowing, coarse));
        if (tooLarge || !isSound(v)) {
            if (!tooLarge) {
                vertices.remove(v);
                refs.remove(v);
                noisyRefs.remove(v);
            }
            exact.truncate(size);
            noisy.truncate(noisySize);
            return -1;
        }
        return v;
    }

    private boolean isSound(int v) {
        for (int i = 0; i < size(v); i++) {
            double a = exact.value(refs.get(v).ids()[i]);
            double b = noisy.value(noisyRefs.get(v).ids()[i]);
            if (!(Math.abs(a) <= LARGEST_VALUE) || Math.abs(a - b) > 1e-3 * Math.max(Math.abs(a), 0.02)) {
                return false;
            }
        }
        return true;
    }

    boolean all(int vertex, DoublePredicate fits) {
        return Arrays.stream(refs.get(vertex).ids()).mapToDouble(exact::value).allMatch(fits);
    }

    boolean isExact(int vertex) {
        return Arrays.stream(refs.get(vertex).ids()).allMatch(exact::isExact);
    }

    GraphRef ref(int vertex) {
        return refs.get(vertex);
    }

    /** Whether floats are surely on the same side of each kink. */
    boolean isAwayFrom(int vertex, double... kinks) {
        return Arrays.stream(refs.get(vertex).ids())
                .allMatch(id -> exact.isExact(id)
                        || Arrays.stream(kinks).allMatch(k -> Math.abs(exact.value(id) - k) > MARGIN));
    }

    /** Whether floats surely compare as these numbers do: both are exact, they are one number, or they lie apart. */
    boolean areApart(int p, int q) {
        return p == q
                || (exact.isExact(p) && exact.isExact(q))
                || Math.abs(exact.value(p) - exact.value(q)) > MARGIN * Math.max(1, Math.abs(exact.value(p)));
    }

    /** Whether the largest, or smallest, is surely the same in floats. */
    boolean hasClearExtreme(boolean largest, int... ids) {
        int best = ids[0];
        for (int id : ids) {
            if (largest ? exact.value(id) > exact.value(best) : exact.value(id) < exact.value(best)) {
                best = id;
            }
        }
        for (int id : ids) {
            if (!areApart(best, id)) {
                return false;
            }
        }
        return true;
    }

    /** Ends a pass: adds some results up to a loss, or takes one result with a seed. */
    private void finish() {
        Graph soFar = new Graph(vertices, passes);
        int pass = passes.size();
        int[] wanted = IntStream.range(0, vertices.size())
                .filter(v -> vertices.get(v).pass() == pass && soFar.needs(v))
                .toArray();
        if (wanted.length == 0) {
            // Nothing here wants a gradient yet: a leaf on its own.
            int leaf = leaf(false, true, dims(2, 3));
            wanted = new int[] {
                step(
                        UnaryOp.SIGMOID,
                        new int[] {leaf},
                        t -> t[0].sigmoid(),
                        r -> r[0].map(id -> GraphPointwise.sigmoid(r[0].tape(), id)),
                        "$0.sigmoid()",
                        "$0.sigmoid()")
            };
        }
        int last = wanted[wanted.length - 1];
        int loss = random.nextInt(5) == 0 ? -1 : loss(last, wanted);
        if (loss < 0) {
            float[] seed = new float[size(last)];
            for (int i = 0; i < seed.length; i++) {
                seed[i] = (random.nextInt(9) - 4) / 4f;
            }
            passes.add(new Graph.Pass(last, seed));
            return;
        }
        passes.add(new Graph.Pass(loss, null));
    }

    /** -1 where no sum is in range. */
    private int loss(int last, int[] wanted) {
        int loss = -1;
        int terms = random.nextInt(1, 4);
        for (int i = 0; i < terms; i++) {
            int term = GraphReductions.scalar(this, i == 0 ? last : wanted[random.nextInt(wanted.length)]);
            int sum = loss < 0 || term < 0 ? term : GraphBinary.add(this, loss, term);
            loss = sum < 0 ? loss : sum;
        }
        return loss;
    }
}
