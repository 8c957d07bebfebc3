package dev.graft.tensor;

import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A random expression: leaves, operators on them, and one or more backward passes. Runs in Graft and on a
 * {@link GraphTape}, and prints itself as a Java program and as a PyTorch one.
 */
record Graph(List<Vertex> vertices, List<Pass> passes) {

    /** A leaf or an operator's result; operands have smaller numbers. */
    sealed interface Vertex {
        int[] dims();

        /** The backward pass it belongs to; leaves belong to all. */
        int pass();
    }

    /** How a leaf lies in memory. */
    enum Arrangement {
        CONTIGUOUS(Layout.CONTIGUOUS),
        REVERSED(Layout.REVERSED),
        STRIDED(Layout.STRIDED),
        CHANNELS_LAST(Layout.CHANNELS_LAST),
        /** The first dimension repeats one element; the data repeat as well. */
        EXPANDED(null);

        private final Layout layout;

        Arrangement(Layout layout) {
            this.layout = layout;
        }

        Tensor of(float[] data, int[] dims) {
            return of(On.CPU, data, dims);
        }

        Tensor of(On on, float[] data, int[] dims) {
            if (this != EXPANDED) {
                return layout.of(on.of(data, dims));
            }
            int[] first = dims.clone();
            first[0] = 1;
            return on.of(Arrays.copyOf(data, data.length / dims[0]), first).expand(dims);
        }
    }

    record Leaf(int[] dims, float[] data, Arrangement arrangement, boolean needs) implements Vertex {
        @Override
        public int pass() {
            return -1;
        }
    }

    /**
     * @param keys the operators of the catalogue that this stands for, see {@link OpCases#key}
     * @param java the call, with {@code $0}, {@code $1} for operands
     * @param python the same by PyTorch
     * @param flowing the first operand that gradients flow to; those before are only looked at
     * @param coarse whether floats may be as wrong as a Winograd convolution's
     */
    record Step(
            int[] dims,
            int pass,
            List<Object> keys,
            int[] in,
            Function<Tensor[], Tensor> graft,
            Function<GraphRef[], GraphRef> reference,
            String java,
            String python,
            int flowing,
            boolean coarse)
            implements Vertex {

        IntStream followed() {
            return Arrays.stream(in).skip(flowing);
        }
    }

    /** One call of {@code backward}, with a seed where the root is not a single number. */
    record Pass(int root, float[] seed) {}

    /** What a run gave: the values of all vertices and the gradients of leaves, null where there is none. */
    record Outcome<T>(List<T> values, List<T> gradients) {}

    boolean needs(int vertex) {
        return vertices.get(vertex) instanceof Leaf leaf
                ? leaf.needs()
                : vertices.get(vertex) instanceof Step s && s.followed().anyMatch(this::needs);
    }

    boolean isCoarse() {
        return vertices.stream().anyMatch(v -> v instanceof Step s && s.coarse());
    }

    /** Leaves that a gradient must reach. */
    Set<Integer> reached() {
        boolean[] needed = new boolean[vertices.size()];
        for (int i = 0; i < needed.length; i++) {
            needed[i] = vertices.get(i) instanceof Leaf leaf
                    ? leaf.needs()
                    : vertices.get(i) instanceof Step s && s.followed().anyMatch(j -> needed[j]);
        }
        Set<Integer> seen = new HashSet<>();
        for (Pass pass : passes) {
            reach(pass.root(), needed, seen);
        }
        return seen.stream().filter(v -> vertices.get(v) instanceof Leaf).collect(Collectors.toSet());
    }

    private void reach(int vertex, boolean[] needed, Set<Integer> seen) {
        if (needed[vertex] && seen.add(vertex) && vertices.get(vertex) instanceof Step s) {
            s.followed().forEach(i -> reach(i, needed, seen));
        }
    }

    Outcome<float[]> run(Set<Object> recorded) {
        return run(On.CPU, recorded);
    }

