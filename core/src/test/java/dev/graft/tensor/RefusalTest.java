package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.backend.Activation;
import dev.graft.backend.AttentionParams;
import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose1dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.backend.Pool1dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.RecurrentCell;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Whatever is refused is refused under the name of the function that the user called, not of one inside; every public
 * function is here. All in one file because the list is read beside {@link Tensor}'s.
 */
class RefusalTest {
    private static final int TOO_LARGE = Integer.MAX_VALUE;
    private static final Optional<Tensor> NONE = Optional.empty();

    /** Functions that nothing can be wrong with; they work on a closed tensor too. */
    private static final Map<String, Function<Tensor, Object>> NEVER_REFUSE = Map.ofEntries(
            Map.entry("shape()", Tensor::shape),
            Map.entry("rank()", Tensor::rank),
            Map.entry("numel()", Tensor::numel),
            Map.entry("dtype()", Tensor::dtype),
            Map.entry("device()", Tensor::device),
            Map.entry("isContiguous()", Tensor::isContiguous),
            Map.entry("sharesMemory(Tensor)", t -> t.sharesMemory(t)),
            Map.entry("repeatsElements()", Tensor::repeatsElements),
            Map.entry("version()", Tensor::version),
            Map.entry("requiresGrad()", Tensor::requiresGrad),
            Map.entry("grad()", Tensor::grad),
            Map.entry("clearGrad()", t -> {
                t.clearGrad();
                return t;
            }),
            Map.entry("close()", t -> {
                t.close();
                return t;
            }),
            Map.entry("isClosed()", Tensor::isClosed),
            Map.entry("toString()", Tensor::toString));

    /** A use of a function of a tensor that is right for ones of this shape. */
    record Use(Shape shape, Function<Tensor, Object> function) {}

    private final Map<String, Use> uses = new LinkedHashMap<>();
    private final Map<String, List<ThrowingCallable>> wrong = new LinkedHashMap<>();

    private static Tensor x() {
        return Tensor.ones(2, 3, 4, 5);
    }

    private static Tensor integers(int... dims) {
        return Tensor.zeros(DType.I64, Shape.of(dims));
    }

    private static Tensor complex() {
        return Tensor.zeros(DType.C64, Shape.of(2, 3, 4, 5));
    }

    private static Tensor closed(int... dims) {
        Tensor t = Tensor.ones(dims);
        t.close();
        return t;
    }

    private static RandomGenerator random() {
        return new SplittableRandom(1);
    }

    /** A static function: wrong uses alone. */
    private void refuses(String signature, ThrowingCallable... calls) {
        assertThat(wrong.put(signature, List.of(calls))).isNull();
    }

    /** A function of a tensor: its use, which a closed tensor must refuse, and wrong uses. */
    private void function(String signature, Function<Tensor, Object> use, ThrowingCallable... calls) {
        function(Shape.of(2, 3, 4, 5), signature, use, calls);
    }

    private void function(Shape shape, String signature, Function<Tensor, Object> use, ThrowingCallable... calls) {
        assertThat(uses.put(signature, new Use(shape, use))).isNull();
        refuses(signature, calls);
    }

    /** One right use of each function of a tensor, by its signature. */
    static Map<String, Use> uses() {
        return new RefusalTest().uses;
    }

    private void makingOnADevice() {
        Device cpu = Device.cpu();
        refuses("of(Device, float[], int[])", () -> Tensor.of(cpu, new float[2], 3));
        refuses("of(Device, long[], int[])", () -> Tensor.of(cpu, new long[2], 3));
        refuses("of(Device, int[], int[])", () -> Tensor.of(cpu, new int[2], 3));
        refuses("of(Device, boolean[], int[])", () -> Tensor.of(cpu, new boolean[2], 3));
        refuses(
                "ofBytes(Device, DType, Shape, byte[])",
                () -> Tensor.ofBytes(cpu, DType.F64, Shape.of(2), new byte[15]));
        refuses("full(Device, float, int[])", () -> Tensor.full(cpu, 1, 2, -1));
        refuses("zeros(Device, int[])", () -> Tensor.zeros(cpu, -1), () -> Tensor.zeros(cpu, TOO_LARGE));
        refuses("ones(Device, int[])", () -> Tensor.ones(cpu, -1), () -> Tensor.ones(cpu, TOO_LARGE));
        refuses("zeros(Device, DType, Shape)", () -> Tensor.zeros(cpu, DType.C128, Shape.of(1 << 30)));
        refuses("arange(Device, int)", () -> Tensor.arange(cpu, -1));
        refuses("randn(Device, RandomGenerator, int[])", () -> Tensor.randn(cpu, random(), -1));
        refuses(
                "uniform(Device, RandomGenerator, float, float, int[])",
                () -> Tensor.uniform(cpu, random(), 1, 0, 2),
                () -> Tensor.uniform(cpu, random(), 0, 1, -1));
    }

    private void making() {
        refuses(
                "of(float[], int[])",
                () -> Tensor.of(new float[2], 3),
                () -> Tensor.of(new float[2], -2),
                () -> Tensor.of(new float[1], TOO_LARGE, 9));
        refuses("of(long[], int[])", () -> Tensor.of(new long[2], 3), () -> Tensor.of(new long[2], -2));
        refuses("of(int[], int[])", () -> Tensor.of(new int[2], 3), () -> Tensor.of(new int[2], -2));
        refuses("of(boolean[], int[])", () -> Tensor.of(new boolean[2], 3), () -> Tensor.of(new boolean[2], -2));
        refuses("ofBytes(DType, Shape, byte[])", () -> Tensor.ofBytes(DType.F64, Shape.of(2), new byte[15]));
        refuses("full(float, int[])", () -> Tensor.full(1, 2, -1), () -> Tensor.full(1, TOO_LARGE));
        refuses(
                "zeros(int[])",
                () -> Tensor.zeros(-1),
                () -> Tensor.zeros(70_000, 70_000),
                () -> Tensor.zeros(0, 70_000, 70_000));
        refuses("ones(int[])", () -> Tensor.ones(-1), () -> Tensor.ones(70_000, 70_000, 0));
        refuses("zeros(DType, Shape)", () -> Tensor.zeros(DType.C128, Shape.of(1 << 30)));
        refuses("arange(int)", () -> Tensor.arange(-1), () -> Tensor.arange(TOO_LARGE));
        refuses(
                "randn(RandomGenerator, int[])",
                () -> Tensor.randn(random(), -1),
                () -> Tensor.randn(random(), TOO_LARGE, 2));
        refuses(
                "uniform(RandomGenerator, float, float, int[])",
                () -> Tensor.uniform(random(), 1, 0, 2),
                () -> Tensor.uniform(random(), 0, Float.NaN, 2),
                () -> Tensor.uniform(random(), 0, 1, -1));
        refuses(
                "concat(int, Tensor[])",
                () -> Tensor.concat(0),
                () -> Tensor.concat(4, x(), x()),
                () -> Tensor.concat(0, x(), Tensor.ones(2)),
                () -> Tensor.concat(0, x(), integers(2, 3, 4, 5)),
                () -> Tensor.concat(0, x(), closed(2, 3, 4, 5)),
                () -> Tensor.concat(0, huge(), huge()));
        refuses("concat(int, List)", () -> Tensor.concat(0, List.of()), () -> Tensor.concat(-5, List.of(x())));
        refuses(
                "stack(int, Tensor[])",
                () -> Tensor.stack(0),
                () -> Tensor.stack(5, x(), x()),
                () -> Tensor.stack(0, x(), Tensor.ones(2)),
                () -> Tensor.stack(0, x(), closed(2, 3, 4, 5)),
                () -> Tensor.stack(0, x(), integers(2, 3, 4, 5)),
                () -> Tensor.stack(0, huge(), huge()));
        refuses("stack(int, List)", () -> Tensor.stack(0, List.of()), () -> Tensor.stack(-6, List.of(x())));
        refuses(
                "where(Tensor, Tensor, Tensor)",
                () -> Tensor.where(x(), x(), x()),
                () -> Tensor.where(x().eq(x()), x(), integers(2, 3, 4, 5)),
                () -> Tensor.where(x().eq(x()), x(), Tensor.ones(7)),
                () -> Tensor.where(closed(1), x(), x()),
                () -> Tensor.where(x().eq(x()), x(), closed(1)));
    }

