package dev.graft.backend.conformance;

import static dev.graft.backend.conformance.KernelCase.Place.ANY;
import static dev.graft.backend.conformance.KernelCase.Place.CONTIGUOUS;
import static dev.graft.backend.conformance.KernelCase.random;
import static dev.graft.backend.conformance.KernelCase.whole;

import dev.graft.backend.AttentionParams;
import dev.graft.backend.Backend;
import dev.graft.backend.DropoutMask;
import dev.graft.backend.RecurrentCell;
import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.tensor.GraphRef;
import dev.graft.tensor.GraphTape;
import dev.graft.tensor.Nd;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Attention and recurrent layers. */
final class SequenceKernelCases {
    private SequenceKernelCases() {}

    static List<KernelCase> all() {
        List<KernelCase> cases = new ArrayList<>();
        AttentionParams plain = AttentionParams.of(4);
        attention(cases, "", Optional.empty(), plain, 2, 3, 5, 7, 4, 6);
        attention(cases, "causal", Optional.empty(), plain.causal(true), 1, 2, 6, 5, 4, 4);
        attention(cases, "truths", Optional.of(DType.BOOL), plain, 2, 2, 5, 9, 4, 3);
        attention(cases, "terms, causal", Optional.of(DType.F32), plain.causal(true), 2, 1, 6, 6, 4, 5);
        attention(cases, "dropout", Optional.empty(), plain.dropout(0.25f, 9), 2, 2, 6, 7, 4, 5);
        attention(cases, "dropout, truths", Optional.of(DType.BOOL), plain.dropout(0.5f, 3), 1, 2, 5, 6, 4, 5);
        attention(cases, "wide", Optional.empty(), plain.scale(0.1f), 1, 1, 9, 67, 65, 66);
        attention(cases, "many queries", Optional.empty(), plain, 1, 1, 261, 5, 3, 2);
        attention(cases, "many queries, causal", Optional.empty(), plain.causal(true), 1, 1, 270, 67, 3, 2);
        for (RecurrentCell cell : RecurrentCell.values()) {
            for (boolean reverse : new boolean[] {false, true}) {
                recurrent(cases, cell, reverse, false, false, true, 4, 3, 5);
                recurrent(cases, cell, reverse, true, true, false, 5, 4, 3);
                recurrentOutputs(cases, cell, reverse, false, true, true, 9, 3, 4, 5);
                recurrentOutputs(cases, cell, reverse, true, false, false, 6, 4, 1, 3);
            }
            recurrent(cases, cell, false, true, false, true, 2, 18, 19);
            recurrentOutputs(cases, cell, true, true, false, true, 7, 18, 40, 19);
        }
        return cases;
    }

    private static double kept(AttentionParams params, int[] at, int[] dims) {
        if (params.dropout() == 0) {
            return 1;
        }
        long position = 0;
        for (int i = 0; i < 4; i++) {
            position = position * dims[i] + at[i];
        }
        DropoutMask mask = DropoutMask.of(params.dropout(), params.seed());
        return mask.keeps(position) ? mask.scale() : 0;
    }