    /** @param recorded receives the operators that autograd recorded */
    Outcome<float[]> run(On on, Set<Object> recorded) {
        try (Scope scope = Scope.open()) {
            Tensor[] t = new Tensor[vertices.size()];
            for (int i = 0; i < t.length; i++) {
                if (vertices.get(i) instanceof Leaf leaf) {
                    t[i] = leaf.arrangement()
                            .of(on, leaf.data(), leaf.dims())
                            .detach()
                            .requireGrad(leaf.needs());
                }
            }
            for (int pass = 0; pass < passes.size(); pass++) {
                for (int i = 0; i < t.length; i++) {
                    if (vertices.get(i) instanceof Step s && s.pass() == pass) {
                        t[i] = s.graft()
                                .apply(Arrays.stream(s.in()).mapToObj(j -> t[j]).toArray(Tensor[]::new));
                        if (!t[i].shape().equals(Shape.of(s.dims()))) {
                            throw new AssertionError(
                                    "t" + i + " has shape " + t[i].shape() + ", not " + Arrays.toString(s.dims()));
                        }
                    }
                }
                Pass p = passes.get(pass);
                Tensor root = t[p.root()];
                collect(root.node(), recorded, new HashSet<>());
                if (p.seed() == null) {
                    root.backward();
                } else {
                    root.backward(on.of(p.seed(), vertices.get(p.root()).dims()));
                }
            }
            List<float[]> values = new ArrayList<>();
            List<float[]> gradients = new ArrayList<>();
            for (int i = 0; i < t.length; i++) {
                values.add(t[i].toFloatArray());
                // A result may be its operand itself, as a contiguous tensor's contiguous() is.
                gradients.add(
                        vertices.get(i) instanceof Leaf
                                ? t[i].grad().map(Tensor::toFloatArray).orElse(null)
                                : null);
            }
            return new Outcome<>(values, gradients);
        }
    }

    static void collect(Node node, Set<Object> keys, Set<Node> seen) {
        if (node != null && seen.add(node)) {
            keys.add(OpCases.key(node.op));
            Arrays.stream(node.inputs).forEach(n -> collect(n, keys, seen));
        }
    }

    Outcome<double[]> reference(double noise, long seed) {
        GraphTape tape = new GraphTape(noise, seed);
        GraphRef[] t = new GraphRef[vertices.size()];
        for (int i = 0; i < t.length; i++) {
            t[i] = evaluate(tape, vertices.get(i), t);
        }
        double[] d = new double[tape.size()];
        for (Pass p : passes) {
            int[] roots = t[p.root()].ids();
            tape.backward(
                    roots,
                    IntStream.range(0, roots.length)
                            .mapToDouble(i -> p.seed() == null ? 1 : p.seed()[i])
                            .toArray(),
                    d);
        }
        Set<Integer> reached = reached();
        List<double[]> values = new ArrayList<>();
        List<double[]> gradients = new ArrayList<>();
        for (int i = 0; i < t.length; i++) {
            values.add(Arrays.stream(t[i].ids()).mapToDouble(tape::value).toArray());
            gradients.add(
                    reached.contains(i)
                            ? Arrays.stream(t[i].ids()).mapToDouble(id -> d[id]).toArray()
                            : null);
        }
        return new Outcome<>(values, gradients);
    }

    static GraphRef evaluate(GraphTape tape, Vertex v, GraphRef[] before) {
        if (v instanceof Step s) {
            return s.reference()
                    .apply(Arrays.stream(s.in()).mapToObj(j -> before[j]).toArray(GraphRef[]::new));
        }
        Leaf leaf = (Leaf) v;
        int[] ids = new int[leaf.data().length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = tape.leaf(leaf.data()[i]);
        }
        return new GraphRef(tape, leaf.dims(), ids);
    }

    /** The same without a vertex's history: it becomes a leaf with the given values. */
    Graph cut(int vertex, float[] values) {
        List<Vertex> changed = new ArrayList<>(vertices);
        changed.set(vertex, new Leaf(vertices.get(vertex).dims(), values, Arrangement.CONTIGUOUS, needs(vertex)));
        return new Graph(changed, passes).withoutDeadVertices();
    }

    /** The same with one pass, from this vertex; every leaf wants a gradient. */
    Graph withRoot(int vertex) {
        float[] seed = new float[GraphRef.count(vertices.get(vertex).dims())];
        Arrays.fill(seed, 1);
        List<Vertex> changed = vertices.stream()
                .map(v -> v instanceof Leaf l
                        ? new Leaf(l.dims(), l.data(), l.arrangement(), true)
                        : v instanceof Step s
                                ? new Step(
                                        s.dims(),
                                        0,
                                        s.keys(),
                                        s.in(),
                                        s.graft(),
                                        s.reference(),
                                        s.java(),
                                        s.python(),
                                        s.flowing(),
                                        s.coarse())
                                : v)
                .toList();
        return new Graph(changed, List.of(new Pass(vertex, seed))).withoutDeadVertices();
    }