    private static Tensor huge() {
        return Tensor.scalar(1).expand(1 << 30, 1);
    }

    private void looking() {
        refuses(
                "dim(int)",
                () -> x().dim(4),
                () -> x().dim(-5),
                () -> Tensor.scalar(1).dim(0));
        function(
                "item()",
                Tensor::item,
                () -> x().item(),
                () -> Tensor.zeros(DType.C64, Shape.of(1)).item());
        function(
                "itemLong()",
                Tensor::itemLong,
                () -> x().itemLong(),
                () -> Tensor.zeros(DType.C64, Shape.of(1)).itemLong());
        function(
                "get(int[])",
                t -> t.get(0, 0, 0, 0),
                () -> x().get(0),
                () -> x().get(2, 0, 0, 0),
                () -> complex().get(0, 0, 0, 0));
        function("toFloatArray()", Tensor::toFloatArray, () -> complex().toFloatArray());
        function("toLongArray()", Tensor::toLongArray, () -> complex().toLongArray());
        function("toIntArray()", Tensor::toIntArray, () -> complex().toIntArray());
        function("toBytes()", Tensor::toBytes, () -> huge().toBytes());
    }

    private void autograd() {
        function(
                "requireGrad(boolean)",
                t -> t.requireGrad(true),
                () -> integers(2).requireGrad(true),
                () -> leaf().mul(2).requireGrad(true));
        function(
                "backward()",
                t -> {
                    t.backward();
                    return t;
                },
                () -> leaf().mul(2).backward(),
                () -> Tensor.scalar(1).backward(),
                () -> {
                    Tensor y = leaf().square().sum();
                    y.backward();
                    y.backward();
                });
        function(
                "backward(Tensor)",
                t -> {
                    t.backward(x());
                    return t;
                },
                () -> leaf().mul(2).backward(x()),
                () -> x().backward(x()),
                () -> leaf().mul(2).backward(closed(2)),
                () -> leaf().mul(2).backward(integers(2)));
        function(
                "backward(boolean)",
                t -> {
                    t.backward(true);
                    return t;
                },
                () -> leaf().mul(2).backward(true),
                () -> Tensor.scalar(1).backward(true),
                () -> {
                    Tensor y = leaf().square().sum();
                    y.backward(false);
                    y.backward(true);
                });
        function(
                "backward(Tensor, boolean)",
                t -> {
                    t.backward(x(), true);
                    return t;
                },
                () -> leaf().mul(2).backward(x(), true),
                () -> leaf().mul(2).backward(closed(2), true));
        function(
                "retainGrad()",
                Tensor::retainGrad,
                () -> x().retainGrad(),
                () -> leaf().detach().retainGrad());
        function("detach()", Tensor::detach);
        function("copy()", Tensor::copy);
    }

    private static Tensor leaf() {
        return Tensor.ones(2).requireGrad(true);
    }

    private void shapes() {
        function(
                "to(DType)",
                t -> t.to(DType.F32),
                () -> x().to(DType.C64),
                () -> complex().to(DType.F32),
                () -> closed(2).to(DType.I64));
        function("to(Device)", t -> t.to(Device.cpu()));
        function(
                "reshape(int[])",
                t -> t.reshape(-1),
                () -> x().reshape(7),
                () -> x().reshape(-1, 7),
                () -> x().reshape(-1, -1),
                () -> x().reshape(-2),
                () -> x().reshape(TOO_LARGE, TOO_LARGE, TOO_LARGE, -1),
                () -> x().reshape(TOO_LARGE, 4),
                () -> Tensor.zeros(0).reshape(0, -1));
        function("flatten(int)", t -> t.flatten(1), () -> x().flatten(4));
        function(
                "permute(int[])",
                t -> t.permute(0, 1, 2, 3),
                () -> x().permute(0, 1),
                () -> x().permute(0, 1, 2, 2),
                () -> x().permute(0, 1, 2, 4));
        function("transpose(int, int)", t -> t.transpose(0, 1), () -> x().transpose(0, 4), () -> x().transpose(-5, 0));
        function("unsqueeze(int)", t -> t.unsqueeze(0), () -> x().unsqueeze(5), () -> x().unsqueeze(-6));
        function(Shape.of(1, 3), "squeeze(int)", t -> t.squeeze(0), () -> x().squeeze(0), () -> x().squeeze(4));
        function(
                "expand(int[])",
                t -> t.expand(2, 3, 4, 5),
                () -> x().expand(2, 3),
                () -> x().expand(3, 3, 4, 5),
                () -> x().expand(-1),
                () -> Tensor.scalar(1).expand(TOO_LARGE),
                () -> Tensor.scalar(1).expand(TOO_LARGE, TOO_LARGE));
        function(
                "select(int, int)",
                t -> t.select(0, 0),
                () -> x().select(4, 0),
                () -> x().select(0, 2),
                () -> x().select(0, -3));
        function(
                "slice(int, int, int)",
                t -> t.slice(0, 0, 1),
                () -> x().slice(4, 0, 1),
                () -> x().slice(0, 0, 3),
                () -> x().slice(0, -3, 1));
        function(
                "slice(int, int, int, int)",
                t -> t.slice(0, 0, 1, 1),
                () -> x().slice(0, 0, 1, 0),
                () -> x().slice(0, 2, 1, 1));
        function(
                "pad2d(int, int, int, int)",
                t -> t.pad2d(1, 1, 1, 1),
                () -> Tensor.ones(2).pad2d(1, 1, 1, 1),
                () -> x().pad2d(-1, 0, 0, 0),
                () -> x().pad2d(TOO_LARGE, TOO_LARGE, 0, 0),
                () -> x().pad2d(1 << 15, 1 << 15, 1 << 15, 1 << 15));
        function(
                "pad2d(int, int, int, int, float)",
                t -> t.pad2d(1, 1, 1, 1, 2),
                () -> Tensor.ones(2).pad2d(1, 1, 1, 1, 2),
                () -> x().pad2d(-1, 0, 0, 0, 2));
        function(
                "pad2d(PaddingMode, int, int, int, int)",
                t -> t.pad2d(PaddingMode.REFLECT, 1, 1, 1, 1),
                () -> Tensor.ones(2).pad2d(PaddingMode.REPLICATE, 1, 1, 1, 1),
                () -> x().pad2d(PaddingMode.REFLECT, 4, 0, 0, 0),
                () -> x().pad2d(PaddingMode.REPLICATE, TOO_LARGE, TOO_LARGE, 0, 0),
                () -> x().pad2d(PaddingMode.REPLICATE, 1 << 15, 1 << 15, 1 << 15, 1 << 15),
                () -> integers(1, 2, 3, 4).pad2d(PaddingMode.REPLICATE, 1, 1, 1, 1));
        function(
                Shape.of(2, 3, 4),
                "pad1d(int, int)",
                t -> t.pad1d(1, 1),
                () -> x().pad1d(1, 1),
                () -> Tensor.ones(1, 1, 2).pad1d(-1, 0));
        function(
                Shape.of(2, 3, 4),
                "pad1d(int, int, float)",
                t -> t.pad1d(1, 1, 3),
                () -> x().pad1d(1, 1, 3),
                () -> Tensor.ones(1, 1, 2).pad1d(TOO_LARGE, 0, 3));
        function(
                Shape.of(2, 3, 4),
                "pad1d(PaddingMode, int, int)",
                t -> t.pad1d(PaddingMode.CIRCULAR, 1, 1),
                () -> x().pad1d(PaddingMode.CIRCULAR, 1, 1),
                () -> Tensor.ones(1, 1, 2).pad1d(PaddingMode.REFLECT, 2, 0),
                () -> integers(1, 2, 3).pad1d(PaddingMode.REPLICATE, 1, 1));
        function(
                "interpolate(InterpolateParams)",
                t -> t.interpolate(InterpolateParams.nearest().scale(2)),
                () -> Tensor.ones(2).interpolate(InterpolateParams.nearest().scale(2)),
                () -> x().interpolate(InterpolateParams.nearest()),
                () -> x().interpolate(InterpolateParams.nearest().scale(1e-9)),
                () -> x().interpolate(InterpolateParams.nearest().size(1 << 20, 1 << 20)),
                () -> integers(1, 2, 3).interpolate(InterpolateParams.linear().size(2)));
        function("split(int, int)", t -> t.split(0, 1).get(0), () -> x().split(4, 1), () -> x().split(0, 0));
        function("chunk(int, int)", t -> t.chunk(0, 2).get(0), () -> x().chunk(4, 1), () -> x().chunk(0, 0));
        function(
                "unbind(int)",
                t -> t.unbind(0).get(0),
                () -> x().unbind(4),
                () -> Tensor.scalar(1).unbind(0));
        function(
                "roll(int, int)",
                t -> t.roll(0, 1),
                () -> x().roll(4, 1),
                () -> Tensor.scalar(1).roll(0, 1));
        function(
                "tril(int)",
                t -> t.tril(0),
                () -> Tensor.ones(2).tril(0),
                () -> complex().tril(0));
        function(
                "triu(int)",
                t -> t.triu(0),
                () -> Tensor.ones(2).triu(0),
                () -> complex().triu(0));
        function("contiguous()", Tensor::contiguous, () -> closed(2, 3).contiguous());
        function("alias()", Tensor::alias);
    }

