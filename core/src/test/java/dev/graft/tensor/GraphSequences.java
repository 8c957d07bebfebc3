package dev.graft.tensor;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.RecurrentCell;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Attention and recurrent layers for random graphs. Each maker appends one, or gives -1. */
final class GraphSequences {
    private GraphSequences() {}

    static List<ToIntFunction<GraphBuilder>> makers() {
        return List.of(
                GraphSequences::attention,
                GraphSequences::learntMask,
                GraphSequences::selfAttention,
                g -> recurrent(g, RecurrentCell.LSTM),
                g -> recurrent(g, RecurrentCell.GRU));
    }

    /** What a query may see of the keys: nothing is hidden, truths, or terms that are added. */
    private record Mask(int[] dims, float[] terms, boolean isBool, boolean isThere) {

        static Mask none() {
            return new Mask(new int[0], new float[0], false, false);
        }

        /** @param scores the shape that it broadcasts to */
        static Mask of(GraphBuilder g, int... scores) {
            if (g.random.nextInt(3) == 0) {
                return none();
            }
            int from = g.random.nextInt(scores.length - 1);
            int[] dims = Arrays.stream(scores)
                    .skip(from)
                    .map(d -> g.random.nextInt(3) == 0 ? 1 : d)
                    .toArray();
            boolean isBool = g.random.nextBoolean();
            float[] terms = new float[GraphRef.count(dims)];
            for (int i = 0; i < terms.length; i++) {
                boolean isHidden = g.random.nextInt(3) == 0;
                terms[i] = isHidden ? Float.NEGATIVE_INFINITY : isBool ? 0 : (g.random.nextInt(9) - 4) / 4f;
            }
            return new Mask(dims, terms, isBool, true);
        }

        private boolean[] truths() {
            boolean[] truths = new boolean[terms.length];
            for (int i = 0; i < truths.length; i++) {
                truths[i] = terms[i] == 0;
            }
            return truths;
        }

        Optional<Tensor> tensor(On on) {
            if (!isThere) {
                return Optional.empty();
            }
            return Optional.of(isBool ? on.of(truths(), dims) : on.of(terms, dims));
        }

        /** The term at an index of the scores. */
        double at(int... scores) {
            int at = 0;
            for (int d = 0; d < dims.length; d++) {
                at = at * dims[d] + (dims[d] == 1 ? 0 : scores[scores.length - dims.length + d]);
            }
            return isThere ? terms[at] : 0;
        }

        private String numbers(String infinity) {
            return IntStream.range(0, terms.length)
                    .mapToObj(i -> isBool
                            ? Boolean.toString(terms[i] == 0)
                            : Float.isInfinite(terms[i]) ? infinity : terms[i] + (infinity.startsWith("F") ? "f" : ""))
                    .collect(Collectors.joining(", "));
        }

        String java() {
            return isThere
                    ? "Optional.of(Tensor.of(new " + (isBool ? "boolean" : "float") + "[] {"
                            + numbers("Float.NEGATIVE_INFINITY") + "}, " + Graph.list(dims) + "))"
                    : "Optional.empty()";
        }

        String python() {
            if (!isThere) {
                return "None";
            }
            String values = numbers("-float('inf')").replace("true", "0.0").replace("false", "-float('inf')");
            return "tensor([" + values + "], " + Graph.list(dims) + ")";
        }
    }

    /** The sum of products, as a number that no order of additions is promised for. */
    private static int dot(GraphTape t, int[] p, int[] q) {
        int[] products = new int[p.length];
        for (int i = 0; i < p.length; i++) {
            products[i] = t.mul(p[i], q[i]);
        }
        int sum = t.sum(products);
        return t.function(sum, t.value(sum), 1);
    }

    private static int[] row(GraphRef x, int[] lead, int row, int columns) {
        int[] ids = new int[columns];
        for (int c = 0; c < columns; c++) {
            int[] at = Arrays.copyOf(lead, lead.length + 2);
            at[lead.length] = row;
            at[lead.length + 1] = c;
            ids[c] = x.get(broadcast(x, at));
        }
        return ids;
    }

    /** The index within a tensor whose leading dimensions are broadcast. */
    private static int[] broadcast(GraphRef x, int[] at) {
        int rank = x.dims().length;
        int[] mine = new int[rank];
        for (int d = 0; d < rank; d++) {
            int i = at[at.length - rank + d];
            mine[d] = d < rank - 2 && x.dims()[d] == 1 ? 0 : i;
        }
        return mine;
    }

