package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.Activation;
import dev.graft.backend.Pool2dParams;
import dev.graft.nn.Module;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fused calls against the same layers called apart, for operands of every shape, layout and overlap that these take.
 */
class FusedOperandsTest {
    private final SplittableRandom random = new SplittableRandom(4);

    /** How a tensor of some values lies in memory. */
    private static final List<Function<Tensor, Tensor>> LAYOUTS = List.of(
            t -> t,
            t -> t.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
            t -> t.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0),
            t -> Tensor.concat(3, t, t).slice(3, 0, t.dim(3)));

    record Case(int batch, int channels, int outputs, int groups, boolean training, boolean recorded) {}

    static List<Case> cases() {
        return List.of(
                new Case(2, 3, 4, 1, false, false),
                new Case(2, 3, 4, 1, false, true),
                new Case(2, 3, 4, 1, true, true),
                new Case(1, 1, 1, 1, false, false),
                new Case(1, 1, 1, 1, true, true),
                new Case(2, 6, 6, 6, false, false),
                new Case(2, 6, 6, 6, true, true),
                new Case(2, 32, 32, 1, false, false),
                new Case(2, 32, 32, 1, false, true),
                new Case(0, 3, 4, 1, false, false),
                new Case(0, 32, 32, 1, false, false),
                new Case(1, 4, 6, 2, false, true));
    }

    private static int[][] residuals(int n, int o, int h, int w) {
        return new int[][] {
            {n, o, h, w},
            {1, o, 1, 1},
            {n, 1, 1, 1},
            {o, 1, 1},
            {},
            {1},
            {n, o, h, 1},
            {1, 1, h, w},
            {w},
            {3, 1, 1, 1, 1},
            {n == 1 ? 3 : n, o, 1, 1}
        };
    }

    private static Tensor apart(Conv2d conv, BatchNorm2d norm, Tensor x, Tensor residual, Activation activation) {
        Tensor y = norm.forward(conv.forward(x)).add(residual);
        return switch (activation) {
            case NONE -> y;
            case RELU -> y.relu();
            case RELU6 -> y.relu6();
        };
    }

    private static Module layer(Activation activation) {
        return switch (activation) {
            case NONE -> new Identity();
            case RELU -> new ReLU();
            case RELU6 -> new ReLU6();
        };
    }

    private static void expectClose(String what, Tensor actual, Tensor expected) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        float[] a = actual.toFloatArray();
        float[] e = expected.toFloatArray();
        for (int i = 0; i < a.length; i++) {
            assertThat(Math.abs(a[i] - e[i]))
                    .as("%s at %d: %s, expected %s", what, i, a[i], e[i])
                    .isLessThanOrEqualTo(2e-5f * (1 + Math.abs(e[i])));
        }
    }

    private Tensor values(int... dims) {
        return Tensor.randn(random, dims);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void giveWhatTheirLayersGiveApart(Case c) {
        int side = 6;
        Conv2d conv =
                new Conv2d(c.channels, c.outputs, 3, Conv2d.options().padding(1).groups(c.groups), random);
        BatchNorm2d norm = new BatchNorm2d(c.outputs);
        if (!c.training) {
            norm.eval();
        }
        for (int[] shape : residuals(c.batch, c.outputs, side, side)) {
            for (Function<Tensor, Tensor> layout : LAYOUTS) {
                for (Activation activation : Activation.values()) {
                    try (Scope scope = Scope.open()) {
                        String what = c + ", residual " + Arrays.toString(shape) + ", " + activation;
                        Tensor x = layout.apply(values(c.batch, c.channels, side, side));
                        Tensor residual = shape.length == 4 ? layout.apply(values(shape)) : values(shape);
                        compare(what, c.recorded, conv, norm, x, residual, activation);
                    }
                }
            }
        }
    }

    private void compare(
            String what,
            boolean recorded,
            Conv2d conv,
            BatchNorm2d norm,
            Tensor x,
            Tensor residual,
            Activation activation) {
        if (!recorded) {
            try (Autograd.Guard guard = Autograd.noGrad()) {
                expectClose(
                        what,
                        Fused.convNormAdd(conv, norm, layer(activation), x, residual),
                        apart(conv, norm, x, residual, activation));
            }
            return;
        }
        Tensor[] gradients = new Tensor[4];
        for (int i = 0; i < 2; i++) {
            Tensor in = x.copy().requireGrad(true);
            Tensor added = residual.copy().requireGrad(true);
            Tensor y = i == 0
                    ? Fused.convNormAdd(conv, norm, layer(activation), in, added)
                    : apart(conv, norm, in, added, activation);
            y.square().sum().backward();
            gradients[i] = in.grad().orElseThrow();
            gradients[2 + i] = added.grad().orElseThrow();
        }
        // Squares of sums of a few, so that gradients are of size 1 to 100.
        expectClose(what + ", gradient of x", gradients[0].mul(0.05f), gradients[1].mul(0.05f));
        expectClose(what + ", gradient of the residual", gradients[2].mul(0.05f), gradients[3].mul(0.05f));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void takeTheInputItselfAsTheResidual(Case c) {
        if (c.channels != c.outputs) {
            return;
        }
        Conv2d conv =
                new Conv2d(c.channels, c.outputs, 3, Conv2d.options().padding(1).groups(c.groups), random);
        BatchNorm2d norm = new BatchNorm2d(c.outputs);
        norm.eval();
        for (Function<Tensor, Tensor> layout : LAYOUTS) {
            try (Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                Tensor x = layout.apply(values(c.batch, c.channels, 6, 6));
                expectClose(
                        c + " of itself",
                        Fused.convNormAdd(conv, norm, new ReLU(), x, x),
                        apart(conv, norm, x, x, Activation.RELU));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void poolAsTheirLayersDo(Case c) {
        Conv2d conv =
                new Conv2d(c.channels, c.outputs, 3, Conv2d.options().padding(1).groups(c.groups), random);
        BatchNorm2d norm = new BatchNorm2d(c.outputs);
        norm.eval();
        MaxPool2d pool = new MaxPool2d(Pool2dParams.of(3, 2, 1));
        for (Function<Tensor, Tensor> layout : LAYOUTS) {
            try (Scope scope = Scope.open();
                    Autograd.Guard guard = Autograd.noGrad()) {
                Tensor x = layout.apply(values(c.batch, c.channels, 6, 6));
                expectClose(
                        c + " pooled",
                        Fused.convNormPool(conv, norm, new ReLU(), pool, x),
                        pool.forward(norm.forward(conv.forward(x)).relu()));
            }
        }
    }
}