    private void arithmetic() {
        binary("add(Tensor)", (a, b) -> a.add(b));
        binary("sub(Tensor)", (a, b) -> a.sub(b));
        binary("mul(Tensor)", (a, b) -> a.mul(b));
        binary("div(Tensor)", (a, b) -> a.div(b));
        binary("maximum(Tensor)", (a, b) -> a.maximum(b));
        binary("minimum(Tensor)", (a, b) -> a.minimum(b));
        binary("eq(Tensor)", (a, b) -> a.eq(b));
        binary("lt(Tensor)", (a, b) -> a.lt(b));
        binary("le(Tensor)", (a, b) -> a.le(b));
        binary("gt(Tensor)", (a, b) -> a.gt(b));
        binary("ge(Tensor)", (a, b) -> a.ge(b));
        binary("ne(Tensor)", (a, b) -> a.ne(b));
        number("eq(double)", t -> t.eq(0.5));
        number("ne(double)", t -> t.ne(0.5));
        number("lt(double)", t -> t.lt(0.5));
        number("le(double)", t -> t.le(0.5));
        number("gt(double)", t -> t.gt(0.5));
        number("ge(double)", t -> t.ge(0.5));
        logic("logicalAnd(Tensor)", (a, b) -> a.logicalAnd(b));
        logic("logicalOr(Tensor)", (a, b) -> a.logicalOr(b));
        logic("logicalXor(Tensor)", (a, b) -> a.logicalXor(b));
        function("logicalNot()", t -> truth(t).logicalNot(), () -> x().logicalNot());
        unary("isNaN()", Tensor::isNaN);
        unary("isFinite()", Tensor::isFinite);
        function(
                "maskedFill(Tensor, double)",
                t -> t.maskedFill(x().gt(0), 1),
                () -> x().maskedFill(x(), 1),
                () -> x().maskedFill(closed(1), 1),
                () -> x().maskedFill(Tensor.ones(7).gt(0), 1),
                () -> integers(2).maskedFill(Tensor.ones(2).gt(0), 0.5),
                () -> complex().maskedFill(Tensor.ones(5).gt(0), 1));
        number("add(double)", t -> t.add(0.5));
        number("sub(double)", t -> t.sub(0.5));
        number("mul(double)", t -> t.mul(0.5));
        unary("div(double)", t -> t.div(2));
        binary("floorDivide(Tensor)", (a, b) -> a.floorDivide(b));
        binary("remainder(Tensor)", (a, b) -> a.remainder(b));
        number("floorDivide(double)", t -> t.floorDivide(0.5));
        number("remainder(double)", t -> t.remainder(0.5));
        unary("affine(float, float)", t -> t.affine(2, 1));
        function("neg()", Tensor::neg, () -> complex().neg());
        function("abs()", Tensor::abs, () -> complex().abs());
        unary("exp()", Tensor::exp);
        unary("log()", Tensor::log);
        unary("sqrt()", Tensor::sqrt);
        function("square()", Tensor::square, () -> complex().square());
        unary("reciprocal()", Tensor::reciprocal);
        unary("rsqrt()", Tensor::rsqrt);
        unary("log1p()", Tensor::log1p);
        unary("expm1()", Tensor::expm1);
        unary("sin()", Tensor::sin);
        unary("cos()", Tensor::cos);
        unary("floor()", Tensor::floor);
        unary("round()", Tensor::round);
        unary("erf()", Tensor::erf);
        unary("geluTanh()", Tensor::geluTanh);
        unary("silu()", Tensor::silu);
        unary("hardswish()", Tensor::hardswish);
        unary("hardsigmoid()", Tensor::hardsigmoid);
        unary("elu(float)", t -> t.elu(1));
        unary("pow(float)", t -> t.pow(2));
        unary("clamp(float, float)", t -> t.clamp(0, 1));
        unary("relu()", Tensor::relu);
        unary("relu6()", Tensor::relu6);
        unary("leakyRelu(float)", t -> t.leakyRelu(0.1f));
        function(
                "prelu(Tensor)",
                t -> t.prelu(Tensor.ones(3)),
                () -> x().prelu(Tensor.ones(2)),
                () -> x().prelu(Tensor.ones(3, 1)),
                () -> x().prelu(integers(3)),
                () -> integers(2).prelu(Tensor.ones(1)),
                () -> x().prelu(closed(3)));
        unary("gelu()", Tensor::gelu);
        unary("sigmoid()", Tensor::sigmoid);
        unary("tanh()", Tensor::tanh);
        unary("softplus()", Tensor::softplus);
        function(
                "softmax(int)",
                t -> t.softmax(0),
                () -> x().softmax(4),
                () -> integers(2, 3).softmax(0),
                () -> integers(2, 3).softmax(1),
                () -> Tensor.scalar(1).softmax(0));
        function(
                "logSoftmax(int)",
                t -> t.logSoftmax(-1),
                () -> x().logSoftmax(-5),
                () -> integers(2, 3).logSoftmax(0));
        function(
                "dropout(float, long)",
                t -> t.dropout(0.5f, 1),
                () -> x().dropout(1.5f, 1),
                () -> x().dropout(Float.NaN, 1),
                () -> integers(2).dropout(0.5f, 1));
    }

    private interface Binary {
        Tensor apply(Tensor a, Tensor b);
    }

    private void binary(String signature, Binary f) {
        function(
                signature,
                t -> f.apply(t, x()),
                () -> f.apply(x(), Tensor.ones(7)),
                () -> f.apply(x(), integers(2, 3, 4, 5)),
                () -> f.apply(complex(), complex()),
                () -> f.apply(x(), closed(2, 3, 4, 5)),
                () -> f.apply(Tensor.ones(1 << 16, 1), Tensor.ones(1, 1 << 16)));
    }

