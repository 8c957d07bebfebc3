package dev.graft.backend.conformance;

import static dev.graft.backend.conformance.KernelCase.Place.CONTIGUOUS;
import static dev.graft.backend.conformance.KernelCase.Place.IMAGE;
import static dev.graft.backend.conformance.KernelCase.random;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.tensor.GraphRef;
import dev.graft.tensor.GraphTape;
import dev.graft.tensor.Nd;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Maps along the height and the width of images; group and root-mean-square norm. */
final class SpatialKernelCases {
    private static final float EPS = 0.0625f;

    private SpatialKernelCases() {}

    static List<KernelCase> all() {
        List<KernelCase> cases = new ArrayList<>();
        for (int channels : new int[] {1, 3, 17}) {
            Shape x = Shape.of(2, channels, 5, 7);
            InterpolateParams cubic = InterpolateParams.bicubic().size(9, 4);
            InterpolateParams linear = InterpolateParams.bilinear().size(3, 16);
            resample(cases, "cubic", x, cubic.taps(x, 2), cubic.taps(x, 3));
            resample(cases, "linear", x, linear.taps(x, 2), linear.taps(x, 3));
            resample(cases, "linear, transposed", x, taps(linear, 5, 11), taps(linear, 7, 3));
            resample(
                    cases, "reflected rows", x, PaddingMode.REFLECT.taps(5, 2, 4), PaddingMode.REPLICATE.taps(7, 0, 0));
            resample(cases, "gaps", x, every(5, 3), every(7, 2));
            resample(cases, "many to one", x, all(5), all(7));
        }
        Shape long1 = Shape.of(1, 2, 1, 70);
        resample(cases, "a long sum", long1, all(1), all(70));
        Shape none = Shape.of(0, 3, 4, 4);
        resample(cases, "no images", none, every(4, 2), every(4, 2));
        groupNorm(cases, 2, 2, 6, 3, 4);
        groupNorm(cases, 1, 3, 5, 2, 2);
        groupNorm(cases, 4, 2, 36, 1, 1);
        groupNorm(cases, 1, 0, 2, 3, 3);
        rmsNorm(cases, 4, 5);
        rmsNorm(cases, 1, 131);
        rmsNorm(cases, 3, 1);
        rmsNorm(cases, 0, 4);
        return cases;
    }

    private static AxisTaps taps(InterpolateParams p, int count, int size) {
        return p.size(count).taps(Shape.of(1, 1, size), 2).transposed();
    }

    /** Some results are copies, others have no taps. */
    private static AxisTaps every(int size, int step) {
        return AxisTaps.of(size, size, (i, taps) -> {
            if (i % step == 0) {
                taps.add(i, 1);
            }
        });
    }

    private static AxisTaps all(int size) {
        return AxisTaps.of(size, 1, (i, taps) -> {
            for (int p = 0; p < size; p++) {
                taps.add(p, 0.5 + p);
            }
        });
    }

    private static void resample(List<KernelCase> cases, String name, Shape x, AxisTaps rows, AxisTaps columns) {
        AxisTaps h = rows.size() == x.dim(2) ? rows : rows.transposed();
        AxisTaps w = columns.size() == x.dim(3) ? columns : columns.transposed();
        int[] y = {x.dim(0), x.dim(1), h.count(), w.count()};
        cases.add(new KernelCase("resample2d " + name + " " + x)
                .in(IMAGE, random(81, x.toArray()))
                .out(IMAGE, y)
                .terms(100)
                .call((b, in, out) -> b.resample2d(in[0], h, w, out[0]))
                .expect(in -> new Nd[] {
                    Nd.fill(y, i -> {
                        double total = 0;
                        for (int k = h.from(i[2]); k < h.to(i[2]); k++) {
                            for (int l = w.from(i[3]); l < w.to(i[3]); l++) {
                                total += (double) h.weight(k)
                                        * w.weight(l)
                                        * in[0].get(i[0], i[1], h.position(k), w.position(l));
                            }
                        }
                        return total;
                    })
                }));
    }

