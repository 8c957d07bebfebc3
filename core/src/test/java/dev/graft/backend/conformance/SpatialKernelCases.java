package dev.graft.backend.conformance;

import static dev.graft.backend.conformance.KernelCase.Place.IMAGE;
import static dev.graft.backend.conformance.KernelCase.random;

import dev.graft.backend.AxisTaps;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.tensor.Nd;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.List;

/** Maps along the height and the width of images. */
final class SpatialKernelCases {
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
}