    /** Of the same openness. */
    private static Tensor truth(Tensor t) {
        return t.isClosed() ? t : t.gt(0);
    }

    private void number(String signature, Function<Tensor, Object> f) {
        function(signature, f, () -> f.apply(integers(2)), () -> f.apply(complex()));
    }

    private void logic(String signature, Binary f) {
        function(
                signature,
                t -> f.apply(truth(t), x().gt(0)),
                () -> f.apply(x(), x().gt(0)),
                () -> f.apply(x().gt(0), x()),
                () -> f.apply(x().gt(0), Tensor.ones(7).gt(0)),
                () -> f.apply(x().gt(0), closed(2, 3, 4, 5)));
    }

    private void unary(String signature, Function<Tensor, Object> f) {
        function(signature, f, () -> f.apply(integers(2)), () -> f.apply(complex()));
    }

    private void reductions() {
        function("sum()", Tensor::sum, () -> complex().sum());
        function(
                "sum(int[])",
                t -> t.sum(0),
                () -> x().sum(4),
                () -> x().sum(0, -5),
                () -> complex().sum(0));
        function(
                "sum(boolean, int[])",
                t -> t.sum(true, 0),
                () -> x().sum(true, 4),
                () -> complex().sum(true, 0));
        function("mean()", Tensor::mean, () -> integers(2).mean());
        function("mean(int[])", t -> t.mean(0), () -> x().mean(4));
        function("mean(boolean, int[])", t -> t.mean(true, 0), () -> x().mean(true, 4));
        extreme("amax", (t, axes) -> t.amax(axes), (t, axes) -> t.amax(true, axes));
        extreme("amin", (t, axes) -> t.amin(axes), (t, axes) -> t.amin(true, axes));
        spread("var", (t, axes) -> t.var(axes), (t, axes) -> t.var(0, true, axes));
        spread("std", (t, axes) -> t.std(axes), (t, axes) -> t.std(0, true, axes));
        function("norm()", Tensor::norm, () -> integers(2).norm());
        function(
                "norm(double, int[])",
                t -> t.norm(1, 0),
                () -> x().norm(1, 4),
                () -> x().norm(0),
                () -> x().norm(Double.NaN),
                () -> integers(2).norm(1, 0),
                () -> Tensor.zeros(0, 2).norm(Double.POSITIVE_INFINITY, 0));
        function(
                "norm(double, boolean, int[])",
                t -> t.norm(1, true, 0),
                () -> x().norm(1, true, 0, 0),
                () -> x().norm(-1, true));
        function(
                "cumsum(int)",
                t -> t.cumsum(0),
                () -> x().cumsum(4),
                () -> complex().cumsum(0));
    }

    private interface Folding {
        Tensor apply(Tensor t, int... axes);
    }

    private void extreme(String name, Folding plain, Folding kept) {
        function(
                name + "(int[])",
                t -> plain.apply(t, 0),
                () -> plain.apply(x(), 4),
                () -> plain.apply(complex(), 0),
                () -> plain.apply(Tensor.zeros(0), 0));
        function(
                name + "(boolean, int[])",
                t -> kept.apply(t, 0),
                () -> kept.apply(x(), 0, 0),
                () -> kept.apply(Tensor.zeros(0)));
    }

    private void spread(String name, Folding plain, Folding kept) {
        function(
                name + "(int[])", t -> plain.apply(t, 0), () -> plain.apply(x(), 4), () -> plain.apply(integers(2), 0));
        function(
                name + "(double, boolean, int[])",
                t -> kept.apply(t, 0),
                () -> kept.apply(x(), 0, -4),
                () -> kept.apply(integers(2)));
    }

    private void order() {
        for (String name : List.of("argmax", "argmin")) {
            Function<Integer, Function<Tensor, Object>> along =
                    axis -> t -> name.equals("argmax") ? t.argmax(axis) : t.argmin(axis);
            function(
                    name + "(int)",
                    along.apply(0),
                    () -> along.apply(4).apply(x()),
                    () -> along.apply(0).apply(complex()),
                    () -> along.apply(0).apply(Tensor.zeros(0)));
        }
        for (String name : List.of("max", "min")) {
            Function<Integer, Function<Tensor, Object>> along =
                    axis -> t -> (name.equals("max") ? t.max(axis) : t.min(axis)).values();
            function(
                    name + "(int)",
                    along.apply(0),
                    () -> along.apply(4).apply(x()),
                    () -> along.apply(0).apply(complex()),
                    () -> along.apply(0).apply(Tensor.zeros(0)));
            Function<Integer, Function<Tensor, Object>> kept =
                    axis -> t -> (name.equals("max") ? t.max(true, axis) : t.min(true, axis)).values();
            function(
                    name + "(boolean, int)", kept.apply(0), () -> kept.apply(-5).apply(x()));
        }
        function(
                "sort(int)",
                t -> t.sort(0).values(),
                () -> x().sort(4),
                () -> complex().sort(0));
        function("sort(int, boolean)", t -> t.sort(0, true).values(), () -> x().sort(4, true));
        function("argsort(int, boolean)", t -> t.argsort(0, true), () -> x().argsort(4, true));
        function("topk(int, int)", t -> t.topk(0, 1).values(), () -> x().topk(4, 1), () -> x().topk(0, 3));
        function(
                "topk(int, int, boolean)",
                t -> t.topk(0, 1, false).values(),
                () -> x().topk(0, -1, false),
                () -> complex().topk(0, 1, false));
    }

    private void indices() {
        Tensor list = Tensor.of(new long[] {0, 1}, 2);
        Tensor index = Tensor.zeros(DType.I64, Shape.of(2, 3, 4, 5));
        function(
                "indexSelect(int, Tensor)",
                t -> t.indexSelect(0, list),
                () -> x().indexSelect(4, list),
                () -> x().indexSelect(0, index),
                () -> x().indexSelect(0, Tensor.of(new long[] {2}, 1)),
                () -> x().indexSelect(0, Tensor.ones(2)),
                () -> complex().indexSelect(0, list),
                () -> x().indexSelect(0, closed(2)));
        function(
                "gather(int, Tensor)",
                t -> t.gather(0, index),
                () -> x().gather(4, index),
                () -> x().gather(0, list),
                () -> x().gather(0, index.add(2)),
                () -> x().gather(0, closed(2, 3, 4, 5)),
                () -> complex().gather(0, index));
        scatter("scatter", (t, i, s) -> t.scatter(0, i, s));
        scatter("scatterAdd", (t, i, s) -> t.scatterAdd(0, i, s));
        function(
                "scatter(int, Tensor, double)",
                t -> t.scatter(0, index, 1),
                () -> x().scatter(4, index, 1),
                () -> x().scatter(0, list, 1),
                () -> integers(2, 3, 4, 5).scatter(0, index, 0.5));
        function("flip(int[])", t -> t.flip(0), () -> x().flip(4), () -> x().flip(0, -4));
        function(
                Shape.of(2, 3),
                "diagonal()",
                Tensor::diagonal,
                () -> Tensor.ones(2).diagonal());
        function(
                "diagonal(int, int, int)",
                t -> t.diagonal(0, 0, 1),
                () -> x().diagonal(0, 0, 0),
                () -> x().diagonal(0, 0, 4));
    }

    private interface Scatter {
        Tensor apply(Tensor x, Tensor index, Tensor source);
    }