    private static void groupNorm(List<KernelCase> cases, int groups, int... x) {
        int channels = x[1];
        int rows = x[0] * groups;
        int[] statistics = {x[0], groups};
        Nd values = random(91, x);
        Nd gamma = random(92, channels);
        Nd beta = random(93, channels);
        boolean[] along = {false, true};
        Function<GraphRef[], GraphRef> rowsOf = in -> in[0].reshape(rows, rows == 0 ? 0 : in[0].ids().length / rows);
        Function<GraphRef[], GraphRef> f = in -> {
            if (rows == 0) {
                return in[0];
            }
            GraphRef flat = rowsOf.apply(in);
            GraphRef m = flat.fold(along, in[0].tape()::mean);
            GraphRef z = GraphRef.normalise(flat, m, GraphRef.variance(flat, m, along), EPS)
                    .reshape(x);
            GraphRef scaled = GraphRef.zip(z, in[1].reshape(1, channels, 1, 1), in[0].tape()::mul);
            return GraphRef.zip(scaled, in[2].reshape(1, channels, 1, 1), in[0].tape()::add);
        };
        Nd mean = rows == 0
                ? new Nd(statistics, new double[0])
                : floats(Gradients.value(t -> rowsOf.apply(t).fold(along, t[0].tape()::mean), values)
                        .reshape(statistics));
        Nd inverseStd = rows == 0
                ? mean
                : floats(Gradients.value(
                                t -> {
                                    GraphRef flat = rowsOf.apply(t);
                                    return GraphRef.variance(flat, flat.fold(along, t[0].tape()::mean), along);
                                },
                                values)
                        .map(v -> 1 / Math.sqrt(v + EPS))
                        .reshape(statistics));
        String name = groups + " of " + Arrays.toString(x);
        cases.add(new KernelCase("groupNorm " + name)
                .in(IMAGE, values)
                .in(CONTIGUOUS, gamma)
                .in(CONTIGUOUS, beta)
                .out(IMAGE, x)
                .out(CONTIGUOUS, statistics)
                .out(CONTIGUOUS, statistics)
                .terms(100)
                .call((b, in, out) -> b.groupNorm(in[0], in[1], in[2], groups, EPS, out[0], out[1], out[2]))
                .expect(in -> new Nd[] {Gradients.value(f, in), mean, inverseStd}));
        cases.add(new KernelCase("groupNormBackward " + name)
                .in(IMAGE, values)
                .in(IMAGE, random(94, x))
                .in(CONTIGUOUS, gamma)
                .in(CONTIGUOUS, mean)
                .in(CONTIGUOUS, inverseStd)
                .out(IMAGE, x)
                .out(CONTIGUOUS, channels)
                .out(CONTIGUOUS, channels)
                .terms(300)
                .call((b, in, out) ->
                        b.groupNormBackward(in[0], in[1], in[2], groups, in[3], in[4], out[0], out[1], out[2]))
                .expect(in -> Gradients.of(f, in[1], in[0], in[2], beta)));
    }

    private static Nd floats(Nd x) {
        return x.map(v -> (float) v);
    }

    private static void rmsNorm(List<KernelCase> cases, int rows, int width) {
        Nd x = random(95, rows, width);
        Nd gamma = random(96, width);
        Function<GraphRef[], GraphRef> root = in -> {
            boolean[] along = {false, true};
            GraphTape t = in[0].tape();
            GraphRef squares = GraphRef.zip(in[0], in[0], t::mul).fold(along, t::mean);
            return squares.map(i -> t.sqrt(t.affine(i, 1, EPS)));
        };
        Function<GraphRef[], GraphRef> f =
                in -> GraphRef.zip(GraphRef.zip(in[0], root.apply(in), in[0].tape()::div), in[1], in[0].tape()::mul);
        Nd inverse = floats(Gradients.value(root, x).map(v -> 1 / v).reshape(rows));
        cases.add(new KernelCase("rmsNorm " + rows + " x " + width)
                .in(CONTIGUOUS, x)
                .in(CONTIGUOUS, gamma)
                .out(CONTIGUOUS, rows, width)
                .out(CONTIGUOUS, rows)
                .terms(60)
                .call((b, in, out) -> b.rmsNorm(in[0], in[1], EPS, out[0], out[1]))
                .expect(in -> new Nd[] {Gradients.value(f, in), inverse}));
        cases.add(new KernelCase("rmsNormBackward " + rows + " x " + width)
                .in(CONTIGUOUS, x)
                .in(CONTIGUOUS, random(97, rows, width))
                .in(CONTIGUOUS, gamma)
                .in(CONTIGUOUS, inverse)
                .out(CONTIGUOUS, rows, width)
                .out(CONTIGUOUS, width)
                .terms(200)
                .call((b, in, out) -> b.rmsNormBackward(in[0], in[1], in[2], in[3], out[0], out[1]))
                .expect(in -> Gradients.of(f, in[1], in[0], in[2])));
    }
}
