package dev.graft.tensor;

import dev.graft.backend.Activation;
import dev.graft.backend.AttentionParams;
import dev.graft.backend.Backend;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.Conv1dParams;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.ConvTranspose1dParams;
import dev.graft.backend.ConvTranspose2dParams;
import dev.graft.backend.InterpolateParams;
import dev.graft.backend.PaddingMode;
import dev.graft.backend.Pool1dParams;
import dev.graft.backend.Pool2dParams;
import dev.graft.backend.RecurrentCell;
import dev.graft.backend.Reduction;
import dev.graft.backend.Storage;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.random.Draw;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A multi-dimensional array that remembers how it was computed, so that {@link #backward()} can find gradients.
 *
 * <pre>{@code
 * Tensor w = Tensor.of(new float[] {1, 2}, 2, 1).requireGrad(true);
 * Tensor loss = Tensor.of(new float[] {3, 4}, 1, 2).matmul(w).sum();
 * loss.backward();
 * w.grad().orElseThrow().toFloatArray();   // [3, 4]
 * }</pre>
 *
 * <p>Names and meanings follow <a href="https://pytorch.org/docs/stable/tensors.html">PyTorch</a> in camel case.
 * Operators compute in {@link DType#F32}. Shapes of images are {@code [N, C, H, W]}; their memory has the device's
 * layout, which is channels-last on the CPU. A tensor belongs to the innermost open {@link Scope} of the thread that
 * made it, or to the garbage collector. Several threads may read a tensor at once, but not while one changes it.
 *
 * <p>Every operator throws {@link IllegalArgumentException} if shapes, types or devices do not fit, naming them all,
 * and {@link IllegalStateException} on a closed tensor.
 *
 * <p>All in one file because users look for every function on the tensor itself. Each is a line or two here; its work
 * is done by its operator.
 */
public final class Tensor implements AutoCloseable {
    private static final VarHandle CLOSED = closedHandle();

    private final Storage storage;
    private final long offset;
    private final Shape shape;
    private final long[] strides;
    private final int version;
    private boolean requiresGrad;
    private @Nullable Node node;
    private @Nullable Tensor grad;
    private @Nullable Scope scope;
    private int scopeSlot;
    private volatile boolean closed;
    private @Nullable Throwable closedAt;

    private static VarHandle closedHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(Tensor.class, "closed", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** Takes over one hold on {@code storage}. */
    Tensor(Storage storage, long offset, Shape shape, long[] strides) {
        this.storage = storage;
        this.offset = offset;
        this.shape = shape;
        this.strides = strides;
        this.version = storage.version();
        Scope.register(this);
    }

    // Creation: on the CPU, or on the device that is the first argument.

    /** An F32 tensor of the given row-major values. */
    public static Tensor of(float[] data, int... dims) {
        return Making.of(Device.cpu(), data, dims);
    }

    /** As {@link #of(float[], int...)}, on a device. */
    public static Tensor of(Device device, float[] data, int... dims) {
        return Making.of(device, data, dims);
    }

    /** An I64 tensor of the given row-major values. */
    public static Tensor of(long[] data, int... dims) {
        return Making.of(Device.cpu(), data, dims);
    }

    /** As {@link #of(long[], int...)}, on a device. */
    public static Tensor of(Device device, long[] data, int... dims) {
        return Making.of(device, data, dims);
    }

    /** An I32 tensor of the given row-major values. */
    public static Tensor of(int[] data, int... dims) {
        return Making.of(Device.cpu(), data, dims);
    }

    /** As {@link #of(int[], int...)}, on a device. */
    public static Tensor of(Device device, int[] data, int... dims) {
        return Making.of(device, data, dims);
    }

    /** A BOOL tensor of the given row-major values. */
    public static Tensor of(boolean[] data, int... dims) {
        return Making.of(Device.cpu(), data, dims);
    }

    /** As {@link #of(boolean[], int...)}, on a device. */
    public static Tensor of(Device device, boolean[] data, int... dims) {
        return Making.of(device, data, dims);
    }

    /** A tensor of any type from its row-major elements as little-endian bytes. */
    public static Tensor ofBytes(DType dtype, Shape shape, byte[] littleEndian) {
        return ofBytes(Device.cpu(), dtype, shape, littleEndian);
    }

    /** As {@link #ofBytes(DType, Shape, byte[])}, on a device. */
    public static Tensor ofBytes(Device device, DType dtype, Shape shape, byte[] littleEndian) {
        return Making.ofBytes("ofBytes", device, dtype, shape, littleEndian);
    }

    public static Tensor scalar(float value) {
        return scalar(Device.cpu(), value);
    }

    public static Tensor scalar(Device device, float value) {
        return Making.full("scalar", device, value);
    }

    public static Tensor full(float value, int... dims) {
        return full(Device.cpu(), value, dims);
    }

    public static Tensor full(Device device, float value, int... dims) {
        return Making.full("full", device, value, dims);
    }

    public static Tensor zeros(int... dims) {
        return zeros(Device.cpu(), dims);
    }

    public static Tensor zeros(Device device, int... dims) {
        return Making.full("zeros", device, 0, dims);
    }

    public static Tensor ones(int... dims) {
        return ones(Device.cpu(), dims);
    }

    public static Tensor ones(Device device, int... dims) {
        return Making.full("ones", device, 1, dims);
    }

    public static Tensor zeros(DType dtype, Shape shape) {
        return zeros(Device.cpu(), dtype, shape);
    }

    public static Tensor zeros(Device device, DType dtype, Shape shape) {
        return Making.empty("zeros", device, dtype, shape).fill(0);
    }

    /**
     * {@code 0, 1, ..., n - 1} as I64.
     *
     * @throws IllegalArgumentException if {@code n} is negative
     */
    public static Tensor arange(int n) {
        return arange(Device.cpu(), n);
    }

    /** As {@link #arange(int)}, on a device. */
    public static Tensor arange(Device device, int n) {
        return Making.arange(device, n);
    }

    /**
     * Normally distributed values with mean 0 and standard deviation 1. A given generator gives the same values on
     * every JDK (see {@link Draw#normal}).
     */
    public static Tensor randn(RandomGenerator random, int... dims) {
        return randn(Device.cpu(), random, dims);
    }

    /** As {@link #randn(RandomGenerator, int...)}, with the same values, on a device. */
    public static Tensor randn(Device device, RandomGenerator random, int... dims) {
        return Making.drawn("randn", device, () -> (float) Draw.normal(random), dims);
    }

    /**
     * Values uniform in {@code [low, high)}, or all {@code low} if both are equal. A given generator gives the same
     * values on every JDK.
     *
     * @throws IllegalArgumentException unless {@code low <= high}, and their difference is finite
     */
    public static Tensor uniform(RandomGenerator random, float low, float high, int... dims) {
        return uniform(Device.cpu(), random, low, high, dims);
    }

    /** As {@link #uniform(RandomGenerator, float, float, int...)}, with the same values, on a device. */
    public static Tensor uniform(Device device, RandomGenerator random, float low, float high, int... dims) {
        return Making.uniform(device, random, low, high, dims);
    }

    /** Joins tensors along an existing dimension. */
    public static Tensor concat(int axis, Tensor... tensors) {
        if (tensors.length == 0) {
            throw new IllegalArgumentException("concat: needs at least one tensor");
        }
        return Op.apply(new ShapeOp.Concat(tensors[0].shape.axis("concat", axis)), tensors);
    }

    public static Tensor concat(int axis, List<Tensor> tensors) {
        return concat(axis, tensors.toArray(Tensor[]::new));
    }

    /** Joins tensors of equal shape along a new dimension. */
    public static Tensor stack(int axis, Tensor... tensors) {
        return Composite.stack(axis, tensors);
    }

    public static Tensor stack(int axis, List<Tensor> tensors) {
        return stack(axis, tensors.toArray(Tensor[]::new));
    }

    // Looking

    public Shape shape() {
        return shape;
    }

    /** Size of one dimension; negative axes count from the end. */
    public int dim(int axis) {
        return shape.dim(shape.axis("dim", axis));
    }

    public int rank() {
        return shape.rank();
    }

    public int numel() {
        return shape.numel();
    }

    public DType dtype() {
        return storage.dtype();
    }

    public Device device() {
        return Device.of(storage.backend());
    }

    /** Whether the elements are in row-major order without gaps. */
    public boolean isContiguous() {
        return view().isContiguous();
    }

    /**
     * Whether writing to one of the two tensors may change the other, as for a tensor and a view of it. False for
     * slices that follow one another in memory; true for slices whose elements are interleaved, even if they are
     * distinct.
     */
    public boolean sharesMemory(Tensor other) {
        return storage == other.storage && view().overlaps(other.view());
    }

    /**
     * Whether one memory location may stand for several elements, as after {@link #expand}. Such elements cannot change
     * one by one.
     */
    public boolean repeatsElements() {
        return view().repeatsElements();
    }

    /**
     * Increases with every change in place of this tensor's memory, through whichever tensor. While it stays equal, so
     * do the values.
     */
    public int version() {
        return storage.version();
    }

    /** Whether gradients flow to this tensor: a leaf that asked for them, or a result computed from one. */
    public boolean requiresGrad() {
        return requiresGrad || node != null;
    }

    /** The value of a tensor with one element. */
    public float item() {
        return Reading.item(this);
    }

    /** The value of an integer tensor with one element. */
    public long itemLong() {
        return Reading.itemLong(this);
    }

    /** One element by its indices; negative ones count from the end. */
    public float get(int... index) {
        return Reading.get(this, index);
    }

    /** The elements in row-major order; other types are converted. */
    public float[] toFloatArray() {
        return Reading.floats("toFloatArray", this);
    }

    /** The elements of an I64, I32, U8 or BOOL tensor in row-major order. */
    public long[] toLongArray() {
        return Reading.longs("toLongArray", this);
    }

    /** The elements of an I32 tensor in row-major order. */
    public int[] toIntArray() {
        return Reading.ints(this);
    }

    /** The elements in row-major order as little-endian bytes, in the tensor's own type. */
    public byte[] toBytes() {
        return Reading.bytes("toBytes", this);
    }

    // Autograd

    /**
     * Requests gradients for a leaf, such as a parameter.
     *
     * @throws IllegalStateException on a computed tensor
     */
    public Tensor requireGrad(boolean on) {
        checkOpen("requireGrad");
        if (node != null) {
            throw new IllegalStateException("requireGrad: " + shape + " is the result of " + node.function()
                    + ", not a leaf. Hint: detach() first.");
        }
        if (on && dtype() != DType.F32) {
            throw new IllegalStateException(
                    "requireGrad: only F32 tensors have gradients, this is " + dtype() + " " + shape);
        }
        requiresGrad = on;
        return this;
    }

    /**
     * Computes the gradients of this scalar with respect to every leaf that requires one, and adds them to
     * {@link #grad()}. Frees what operators saved for it.
     */
    public void backward() {
        BackwardPass.fromScalar(this, false);
    }

    /**
     * As {@link #backward()}.
     *
     * @param retainGraph whether what operators saved is kept, so that {@code backward} can run through the same graph
     *     again; it is freed with its results, or by a pass that does not retain it
     */
    public void backward(boolean retainGraph) {
        BackwardPass.fromScalar(this, retainGraph);
    }

    /** As {@link #backward()}, for a result of any shape, starting from its gradient {@code seed}. */
    public void backward(Tensor seed) {
        BackwardPass.from(this, seed, false);
    }

    /** As {@link #backward(Tensor)}; see {@link #backward(boolean)}. */
    public void backward(Tensor seed, boolean retainGraph) {
        BackwardPass.from(this, seed, retainGraph);
    }

    /**
     * Lets {@code backward} keep the gradient of this result in {@link #grad()} too, which it does for leaves alone
     * otherwise. It must be open then: {@link #keep()} it where a scope, such as that of a module's {@code forward},
     * ends before. Nothing changes for a leaf.
     *
     * @return this tensor
     * @throws IllegalStateException if it requires no gradient
     */
    public Tensor retainGrad() {
        checkOpen("retainGrad");
        if (!requiresGrad()) {
            throw new IllegalStateException("retainGrad: no gradient flows to " + shape
                    + ". Hint: requireGrad(true) on a leaf that it is computed from, and keep autograd on.");
        }
        if (node != null) {
            node.retainGradOf(this);
        }
        return this;
    }

    /** The gradient accumulated since the last {@link #clearGrad()}. */
    public Optional<Tensor> grad() {
        return Optional.ofNullable(grad);
    }

    public void clearGrad() {
        if (grad != null) {
            grad.close();
            grad = null;
        }
    }

    /** The same memory without history. */
    public Tensor detach() {
        checkUsable("detach", this);
        return Raw.window(this, offset, shape, strides);
    }

    /**
     * A copy with its own memory, in this tensor's layout if that has no gaps, else contiguous. Gradients flow through
     * it, as through PyTorch's {@code clone}, whose name Java's {@link Object#clone} has taken; {@code detach().copy()}
     * has no history.
     */
    public Tensor copy() {
        return Op.apply(new ShapeOp.Copy(), this);
    }

    // Conversion and shape

    /**
     * The same elements in another type; an {@link #alias} if they already have it. Gradients flow between
     * floating-point types, rounded to both as in PyTorch, and stop at the others. Integers, unsigned ones included,
     * become the nearest float. A float is rounded towards 0 to an integer that the type can hold, and NaN becomes 0.
     * Between integers the low bits are kept, as by a cast in Java.
     */
    public Tensor to(DType dtype) {
        return dtype == dtype() ? alias("to") : Op.apply(new PointwiseOp.Convert(dtype(), dtype), this);
    }

    /** The same elements on another device, without history; an {@link #alias} if they are already there. */
    public Tensor to(Device device) {
        if (device.backend() == backend()) {
            return alias("to");
        }
        byte[] bytes = Reading.bytes("to", this);
        Tensor t = Refusal.under("to", () -> Raw.empty(device.backend(), dtype(), shape));
        HostBytes.write(t.storage, bytes);
        return t;
    }

    /** The same elements in another shape; one size may be -1 and is inferred. */
    public Tensor reshape(int... dims) {
        return Op.apply(new ShapeOp.Reshape(Shapes.infer("reshape", shape, dims)), this);
    }

    /** Joins the dimensions from {@code startAxis} on into one. */
    public Tensor flatten(int startAxis) {
        return Op.apply("flatten", new ShapeOp.Reshape(Shapes.flatten(shape, startAxis)), this);
    }

    /**
     * Dimension {@code i} of the result is dimension {@code order[i]} of this tensor; negative ones count from the end.
     */
    public Tensor permute(int... order) {
        return Op.apply(new ShapeOp.Permute(Shapes.order(shape, order)), this);
    }

    public Tensor transpose(int axis1, int axis2) {
        return Op.apply("transpose", new ShapeOp.Permute(Shapes.swap(shape, axis1, axis2)), this);
    }

    /** Adds a dimension of size 1. */
    public Tensor unsqueeze(int axis) {
        return Op.apply("unsqueeze", new ShapeOp.Reshape(Shapes.insert("unsqueeze", shape, axis)), this);
    }

    /** Drops a dimension of size 1. */
    public Tensor squeeze(int axis) {
        return Op.apply("squeeze", new ShapeOp.Reshape(Shapes.remove("squeeze", shape, axis, true)), this);
    }

    /** Repeats dimensions of size 1, without copying. A size of -1 stays as it is; new dimensions go in front. */
    public Tensor expand(int... dims) {
        return Op.apply(new ShapeOp.Expand(Shapes.expanded(shape, dims)), this);
    }

    /** The part at one index of a dimension, which is removed; negative indices count from the end. */
    public Tensor select(int axis, int index) {
        return Composite.select(this, shape.axis("select", axis), index);
    }

    /**
     * Indices {@code from} (inclusive) to {@code to} (exclusive) of a dimension. Negative ones count from the end:
     * {@code slice(0, -3, -1)} is {@code x[-3:-1]}.
     */
    public Tensor slice(int axis, int from, int to) {
        return slice(axis, from, to, 1);
    }

    public Tensor slice(int axis, int from, int to, int step) {
        int at = shape.axis("slice", axis);
        int size = shape.dim(at);
        return Op.apply(new ShapeOp.Slice(at, from < 0 ? from + size : from, to < 0 ? to + size : to, step), this);
    }

    /** The diagonal of the last two dimensions, as the last one: a view. */
    public Tensor diagonal() {
        return diagonal(0, -2, -1);
    }

    /**
     * The diagonal of two dimensions, as the last one: a view.
     *
     * @param offset 0 for the main diagonal, 1 for the one above it
     */
    public Tensor diagonal(int offset, int axis1, int axis2) {
        return Op.apply(
                new ShapeOp.Diagonal(offset, shape.axis("diagonal", axis1), shape.axis("diagonal", axis2)), this);
    }

    /** The parts at a list of indices {@code [K]} of a dimension; the gradient adds up those of repeated ones. */
    public Tensor indexSelect(int axis, Tensor indices) {
        return Op.apply(new IndexOp.IndexSelect(shape.axis("indexSelect", axis)), this, indices);
    }

    /**
     * {@code y[i][j] = x[index[i][j]][j]} along dimension 0, {@code x[i][index[i][j]]} along 1, and so on. The index
     * has as many dimensions as this tensor and is not larger in any but that one; the result has its shape.
     */
    public Tensor gather(int axis, Tensor index) {
        return Op.apply(new IndexOp.Gather(shape.axis("gather", axis)), this, index);
    }

    /**
     * A copy in which {@code y[index[i][j]][j] = source[i][j]} along dimension 0, and so on: the reverse of
     * {@link #gather}. Of several sources for one element, the last in row-major order stays.
     */
    public Tensor scatter(int axis, Tensor index, Tensor source) {
        return Op.apply(new IndexOp.Scatter(shape.axis("scatter", axis), false), this, index, source);
    }

    /** As {@link #scatter(int, Tensor, Tensor)}, with one number for all. */
    public Tensor scatter(int axis, Tensor index, double value) {
        return Composite.scatter(this, axis, index, value);
    }

    /** As {@link #scatter(int, Tensor, Tensor)}, but adds the sources, in row-major order. */
    public Tensor scatterAdd(int axis, Tensor index, Tensor source) {
        return Op.apply(new IndexOp.Scatter(shape.axis("scatterAdd", axis), true), this, index, source);
    }

    /** Views of {@code size} indices of a dimension each; the last may have fewer. */
    public List<Tensor> split(int axis, int size) {
        return Composite.split(this, axis, size);
    }

    /** At most {@code count} views of equally many indices of a dimension; the last may have fewer, as in PyTorch. */
    public List<Tensor> chunk(int axis, int count) {
        return Composite.chunk(this, axis, count);
    }

    /** A view for each index of a dimension, which is removed. */
    public List<Tensor> unbind(int axis) {
        return Composite.unbind(this, axis);
    }

    /** Moves elements {@code shift} places up along a dimension; what leaves at its end enters at its start. */
    public Tensor roll(int axis, int shift) {
        return Composite.roll(this, axis, shift);
    }

    /** The elements in reverse order along each dimension named. */
    public Tensor flip(int... axes) {
        return Composite.flip(this, axes);
    }

    /**
     * Zeros above a diagonal of the last two dimensions.
     *
     * @param diagonal the last one that stays: 0 for the main diagonal, 1 for the one above it
     */
    public Tensor tril(int diagonal) {
        return Composite.triangle("tril", this, diagonal);
    }

    /**
     * Zeros below a diagonal of the last two dimensions.
     *
     * @param diagonal the first one that stays: 0 for the main diagonal, 1 for the one above it
     */
    public Tensor triu(int diagonal) {
        return Composite.triangle("triu", this, diagonal);
    }

    /** Zeros around the last two dimensions of {@code [N, C, H, W]}. */
    public Tensor pad2d(int top, int bottom, int left, int right) {
        return pad2d(top, bottom, left, right, 0);
    }

    /** One value around the last two dimensions of {@code [N, C, H, W]}. */
    public Tensor pad2d(int top, int bottom, int left, int right, float value) {
        return Op.apply(new ShapeOp.Pad2d(top, bottom, left, right, value), this);
    }

    /** Pads the last two dimensions of {@code [N, C, H, W]}; F32, unless the mode is {@link PaddingMode#ZEROS}. */
    public Tensor pad2d(PaddingMode mode, int top, int bottom, int left, int right) {
        return Spatial.pad2d(this, mode, top, bottom, left, right);
    }

    /** Zeros around the last dimension of {@code [N, C, L]}. */
    public Tensor pad1d(int left, int right) {
        return pad1d(left, right, 0);
    }

    /** One value around the last dimension of {@code [N, C, L]}. */
    public Tensor pad1d(int left, int right, float value) {
        return Spatial.pad1d(this, left, right, value);
    }

    /** Pads the last dimension of {@code [N, C, L]}; F32, unless the mode is {@link PaddingMode#ZEROS}. */
    public Tensor pad1d(PaddingMode mode, int left, int right) {
        return Spatial.pad1d(this, mode, left, right);
    }

    /**
     * Resizes images {@code [N, C, H, W]} or sequences {@code [N, C, L]}, such as
     * {@code x.interpolate(InterpolateParams.bilinear().size(14, 14))}.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html">PyTorch's page</a>
     */
    public Tensor interpolate(InterpolateParams params) {
        return Spatial.interpolate(this, params);
    }

    /**
     * Windows of {@code size} elements along a dimension, {@code step} apart, as a view: the dimension counts windows,
     * and a new last one goes through them. Windows may overlap; such a view cannot be written to.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.Tensor.unfold.html">torch.Tensor.unfold</a>
     */
    public Tensor unfold(int axis, int size, int step) {
        checkOpen("unfold");
        return Op.apply(new ShapeOp.Windows(shape().axis("unfold", axis), size, step), this);
    }

    /**
     * What a convolution's kernel sees: {@code [N, C, H, W]} to {@code [N, C * kernelH * kernelW, H' * W']}, as im2col;
     * the groups of {@code geometry} mean nothing here.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html">functional.unfold</a>
     */
    public Tensor unfold2d(int kernelH, int kernelW, Conv2dParams geometry) {
        return Op.apply(new SpatialOp.Unfold2d(kernelH, kernelW, geometry), this);
    }

    /**
     * Adds windows {@code [N, C * kernelH * kernelW, L]}, as {@link #unfold2d} makes them, up to {@code [N, C, height,
     * width]}.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html">functional.fold</a>
     */
    public Tensor fold2d(int height, int width, int kernelH, int kernelW, Conv2dParams geometry) {
        return Op.apply(new SpatialOp.Fold2d(height, width, kernelH, kernelW, geometry), this);
    }

    /** The same elements in row-major order without gaps: an {@link #alias} if they already are, else a copy. */
    public Tensor contiguous() {
        return isContiguous() ? alias("contiguous") : Op.apply(new ShapeOp.Contiguous(), this);
    }

    /**
     * A second handle on the same elements, with its own lifetime: closing one leaves the other open. Gradients flow
     * through it. A second handle on a result is that result: {@link #retainGrad} works through either. No function of
     * this class returns its argument as its result; if nothing has to be computed, it returns an alias.
     */
    public Tensor alias() {
        if (node == null || !Autograd.isEnabled()) {
            return alias("alias");
        }
        checkUsable("alias", this);
        Tensor handle = Raw.window(this, offset, shape, strides);
        node.retain();
        handle.attach(node);
        return handle;
    }

    /** An alias as the result of a function: recorded as a step of its own, under that function's name. */
    Tensor alias(String op) {
        return Op.apply(op, new ShapeOp.Reshape(shape), this);
    }

    // Arithmetic

    public Tensor add(Tensor other) {
        return Op.apply(new PointwiseOp.Add(), this, other);
    }

    /** As {@link #add(Tensor)}, with a number; with integers, a whole one. */
    public Tensor add(double value) {
        return Numbers.add(this, value);
    }

    public Tensor sub(Tensor other) {
        return Op.apply(new PointwiseOp.Sub(), this, other);
    }

    /** As {@link #sub(Tensor)}, with a number; with integers, a whole one. */
    public Tensor sub(double value) {
        return Numbers.sub(this, value);
    }

    public Tensor mul(Tensor other) {
        return Op.apply(new PointwiseOp.Mul(), this, other);
    }

    /** As {@link #mul(Tensor)}, with a number; with integers, a whole one. */
    public Tensor mul(double value) {
        return Numbers.mul(this, value);
    }

    public Tensor div(Tensor other) {
        return Op.apply(new PointwiseOp.Div(), this, other);
    }

    public Tensor div(double value) {
        return Numbers.with(new PointwiseOp.Div(), this, value);
    }

    /** The quotient rounded down; of F32, I64 or I32. The gradient is 0. */
    public Tensor floorDivide(Tensor other) {
        return Op.apply(new PointwiseOp.FloorDivide(), this, other);
    }

    public Tensor floorDivide(double value) {
        return Numbers.with(new PointwiseOp.FloorDivide(), this, value);
    }

    /** {@code x - y * floor(x / y)}, which has the sign of {@code y}; of F32, I64 or I32. */
    public Tensor remainder(Tensor other) {
        return Op.apply(new PointwiseOp.Remainder(), this, other);
    }

    public Tensor remainder(double value) {
        return Numbers.with(new PointwiseOp.Remainder(), this, value);
    }

    /** {@code scale * this + shift}. */
    public Tensor affine(float scale, float shift) {
        return unary(UnaryOp.AFFINE, scale, shift);
    }

    public Tensor neg() {
        return Numbers.neg(this);
    }

    public Tensor abs() {
        return Numbers.abs(this);
    }

    public Tensor exp() {
        return unary(UnaryOp.EXP);
    }

    /** Natural logarithm. */
    public Tensor log() {
        return unary(UnaryOp.LOG);
    }

    public Tensor sqrt() {
        return unary(UnaryOp.SQRT);
    }

    public Tensor square() {
        return Numbers.square(this);
    }

    public Tensor reciprocal() {
        return unary(UnaryOp.RECIPROCAL);
    }

    /** {@code 1 / sqrt(x)}. */
    public Tensor rsqrt() {
        return unary(UnaryOp.RSQRT);
    }

    /** {@code log(1 + x)}, exact near 0 too. */
    public Tensor log1p() {
        return unary(UnaryOp.LOG1P);
    }

    /** {@code exp(x) - 1}, exact near 0 too. */
    public Tensor expm1() {
        return unary(UnaryOp.EXPM1);
    }

    /** Sine of an angle in radians. */
    public Tensor sin() {
        return unary(UnaryOp.SIN);
    }

    /** Cosine of an angle in radians. */
    public Tensor cos() {
        return unary(UnaryOp.COS);
    }

    /** The largest whole number that is not above; the gradient is 0. */
    public Tensor floor() {
        return unary(UnaryOp.FLOOR);
    }

    /** The nearest whole number, of two the even one; the gradient is 0. */
    public Tensor round() {
        return unary(UnaryOp.ROUND);
    }

    /** The error function, {@code 2 / sqrt(pi)} times the integral of {@code exp(-t^2)} from 0 to {@code x}. */
    public Tensor erf() {
        return unary(UnaryOp.ERF);
    }

    public Tensor pow(float exponent) {
        return unary(UnaryOp.POW, exponent, 0);
    }

    public Tensor clamp(float low, float high) {
        return unary(UnaryOp.CLAMP, low, high);
    }

    public Tensor maximum(Tensor other) {
        return Op.apply(new PointwiseOp.Extremum(true), this, other);
    }

    public Tensor minimum(Tensor other) {
        return Op.apply(new PointwiseOp.Extremum(false), this, other);
    }

    /** Whether elements are equal; BOOL. */
    public Tensor eq(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.EQUAL), this, other);
    }

    /** Whether elements are less than the other's; BOOL. */
    public Tensor lt(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.LESS), this, other);
    }

    /** Whether elements are less than or equal to the other's; BOOL. */
    public Tensor le(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.LESS_EQUAL), this, other);
    }

    /** Whether elements differ; BOOL. A NaN differs from everything. */
    public Tensor ne(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.NOT_EQUAL), this, other);
    }

    /** Whether elements are greater than the other's; BOOL. */
    public Tensor gt(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.GREATER), this, other);
    }

    /** Whether elements are greater than or equal to the other's; BOOL. */
    public Tensor ge(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.GREATER_EQUAL), this, other);
    }

    /** As {@link #eq(Tensor)}, with a number; with an I64 tensor, a whole one. */
    public Tensor eq(double value) {
        return Composite.compare(BinaryOp.EQUAL, this, value);
    }

    /** As {@link #ne(Tensor)}, with a number; with an I64 tensor, a whole one. */
    public Tensor ne(double value) {
        return Composite.compare(BinaryOp.NOT_EQUAL, this, value);
    }

    /** As {@link #lt(Tensor)}, with a number; with an I64 tensor, a whole one. */
    public Tensor lt(double value) {
        return Composite.compare(BinaryOp.LESS, this, value);
    }

    /** As {@link #le(Tensor)}, with a number; with an I64 tensor, a whole one. */
    public Tensor le(double value) {
        return Composite.compare(BinaryOp.LESS_EQUAL, this, value);
    }

    /** As {@link #gt(Tensor)}, with a number; with an I64 tensor, a whole one. */
    public Tensor gt(double value) {
        return Composite.compare(BinaryOp.GREATER, this, value);
    }

    /** As {@link #ge(Tensor)}, with a number; with an I64 tensor, a whole one. */
    public Tensor ge(double value) {
        return Composite.compare(BinaryOp.GREATER_EQUAL, this, value);
    }

    /** Whether both of two BOOL elements hold; BOOL. */
    public Tensor logicalAnd(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.AND), this, other);
    }

    /** Whether at least one of two BOOL elements holds; BOOL. */
    public Tensor logicalOr(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.OR), this, other);
    }

    /** Whether exactly one of two BOOL elements holds; BOOL. */
    public Tensor logicalXor(Tensor other) {
        return Op.apply(new PointwiseOp.Compare(BinaryOp.XOR), this, other);
    }

    /** Whether BOOL elements do not hold; BOOL. */
    public Tensor logicalNot() {
        return Composite.logicalNot(this);
    }

    /** Whether elements are NaN; BOOL. */
    public Tensor isNaN() {
        return Composite.isNaN(this);
    }

    /** Whether elements are neither infinite nor NaN; BOOL. */
    public Tensor isFinite() {
        return Composite.isFinite(this);
    }

    /** {@code value} where {@code mask} (BOOL, broadcast) holds, else this tensor's element. */
    public Tensor maskedFill(Tensor mask, double value) {
        return Composite.maskedFill(this, mask, value);
    }

    /** {@code condition ? yes : no}, element by element, broadcasting. */
    public static Tensor where(Tensor condition, Tensor yes, Tensor no) {
        return Op.apply(new PointwiseOp.Where(), condition, yes, no);
    }

    // Activations

    public Tensor relu() {
        return unary(UnaryOp.RELU);
    }

    /** {@code min(max(x, 0), 6)}. */
    public Tensor relu6() {
        return unary(UnaryOp.RELU6);
    }

    /** {@code x > 0 ? x : slope * x}. */
    public Tensor leakyRelu(float slope) {
        return unary(UnaryOp.LEAKY_RELU, slope, 0);
    }

    /**
     * {@code x > 0 ? x : weight * x}, with weights {@code [C]} for the channels in dimension 1, or {@code [1]} for all
     * (He et al. 2015).
     */
    public Tensor prelu(Tensor weight) {
        return Op.apply(new PointwiseOp.PRelu(), this, weight);
    }

    /** {@code x * Phi(x)}, the exact form (Hendrycks and Gimpel 2016). */
    public Tensor gelu() {
        return unary(UnaryOp.GELU);
    }

    /**
     * {@code 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))}: {@link #gelu()} within 5e-4, as GPT-2 was trained
     * with; PyTorch's {@code approximate="tanh"}.
     */
    public Tensor geluTanh() {
        return unary(UnaryOp.GELU_TANH);
    }

    /** {@code x * sigmoid(x)}, also called swish (Ramachandran et al. 2017). */
    public Tensor silu() {
        return unary(UnaryOp.SILU);
    }

    /** {@code x * relu6(x + 3) / 6} (Howard et al. 2019, MobileNetV3). */
    public Tensor hardswish() {
        return unary(UnaryOp.HARDSWISH);
    }

    /** {@code relu6(x + 3) / 6}. */
    public Tensor hardsigmoid() {
        return unary(UnaryOp.HARDSIGMOID);
    }

    /** {@code x > 0 ? x : alpha * (exp(x) - 1)} (Clevert et al. 2015). */
    public Tensor elu(float alpha) {
        return unary(UnaryOp.ELU, alpha, 0);
    }

    public Tensor sigmoid() {
        return unary(UnaryOp.SIGMOID);
    }

    public Tensor tanh() {
        return unary(UnaryOp.TANH);
    }

    /** {@code log(1 + exp(x))}. */
    public Tensor softplus() {
        return unary(UnaryOp.SOFTPLUS);
    }

    public Tensor softmax(int axis) {
        return Composite.softmax(false, this, axis);
    }

    public Tensor logSoftmax(int axis) {
        return Composite.softmax(true, this, axis);
    }

    /**
     * Zeroes each element with the given probability and scales the others by {@code 1 / (1 - probability)}. Which
     * elements depends only on the seed and on an element's row-major position, not on the memory layout. Any two seeds
     * give unrelated masks.
     */
    public Tensor dropout(float probability, long seed) {
        return Op.apply(new PointwiseOp.Dropout(probability, seed), this);
    }

    // Reductions

    public Tensor sum() {
        return Composite.fold(Reduction.SUM, this, false);
    }

    public Tensor sum(int... axes) {
        return Composite.fold(Reduction.SUM, this, false, axes);
    }

    /** As {@link #sum(int...)}; with {@code keepDim}, folded dimensions stay with size 1. */
    public Tensor sum(boolean keepDim, int... axes) {
        return Composite.fold(Reduction.SUM, this, keepDim, axes);
    }

    public Tensor mean() {
        return Composite.fold(Reduction.MEAN, this, false);
    }

    public Tensor mean(int... axes) {
        return Composite.fold(Reduction.MEAN, this, false, axes);
    }

    /** As {@link #mean(int...)}; with {@code keepDim}, folded dimensions stay with size 1. */
    public Tensor mean(boolean keepDim, int... axes) {
        return Composite.fold(Reduction.MEAN, this, keepDim, axes);
    }

    /** Largest values over dimensions, or over all; the gradient is shared among ties. */
    public Tensor amax(int... axes) {
        return Composite.fold(Reduction.MAX, this, false, axes);
    }

    public Tensor amax(boolean keepDim, int... axes) {
        return Composite.fold(Reduction.MAX, this, keepDim, axes);
    }

    /** Smallest values over dimensions, or over all; the gradient is shared among ties. */
    public Tensor amin(int... axes) {
        return Composite.fold(Reduction.MIN, this, false, axes);
    }

    public Tensor amin(boolean keepDim, int... axes) {
        return Composite.fold(Reduction.MIN, this, keepDim, axes);
    }

    /** Index (I64) of the first largest value along a dimension; NaN counts as largest. */
    public Tensor argmax(int axis) {
        return Ordering.argExtreme("argmax", this, axis, true);
    }

    /** Index (I64) of the first smallest value along a dimension; NaN counts as smallest. */
    public Tensor argmin(int axis) {
        return Ordering.argExtreme("argmin", this, axis, false);
    }

    /**
     * The first largest values along a dimension and their indices; a NaN counts as largest. Unlike that of
     * {@link #amax}, the gradient goes to the one element chosen.
     */
    public ValuesAndIndices max(int axis) {
        return Ordering.extreme(this, axis, false, true);
    }

    public ValuesAndIndices max(boolean keepDim, int axis) {
        return Ordering.extreme(this, axis, keepDim, true);
    }

    /** The first smallest values along a dimension and their indices; a NaN counts as smallest. */
    public ValuesAndIndices min(int axis) {
        return Ordering.extreme(this, axis, false, false);
    }

    public ValuesAndIndices min(boolean keepDim, int axis) {
        return Ordering.extreme(this, axis, keepDim, false);
    }

    /** Elements in ascending order along a dimension, NaN last; equal ones keep their order. */
    public ValuesAndIndices sort(int axis) {
        return Ordering.sort(this, axis, false);
    }

    /** As {@link #sort(int)}; in descending order NaN comes first, and equal ones keep their order too. */
    public ValuesAndIndices sort(int axis, boolean descending) {
        return Ordering.sort(this, axis, descending);
    }

    /** The indices (I64) of {@link #sort(int, boolean)}. */
    public Tensor argsort(int axis, boolean descending) {
        return Ordering.argsort(this, axis, descending);
    }

    /** The {@code k} largest elements along a dimension, largest first; of equal ones, the first. */
    public ValuesAndIndices topk(int axis, int k) {
        return Ordering.topk(this, axis, k, true);
    }

    /** As {@link #topk(int, int)}, or the {@code k} smallest elements, smallest first. */
    public ValuesAndIndices topk(int axis, int k, boolean largest) {
        return Ordering.topk(this, axis, k, largest);
    }

    /** Sums of all elements up to each one along a dimension; of integers and truth values, I64. */
    public Tensor cumsum(int axis) {
        return Composite.cumsum(this, axis);
    }

    /** Variance over dimensions, or over all, as an estimate from a sample: divided by {@code n - 1}. */
    public Tensor var(int... axes) {
        return var(1, false, axes);
    }

    /**
     * Variance over dimensions, or over all: squared differences from the mean, divided by {@code n - correction}; NaN
     * or infinite if that is not positive.
     */
    public Tensor var(double correction, boolean keepDim, int... axes) {
        return Composite.foldedBy(a -> new ReductionOp.Variance(false, correction, a), "var", this, keepDim, axes);
    }

    /** Square root of {@link #var(int...)}; the gradient is 0 where it is 0. */
    public Tensor std(int... axes) {
        return std(1, false, axes);
    }

    public Tensor std(double correction, boolean keepDim, int... axes) {
        return Composite.foldedBy(a -> new ReductionOp.Variance(true, correction, a), "std", this, keepDim, axes);
    }

    /** The Euclidean norm of all elements. */
    public Tensor norm() {
        return norm(2);
    }

    /**
     * {@code (sum |x|^p)^(1/p)} over dimensions, or over all; the largest {@code |x|} if {@code p} is infinite. The
     * gradient is 0 where the norm is 0.
     *
     * @param p greater than 0; mind that this is not an axis
     */
    public Tensor norm(double p, int... axes) {
        return norm(p, false, axes);
    }

    public Tensor norm(double p, boolean keepDim, int... axes) {
        return Composite.foldedBy(a -> new ReductionOp.Norm(p, a), "norm", this, keepDim, axes);
    }

    // Layers

    /** Matrix product of {@code [..., m, k]} and {@code [..., k, n]}. */
    public Tensor matmul(Tensor other) {
        return Op.apply(new ProductOp.Matmul(), this, other);
    }

    /** Matrix products of {@code [B, m, k]} and {@code [B, k, n]}. */
    public Tensor bmm(Tensor other) {
        return Composite.bmm(this, other);
    }

    /**
     * Sums of products of elements, written as by Einstein: {@code "bij,bjk->bik"} is a batched matrix product,
     * {@code "ii"} a trace, {@code "...ij->...ji"} a transpose. Labels are letters, one a dimension; those that the
     * result lacks are summed. Without an arrow, the result has the labels that are there once, in alphabetical order.
     * Operands are multiplied from left to right. See <a
     * href="https://pytorch.org/docs/stable/generated/torch.einsum.html">torch.einsum</a>.
     */
    public static Tensor einsum(String equation, Tensor... operands) {
        return Einsum.of(equation, operands);
    }

    /** {@code this [..., in] * weight [out, in]^T + bias [out]}. */
    public Tensor linear(Tensor weight, Optional<Tensor> bias) {
        return bias.isPresent()
                ? Op.apply(new ProductOp.Linear(), this, weight, bias.get())
                : Op.apply(new ProductOp.Linear(), this, weight);
    }

    /** Cross-correlation of {@code [N, C, H, W]} with weight {@code [O, C/groups, KH, KW]} and bias {@code [O]}. */
    public Tensor conv2d(Tensor weight, Optional<Tensor> bias, Conv2dParams params) {
        Op op = new ProductOp.Conv2d(params);
        return bias.isPresent() ? Op.apply(op, this, weight, bias.get()) : Op.apply(op, this, weight);
    }

    /**
     * {@code activation(norm(conv2d(this)) + residual)}: a single kernel call if nothing is recorded, else operators
     * with gradients.
     *
     * @param residual of the result's shape
     */
    public Tensor conv2d(
            Tensor weight,
            Optional<Tensor> bias,
            Conv2dParams params,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation) {
        return conv2d(weight, bias, params, norm, residual, activation, Optional.empty());
    }

    /** As {@link #conv2d(Tensor, Optional, Conv2dParams, Optional, Optional, Activation)}, then {@link #maxPool2d}. */
    public Tensor conv2d(
            Tensor weight,
            Optional<Tensor> bias,
            Conv2dParams params,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation,
            Optional<Pool2dParams> maxPool) {
        return Composite.conv2d(this, weight, bias, params, norm, residual, activation, maxPool);
    }

    /**
     * Transposed convolution, the input gradient of a convolution: {@code [N, C, H, W]} with weight {@code [C,
     * O/groups, KH, KW]} and bias {@code [O]} gives {@code [N, O, H', W']}.
     *
     * @see <a
     *     href="https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html">torch.nn.ConvTranspose2d</a>
     */
    public Tensor convTranspose2d(Tensor weight, Optional<Tensor> bias, ConvTranspose2dParams params) {
        return Spatial.convTranspose2d(this, weight, bias, params);
    }

    /** As {@link #convTranspose2d}, of {@code [N, C, L]} with weight {@code [C, O/groups, K]}. */
    public Tensor convTranspose1d(Tensor weight, Optional<Tensor> bias, ConvTranspose1dParams params) {
        return Spatial.convTranspose1d(this, weight, bias, params);
    }

    /** Cross-correlation of {@code [N, C, L]} with weight {@code [O, C/groups, K]} and bias {@code [O]}. */
    public Tensor conv1d(Tensor weight, Optional<Tensor> bias, Conv1dParams params) {
        return Composite.conv1d(this, weight, bias, params);
    }

    /**
     * {@link #conv1d} and what follows it, as {@link #conv2d(Tensor, Optional, Conv2dParams, Optional, Optional,
     * Activation)}.
     */
    public Tensor conv1d(
            Tensor weight,
            Optional<Tensor> bias,
            Conv1dParams params,
            Optional<FrozenBatchNorm> norm,
            Optional<Tensor> residual,
            Activation activation) {
        return Composite.conv1d(this, weight, bias, params, norm, residual, activation);
    }

    /**
     * Batch norm of {@code [N, C]}, {@code [N, C, L]} or {@code [N, C, H, W]} with the batch's statistics; moves the
     * running statistics in place.
     */
    public Tensor batchNormTrain(
            Tensor gamma, Tensor beta, float eps, Tensor runningMean, Tensor runningVariance, float momentum) {
        return batchNormTrain(
                gamma, beta, eps, runningMean, runningVariance, momentum, Optional.empty(), Activation.NONE);
    }

    /** As {@link #batchNormTrain}, then {@code activation(y + residual)}, in fewer passes over memory. */
    public Tensor batchNormTrain(
            Tensor gamma,
            Tensor beta,
            float eps,
            Tensor runningMean,
            Tensor runningVariance,
            float momentum,
            Optional<Tensor> residual,
            Activation activation) {
        return withResidual(
                "batchNormTrain",
                new NormOp.BatchNormTrain(eps, runningMean, runningVariance, momentum, activation),
                gamma,
                beta,
                residual);
    }

    /** Batch norm of {@code [N, C]}, {@code [N, C, L]} or {@code [N, C, H, W]} with given statistics. */
    public Tensor batchNormEval(Tensor gamma, Tensor beta, Tensor mean, Tensor variance, float eps) {
        return batchNormEval(gamma, beta, mean, variance, eps, Optional.empty(), Activation.NONE);
    }

    /** As {@link #batchNormEval}, then {@code activation(y + residual)}, in fewer passes over memory. */
    public Tensor batchNormEval(
            Tensor gamma,
            Tensor beta,
            Tensor mean,
            Tensor variance,
            float eps,
            Optional<Tensor> residual,
            Activation activation) {
        return withResidual(
                "batchNormEval", new NormOp.BatchNormEval(eps, mean, variance, activation), gamma, beta, residual);
    }

    private Tensor withResidual(String function, Op norm, Tensor gamma, Tensor beta, Optional<Tensor> residual) {
        return residual.isPresent()
                ? Op.apply(function, norm, this, gamma, beta, residual.get())
                : Op.apply(function, norm, this, gamma, beta);
    }

    /** Layer norm over the last dimensions, those of gamma's shape. */
    public Tensor layerNorm(Tensor gamma, Tensor beta, float eps) {
        return Op.apply(new NormOp.LayerNorm(eps), this, gamma, beta);
    }

    /**
     * Group norm of {@code [N, C, ...]}: {@code gamma * (x - mean) / sqrt(variance + eps) + beta} with the mean and the
     * variance of each example's groups of neighbouring channels; gamma and beta {@code [C]}.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html">torch.nn.GroupNorm</a>
     */
    public Tensor groupNorm(int groups, Tensor gamma, Tensor beta, float eps) {
        return Op.apply(new NormOp.GroupNorm(groups, eps), this, gamma, beta);
    }

    /** Group norm without scale and shift. */
    public Tensor groupNorm(int groups, float eps) {
        return Spatial.groupNorm("groupNorm", this, groups, eps);
    }

    /**
     * Instance norm of {@code [N, C, L]} or {@code [N, C, H, W]}: each channel of each example by itself.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html">torch.nn.InstanceNorm2d</a>
     */
    public Tensor instanceNorm(Tensor gamma, Tensor beta, float eps) {
        checkOpen("instanceNorm");
        return Op.apply("instanceNorm", new NormOp.GroupNorm(Spatial.channels(this), eps), this, gamma, beta);
    }

    /** Instance norm without scale and shift. */
    public Tensor instanceNorm(float eps) {
        checkOpen("instanceNorm");
        return Spatial.groupNorm("instanceNorm", this, Spatial.channels(this), eps);
    }

    /**
     * Root-mean-square norm over the last dimensions, those of gamma's shape: {@code gamma * x / sqrt(mean(x * x) +
     * eps)}.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html">torch.nn.RMSNorm</a>
     */
    public Tensor rmsNorm(Tensor gamma, float eps) {
        return Op.apply(new NormOp.RmsNorm(eps), this, gamma);
    }

    public Tensor maxPool2d(Pool2dParams params) {
        return Op.apply(new PoolOp.MaxPool2d(params), this);
    }

    public Tensor avgPool2d(Pool2dParams params) {
        return Op.apply(new PoolOp.AvgPool2d(params), this);
    }

    /** Averages {@code [N, C, H, W]} down to {@code [N, C, height, width]}. */
    public Tensor adaptiveAvgPool2d(int height, int width) {
        String name = "adaptiveAvgPool2d";
        return Op.apply(name, new PoolOp.AvgPool2d(PoolOp.adaptive(name, height, width)), this);
    }

    public Tensor adaptiveMaxPool2d(int height, int width) {
        String name = "adaptiveMaxPool2d";
        return Op.apply(name, new PoolOp.MaxPool2d(PoolOp.adaptive(name, height, width)), this);
    }

    /** Largest values in windows of {@code [N, C, L]}. */
    public Tensor maxPool1d(Pool1dParams params) {
        return Composite.asRow("maxPool1d", this, x -> x.maxPool2d(params.asPool2d()));
    }

    public Tensor avgPool1d(Pool1dParams params) {
        return Composite.asRow("avgPool1d", this, x -> x.avgPool2d(params.asPool2d()));
    }

    /** Averages {@code [N, C, L]} down to {@code [N, C, length]}. */
    public Tensor adaptiveAvgPool1d(int length) {
        return Composite.adaptiveRow("adaptiveAvgPool1d", this, length, x -> x.adaptiveAvgPool2d(1, length));
    }

    public Tensor adaptiveMaxPool1d(int length) {
        return Composite.adaptiveRow("adaptiveMaxPool1d", this, length, x -> x.adaptiveMaxPool2d(1, length));
    }

    /** Rows of this table {@code [V, D]} for integer indices of any shape: {@code [..., D]}. */
    public Tensor embedding(Tensor indices) {
        return embedding(indices, OptionalInt.empty());
    }

    /**
     * As {@link #embedding(Tensor)}.
     *
     * @param paddingIdx a row that gets no gradient; negative ones count from the end
     */
    public Tensor embedding(Tensor indices, OptionalInt paddingIdx) {
        boolean fromTheEnd = paddingIdx.isPresent() && paddingIdx.getAsInt() < 0 && rank() > 0;
        OptionalInt row = fromTheEnd ? OptionalInt.of(paddingIdx.getAsInt() + shape.dim(0)) : paddingIdx;
        return Op.apply(new RowOp.Embedding(row), this, indices);
    }

    /** {@code softmax(this key^T / sqrt(E)) value}; see the form with a mask. */
    public Tensor scaledDotProductAttention(Tensor key, Tensor value) {
        return scaledDotProductAttention(key, value, Optional.empty(), AttentionParams.of(rank() == 0 ? 1 : dim(-1)));
    }

    /**
     * Attention of these queries {@code [..., L, E]}: {@code softmax(scale * this key^T + mask) value} for keys
     * {@code [..., S, E]} and values {@code [..., S, F]}, {@code [..., L, F]}. Leading dimensions (batch, heads)
     * broadcast. A BOOL mask is true where a query sees a key; an F32 mask is added, minus infinity hides a key, and it
     * may have a gradient. A mask broadcasts to {@code [..., L, S]}. Queries that see no key give zeros. Unlike in
     * PyTorch, what a query does not see has no influence even if it holds NaN. In memory there is never an array of
     * all {@code [..., L, S]}, unless the mask has a gradient.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html">
     *     torch.nn.functional.scaled_dot_product_attention</a>
     */
    public Tensor scaledDotProductAttention(Tensor key, Tensor value, Optional<Tensor> mask, AttentionParams params) {
        return SequenceFunctions.attention(this, key, value, mask, params);
    }

    /**
     * Attention within sequences {@code [N, L, 3 * E]} of queries, keys and values side by side, each of them with its
     * {@code heads} side by side: {@code [N, L, E]}. Mask and settings as in {@link #scaledDotProductAttention(Tensor,
     * Tensor, Optional, AttentionParams)}.
     */
    public Tensor selfAttention(int heads, Optional<Tensor> mask, AttentionParams params) {
        return SequenceFunctions.selfAttention(this, heads, mask, params);
    }

    /**
     * One direction of one recurrent layer over this sequence {@code [T, N, F]}.
     *
     * @param reverse from the last step to the first
     * @param lengths I64 or I32 {@code [N]}, from 1 to T: how many steps of each sequence count. The others give zeros
     *     and leave the state alone, as PyTorch's packed sequences do; padding has no influence, whatever it holds.
     */
    public Recurrent.Result recurrent(
            RecurrentCell cell,
            boolean reverse,
            Recurrent.Weights weights,
            Recurrent.State initial,
            Optional<Tensor> lengths) {
        return SequenceFunctions.recurrent(this, cell, reverse, weights, initial, lengths);
    }

    /**
     * Cross-entropy of these logits {@code [N, C, ...]} against class indices {@code [N, ...]}; targets equal to
     * {@code ignoreIndex} do not count.
     */
    public Tensor crossEntropy(
            Tensor target,
            Optional<Tensor> classWeight,
            float labelSmoothing,
            long ignoreIndex,
            LossReduction reduction) {
        Op op = new RowOp.CrossEntropy(labelSmoothing, ignoreIndex, reduction);
        return classWeight.isPresent() ? Op.apply(op, this, target, classWeight.get()) : Op.apply(op, this, target);
    }

    /**
     * Binary cross-entropy of these logits against targets from 0 to 1 of the same shape; {@code positiveWeight}
     * multiplies the positive part.
     */
    public Tensor bceWithLogits(Tensor target, Optional<Tensor> positiveWeight, LossReduction reduction) {
        return Composite.bceWithLogits(this, target, positiveWeight, reduction);
    }

    private Tensor unary(UnaryOp op) {
        return unary(op, 0, 0);
    }

    private Tensor unary(UnaryOp op, float a, float b) {
        return Op.apply(new PointwiseOp.Unary(op, a, b), this);
    }

    // In place: unrecorded, for initialisers, optimizers and loading. See InPlace for what is refused.

    /**
     * Overwrites this tensor with another of the same shape, converting its type. The source may share memory with this
     * tensor: the result is as if it had been copied first.
     *
     * @throws IllegalStateException while autograd records, if this tensor or the source requires a gradient
     */
    public Tensor copyFrom(Tensor source) {
        InPlace.copy(source, this);
        return this;
    }

    /**
     * Overwrites every element.
     *
     * @throws IllegalArgumentException if the elements are integers, and this is none or out of their range
     * @throws IllegalStateException while autograd records, if this tensor requires a gradient
     */
    public Tensor fill(double value) {
        InPlace.fill(this, value);
        return this;
    }

    /**
     * {@code this += alpha * other}; shapes must be equal. The other may share memory with this tensor: the result is
     * as if it had been copied first.
     *
     * @throws IllegalStateException while autograd records, if this tensor or the other requires a gradient
     */
    public Tensor addInPlace(Tensor other, float alpha) {
        InPlace.add(this, other, alpha);
        return this;
    }

    /**
     * {@code this *= factor}.
     *
     * @throws IllegalStateException while autograd records, if this tensor requires a gradient
     */
    public Tensor mulInPlace(float factor) {
        InPlace.multiply(this, factor);
        return this;
    }

    // Ownership

    /**
     * Takes this tensor out of its scope, if it is in one, so that it lives until it is closed or unreachable. Returns
     * this tensor.
     *
     * @throws IllegalStateException if it was closed, or is in a scope of another thread
     */
    public Tensor keep() {
        checkOpen("keep");
        if (scope != null) {
            scope.checkThread("keep: the tensor " + shape
                    + " belongs to a scope of another thread. Hint: keep it there, before handing it over.");
            leaveScope();
        }
        return this;
    }

    /**
     * Releases the memory, which is freed once no view and no recorded operator uses it. Closing twice has no effect;
     * any thread may close.
     */
    @Override
    public void close() {
        leaveScope();
        closeFromScope();
    }

    public boolean isClosed() {
        return closed;
    }

    /**
     * Shape, type and values, abbreviated as PyTorch does: all of up to 1000, else the first and last three of each
     * dimension. Reads only what it shows.
     */
    @Override
    public String toString() {
        String head = "Tensor" + shape + " " + dtype() + (requiresGrad() ? " requiresGrad" : "");
        if (closed) {
            return head + " closed";
        }
        try {
            String values = TensorText.of(this);
            return head + (values.startsWith("[[") ? " =\n" : " = ") + values;
        } catch (IllegalArgumentException | IllegalStateException e) {
            return head; // complex numbers; or another thread has closed it meanwhile
        }
    }

    // What operators use

    View view() {
        return new View(storage, offset, shape, strides);
    }

    Backend backend() {
        return storage.backend();
    }

    Storage storage() {
        return storage;
    }

    long offset() {
        return offset;
    }

    long[] strides() {
        return strides;
    }

    @Nullable
    Node node() {
        return node;
    }

    void attach(Node recorded) {
        node = recorded;
    }

    /** A second owner of the same memory, in no scope and without history. */
    Tensor savedHandle() {
        Tensor handle = Raw.window(this, offset, shape, strides);
        handle.leaveScope();
        return handle;
    }

    /** For a saved handle: its memory must still hold what was saved. */
    Tensor checkUnmodified() {
        if (storage.version() != version) {
            throw new IllegalStateException("backward: a tensor " + shape
                    + " that an operator saved was changed in place after the forward pass. "
                    + "Hint: call backward() before step(), or change a copy().");
        }
        return this;
    }

    /**
     * Adds to the gradient of this leaf, or result that retains it, taking over the memory if it has no other holder. A
     * leaf that was closed or frozen since the forward pass gets no gradient.
     */
    void accumulateGrad(Tensor gradient) {
        if (closed || (node == null && !requiresGrad)) {
            return;
        }
        if (grad == null || grad.closed) {
            grad = InPlace.isPrivate(gradient)
                            && gradient.view().isDense()
                            && gradient.view().sameLayout(view())
                    ? gradient.savedHandle()
                    : Raw.copyInto(gradient, view().isDense() ? Raw.emptyLike(this) : Raw.empty(this, shape))
                            .keep();
        } else if (grad.storage == gradient.storage) {
            // A leaf that is two operands of one operator took this memory over a moment ago; a third operand's leaf
            // still reads it.
            Tensor sum = Raw.add(grad, gradient).keep();
            grad.close();
            grad = sum;
        } else {
            grad.addInPlace(gradient, 1);
        }
    }

    void checkOpen(String op) {
        if (closed) {
            throw new IllegalStateException(
                    op + ": the tensor " + shape + " was closed. Hint: keep() it, or move the use inside its scope. "
                            + (closedAt == null
                                    ? "Set -Dgraft.traceClose=true to see where."
                                    : "The cause shows where."),
                    closedAt);
        }
    }

    void checkUsable(String op, Tensor other) {
        checkOpen(op);
        other.checkOpen(op);
        if (other.storage.backend() != storage.backend()) {
            throw new IllegalArgumentException(op + ": operands are on different devices ("
                    + backend().name() + " " + shape + ", "
                    + other.backend().name() + " " + other.shape + "). Hint: move one with to(Device).");
        }
    }

    @Nullable
    Scope scope() {
        return scope;
    }

    void enterScope(Scope owner, int slot) {
        scope = owner;
        scopeSlot = slot;
    }

    void leaveScope() {
        Scope owner = scope;
        if (owner != null) {
            owner.forget(scopeSlot);
            scope = null;
        }
    }

    /** Only once, whichever threads close it: a second release would free memory that a view still reads. */
    void closeFromScope() {
        scope = null;
        if (!CLOSED.compareAndSet(this, false, true)) {
            return;
        }
        if (CloseTrace.ON) {
            closedAt = new Throwable("the tensor " + shape + " was closed here");
        }
        clearGrad();
        if (node != null) {
            node.release();
            node = null;
        }
        storage.release();
    }
}