    private void scatter(String name, Scatter f) {
        Tensor index = Tensor.zeros(DType.I64, Shape.of(2, 3, 4, 5));
        function(
                name + "(int, Tensor, Tensor)",
                t -> f.apply(t, index, x()),
                () -> f.apply(x(), index, Tensor.ones(2, 3, 4, 4)),
                () -> f.apply(x(), index, integers(2, 3, 4, 5)),
                () -> f.apply(x(), index.sub(1), x()),
                () -> f.apply(x(), x(), x()),
                () -> f.apply(x(), index, closed(2, 3, 4, 5)),
                () -> f.apply(complex(), index, complex()));
    }

    private void products() {
        function(
                "matmul(Tensor)",
                t -> t.matmul(Tensor.ones(5, 1)),
                () -> x().matmul(x()),
                () -> x().matmul(closed(5, 2)),
                () -> Tensor.ones(2).matmul(Tensor.ones(2)),
                () -> integers(2, 2).matmul(integers(2, 2)),
                () -> x().matmul(Tensor.ones(7, 1, 5, 5)));
        function(
                Shape.of(2, 3, 4),
                "bmm(Tensor)",
                t -> t.bmm(Tensor.ones(2, 4, 1)),
                () -> x().bmm(x()),
                () -> Tensor.ones(2, 3, 4).bmm(Tensor.ones(1, 4, 2)),
                () -> Tensor.ones(2, 3, 4).bmm(closed(2, 4, 1)),
                () -> integers(2, 2, 2).bmm(integers(2, 2, 2)));
        refuses(
                "einsum(String, Tensor[])",
                () -> Tensor.einsum("ij"),
                () -> Tensor.einsum("ij", x()),
                () -> Tensor.einsum("ij,jk", Tensor.ones(2, 3), Tensor.ones(4, 5)),
                () -> Tensor.einsum("ij->k", Tensor.ones(2, 3)),
                () -> Tensor.einsum("i", integers(2)),
                () -> Tensor.einsum("i", closed(2)));
        function(
                "linear(Tensor, Optional)",
                t -> t.linear(Tensor.ones(1, 5), NONE),
                () -> x().linear(Tensor.ones(1, 4), NONE),
                () -> x().linear(Tensor.ones(1, 5), Optional.of(Tensor.ones(2))),
                () -> x().linear(closed(1, 5), NONE),
                () -> x().linear(integers(1, 5), NONE),
                () -> x().linear(Tensor.ones(1, 5), Optional.of(closed(1))));
        Tensor w = Tensor.ones(6, 3, 2, 2);
        Conv2dParams params = Conv2dParams.of(1, 0);
        function(
                "conv2d(Tensor, Optional, Conv2dParams)",
                t -> t.conv2d(w, NONE, params),
                () -> x().conv2d(Tensor.ones(6, 2, 2, 2), NONE, params),
                () -> Tensor.ones(2, 3).conv2d(w, NONE, params),
                () -> x().conv2d(w, Optional.of(Tensor.ones(2)), params),
                () -> x().conv2d(closed(6, 3, 2, 2), NONE, params),
                () -> x().conv2d(integers(6, 3, 2, 2), NONE, params),
                () -> x().conv2d(w, NONE, params.groups(TOO_LARGE)),
                () -> x().conv2d(w, NONE, params.dilation(TOO_LARGE)),
                () -> x().conv2d(w, NONE, params.padding(TOO_LARGE, TOO_LARGE, 0, 0)),
                () -> x().conv2d(w, NONE, Conv2dParams.of(1, 1 << 17)));
        FrozenBatchNorm norm =
                new FrozenBatchNorm(Tensor.ones(6), Tensor.ones(6), Tensor.ones(6), Tensor.ones(6), 1e-5f);
        FrozenBatchNorm narrow =
                new FrozenBatchNorm(Tensor.ones(5), Tensor.ones(6), Tensor.ones(6), Tensor.ones(6), 1e-5f);
        Tensor trained = Tensor.ones(6, 3, 2, 2).requireGrad(true);
        String fused = "conv2d(Tensor, Optional, Conv2dParams, Optional, Optional, Activation";
        function(
                fused + ")",
                t -> t.conv2d(w, NONE, params, Optional.of(norm), NONE, Activation.RELU),
                () -> x().conv2d(w, NONE, params, Optional.of(narrow), NONE, Activation.RELU),
                () -> x().conv2d(trained, NONE, params, Optional.of(narrow), NONE, Activation.RELU),
                () -> x().conv2d(w, NONE, params, Optional.of(norm), Optional.of(x()), Activation.RELU),
                () -> x().conv2d(trained, NONE, params, Optional.of(norm), Optional.of(x()), Activation.RELU),
                () -> x().conv2d(trained, NONE, params, Optional.empty(), Optional.of(Tensor.ones(7)), Activation.RELU),
                () -> x().conv2d(w, NONE, params, Optional.empty(), Optional.of(integers(2, 6, 3, 4)), Activation.RELU),
                () -> x().conv2d(w, NONE, params, Optional.of(norm), Optional.of(closed(2, 6, 3, 4)), Activation.RELU));
        Optional<Pool2dParams> wide = Optional.of(Pool2dParams.of(9, 1));
        function(
                fused + ", Optional)",
                t -> t.conv2d(w, NONE, params, Optional.of(norm), NONE, Activation.RELU, Optional.empty()),
                () -> x().conv2d(w, NONE, params, Optional.of(norm), NONE, Activation.RELU, wide),
                () -> x().conv2d(trained, NONE, params, Optional.of(norm), NONE, Activation.RELU, wide));
        Conv1dParams line = Conv1dParams.of(1, 0);
        Tensor k = Tensor.ones(2, 3, 2);
        function(
                Shape.of(2, 3, 8),
                "conv1d(Tensor, Optional, Conv1dParams)",
                t -> t.conv1d(k, NONE, line),
                () -> x().conv1d(k, NONE, line),
                () -> sequence().conv1d(Tensor.ones(2, 4, 2), NONE, line),
                () -> sequence().conv1d(Tensor.ones(2, 3, 9), NONE, line),
                () -> sequence().conv1d(k, Optional.of(Tensor.ones(3)), line),
                () -> sequence().conv1d(closed(2, 3, 2), NONE, line),
                () -> sequence().conv1d(k, Optional.of(closed(2)), line),
                () -> integers(2, 3, 8).conv1d(k, NONE, line),
                () -> sequence().conv1d(k, NONE, line.dilation(TOO_LARGE)),
                () -> sequence().conv1d(k, NONE, line.groups(2)),
                () -> sequence().conv1d(k, NONE, Conv1dParams.of(1, TOO_LARGE)),
                () -> sequence().conv1d(k, NONE, line.dilation(0)),
                () -> sequence().conv1d(k, NONE, Conv1dParams.of(0, 0)),
                () -> sequence().conv1d(k, NONE, Conv1dParams.of(1, -1)),
                () -> Tensor.ones(2, 3, 0).conv1d(k, NONE, line),
                () -> Tensor.ones(1 << 14, 3, 8).conv1d(k, NONE, Conv1dParams.of(1, 1 << 20)));
        FrozenBatchNorm two =
                new FrozenBatchNorm(Tensor.ones(2), Tensor.ones(2), Tensor.ones(2), Tensor.ones(2), 1e-5f);
        function(
                Shape.of(2, 3, 8),
                "conv1d(Tensor, Optional, Conv1dParams, Optional, Optional, Activation)",
                t -> t.conv1d(k, NONE, line, Optional.of(two), NONE, Activation.RELU),
                () -> x().conv1d(k, NONE, line, Optional.of(two), NONE, Activation.RELU),
                () -> sequence().conv1d(k, NONE, line, Optional.of(narrow), NONE, Activation.RELU),
                () -> sequence().conv1d(k, NONE, line, Optional.of(two), Optional.of(x()), Activation.RELU),
                () -> sequence().conv1d(k, NONE, line, Optional.of(two), Optional.of(Tensor.ones(7)), Activation.RELU),
                () -> sequence().conv1d(k, NONE, line, Optional.of(two), Optional.of(closed(2, 2, 7)), Activation.RELU),
                () -> integers(2, 3, 8).conv1d(k, NONE, line, Optional.of(two), NONE, Activation.RELU));
    }

