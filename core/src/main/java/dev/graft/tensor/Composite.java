package dev.graft.tensor;

import dev.graft.backend.Activation;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Epilogue;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.Reduction;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Functions of {@link Tensor} that are composed of several operators. */
final class Composite {
    private Composite() {}

    /** Runs a function that is composed of others. Errors and the recorded result have its name. */
    static Tensor under(String function, Supplier<Tensor> body) {
        return Refusal.under(function, () -> {
            try (Scope scope = Scope.open()) {
                return kept(scope, function, body.get());
            }
        });
    }

    /** A result of a function that is composed of others, under the function's name and beyond its scope. */
    static Tensor kept(Scope scope, String function, Tensor result) {
        if (result.node() != null) {
            result.node().madeBy(function);
        }
        return scope.keep(result);
    }

    static Tensor fold(Reduction function, Tensor x, boolean keepDim, int... axes) {
        String name = ReductionOp.Fold.name(function);
        x.checkOpen(name);
        boolean[] folded = folded(name, x, axes);
        return under(name, () -> {
            Tensor y = Op.apply(new ReductionOp.Fold(function, folded), summable(function, x));
            Tensor typed = function == Reduction.SUM || y.dtype() == x.dtype() ? y : y.to(x.dtype());
            return keepDim ? typed : typed.reshape(without(x, folded));
        });
    }

    /** Sums of integers and truth values are I64, as in PyTorch; the largest ones are found among I64. */
    private static Tensor summable(Reduction function, Tensor x) {
        return switch (x.dtype()) {
            case I32 -> function == Reduction.MEAN ? x : x.to(DType.I64);
            case BOOL, U8 -> function == Reduction.SUM ? x.to(DType.I64) : x;
            default -> x;
        };
    }

    /** Marks the dimensions to fold: those named, or all where none is. */
    static boolean[] folded(String name, Tensor x, int... axes) {
        boolean[] folded = new boolean[x.rank()];
        if (axes.length == 0) {
            Arrays.fill(folded, true);
        }
        for (int axis : axes) {
            int at = x.shape().axis(name, axis);
            if (folded[at]) {
                throw new IllegalArgumentException(
                        name + ": axis " + at + " is given twice (axes " + Arrays.toString(axes) + ", input "
                                + x.shape() + "). Hint: name each axis once; negative ones count from the end.");
            }
            folded[at] = true;
        }
        return folded;
    }

    private static int[] without(Tensor x, boolean[] folded) {
        int[] dims = new int[x.rank()];
        int rank = 0;
        for (int i = 0; i < folded.length; i++) {
            if (!folded[i]) {
                dims[rank++] = x.dim(i);
            }
        }
        return Arrays.copyOf(dims, rank);
    }

    /** An operator that folds dimensions to size 1. */
    static Tensor foldedBy(Function<boolean[], Op> op, String name, Tensor x, boolean keepDim, int... axes) {
        x.checkOpen(name);
        boolean[] folded = folded(name, x, axes);
        return under(name, () -> {
            Tensor y = Op.apply(op.apply(folded), x);
            return keepDim ? y : y.reshape(without(x, folded));
        });
    }

    static Tensor bmm(Tensor p, Tensor q) {
        p.checkUsable("bmm", q);
        if (p.rank() != 3 || q.rank() != 3 || p.dim(0) != q.dim(0) || p.dim(2) != q.dim(1)) {
            throw new IllegalArgumentException("bmm: operands must be [B, m, k] and [B, k, n], got " + p.shape()
                    + " and " + q.shape() + ". Hint: matmul broadcasts leading dimensions.");
        }
        return Op.apply("bmm", new ProductOp.Matmul(), p, q);
    }

    static Tensor cumsum(Tensor x, int axis) {
        x.checkOpen("cumsum");
        int at = x.shape().axis("cumsum", axis);
        boolean counts = x.dtype() == DType.I32 || x.dtype() == DType.BOOL || x.dtype() == DType.U8;
        return counts
                ? under("cumsum", () -> Op.apply(new ReductionOp.CumSum(at), x.to(DType.I64)))
                : Op.apply(new ReductionOp.CumSum(at), x);
    }