    /** The result, then the largest scores, then the logarithms of the sums of differences from them, in one row. */
    private static GraphRef attention(
            GraphRef[] in, Optional<Nd> mask, boolean truths, AttentionParams params, boolean withSums) {
        GraphTape tape = in[0].tape();
        int[] q = in[0].dims();
        int keys = in[1].dims()[2];
        int[] weights = {q[0], q[1], q[2], keys};
        List<Integer> ids = new ArrayList<>();
        List<Integer> shifts = new ArrayList<>();
        List<Integer> logs = new ArrayList<>();
        Nd.fill(new int[] {q[0], q[1], q[2]}, i -> {
            List<Integer> seen = new ArrayList<>();
            List<Integer> numbers = new ArrayList<>();
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < keys; j++) {
                double term = mask.isPresent() ? mask.get().get(i[0], i[1], i[2], j) : 0;
                boolean hidden = (params.causal() && j > i[2]) || (truths && term == 0);
                if (hidden || term == Double.NEGATIVE_INFINITY) {
                    continue;
                }
                int[] products = new int[q[3]];
                for (int e = 0; e < q[3]; e++) {
                    products[e] = tape.mul(in[0].get(i[0], i[1], i[2], e), in[1].get(i[0], i[1], j, e));
                }
                int score = tape.affine(tape.sum(products), params.scale(), truths ? 0 : term);
                largest = Math.max(largest, tape.value(score));
                seen.add(tape.exp(score));
                numbers.add(j);
            }
            int sum = tape.sum(seen.stream().mapToInt(x -> x).toArray());
            for (int f = 0; f < in[2].dims()[3]; f++) {
                int[] terms = new int[seen.size()];
                for (int s = 0; s < terms.length; s++) {
                    int j = numbers.get(s);
                    double kept = kept(params, new int[] {i[0], i[1], i[2], j}, weights);
                    terms[s] = tape.affine(tape.mul(seen.get(s), in[2].get(i[0], i[1], j, f)), kept, 0);
                }
                ids.add(seen.isEmpty() ? tape.leaf(0) : tape.div(tape.sum(terms), sum));
            }
            shifts.add(tape.leaf(seen.isEmpty() ? 0 : largest));
            logs.add(seen.isEmpty() ? tape.leaf(Double.POSITIVE_INFINITY) : tape.affine(tape.log(sum), 1, -largest));
            return 0;
        });
        if (withSums) {
            ids.addAll(shifts);
            ids.addAll(logs);
        }
        return new GraphRef(
                tape, new int[] {ids.size()}, ids.stream().mapToInt(x -> x).toArray());
    }

    private static Nd part(Nd all, int from, int... dims) {
        int size = Arrays.stream(dims).reduce(1, (p, r) -> p * r);
        return new Nd(dims, Arrays.copyOfRange(all.data(), from, from + size));
    }

    private static Nd mask(DType dtype, int n, int h, int l, int s) {
        Nd truths = whole(85, 2, n, h, l, s);
        // The second query sees nothing.
        return Nd.fill(truths.dims(), i -> {
            boolean seen = i[2] != 1 && truths.get(i) != 0;
            return dtype == DType.BOOL ? (seen ? 1 : 0) : seen ? (i[3] - 2) / 4.0 : Double.NEGATIVE_INFINITY;
        });
    }

    private static void attention(
            List<KernelCase> cases,
            String name,
            Optional<DType> maskType,
            AttentionParams params,
            int n,
            int h,
            int l,
            int s,
            int e,
            int f) {
        int[] y = {n, h, l, f};
        Nd q = random(81, n, h, l, e);
        Nd k = random(82, n, h, s, e);
        Nd v = random(83, n, h, s, f);
        boolean truths = maskType.equals(Optional.of(DType.BOOL));
        Optional<Nd> mask = maskType.map(t -> mask(t, n, h, l, s));
        KernelCase forward =
                new KernelCase("attention " + name).in(ANY, q).in(ANY, k).in(ANY, v);
        mask.ifPresent(m -> forward.in(ANY, maskType.get(), m));
        cases.add(forward.out(ANY, y)
                .out(CONTIGUOUS, 2, n, h, l)
                .terms(200)
                .call((b, in, out) -> b.attention(
                        in[0],
                        in[1],
                        in[2],
                        in.length > 3 ? Optional.of(in[3]) : Optional.empty(),
                        params,
                        out[0],
                        out[1]))
                .expect(in -> {
                    Optional<Nd> m = in.length > 3 ? Optional.of(in[3]) : Optional.empty();
                    Nd all = Gradients.value(t -> attention(t, m, truths, params, true), in[0], in[1], in[2]);
                    return new Nd[] {part(all, 0, y), part(all, n * h * l * f, 2, n, h, l)};
                }));
        // The gradient's operands must not be repeated apart from one another: results of the forward belong to them.
        KernelCase backward = new KernelCase("attentionBackward " + name)
                .in(CONTIGUOUS, q)
                .in(CONTIGUOUS, k)
                .in(CONTIGUOUS, v);
        mask.ifPresent(m -> backward.in(CONTIGUOUS, maskType.get(), m));
        Function<GraphRef[], GraphRef> function = t -> attention(t, mask, truths, params, false);
        Nd all = Gradients.value(t -> attention(t, mask, truths, params, true), q, k, v);
        Nd result = part(all, 0, y).map(x -> (float) x);
        Nd sums = part(all, n * h * l * f, 2, n, h, l).map(x -> (float) x);
        int at = mask.isPresent() ? 4 : 3;
        cases.add(backward.in(CONTIGUOUS, result)
                .in(CONTIGUOUS, sums)
                .in(ANY, random(84, y))
                .out(ANY, q.dims())
                .out(ANY, k.dims())
                .out(ANY, v.dims())
                .terms(300)
                .call((b, in, out) -> b.attentionBackward(
                        in[0],
                        in[1],
                        in[2],
                        at == 4 ? Optional.of(in[3]) : Optional.empty(),
                        params,
                        in[at],
                        in[at + 1],
                        in[at + 2],
                        out[0],
                        out[1],
                        out[2]))
                .expect(in -> Gradients.of(function, in[at + 2], q, k, v)));
    }

    private static int sigmoid(GraphTape tape, int a) {
        double y = 1 / (1 + Math.exp(-tape.value(a)));
        return tape.function(a, y, y * (1 - y));
    }

    private static int tanh(GraphTape tape, int a) {
        double y = Math.tanh(tape.value(a));
        return tape.function(a, y, 1 - y * y);
    }

    /** {@code gates, weight, inputBias, hiddenBias, h0, c0, extra}, where extra is added to the hidden part. */
    private static GraphRef recurrent(GraphRef[] in, RecurrentCell cell, boolean reverse, Nd lengths, boolean biased) {
        GraphTape tape = in[0].tape();
        int steps = in[0].dims()[0];
        int batch = in[0].dims()[1];
        int units = in[1].dims()[1];
        int states = cell == RecurrentCell.LSTM ? 2 : 1;
        int zero = tape.leaf(0);
        int[] out = new int[(steps + states) * batch * units];
        Arrays.fill(out, zero);
        for (int n = 0; n < batch; n++) {
            int[] h = new int[units];
            int[] c = new int[units];
            for (int j = 0; j < units; j++) {
                h[j] = in[4].get(n, j);
                c[j] = in[5].get(n, j);
            }
            int length = (int) lengths.get(n);
            for (int i = 0; i < length; i++) {
                int t = reverse ? length - 1 - i : i;
                int[] before = h.clone();
                for (int j = 0; j < units; j++) {
                    int[] x = new int[cell.gates()];
                    int[] z = new int[cell.gates()];
                    for (int g = 0; g < x.length; g++) {
                        int row = g * units + j;
                        int[] terms = new int[units];
                        for (int u = 0; u < units; u++) {
                            terms[u] = tape.mul(in[1].get(row, u), before[u]);
                        }
                        z[g] = tape.add(tape.sum(terms), in[6].get(t, n, row));
                        x[g] = in[0].get(t, n, row);
                        if (biased) {
                            x[g] = tape.add(x[g], in[2].get(row));
                            z[g] = tape.add(z[g], in[3].get(row));
                        }
                    }
                    if (states == 2) {
                        int update = tape.mul(sigmoid(tape, tape.add(x[0], z[0])), tanh(tape, tape.add(x[2], z[2])));
                        c[j] = tape.add(tape.mul(sigmoid(tape, tape.add(x[1], z[1])), c[j]), update);
                        h[j] = tape.mul(sigmoid(tape, tape.add(x[3], z[3])), tanh(tape, c[j]));
                    } else {
                        int r = sigmoid(tape, tape.add(x[0], z[0]));
                        int last = tanh(tape, tape.add(x[2], tape.mul(r, z[2])));
                        int u = sigmoid(tape, tape.add(x[1], z[1]));
                        h[j] = tape.add(last, tape.mul(u, tape.sub(before[j], last)));
                    }
                    out[(t * batch + n) * units + j] = h[j];
                }
            }
            for (int j = 0; j < units; j++) {
                out[(steps * batch + n) * units + j] = h[j];
                if (states == 2) {
                    out[((steps + 1) * batch + n) * units + j] = c[j];
                }
            }
        }
        return new GraphRef(tape, new int[] {out.length}, out);
    }

    private static View scratch(Backend b, List<Storage> owned, boolean bySequence, int steps, int batch, int width) {
        Storage storage = b.allocate(DType.F32, (long) steps * batch * width);
        owned.add(storage);
        long[] strides =
                bySequence ? new long[] {width, (long) steps * width, 1} : new long[] {(long) batch * width, width, 1};
        return new View(storage, 0, Shape.of(steps, batch, width), strides);
    }

    /** Without a gradient, from the inputs on; {@code depth} is theirs. */
    private static void recurrentOutputs(
            List<KernelCase> cases,
            RecurrentCell cell,
            boolean reverse,
            boolean ragged,
            boolean bySequence,
            boolean biased,
            int steps,
            int batch,
            int depth,
            int units) {
        boolean lstm = cell == RecurrentCell.LSTM;
        int width = cell.gates() * units;
        Nd lengths = ragged
                ? Nd.fill(new int[] {batch}, i -> new int[] {steps, 1, 2, 0}[i[0] % 4])
                : Nd.fill(new int[] {batch}, i -> steps);
        Nd x = random(81, steps, batch, depth);
        Nd inputWeight = random(82, width, depth).map(v -> (float) (v / 4));
        Nd weight = random(83, width, units).map(v -> (float) (v / 4));
        Nd[] operands = {
            Nd.fill(new int[] {steps, batch, width}, i -> {
                double sum = 0;
                for (int k = 0; k < depth; k++) {
                    sum += x.get(i[0], i[1], k) * inputWeight.get(i[2], k);
                }
                return sum;
            }),
            weight,
            random(84, width),
            random(85, width),
            random(86, batch, units),
            random(87, batch, units),
            Nd.fill(new int[] {steps, batch, width}, i -> 0)
        };
        Nd all = Gradients.value(in -> recurrent(in, cell, reverse, lengths, biased), operands);
        KernelCase k = new KernelCase("recurrentOutputs " + cell + (reverse ? " reverse" : "")
                + (ragged ? " ragged" : "") + (bySequence ? " by sequence" : "") + (biased ? "" : " without bias")
                + " of " + units);
        k.in(CONTIGUOUS, x).in(CONTIGUOUS, inputWeight);
        for (int i = 1; i < 6; i++) {
            k.in(CONTIGUOUS, operands[i]);
        }
        k.in(CONTIGUOUS, DType.I64, lengths);
        k.out(CONTIGUOUS, steps, batch, units).out(CONTIGUOUS, batch, units);
        if (lstm) {
            k.out(CONTIGUOUS, batch, units);
        }
        cases.add(k.terms(400)
                .call((b, in, out) -> {
                    List<Storage> owned = new ArrayList<>();
                    View source = scratch(b, owned, bySequence, steps, batch, depth);
                    View y = scratch(b, owned, bySequence, steps, batch, units);
                    b.copy(in[0], source);
                    b.recurrentOutputs(
                            cell,
                            reverse,
                            source,
                            in[1],
                            in[2],
                            biased ? Optional.of(in[3]) : Optional.empty(),
                            biased ? Optional.of(in[4]) : Optional.empty(),
                            in[5],
                            lstm ? Optional.of(in[6]) : Optional.empty(),
                            ragged ? Optional.of(in[7]) : Optional.empty(),
                            y,
                            out[1],
                            lstm ? Optional.of(out[2]) : Optional.empty());
                    b.copy(y, out[0]);
                    b.synchronize();
                    owned.forEach(Storage::release);
                })
                .expect(in -> {
                    int size = batch * units;
                    List<Nd> expected = new ArrayList<>(
                            List.of(part(all, 0, steps, batch, units), part(all, steps * size, batch, units)));
                    if (lstm) {
                        expected.add(part(all, (steps + 1) * size, batch, units));
                    }
                    return expected.toArray(Nd[]::new);
                }));
    }

    /** Forward and backward in one call, as gates and memory are defined only where steps count. */
    private static void recurrent(
            List<KernelCase> cases,
            RecurrentCell cell,
            boolean reverse,
            boolean ragged,
            boolean bySequence,
            boolean biased,
            int steps,
            int batch,
            int units) {
        boolean lstm = cell == RecurrentCell.LSTM;
        int width = cell.gates() * units;
        Nd lengths = ragged
                ? Nd.fill(new int[] {batch}, i -> new int[] {steps, 1, 2, 0}[i[0] % 4])
                : Nd.fill(new int[] {batch}, i -> steps);
        Nd gates = random(91, steps, batch, width);
        Nd weight = random(92, width, units).map(x -> (float) (x / 4));
        Nd[] operands = {
            gates,
            weight,
            random(93, width),
            random(94, width),
            random(95, batch, units),
            random(96, batch, units),
            Nd.fill(gates.dims(), i -> 0)
        };
        Nd dy = random(97, steps, batch, units);
        Nd dh = random(98, batch, units);
        Nd dc = random(99, batch, units);
        double[] seeds = new double[dy.size() + dh.size() + (lstm ? dc.size() : 0)];
        System.arraycopy(dy.data(), 0, seeds, 0, dy.size());
        System.arraycopy(dh.data(), 0, seeds, dy.size(), dh.size());
        if (lstm) {
            System.arraycopy(dc.data(), 0, seeds, dy.size() + dh.size(), dc.size());
        }
        Function<GraphRef[], GraphRef> f = in -> recurrent(in, cell, reverse, lengths, biased);
        Nd all = Gradients.value(f, operands);
        Nd[] gradients = Gradients.of(f, new Nd(new int[] {seeds.length}, seeds), operands);
        KernelCase k = new KernelCase("recurrent " + cell + (reverse ? " reverse" : "") + (ragged ? " ragged" : "")
                + (bySequence ? " by sequence" : "") + (biased ? "" : " without bias") + " of " + units);
        for (int i = 0; i < 6; i++) {
            k.in(CONTIGUOUS, operands[i]);
        }
        k.in(CONTIGUOUS, DType.I64, lengths)
                .in(CONTIGUOUS, dy)
                .in(CONTIGUOUS, dh)
                .in(CONTIGUOUS, dc);
        k.out(CONTIGUOUS, steps, batch, units)
                .out(CONTIGUOUS, batch, units)
                .out(CONTIGUOUS, steps, batch, width)
                .out(CONTIGUOUS, steps, batch, width)
                .out(CONTIGUOUS, batch, units);
        if (lstm) {
            k.out(CONTIGUOUS, batch, units).out(CONTIGUOUS, batch, units);
        }
        cases.add(k.terms(400)
                .call((b, in, out) -> {
                    List<Storage> owned = new ArrayList<>();
                    View own = scratch(b, owned, bySequence, steps, batch, width);
                    View memory = scratch(b, owned, bySequence, steps, batch, units);
                    View y = scratch(b, owned, bySequence, steps, batch, units);
                    View d = scratch(b, owned, bySequence, steps, batch, units);
                    View dgates = scratch(b, owned, bySequence, steps, batch, width);
                    View dhidden = scratch(b, owned, bySequence, steps, batch, width);
                    b.copy(in[0], own);
                    b.copy(in[7], d);
                    Optional<View> c0 = lstm ? Optional.of(in[5]) : Optional.empty();
                    Optional<View> length = ragged ? Optional.of(in[6]) : Optional.empty();
                    b.recurrent(
                            cell,
                            reverse,
                            own,
                            in[1],
                            biased ? Optional.of(in[2]) : Optional.empty(),
                            biased ? Optional.of(in[3]) : Optional.empty(),
                            in[4],
                            c0,
                            length,
                            y,
                            Optional.of(memory),
                            out[1],
                            lstm ? Optional.of(out[5]) : Optional.empty());
                    b.recurrentBackward(
                            cell,
                            reverse,
                            own,
                            memory,
                            y,
                            in[1],
                            in[4],
                            c0,
                            length,
                            d,
                            Optional.of(in[8]),
                            lstm ? Optional.of(in[9]) : Optional.empty(),
                            dgates,
                            lstm ? Optional.empty() : Optional.of(dhidden),
                            out[4],
                            lstm ? Optional.of(out[6]) : Optional.empty());
                    b.copy(y, out[0]);
                    b.copy(dgates, out[2]);
                    b.copy(lstm ? dgates : dhidden, out[3]);
                    b.synchronize();
                    owned.forEach(Storage::release);
                })
                .expect(in -> {
                    int size = batch * units;
                    List<Nd> expected = new ArrayList<>(List.of(
                            part(all, 0, steps, batch, units),
                            part(all, steps * size, batch, units),
                            gradients[0],
                            gradients[6],
                            gradients[4]));
                    if (lstm) {
                        expected.add(part(all, (steps + 1) * size, batch, units));
                        expected.add(gradients[5]);
                    }
                    return expected.toArray(Nd[]::new);
                }));
    }
}