    private void windows() {
        Conv2dParams step = Conv2dParams.of(1, 0);
        function(
                "unfold(int, int, int)",
                t -> t.unfold(3, 2, 1),
                () -> x().unfold(4, 1, 1),
                () -> x().unfold(0, 3, 1),
                () -> x().unfold(0, 1, 0));
        function(
                "unfold2d(int, int, Conv2dParams)",
                t -> t.unfold2d(2, 2, step),
                () -> sequence().unfold2d(2, 2, step),
                () -> x().unfold2d(5, 1, step),
                () -> x().unfold2d(0, 1, step),
                () -> x().unfold2d(1, 1, Conv2dParams.of(1, 1 << 29)),
                () -> integers(1, 2, 3, 4).unfold2d(1, 1, step));
        function(
                Shape.of(1, 4, 4),
                "fold2d(int, int, int, int, Conv2dParams)",
                t -> t.fold2d(3, 3, 2, 2, step),
                () -> x().fold2d(3, 3, 2, 2, step),
                () -> Tensor.ones(1, 3, 4).fold2d(3, 3, 2, 2, step),
                () -> Tensor.ones(1, 4, 4).fold2d(3, 4, 2, 2, step),
                () -> Tensor.ones(1, 4, 4).fold2d(1, 1, 2, 2, step),
                () -> integers(1, 4, 4).fold2d(3, 3, 2, 2, step));
        Tensor w = Tensor.ones(3, 6, 2, 2);
        ConvTranspose2dParams plain = ConvTranspose2dParams.of(1, 0);
        function(
                "convTranspose2d(Tensor, Optional, ConvTranspose2dParams)",
                t -> t.convTranspose2d(w, NONE, plain),
                () -> x().convTranspose2d(Tensor.ones(4, 6, 2, 2), NONE, plain),
                () -> x().convTranspose2d(Tensor.ones(3, 6, 2), NONE, plain),
                () -> x().convTranspose2d(w, Optional.of(Tensor.ones(5)), plain),
                () -> x().convTranspose2d(closed(3, 6, 2, 2), NONE, plain),
                () -> x().convTranspose2d(integers(3, 6, 2, 2), NONE, plain),
                () -> x().convTranspose2d(w, NONE, plain.groups(2)),
                () -> x().convTranspose2d(w, NONE, plain.groups(TOO_LARGE)),
                () -> x().convTranspose2d(w, NONE, plain.dilation(TOO_LARGE)),
                () -> x().convTranspose2d(w, NONE, ConvTranspose2dParams.of(TOO_LARGE, 0)),
                () -> x().convTranspose2d(w, NONE, ConvTranspose2dParams.of(1, 3)),
                () -> x().convTranspose2d(w, NONE, plain.outputPadding(1, 0)));
        Tensor k = Tensor.ones(3, 2, 2);
        ConvTranspose1dParams line = ConvTranspose1dParams.of(1, 0);
        function(
                Shape.of(2, 3, 8),
                "convTranspose1d(Tensor, Optional, ConvTranspose1dParams)",
                t -> t.convTranspose1d(k, NONE, line),
                () -> x().convTranspose1d(k, NONE, line),
                () -> sequence().convTranspose1d(Tensor.ones(4, 2, 2), NONE, line),
                () -> sequence().convTranspose1d(k, Optional.of(Tensor.ones(3)), line),
                () -> sequence().convTranspose1d(closed(3, 2, 2), NONE, line),
                () -> integers(2, 3, 8).convTranspose1d(k, NONE, line),
                () -> sequence().convTranspose1d(k, NONE, line.outputPadding(1)));
        Tensor c = Tensor.ones(3);
        Tensor five = Tensor.ones(5);
        function(
                "groupNorm(int, Tensor, Tensor, float)",
                t -> t.groupNorm(3, c, c, 1e-5f),
                () -> x().groupNorm(2, c, c, 1e-5f),
                () -> x().groupNorm(0, c, c, 1e-5f),
                () -> x().groupNorm(3, five, c, 1e-5f),
                () -> x().groupNorm(3, closed(3), c, 1e-5f),
                () -> integers(2, 3, 4, 5).groupNorm(3, c, c, 1e-5f));
        function(
                "groupNorm(int, float)",
                t -> t.groupNorm(3, 1e-5f),
                () -> x().groupNorm(2, 1e-5f),
                () -> Tensor.ones(3).groupNorm(1, 1e-5f),
                () -> integers(2, 3, 4, 5).groupNorm(3, 1e-5f));
        function(
                "instanceNorm(Tensor, Tensor, float)",
                t -> t.instanceNorm(c, c, 1e-5f),
                () -> x().instanceNorm(five, c, 1e-5f),
                () -> Tensor.ones(2, 3, 1).instanceNorm(c, c, 1e-5f),
                () -> x().instanceNorm(closed(3), c, 1e-5f));
        function(
                "instanceNorm(float)",
                t -> t.instanceNorm(1e-5f),
                () -> Tensor.ones(2, 3).instanceNorm(1e-5f),
                () -> integers(2, 3, 4, 5).instanceNorm(1e-5f));
        function(
                "rmsNorm(Tensor, float)",
                t -> t.rmsNorm(five, 1e-5f),
                () -> x().rmsNorm(c, 1e-5f),
                () -> x().rmsNorm(closed(5), 1e-5f),
                () -> integers(2, 5).rmsNorm(five, 1e-5f));
    }

    private static Tensor sequence() {
        return Tensor.ones(2, 3, 8);
    }

    private void norms() {
        Tensor c = Tensor.ones(3);
        Tensor d = Tensor.ones(4);
        function(
                "batchNormTrain(Tensor, Tensor, float, Tensor, Tensor, float)",
                t -> t.batchNormTrain(c, c, 1e-5f, c.copy(), c.copy(), 0.1f),
                () -> x().batchNormTrain(d, c, 1e-5f, c.copy(), c.copy(), 0.1f),
                () -> c.batchNormTrain(c, c, 1e-5f, c.copy(), c.copy(), 0.1f),
                () -> Tensor.ones(1, 3).batchNormTrain(c, c, 1e-5f, c.copy(), c.copy(), 0.1f),
                () -> integers(4, 3).batchNormTrain(c, c, 1e-5f, c.copy(), c.copy(), 0.1f),
                () -> x().batchNormTrain(c, c, 1e-5f, closed(3), c.copy(), 0.1f),
                () -> x().batchNormTrain(c, closed(3), 1e-5f, c.copy(), c.copy(), 0.1f),
                () -> x().batchNormTrain(c, c, 1e-5f, c.copy().requireGrad(true), c.copy(), 0.1f),
                () -> x().batchNormTrain(c, c, 1e-5f, c, c, 0.1f));
        function(
                "batchNormTrain(Tensor, Tensor, float, Tensor, Tensor, float, Optional, Activation)",
                t -> t.batchNormTrain(c, c, 1e-5f, c.copy(), c.copy(), 0.1f, NONE, Activation.RELU),
                () -> x().batchNormTrain(c, c, 1e-5f, c.copy(), c.copy(), 0.1f, Optional.of(c), Activation.RELU),
                () -> x().batchNormTrain(
                                c,
                                c,
                                1e-5f,
                                c.copy(),
                                c.copy(),
                                0.1f,
                                Optional.of(closed(2, 3, 4, 5)),
                                Activation.RELU));
        function(
                "batchNormEval(Tensor, Tensor, Tensor, Tensor, float)",
                t -> t.batchNormEval(c, c, c, c, 1e-5f),
                () -> x().batchNormEval(d, c, c, c, 1e-5f),
                () -> integers(4, 3).batchNormEval(c, c, c, c, 1e-5f),
                () -> x().batchNormEval(c, c, closed(3), c, 1e-5f),
                () -> x().batchNormEval(c, c, c, closed(3), 1e-5f),
                () -> x().batchNormEval(c, c, c.copy().requireGrad(true), c, 1e-5f));
        function(
                "batchNormEval(Tensor, Tensor, Tensor, Tensor, float, Optional, Activation)",
                t -> t.batchNormEval(c, c, c, c, 1e-5f, NONE, Activation.RELU),
                () -> x().batchNormEval(c, c, c, c, 1e-5f, Optional.of(c), Activation.RELU));
        Tensor five = Tensor.ones(5);
        function(
                "layerNorm(Tensor, Tensor, float)",
                t -> t.layerNorm(five, five, 1e-5f),
                () -> x().layerNorm(c, c, 1e-5f),
                () -> x().layerNorm(five, c, 1e-5f),
                () -> integers(2, 5).layerNorm(five, five, 1e-5f),
                () -> x().layerNorm(closed(5), five, 1e-5f));
    }