    static Tensor flip(Tensor x, int... axes) {
        x.checkOpen("flip");
        boolean[] flipped = folded("flip", x, axes);
        int[] chosen = IntStream.range(0, x.rank())
                .filter(i -> axes.length > 0 && flipped[i])
                .toArray();
        return Op.apply(new IndexOp.Flip(chosen), x);
    }

    static Tensor scatter(Tensor x, int axis, Tensor index, double value) {
        x.checkUsable("scatter", index);
        int at = x.shape().axis("scatter", axis);
        return under("scatter", () -> {
            Tensor source = Numbers.scalar("scatter", x, value);
            return Op.apply(new IndexOp.Scatter(at, false), x, index, Raw.expand(source, index.shape()));
        });
    }

    static List<Tensor> split(Tensor x, int axis, int size) {
        x.checkOpen("split");
        int at = x.shape().axis("split", axis);
        if (size < 1) {
            throw new IllegalArgumentException(
                    "split: the size of a part must be at least 1, got " + size + " (input " + x.shape() + ")");
        }
        return parts("split", x, at, size, Math.max(1, (int) (((long) x.dim(at) + size - 1) / size)));
    }

    static List<Tensor> chunk(Tensor x, int axis, int count) {
        x.checkOpen("chunk");
        int at = x.shape().axis("chunk", axis);
        if (count < 1) {
            throw new IllegalArgumentException(
                    "chunk: needs at least 1 part, got " + count + " (input " + x.shape() + ")");
        }
        int size = (int) (((long) x.dim(at) + count - 1) / count);
        return parts("chunk", x, at, size, size == 0 ? count : (int) (((long) x.dim(at) + size - 1) / size));
    }