    Graph withoutPass(int pass) {
        List<Pass> left = new ArrayList<>(passes);
        left.remove(pass);
        List<Vertex> moved = vertices.stream()
                .map(v -> v instanceof Step s && s.pass() > pass
                        ? new Step(
                                s.dims(),
                                s.pass() - 1,
                                s.keys(),
                                s.in(),
                                s.graft(),
                                s.reference(),
                                s.java(),
                                s.python(),
                                s.flowing(),
                                s.coarse())
                        : v)
                .toList();
        return new Graph(moved, left).withoutDeadVertices();
    }

    Graph withoutDeadVertices() {
        Set<Integer> live = new LinkedHashSet<>();
        passes.forEach(p -> mark(p.root(), live));
        int[] number = new int[vertices.size()];
        List<Vertex> kept = new ArrayList<>();
        for (int i = 0; i < number.length; i++) {
            if (live.contains(i)) {
                number[i] = kept.size();
                kept.add(
                        vertices.get(i) instanceof Step s
                                ? new Step(
                                        s.dims(),
                                        s.pass(),
                                        s.keys(),
                                        Arrays.stream(s.in())
                                                .map(j -> number[j])
                                                .toArray(),
                                        s.graft(),
                                        s.reference(),
                                        s.java(),
                                        s.python(),
                                        s.flowing(),
                                        s.coarse())
                                : vertices.get(i));
            }
        }
        return new Graph(
                kept,
                passes.stream().map(p -> new Pass(number[p.root()], p.seed())).toList());
    }

    private void mark(int vertex, Set<Integer> live) {
        if (live.add(vertex) && vertices.get(vertex) instanceof Step s) {
            Arrays.stream(s.in()).forEach(i -> mark(i, live));
        }
    }

    private static String fill(String call, int[] in) {
        String text = call;
        for (int i = in.length - 1; i >= 0; i--) {
            text = text.replace("$" + i, "t" + in[i]);
        }
        return text;
    }

    static String list(float[] data, String suffix) {
        return IntStream.range(0, data.length).mapToObj(i -> data[i] + suffix).collect(Collectors.joining(", "));
    }

    static String list(int... numbers) {
        return Arrays.stream(numbers).mapToObj(Integer::toString).collect(Collectors.joining(", "));
    }

    /** A program to paste into a test of this package. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < vertices.size(); i++) {
            if (vertices.get(i) instanceof Leaf leaf) {
                text.append(String.format(
                        Locale.ROOT,
                        "Tensor t%d = Graph.Arrangement.%s.of(new float[] {%s}, new int[] {%s})%s;%n",
                        i,
                        leaf.arrangement(),
                        list(leaf.data(), "f"),
                        list(leaf.dims()),
                        leaf.needs() ? ".detach().requireGrad(true)" : ""));
            }
        }
        for (int pass = 0; pass < passes.size(); pass++) {
            for (int i = 0; i < vertices.size(); i++) {
                if (vertices.get(i) instanceof Step s && s.pass() == pass) {
                    text.append(String.format(Locale.ROOT, "Tensor t%d = %s;%n", i, fill(s.java(), s.in())));
                }
            }
            Pass p = passes.get(pass);
            text.append(String.format(
                    Locale.ROOT,
                    "t%d.backward(%s);%n",
                    p.root(),
                    p.seed() == null
                            ? ""
                            : "Tensor.of(new float[] {" + list(p.seed(), "f") + "}, "
                                    + list(vertices.get(p.root()).dims()) + ")"));
        }
        return text.toString().replace(", )", ")");
    }

    /** The operators and backward passes in Python; {@code t[i]} are leaves that are there already. */
    String python() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < vertices.size(); i++) {
            if (vertices.get(i) instanceof Leaf) {
                text.append("t").append(i).append(" = t[").append(i).append("]\n");
            }
        }
        for (int pass = 0; pass < passes.size(); pass++) {
            for (int i = 0; i < vertices.size(); i++) {
                if (vertices.get(i) instanceof Step s && s.pass() == pass) {
                    text.append("t")
                            .append(i)
                            .append(" = t[")
                            .append(i)
                            .append("] = ")
                            .append(fill(s.python(), s.in()))
                            .append('\n');
                }
            }
            Pass p = passes.get(pass);
            text.append("t")
                    .append(p.root())
                    .append(".backward(")
                    .append(
                            p.seed() == null
                                    ? ""
                                    : "tensor([" + list(p.seed(), "") + "], "
                                            + list(vertices.get(p.root()).dims()) + ")")
                    .append(")\n");
        }
        return text.toString();
    }
}