    private void pools() {
        pool2d("maxPool2d(Pool2dParams)", (t, p) -> t.maxPool2d(p));
        pool2d("avgPool2d(Pool2dParams)", (t, p) -> t.avgPool2d(p));
        adaptive2d("adaptiveAvgPool2d(int, int)", (t, size) -> t.adaptiveAvgPool2d(size, size));
        adaptive2d("adaptiveMaxPool2d(int, int)", (t, size) -> t.adaptiveMaxPool2d(size, size));
        pool1d("maxPool1d(Pool1dParams)", (t, p) -> t.maxPool1d(p));
        pool1d("avgPool1d(Pool1dParams)", (t, p) -> t.avgPool1d(p));
        adaptive1d("adaptiveAvgPool1d(int)", (t, size) -> t.adaptiveAvgPool1d(size));
        adaptive1d("adaptiveMaxPool1d(int)", (t, size) -> t.adaptiveMaxPool1d(size));
    }

    private interface Pool<P> {
        Tensor apply(Tensor t, P params);
    }

    private void pool2d(String signature, Pool<Pool2dParams> f) {
        function(
                signature,
                t -> f.apply(t, Pool2dParams.of(2, 1)),
                () -> f.apply(Tensor.ones(2), Pool2dParams.of(2, 1)),
                () -> f.apply(x(), Pool2dParams.of(9, 1)),
                () -> f.apply(integers(2, 3, 4, 5), Pool2dParams.of(2, 1)),
                () -> f.apply(Tensor.ones(2, 3, 0, 5), Pool2dParams.of(1, 1)),
                () -> f.apply(x(), Pool2dParams.of(TOO_LARGE, 1)));
    }

    private void adaptive2d(String signature, Pool<Integer> f) {
        function(
                signature,
                t -> f.apply(t, 2),
                () -> f.apply(Tensor.ones(2), 2),
                () -> f.apply(x(), 0),
                () -> f.apply(x(), TOO_LARGE),
                () -> f.apply(integers(2, 3, 4, 5), 2),
                () -> f.apply(Tensor.ones(2, 3, 0, 5), 1));
    }

    private void pool1d(String signature, Pool<Pool1dParams> f) {
        function(
                Shape.of(2, 3, 8),
                signature,
                t -> f.apply(t, Pool1dParams.of(2, 1)),
                () -> f.apply(x(), Pool1dParams.of(2, 1)),
                () -> f.apply(sequence(), Pool1dParams.of(9, 1)),
                () -> f.apply(integers(2, 3, 8), Pool1dParams.of(2, 1)),
                () -> f.apply(Tensor.ones(2, 3, 0), Pool1dParams.of(1, 1)),
                () -> f.apply(sequence(), Pool1dParams.of(TOO_LARGE, 1)));
    }

    private void adaptive1d(String signature, Pool<Integer> f) {
        function(
                Shape.of(2, 3, 8),
                signature,
                t -> f.apply(t, 2),
                () -> f.apply(x(), 2),
                () -> f.apply(sequence(), 0),
                () -> f.apply(sequence(), TOO_LARGE),
                () -> f.apply(integers(2, 3, 8), 2));
    }

    private void rows() {
        Tensor two = Tensor.of(new long[] {0, 1}, 2);
        function(
                Shape.of(2, 3),
                "embedding(Tensor)",
                t -> t.embedding(two),
                () -> x().embedding(two),
                () -> Tensor.ones(2, 3).embedding(Tensor.ones(2)),
                () -> Tensor.ones(2, 3).embedding(Tensor.of(new long[] {2}, 1)),
                () -> integers(2, 3).embedding(two),
                () -> Tensor.ones(2, 3).embedding(closed(2)),
                () -> Tensor.ones(1, 1 << 20).embedding(Tensor.zeros(DType.I64, Shape.of(1 << 12))));
        function(
                Shape.of(2, 3),
                "embedding(Tensor, OptionalInt)",
                t -> t.embedding(two, OptionalInt.of(0)),
                () -> Tensor.ones(2, 3).embedding(two, OptionalInt.of(2)),
                () -> Tensor.ones(2, 3).embedding(two, OptionalInt.of(-3)),
                () -> Tensor.ones(2, 3).embedding(closed(2), OptionalInt.of(0)));
        LossReduction mean = LossReduction.MEAN;
        function(
                Shape.of(2, 3),
                "crossEntropy(Tensor, Optional, float, long, LossReduction)",
                t -> t.crossEntropy(two, NONE, 0, -100, mean),
                () -> x().crossEntropy(two, NONE, 0, -100, mean),
                () -> Tensor.ones(2, 3).crossEntropy(Tensor.of(new long[] {0, 3}, 2), NONE, 0, -100, mean),
                () -> Tensor.ones(2, 3).crossEntropy(two, NONE, 2, -100, mean),
                () -> Tensor.ones(2, 3).crossEntropy(two, Optional.of(Tensor.ones(2)), 0, -100, mean),
                () -> integers(2, 3).crossEntropy(two, NONE, 0, -100, mean),
                () -> Tensor.ones(2, 3).crossEntropy(closed(2), NONE, 0, -100, mean),
                () -> Tensor.ones(2, 3).crossEntropy(Tensor.ones(2), NONE, 0, -100, mean),
                () -> Tensor.ones(2, 3).crossEntropy(two, Optional.of(closed(3)), 0, -100, mean));
        function(
                "bceWithLogits(Tensor, Optional, LossReduction)",
                t -> t.bceWithLogits(x(), NONE, mean),
                () -> x().bceWithLogits(Tensor.ones(2), NONE, mean),
                () -> x().bceWithLogits(complex(), NONE, mean),
                () -> integers(2, 3, 4, 5).bceWithLogits(x(), NONE, mean),
                () -> x().bceWithLogits(closed(2, 3, 4, 5), NONE, mean),
                () -> x().bceWithLogits(x(), Optional.of(Tensor.ones(7)), mean),
                () -> x().bceWithLogits(x(), Optional.of(integers(5)), mean),
                () -> x().bceWithLogits(x(), Optional.of(closed(5)), mean),
                () -> x().bceWithLogits(x(), Optional.of(Tensor.ones(9, 2, 3, 4, 5)), mean));
    }