    private static List<Tensor> parts(String name, Tensor x, int axis, int size, int count) {
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int from = i * size;
            int to = (int) Math.min((long) from + size, x.dim(axis));
            parts.add(Op.apply(name, new ShapeOp.Slice(axis, from, to, 1), x));
        }
        return List.copyOf(parts);
    }

    static List<Tensor> unbind(Tensor x, int axis) {
        x.checkOpen("unbind");
        int at = x.shape().axis("unbind", axis);
        List<Tensor> parts = new ArrayList<>();
        for (int i = 0; i < x.dim(at); i++) {
            int index = i;
            parts.add(under("unbind", () -> x.slice(at, index, index + 1).squeeze(at)));
        }
        return List.copyOf(parts);
    }

    static Tensor roll(Tensor x, int axis, int shift) {
        x.checkOpen("roll");
        int at = x.shape().axis("roll", axis);
        int size = x.dim(at);
        int places = size == 0 ? 0 : Math.floorMod(shift, size);
        return under(
                "roll",
                () -> places == 0
                        ? x.alias("roll")
                        : Tensor.concat(at, x.slice(at, size - places, size), x.slice(at, 0, size - places)));
    }

    /** Zeros above or below a diagonal; a choice, so that what is dropped may be infinite. */
    static Tensor triangle(String name, Tensor x, int diagonal) {
        x.checkOpen(name);
        if (x.dtype() != DType.BOOL) {
            Op.requireNumbers(name, x);
        }
        if (x.rank() < 2) {
            throw new IllegalArgumentException(name + ": needs at least two dimensions, got " + x.shape());
        }
        int rows = x.dim(-2);
        int columns = x.dim(-1);
        if (x.numel() == 0) {
            return under(name, x::alias);
        }
        boolean[] kept = new boolean[rows * columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                long above = (long) j - i;
                kept[i * columns + j] = name.equals("tril") ? above <= diagonal : above >= diagonal;
            }
        }
        return under(
                name,
                () -> Tensor.where(
                        Tensor.of(x.device(), kept, rows, columns),
                        x,
                        Raw.empty(x.backend(), x.dtype(), Shape.of()).fill(0)));
    }

    static Tensor select(Tensor x, int axis, int index) {
        x.checkOpen("select");
        int size = x.dim(axis);
        if (index < -size || index >= size) {
            throw new IllegalArgumentException(
                    "select: index " + index + " is outside dimension " + axis + " of " + x.shape());
        }
        int at = index < 0 ? index + size : index;
        return under("select", () -> x.slice(axis, at, at + 1).squeeze(axis));
    }

    /** Compares with a number of the tensor's type. */
    static Tensor compare(BinaryOp function, Tensor x, double value) {
        return Numbers.with(new PointwiseOp.Compare(function), x, value);
    }

    static Tensor logicalNot(Tensor x) {
        x.checkOpen("logicalNot");
        PointwiseOp.requireTruth("logicalNot", x);
        return under(
                "logicalNot",
                () -> x.logicalXor(
                        Raw.empty(x.backend(), DType.BOOL, Shape.of()).fill(1)));
    }

    static Tensor isNaN(Tensor x) {
        x.checkOpen("isNaN");
        Op.requireFloat("isNaN", x);
        return under("isNaN", () -> x.ne(x));
    }

    static Tensor isFinite(Tensor x) {
        x.checkOpen("isFinite");
        Op.requireFloat("isFinite", x);
        return under("isFinite", () -> x.detach().abs().le(Float.MAX_VALUE));
    }

    static Tensor maskedFill(Tensor x, Tensor mask, double value) {
        x.checkUsable("maskedFill", mask);
        if (x.dtype() != DType.BOOL) {
            Op.requireNumbers("maskedFill", x);
        }
        if (mask.dtype() != DType.BOOL) {
            throw new IllegalArgumentException("maskedFill: the mask must be BOOL, got " + mask.dtype() + " "
                    + mask.shape() + ". Hint: use a comparison such as x.gt(0).");
        }
        return under("maskedFill", () -> Tensor.where(mask, Numbers.scalar("maskedFill", x, value), x));
    }

    /** Softmax or its logarithm along any dimension. */
    static Tensor softmax(boolean log, Tensor x, int axis) {
        ReductionOp.Softmax function = new ReductionOp.Softmax(log);
        x.checkOpen(function.name());
        int at = x.shape().axis(function.name(), axis);
        Op.requireFloat(function.name(), x);
        if (at == x.rank() - 1) {
            return Op.apply(function, x);
        }
        return under(
                function.name(), () -> Op.apply(function, x.transpose(at, -1)).transpose(at, -1));
    }

    static Tensor stack(int axis, Tensor... tensors) {
        if (tensors.length == 0) {
            throw new IllegalArgumentException("stack: needs at least one tensor");
        }
        if (Arrays.stream(tensors).anyMatch(t -> !t.shape().equals(tensors[0].shape()))) {
            throw new IllegalArgumentException("stack: operands must all have one shape ("
                    + Arrays.stream(tensors).map(Tensor::shape).toList() + ")");
        }
        return under(
                "stack",
                () -> Tensor.concat(
                        axis, Arrays.stream(tensors).map(t -> t.unsqueeze(axis)).toArray(Tensor[]::new)));
    }

    /** Applies a function of images to {@code [N, C, L]} as images of one row. */
    static Tensor asRow(String op, Tensor x, UnaryOperator<Tensor> function) {
        x.checkOpen(op);
        if (x.rank() != 3 || x.dim(2) < 1) {
            throw new IllegalArgumentException(op + ": input must be [N, C, L]"
                    + (x.rank() == 3 ? " with at least one place" : "") + ", got " + x.shape());
        }
        return under(op, () -> function.apply(x.unsqueeze(2)).squeeze(2));
    }

    /** Adaptive pooling of {@code [N, C, L]}. */
    static Tensor adaptiveRow(String op, Tensor x, int length, UnaryOperator<Tensor> function) {
        if (length < 1) {
            throw new IllegalArgumentException(op + ": output length must be at least 1, got " + length);
        }
        return asRow(op, x, function);
    }

    static Tensor conv2d(
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            Conv2dParams params,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation,
            Optional<Pool2dParams> maxPool) {
        List<Tensor> operands = new ArrayList<>(List.of(x, weight));
        bias.ifPresent(operands::add);
        norm.ifPresent(n -> operands.addAll(List.of(n.gamma(), n.beta(), n.mean(), n.variance())));
        residual.ifPresent(operands::add);
        operands.forEach(t -> x.checkUsable("conv2d", t));
        boolean recorded = Autograd.isEnabled() && operands.stream().anyMatch(Tensor::requiresGrad);
        return under(
                "conv2d",
                () -> recorded
                        ? recordedConv2d(x, weight, bias, params, norm, residual, activation, maxPool)
                        : fusedConv2d(x, weight, bias, params, norm, residual, activation, maxPool));
    }

    private static Tensor recordedConv2d(
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            Conv2dParams params,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation,
            Optional<Pool2dParams> maxPool) {
        Tensor y = finished(x.conv2d(weight, bias, params), norm, residual, activation);
        return maxPool.isPresent() ? y.maxPool2d(maxPool.get()) : y;
    }

    private static Tensor finished(
            Tensor y, Optional<FrozenBatchNorm> norm, Optional<Tensor> residual, Activation activation) {
        if (norm.isPresent()) {
            FrozenBatchNorm n = norm.get();
            return y.batchNormEval(n.gamma(), n.beta(), n.mean(), n.variance(), n.eps(), residual, activation);
        }
        Tensor sum = residual.isPresent() ? y.add(residual.get()) : y;
        return switch (activation) {
            case NONE -> sum;
            case RELU -> sum.relu();
            case RELU6 -> sum.relu6();
        };
    }

    private static Tensor fusedConv2d(
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            Conv2dParams params,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation,
            Optional<Pool2dParams> maxPool) {
        ProductOp.Conv2d conv = new ProductOp.Conv2d(params);
        conv.check(bias.isPresent() ? new Tensor[] {x, weight, bias.get()} : new Tensor[] {x, weight});
        Shape result = params.outputShape(x.shape(), weight.shape());
        Optional<View> added = residual.map(r -> {
            Op.requireFloat("conv2d", r);
            if (!r.shape().equals(result)) {
                throw new IllegalArgumentException("conv2d: the residual must have the result's shape (result " + result
                        + ", residual " + r.shape() + ")");
            }
            return Raw.images(r).view();
        });
        Optional<PoolGeometry> pooling = maxPool.map(p -> p);
        pooling.ifPresent(p -> p.outputShape("maxPool2d", result));
        Optional<View> shift = bias.map(b -> Raw.contiguous(b).view());
        if (norm.isEmpty()) {
            return conv.run(x, weight, new Epilogue(Optional.empty(), shift, added, activation, pooling));
        }
        FrozenBatchNorm n = norm.get();
        Tensor[] values = {n.gamma(), n.beta(), n.mean(), n.variance()};
        Op.requireFloat("conv2d", values);
        for (int i = 0; i < values.length; i++) {
            if (!values[i].shape().equals(Shape.of(weight.dim(0)))) {
                throw new IllegalArgumentException("conv2d: gamma, beta, mean and variance must be [" + weight.dim(0)
                        + "], one value an output channel (weight "
                        + weight.shape() + ", gamma " + n.gamma().shape() + ", beta "
                        + n.beta().shape() + ", mean " + n.mean().shape() + ", variance "
                        + n.variance().shape() + ")");
            }
            values[i] = Raw.contiguous(values[i]);
        }
        Tensor scale = Raw.empty(x, weight.dim(0));
        Tensor offset = Raw.empty(x, weight.dim(0));
        x.backend()
                .foldBatchNorm(
                        values[0].view(),
                        values[1].view(),
                        values[2].view(),
                        values[3].view(),
                        n.eps(),
                        shift,
                        scale.view(),
                        offset.view());
        return conv.run(
                x,
                weight,
                new Epilogue(Optional.of(scale.view()), Optional.of(offset.view()), added, activation, pooling));
    }

    static Tensor conv1d(Tensor x, Tensor weight, Optional<Tensor> bias, Conv1dParams params) {
        return conv1d(x, weight, bias, params, row -> row.conv2d(weight.unsqueeze(2), bias, params.asConv2d()));
    }

    static Tensor conv1d(
            Tensor x,
            Tensor weight,
            Optional<Tensor> bias,
            Conv1dParams params,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation) {
        residual.ifPresent(r -> x.checkUsable("conv1d", r));
        return conv1d(x, weight, bias, params, row -> {
            Conv2dParams p = params.asConv2d();
            return row.conv2d(weight.unsqueeze(2), bias, p, norm, residual.map(r -> asRow(row, r)), activation);
        });
    }

    private static Tensor conv1d(
            Tensor x, Tensor weight, Optional<Tensor> bias, Conv1dParams params, UnaryOperator<Tensor> conv2d) {
        Tensor[] operands = bias.isPresent() ? new Tensor[] {x, weight, bias.get()} : new Tensor[] {x, weight};
        for (Tensor operand : operands) {
            x.checkUsable("conv1d", operand);
        }
        return under("conv1d", () -> {
            ProductOp.Conv2d.check("conv1d", params.asConv2d(), operands);
            return conv2d.apply(x.unsqueeze(2)).squeeze(2);
        });
    }

    /** A residual as an image of one row; one of another rank is refused by its shape. */
    private static Tensor asRow(Tensor row, Tensor residual) {
        return residual.rank() == row.rank() - 1 ? residual.unsqueeze(2) : residual;
    }

    /**
     * {@code p t softplus(-x) + (1 - t) softplus(x)}, as torch.nn.BCEWithLogitsLoss: never a difference of nearly equal
     * numbers, so that the small losses of confident answers keep their digits.
     */
    static Tensor bceWithLogits(Tensor x, Tensor target, Optional<Tensor> positiveWeight, LossReduction reduction) {
        x.checkUsable("bceWithLogits", target);
        positiveWeight.ifPresent(w -> x.checkUsable("bceWithLogits", w));
        Op.requireFloat("bceWithLogits", x);
        positiveWeight.ifPresent(w -> checkPositiveWeight(x, w));
        if (!x.shape().equals(target.shape())) {
            throw new IllegalArgumentException("bceWithLogits: target must have the logits' shape (logits " + x.shape()
                    + ", target " + target.shape() + ")");
        }
        return under("bceWithLogits", () -> bce(x, target, positiveWeight, reduction));
    }

    private static void checkPositiveWeight(Tensor x, Tensor weight) {
        Op.requireFloat("bceWithLogits", weight);
        if (!Shape.broadcast("bceWithLogits", x.shape(), weight.shape()).equals(x.shape())) {
            throw new IllegalArgumentException(
                    "bceWithLogits: positive weights must broadcast to the logits' shape (logits " + x.shape()
                            + ", positive weights " + weight.shape() + ")");
        }
    }

    private static Tensor bce(Tensor x, Tensor target, Optional<Tensor> positiveWeight, LossReduction reduction) {
        Tensor t = target.to(DType.F32);
        Tensor onPositives = x.neg().softplus().mul(positiveWeight.isPresent() ? t.mul(positiveWeight.get()) : t);
        Tensor loss = x.softplus().mul(t.affine(-1, 1)).add(onPositives);
        return switch (reduction) {
            case NONE -> loss;
            case MEAN -> loss.mean();
            case SUM -> loss.sum();
        };
    }
}