    /** A number for each query and key. */
    @FunctionalInterface
    private interface Score {
        /** The score with its mask; -1 where the key is hidden. */
        int of(int score, int... index);
    }

    /** Query by query; hidden keys appear in no sum. */
    private static GraphRef attention(GraphRef q, GraphRef k, GraphRef v, float scale, boolean causal, Score masked) {
        GraphTape t = q.tape();
        int rank = q.dims().length;
        int width = q.dims()[rank - 1];
        int keys = k.dims()[k.dims().length - 2];
        int columns = v.dims()[v.dims().length - 1];
        int[] lead = GraphRef.broadcast(
                GraphRef.broadcast(lead(q.dims()), lead(k.dims())), GraphRef.broadcast(lead(k.dims()), lead(v.dims())));
        int queries = q.dims()[rank - 2];
        int[] rows = Arrays.copyOf(lead, lead.length + 1);
        rows[lead.length] = queries;
        int zero = t.leaf(0);
        List<int[]> results = new ArrayList<>();
        GraphRef.of(t, rows, at -> {
            int[] front = Arrays.copyOf(at, lead.length);
            int i = at[lead.length];
            int[] query = row(q, front, i, width);
            List<Integer> scores = new ArrayList<>();
            List<int[]> values = new ArrayList<>();
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < keys; j++) {
                int score = t.affine(dot(t, query, row(k, front, j, width)), scale, 0);
                int[] index = Arrays.copyOf(at, at.length + 1);
                index[at.length] = j;
                int seen = causal && j > i ? -1 : masked.of(score, index);
                if (seen >= 0) {
                    scores.add(seen);
                    values.add(row(v, front, j, columns));
                    largest = Math.max(largest, t.value(seen));
                }
            }
            double shift = largest;
            int[] powers =
                    scores.stream().mapToInt(s -> t.exp(t.affine(s, 1, -shift))).toArray();
            int sum = t.sum(powers);
            // Divided last, which is how fused kernels round it, PyTorch's too: the gradient of the sum meets y, not v.
            int[] result = new int[columns];
            for (int c = 0; c < columns; c++) {
                int column = c;
                int[] of = values.stream().mapToInt(x -> x[column]).toArray();
                result[c] = powers.length == 0 ? zero : t.div(dot(t, powers, of), sum);
            }
            results.add(result);
            return zero;
        });
        int[] dims = Arrays.copyOf(rows, rows.length + 1);
        dims[rows.length] = columns;
        return new GraphRef(
                t, dims, results.stream().flatMapToInt(Arrays::stream).toArray());
    }

    private static int[] lead(int[] dims) {
        return Arrays.copyOf(dims, dims.length - 2);
    }

    private static Score with(GraphTape t, Mask mask) {
        return (score, index) -> {
            double term = mask.at(index);
            return term == Double.NEGATIVE_INFINITY
                    ? -1
                    : mask.isThere() && !mask.isBool() ? t.affine(score, 1, term) : score;
        };
    }

    private record Operands(int[] in, int[] scores) {

        static Operands of(GraphBuilder g) {
            int[] lead = g.dims(g.random.nextInt(3), 2);
            int queries = g.random.nextInt(1, 5);
            int width = g.random.nextInt(1, 4);
            boolean same = g.random.nextInt(5) == 0;
            int keys = same ? queries : g.random.nextInt(1, 6);
            int columns = same ? width : g.random.nextInt(1, 4);
            int q = g.shaped(shape(g, false, lead, queries, width));
            int k = same ? q : g.shaped(shape(g, true, lead, keys, width));
            // One tensor may be several of the three.
            int v = same ? q : columns == width && g.random.nextInt(4) == 0 ? k : -1;
            v = v < 0 ? g.shaped(shape(g, true, lead, keys, columns)) : v;
            if (q < 0 || k < 0 || v < 0) {
                return new Operands(new int[] {-1}, new int[0]);
            }
            int[] scores = Arrays.copyOf(lead, lead.length + 2);
            scores[lead.length] = queries;
            scores[lead.length + 1] = keys;
            return new Operands(new int[] {q, k, v}, scores);
        }

        private static int[] shape(GraphBuilder g, boolean smaller, int[] lead, int rows, int columns) {
            int from = smaller && g.random.nextInt(4) == 0 ? g.random.nextInt(lead.length + 1) : 0;
            int[] dims = Arrays.copyOfRange(lead, from, lead.length + 2);
            for (int i = 0; i < dims.length - 2; i++) {
                dims[i] = smaller && g.random.nextInt(4) == 0 ? 1 : dims[i];
            }
            dims[dims.length - 2] = rows;
            dims[dims.length - 1] = columns;
            return dims;
        }
    }

    private static AttentionParams params(GraphBuilder g, int width) {
        AttentionParams params = AttentionParams.of(width).causal(g.random.nextInt(3) == 0);
        return g.random.nextInt(3) == 0 ? params.scale(new float[] {0.25f, 1, 3}[g.random.nextInt(3)]) : params;
    }

    private static String java(AttentionParams p) {
        return "new AttentionParams(" + p.scale() + "f, " + p.causal() + ", 0f, 0)";
    }

    private static String python(AttentionParams p) {
        return (double) p.scale() + ", " + (p.causal() ? "True" : "False") + ")";
    }

    private static int attention(GraphBuilder g) {
        Operands o = Operands.of(g);
        if (o.in()[0] < 0) {
            return -1;
        }
        AttentionParams p = params(g, last(g, o.in()[0]));
        Mask mask = Mask.of(g, o.scores());
        return g.step(
                AttentionOp.Attention.class,
                o.in(),
                t -> t[0].scaledDotProductAttention(t[1], t[2], mask.tensor(On.deviceOf(t[0])), p),
                r -> attention(r[0], r[1], r[2], p.scale(), p.causal(), with(r[0].tape(), mask)),
                "$0.scaledDotProductAttention($1, $2, " + mask.java() + ", " + java(p) + ")",
                "attention($0, $1, $2, " + mask.python() + ", " + python(p));
    }

    /** A mask that may have a gradient. */
    private static int learntMask(GraphBuilder g) {
        Operands o = Operands.of(g);
        if (o.in()[0] < 0) {
            return -1;
        }
        AttentionParams p = params(g, last(g, o.in()[0]));
        int[] dims = Arrays.stream(o.scores())
                .skip(g.random.nextInt(o.scores().length - 1))
                .map(d -> g.random.nextInt(3) == 0 ? 1 : d)
                .toArray();
        int mask = g.shaped(dims);
        return g.step(
                "learnt mask",
                new int[] {o.in()[0], o.in()[1], o.in()[2], mask},
                t -> t[0].scaledDotProductAttention(t[1], t[2], Optional.of(t[3]), p),
                r -> attention(
                        r[0],
                        r[1],
                        r[2],
                        p.scale(),
                        p.causal(),
                        (score, index) -> r[0].tape().add(score, r[3].spread(index))),
                "$0.scaledDotProductAttention($1, $2, Optional.of($3), " + java(p) + ")",
                "attention($0, $1, $2, $3, " + python(p));
    }

    private static int last(GraphBuilder g, int vertex) {
        return g.dims(vertex)[g.rank(vertex) - 1];
    }

    private static int selfAttention(GraphBuilder g) {
        int heads = g.random.nextInt(1, 4);
        int width = g.random.nextInt(1, 3);
        int batch = g.random.nextInt(1, 3);
        int steps = g.random.nextInt(1, 5);
        int x = g.shaped(batch, steps, 3 * heads * width);
        AttentionParams p = params(g, width);
        Mask mask = Mask.of(g, batch, heads, steps, steps);
        return g.step(
                AttentionOp.SelfAttention.class,
                new int[] {x},
                t -> t[0].selfAttention(heads, mask.tensor(On.deviceOf(t[0])), p),
                r -> {
                    GraphRef parts = r[0].reshape(batch, steps, 3, heads, width).permute(2, 0, 3, 1, 4);
                    GraphRef[] each = new GraphRef[3];
                    for (int i = 0; i < 3; i++) {
                        each[i] = parts.slice(0, i, i + 1, 1).reshape(batch, heads, steps, width);
                    }
                    return attention(each[0], each[1], each[2], p.scale(), p.causal(), with(r[0].tape(), mask))
                            .permute(0, 2, 1, 3)
                            .reshape(batch, steps, heads * width);
                },
                "$0.selfAttention(" + heads + ", " + mask.java() + ", " + java(p) + ")",
                "self_attention($0, " + heads + ", " + mask.python() + ", " + python(p));
    }

    /** Which of the results goes on: the outputs, the last h, the last c, or all of them in a row. */
    enum Part {
        OUTPUT,
        H,
        C,
        ALL;

        Tensor of(Recurrent.Result result) {
            return switch (this) {
                case OUTPUT -> result.output();
                case H -> result.last().h();
                case C -> result.last().c().orElseThrow();
                case ALL -> {
                    List<Tensor> all = new ArrayList<>(List.of(
                            result.output().flatten(0), result.last().h().flatten(0)));
                    result.last().c().ifPresent(c -> all.add(c.flatten(0)));
                    yield Tensor.concat(0, all);
                }
            };
        }
    }

    /** @param bySequence whether the input is {@code [N, T, F]} in memory */
    private record Layer(
            RecurrentCell cell, boolean reverse, boolean biased, boolean bySequence, long[] lengths, Part part) {

        static Layer of(GraphBuilder g, RecurrentCell cell, int steps, int batch) {
            long[] lengths = g.random.nextBoolean()
                    ? g.random.longs(batch, 1, steps + 1L).toArray()
                    : new long[0];
            Part[] parts = Part.values();
            Part part = parts[g.random.nextInt(parts.length)];
            return new Layer(
                    cell,
                    g.random.nextBoolean(),
                    g.random.nextBoolean(),
                    g.random.nextInt(3) == 0,
                    lengths,
                    part == Part.C && cell == RecurrentCell.GRU ? Part.H : part);
        }

        private boolean isLstm() {
            return cell == RecurrentCell.LSTM;
        }

        private int bias() {
            return isLstm() ? 5 : 4;
        }

        Tensor graft(Tensor... t) {
            On on = On.deviceOf(t[0]);
            Recurrent.Result result = (bySequence ? t[0].transpose(0, 1) : t[0])
                    .recurrent(
                            cell,
                            reverse,
                            new Recurrent.Weights(
                                    t[1],
                                    t[2],
                                    biased ? Optional.of(t[bias()]) : Optional.empty(),
                                    biased ? Optional.of(t[bias() + 1]) : Optional.empty()),
                            new Recurrent.State(t[3], isLstm() ? Optional.of(t[4]) : Optional.empty()),
                            lengths.length > 0 ? Optional.of(on.of(lengths, lengths.length)) : Optional.empty());
            return part.of(result);
        }

        /** Sequence by sequence, step by step, unit by unit. */
        GraphRef reference(GraphRef... r) {
            GraphTape t = r[0].tape();
            GraphRef x = bySequence ? r[0].permute(1, 0, 2) : r[0];
            int steps = x.dims()[0];
            int batch = x.dims()[1];
            int units = r[2].dims()[1];
            int[] out = new int[steps * batch * units];
            Arrays.fill(out, t.leaf(0));
            int[][] h = new int[batch][];
            int[][] c = new int[batch][];
            for (int n = 0; n < batch; n++) {
                h[n] = stateOf(r[3], n, units);
                c[n] = isLstm() ? stateOf(r[4], n, units) : new int[0];
                int length = lengths.length > 0 ? (int) lengths[n] : steps;
                for (int i = 0; i < length; i++) {
                    int time = reverse ? length - 1 - i : i;
                    h[n] = step(t, r, x, time, n, h[n], c[n]);
                    System.arraycopy(h[n], 0, out, (time * batch + n) * units, units);
                }
            }
            int[] lastH = Arrays.stream(h).flatMapToInt(Arrays::stream).toArray();
            int[] lastC = Arrays.stream(c).flatMapToInt(Arrays::stream).toArray();
            return switch (part) {
                case OUTPUT -> new GraphRef(t, new int[] {steps, batch, units}, out);
                case H -> new GraphRef(t, new int[] {batch, units}, lastH);
                case C -> new GraphRef(t, new int[] {batch, units}, lastC);
                case ALL -> {
                    int[] all = Stream.of(out, lastH, lastC)
                            .flatMapToInt(Arrays::stream)
                            .toArray();
                    yield new GraphRef(t, new int[] {all.length}, all);
                }
            };
        }

        private static int[] stateOf(GraphRef x, int n, int units) {
            return IntStream.range(0, units).map(j -> x.get(n, j)).toArray();
        }

        /** The new h; c changes in place. */
        private int[] step(GraphTape t, GraphRef[] r, GraphRef x, int time, int n, int[] h, int[] c) {
            int units = h.length;
            int[] now =
                    IntStream.range(0, x.dims()[2]).map(f -> x.get(time, n, f)).toArray();
            int[] after = new int[units];
            for (int j = 0; j < units; j++) {
                int[] in = new int[cell.gates()];
                int[] hidden = new int[cell.gates()];
                for (int g = 0; g < in.length; g++) {
                    int at = g * units + j;
                    in[g] = dot(t, stateOf(r[1], at, now.length), now);
                    hidden[g] = dot(t, stateOf(r[2], at, units), h);
                    if (biased) {
                        in[g] = t.add(in[g], r[bias()].get(at));
                        hidden[g] = t.add(hidden[g], r[bias() + 1].get(at));
                    }
                }
                int first = GraphPointwise.sigmoid(t, t.add(in[0], hidden[0]));
                int second = GraphPointwise.sigmoid(t, t.add(in[1], hidden[1]));
                if (isLstm()) {
                    int update = GraphPointwise.tanh(t, t.add(in[2], hidden[2]));
                    c[j] = t.add(t.mul(second, c[j]), t.mul(first, update));
                    int output = GraphPointwise.sigmoid(t, t.add(in[3], hidden[3]));
                    after[j] = t.mul(output, GraphPointwise.tanh(t, c[j]));
                } else {
                    int update = GraphPointwise.tanh(t, t.add(in[2], t.mul(first, hidden[2])));
                    // As update + z * (h - update), which is how float libraries round it, PyTorch too.
                    after[j] = t.add(update, t.mul(second, t.sub(h[j], update)));
                }
            }
            return after;
        }

        String java() {
            String biases = biased
                    ? "Optional.of($" + bias() + "), Optional.of($" + (bias() + 1) + ")"
                    : "Optional.empty(), Optional.empty()";
            String ends = lengths.length > 0
                    ? "Optional.of(Tensor.of(new long[] {" + list() + "}, " + lengths.length + "))"
                    : "Optional.empty()";
            return "GraphSequences.Part." + part + ".of($0" + (bySequence ? ".transpose(0, 1)" : "")
                    + ".recurrent(RecurrentCell." + cell + ", " + reverse + ", new Recurrent.Weights($1, $2, " + biases
                    + "), new Recurrent.State($3, " + (isLstm() ? "Optional.of($4)" : "Optional.empty()") + "), " + ends
                    + "))";
        }

        String python(int inputs) {
            String operands = IntStream.range(1, inputs).mapToObj(i -> "$" + i).collect(Collectors.joining(", "));
            return "recurrent('" + cell.name().toLowerCase(Locale.ROOT) + "', '" + part + "', "
                    + (reverse ? "True" : "False") + ", [" + list() + "], $0" + (bySequence ? ".transpose(0, 1)" : "")
                    + ", " + operands + ")";
        }

        private String list() {
            return Arrays.stream(lengths).mapToObj(Long::toString).collect(Collectors.joining(", "));
        }
    }

    private static int recurrent(GraphBuilder g, RecurrentCell cell) {
        int steps = g.random.nextInt(1, 5);
        int batch = g.random.nextInt(1, 4);
        int features = g.random.nextInt(1, 4);
        int units = g.random.nextInt(1, 4);
        Layer layer = Layer.of(g, cell, steps, batch);
        int rows = cell.gates() * units;
        List<int[]> shapes = new ArrayList<>();
        shapes.add(layer.bySequence() ? new int[] {batch, steps, features} : new int[] {steps, batch, features});
        shapes.add(new int[] {rows, features});
        shapes.add(new int[] {rows, units});
        int states = cell == RecurrentCell.LSTM ? 2 : 1;
        for (int i = 0; i < states; i++) {
            shapes.add(new int[] {batch, units});
        }
        for (int i = 0; layer.biased() && i < 2; i++) {
            shapes.add(new int[] {rows});
        }
        int[] in = shapes.stream().mapToInt(g::shaped).toArray();
        return g.step(cell, in, layer::graft, layer::reference, layer.java(), layer.python(in.length));
    }
}