    private void inPlace() {
        function(
                "copyFrom(Tensor)",
                t -> t.copyFrom(x()),
                () -> x().copyFrom(Tensor.ones(2)),
                () -> x().copyFrom(closed(2, 3, 4, 5)),
                () -> x().copyFrom(complex()),
                () -> leaf().copyFrom(Tensor.ones(2)),
                () -> Tensor.ones(1).expand(3).copyFrom(Tensor.ones(3)));
        function(
                "fill(double)",
                t -> t.fill(1),
                () -> leaf().fill(1),
                () -> Tensor.ones(1).expand(3).fill(1),
                () -> complex().fill(1));
        function(
                "addInPlace(Tensor, float)",
                t -> t.addInPlace(x(), 1),
                () -> x().addInPlace(Tensor.ones(2), 1),
                () -> leaf().addInPlace(Tensor.ones(2), 1),
                () -> x().addInPlace(integers(2, 3, 4, 5), 1),
                () -> x().addInPlace(closed(2, 3, 4, 5), 1),
                () -> Tensor.ones(1).expand(3).addInPlace(Tensor.ones(3), 1));
        function(
                "mulInPlace(float)",
                t -> t.mulInPlace(2),
                () -> integers(2).mulInPlace(2),
                () -> leaf().mulInPlace(2),
                () -> Tensor.ones(1).expand(3).mulInPlace(2));
        function("keep()", Tensor::keep);
    }

    RefusalTest() {
        making();
        makingOnADevice();
        looking();
        autograd();
        shapes();
        arithmetic();
        reductions();
        order();
        indices();
        products();
        norms();
        windows();
        pools();
        rows();
        sequences();
        inPlace();
    }

    private void sequences() {
        AttentionParams params = AttentionParams.of(5);
        function(
                "scaledDotProductAttention(Tensor, Tensor)",
                t -> t.scaledDotProductAttention(x(), x()),
                () -> x().scaledDotProductAttention(Tensor.ones(2, 3, 4, 6), x()),
                () -> x().scaledDotProductAttention(x(), Tensor.ones(2, 3, 3, 5)),
                () -> integers(4, 5).scaledDotProductAttention(x(), x()),
                () -> x().scaledDotProductAttention(closed(2, 3, 4, 5), x()),
                () -> x().scaledDotProductAttention(x(), closed(2, 3, 4, 5)));
        function(
                "scaledDotProductAttention(Tensor, Tensor, Optional, AttentionParams)",
                t -> t.scaledDotProductAttention(x(), x(), Optional.empty(), params),
                () -> x().scaledDotProductAttention(x(), x(), Optional.of(Tensor.ones(3, 4)), params),
                () -> x().scaledDotProductAttention(x(), x(), Optional.of(integers(4, 4)), params),
                () -> x().scaledDotProductAttention(x(), x(), Optional.of(closed(4, 4)), params));
        function(
                Shape.of(2, 4, 15),
                "selfAttention(int, Optional, AttentionParams)",
                t -> t.selfAttention(1, Optional.empty(), params),
                () -> Tensor.ones(2, 4, 15).selfAttention(0, Optional.empty(), params),
                () -> Tensor.ones(2, 4, 15).selfAttention(2, Optional.empty(), params),
                () -> x().selfAttention(1, Optional.empty(), params),
                () -> Tensor.ones(2, 4, 15).selfAttention(1, Optional.of(closed(4, 4)), params));
        Recurrent.Weights weights =
                new Recurrent.Weights(Tensor.ones(8, 3), Tensor.ones(8, 2), Optional.empty(), Optional.empty());
        Recurrent.State state = new Recurrent.State(Tensor.ones(4, 2), Optional.of(Tensor.ones(4, 2)));
        Tensor steps = Tensor.ones(5, 4, 3);
        function(
                Shape.of(5, 4, 3),
                "recurrent(RecurrentCell, boolean, Weights, State, Optional)",
                t -> t.recurrent(RecurrentCell.LSTM, false, weights, state, Optional.empty()),
                () -> x().recurrent(RecurrentCell.LSTM, false, weights, state, Optional.empty()),
                () -> steps.recurrent(RecurrentCell.GRU, false, weights, state, Optional.empty()),
                () -> steps.recurrent(RecurrentCell.LSTM, false, weights, state, Optional.of(integers(3))),
                () -> steps.recurrent(RecurrentCell.LSTM, false, weights, state, Optional.of(closed(4))),
                () -> steps.recurrent(
                        RecurrentCell.LSTM,
                        false,
                        new Recurrent.Weights(closed(8, 3), Tensor.ones(8, 2), Optional.empty(), Optional.empty()),
                        state,
                        Optional.empty()),
                () -> steps.recurrent(
                        RecurrentCell.LSTM,
                        false,
                        weights,
                        new Recurrent.State(Tensor.ones(4, 2), Optional.empty()),
                        Optional.empty()));
    }

    private static String signature(Method method) {
        return method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(Collectors.joining(", ", "(", ")"));
    }

    @Test
    void everyPublicFunctionHasACase() {
        Set<String> all = Arrays.stream(Tensor.class.getDeclaredMethods())
                .filter(m -> Modifier.isPublic(m.getModifiers()) && !m.isSynthetic())
                .map(RefusalTest::signature)
                .collect(Collectors.toCollection(TreeSet::new));
        Set<String> covered = new TreeSet<>(wrong.keySet());
        covered.addAll(NEVER_REFUSE.keySet());
        covered.add("scalar(float)"); // one value has no size to be wrong
        covered.add("scalar(Device, float)");
        assertThat(covered).isEqualTo(all);
        Set<String> ofTensors = Arrays.stream(Tensor.class.getDeclaredMethods())
                .filter(m ->
                        Modifier.isPublic(m.getModifiers()) && !m.isSynthetic() && !Modifier.isStatic(m.getModifiers()))
                .map(RefusalTest::signature)
                .filter(s -> !NEVER_REFUSE.containsKey(s) && !s.equals("dim(int)"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(new TreeSet<>(uses.keySet()))
                .as("functions tried on a closed tensor")
                .isEqualTo(ofTensors);
    }

    @TestFactory
    Stream<DynamicTest> wrongUsesAreRefusedUnderTheFunctionsName() {
        List<DynamicTest> tests = new ArrayList<>();
        wrong.forEach((signature, calls) -> {
            for (int i = 0; i < calls.size(); i++) {
                ThrowingCallable call = calls.get(i);
                tests.add(DynamicTest.dynamicTest(signature + " " + i, () -> assertRefused(signature, call)));
            }
        });
        return tests.stream();
    }

    @TestFactory
    Stream<DynamicTest> closedTensorsAreRefusedUnderTheFunctionsName() {
        return uses.entrySet().stream()
                .map(use -> DynamicTest.dynamicTest(use.getKey(), () -> {
                    String name = name(use.getKey());
                    assertThatThrownBy(() -> use.getValue()
                                    .function()
                                    .apply(closed(use.getValue().shape().toArray())))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageMatching("(?s)" + name + ": the tensor.*")
                            .hasMessageContaining("was closed. Hint:");
                }));
    }

    @TestFactory
    Stream<DynamicTest> whatNeverRefusesWorksOnAClosedTensor() {
        return NEVER_REFUSE.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(
                        entry.getKey(),
                        () -> assertThat(entry.getValue().apply(closed(2, 3))).isNotNull()));
    }

    private static void assertRefused(String signature, ThrowingCallable call) {
        String name = name(signature);
        assertThatThrownBy(call)
                .isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class)
                .hasMessageMatching("(?s)" + name + ": .*")
                .satisfies(e -> assertThat(e.getMessage().replaceFirst("^" + name + ": ", ""))
                        .as("one name, not two")
                        .doesNotMatch("^\\w+: .*"));
    }

    /** The name in errors, as a pattern: a recurrent layer's is that of its cell. */
    private static String name(String signature) {
        String name = signature.substring(0, signature.indexOf('('));
        return name.equals("recurrent") ? "(lstm|gru)" : name;
    }
}
