package dev.graft.backend;

import dev.graft.type.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a device must do. Each backward kernel stands beside its forward kernel. A new backend extends
 * {@link ComposedBackend}, which needs only the primitive kernels.
 *
 * <p><b>Operands.</b> Results are already allocated, and never overlap operands unless a method allows it. The caller
 * has checked the shapes. Strides are not negative. <em>Dense, same layout</em> means that all views named cover the
 * same {@code numel()} consecutive elements in the same order, so a kernel may run over them as flat memory. Images are
 * {@code [N, C, H, W]}, dense, in the {@link #imageLayout} of their type; weights of convolutions may have any strides.
 * Backward kernels overwrite their results. Empty views are allowed everywhere.
 *
 * <p><b>Types.</b> The floating-point operands of a kernel (x, y, w, residual, table and their gradients) all have one
 * type, which the backend {@linkplain #computesIn computes in}: F32 today. Kernels that also take integers say so.
 * Statistics, affine parameters, losses, weights of rows and classes, and the state of optimizers are always F32. Masks
 * and results of comparisons are BOOL; row indices, class indices and {@code argmax} are I64; positions of maxima are
 * I32; sums of squares are F64. Sums are at least as exact as F32.
 *
 * <p><b>Threads and order.</b> Any number of threads may call any method at once. Calls of one thread take effect in
 * their order. A call that happens before another (in the sense of the Java memory model) on another thread takes
 * effect before it if both touch the same storage. Callers must order a call that writes what another call touches. A
 * backend with streams must therefore order the last write to a storage before its next use, whatever the stream.
 *
 * <p><b>What is asynchronous.</b> A kernel may return before it has run. So may {@link Storage#write}, once it has
 * copied the values and the caller may reuse its array. {@link Storage#release} does not wait; the memory is reused
 * only after the kernels that were called before have finished with it. {@link Storage#read} waits for all earlier
 * calls that touch the storage, {@link #synchronize} for all earlier calls. Nothing else waits, so a training step runs
 * without waiting: sums of squares and losses stay on the device until they are read.
 *
 * <p><b>Errors.</b> A call refuses at once what it can detect itself, with {@link IllegalArgumentException} or
 * {@link IllegalStateException}, and leaves its results untouched. An error that only the device detects (a bad index
 * in {@link #checkIndices}, a fault) is thrown once, by a later call of the thread that called the kernel: at the
 * latest by its next {@link Storage#read} or {@link #synchronize}. Until then, results that depend on it are undefined,
 * but no memory outside the operands is touched. After a fault of the device, every call throws.
 *
 * <p><b>Determinism.</b> A result depends only on its operands, bit for bit as far as {@link #determinism} promises.
 */
public interface Backend {
    /** The device's name, such as {@code "cpu"} or {@code "cuda:0"}. */
    String name();

    /** The kernels in use and why, memory limits and versions, as {@code doctor} prints them. */
    Map<String, String> describe();

    MemoryStats memory();

    /** Gives pooled memory back to the system and restarts the peak. */
    void trim();

    /**
     * A storage of {@code length} elements with one holder and undefined content. Lengths, offsets and strides are
     * {@code long}: a storage may exceed 2^31 bytes, and one that several tensors view may exceed 2^31 elements, if the
     * device can hold it.
     *
     * @throws IllegalStateException if memory runs out, or the device cannot hold that much in one piece
     */
    Storage allocate(DType dtype, long length);

    /**
     * Waits until all earlier calls have taken effect.
     *
     * @throws RuntimeException what a kernel failed with
     */
    void synchronize();

    /** Whether kernels take floating-point operands of this type; true for F32. */
    boolean computesIn(DType dtype);

    /** The memory layout of images of a type, as operands and results of this backend's kernels. */
    ImageLayout imageLayout(DType dtype);

    /** What the bits of a kernel's results depend on: at least as strong as {@link Kernel#leastDeterminism}. */
    Determinism determinism(Kernel kernel);

    // Movement. Any strides; same shape.

    /**
     * {@code y = x}, converting between dtypes; {@code x} may repeat elements (stride 0). Both may be in the same
     * storage and overlap in any way: {@code y} becomes what {@code x} was before the call.
     */
    void copy(View x, View y);

    void fill(View y, double value);

    // Element-wise

    /** Dense, same layout. {@code y} may be {@code x}. */
    void unary(UnaryOp op, float a, float b, View x, View y);

    /**
     * {@code dx = dy * op'(x)}, where {@code y = op(x)}: a function reads only {@code y} if the slope follows from it
     * (EXP, SQRT, RECIPROCAL, RSQRT, EXPM1, SIGMOID, TANH, RELU, RELU6), and only {@code x} otherwise. The other view
     * may hold anything. Dense, same layout.
     */
    void unaryBackward(UnaryOp op, float a, float b, View x, View y, View dy, View dx);

    /**
     * {@code y = op(p, q)}: operands have {@code y}'s shape, broadcast by strides of 0, and one type: F32, I64 or I32
     * for arithmetic and comparisons, BOOL for logic. Integers wrap around; their DIV is not defined, and a divisor of
     * 0 is refused. {@code y} may be an operand.
     */
    void binary(BinaryOp op, View p, View q, View y);

    /** {@code y = condition ? p : q}; same shape, any strides. */
    void where(View condition, View p, View q, View y);

    /** {@code y += alpha * x}; same shape, any strides. */
    void addScaled(float alpha, View x, View y);

    /**
     * Inverted dropout: each element is 0 with probability {@code p}, else {@code x / (1 - p)}. Any strides.
     * {@link DropoutMask} decides which elements, on every device and for every memory layout, so the backward is the
     * same call on {@code dy}.
     */
    void dropout(float p, long seed, View x, View y);

    // Reductions

    /**
     * Folds every dimension in which {@code y} has size 1 and {@code x} does not; same rank, any strides. Also of I64,
     * except MEAN.
     */
    void reduce(Reduction op, View x, View y);

    /**
     * Index (I64) of the first largest element along {@code axis}; {@code y} has size 1 there. NaN counts as largest.
     */
    void argmax(View x, int axis, View y);

    /**
     * The first {@code y.dim(axis)} places (I64) of the order of {@code x} along {@code axis}; {@code y} may be shorter
     * there. Equal values keep their order in both directions, -0 equals 0, and NaN counts as largest. F32, I64 or I32.
     */
    void argsort(View x, int axis, boolean descending, View y);

    /**
     * Sums of all elements from the first to each one along {@code axis}, or from each one to the last. F32, added in
     * double, or I64; any strides.
     */
    void cumsum(View x, int axis, boolean reverse, View y);

    /** Over the last dimension; contiguous. */
    void softmax(boolean log, View x, View y);

    /** Over the last dimension; contiguous. */
    void softmaxBackward(boolean log, View y, View dy, View dx);

    // Products

    /**
     * {@code y = p q} for {@code [..., m, k]} and {@code [..., k, n]} with equal leading sizes; leading strides of 0
     * repeat a matrix; {@code y} contiguous.
     */
    void matmul(View p, View q, View y);

    /**
     * {@code y = x w^T + bias} for x {@code [R, I]} and w {@code [O, I]} in any layout, an optional bias {@code [O]}
     * and y {@code [R, O]} contiguous.
     */
    void linear(View x, View w, Optional<View> bias, View y);

    /**
     * {@code y = epilogue(x * w)}: x {@code [N, C, H, W]}, w {@code [O, C/groups, KH, KW]} in any layout, y {@code [N,
     * O, H', W']}.
     */
    void conv2d(View x, View w, Epilogue epilogue, View y, Conv2dParams params);

    void conv2dBackwardInput(View dy, View w, View dx, Conv2dParams params);

    void conv2dBackwardWeight(View x, View dy, View dw, Conv2dParams params);

    // Normalisation. Statistics and affine parameters are [C], or the normalised row's size for layer norm.

    /**
     * {@code y = activation(gamma * (x - mean) * inverseStd + beta + residual)} with the batch's statistics over N, H,
     * W; writes the mean and {@code 1 / sqrt(variance + eps)} used, and the biased variance for the running estimate.
     * The residual has {@code y}'s shape.
     */
    void batchNormTrain(
            View x,
            View gamma,
            View beta,
            float eps,
            Optional<View> residual,
            Activation activation,
            View y,
            View mean,
            View inverseStd,
            View variance);

    /**
     * {@code dx, dgamma, dbeta} and, if requested, {@code dresidual} (the gradient before the activation), for a mean
     * and variance that were computed from {@code x}. {@code y} gives the activation's slope. Without a residual it may
     * be absent, since the slope then follows from {@code x}.
     */
    void batchNormTrainBackward(
            View x,
            Optional<View> y,
            View dy,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Activation activation,
            View dx,
            View dgamma,
            View dbeta,
            Optional<View> dresidual);

    /** {@code y = activation(gamma * (x - mean) * inverseStd + beta + residual)} with given statistics. */
    void batchNormEval(
            View x,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Optional<View> residual,
            Activation activation,
            View y);

    /**
     * Gradients if the statistics are constants; {@code y} as in training. Without {@code x}, {@code dgamma} is
     * undefined and an activation needs {@code y}.
     */
    void batchNormEvalBackward(
            Optional<View> x,
            Optional<View> y,
            View dy,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Activation activation,
            View dx,
            View dgamma,
            View dbeta,
            Optional<View> dresidual);

    /**
     * Batch norm with given statistics as the {@link Epilogue} of a convolution with a bias: {@code scale = gamma /
     * sqrt(variance + eps)} and {@code shift = beta + (bias - mean) * scale}. Contiguous.
     */
    void foldBatchNorm(
            View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift);

    /** x, y contiguous {@code [R, D]}; mean and inverseStd {@code [R]}. */
    void layerNorm(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd);

    void layerNormBackward(View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta);

    /**
     * {@code y = gamma * (x - mean) * inverseStd + beta} with the statistics of each image's groups of neighbouring
     * channels: x and y images, gamma and beta {@code [C]}, mean and inverseStd {@code [N, groups]}.
     */
    void groupNorm(View x, View gamma, View beta, int groups, float eps, View y, View mean, View inverseStd);

    void groupNormBackward(
            View x, View dy, View gamma, int groups, View mean, View inverseStd, View dx, View dgamma, View dbeta);

    /**
     * {@code y = gamma * x * inverseRms}, where {@code inverseRms = 1 / sqrt(mean(x * x) + eps)}: x, y contiguous
     * {@code [R, D]}; inverseRms {@code [R]}.
     */
    void rmsNorm(View x, View gamma, float eps, View y, View inverseRms);

    void rmsNormBackward(View x, View dy, View gamma, View inverseRms, View dx, View dgamma);

    // Sequences

    /**
     * {@code y = softmax(scale * q k^T + mask) v}: q {@code [N, H, L, E]}, k {@code [N, H, S, E]}, v {@code [N, H, S,
     * F]}, y {@code [N, H, L, F]}, any strides. A BOOL mask {@code [N, H, L, S]} tells which keys a query sees; an F32
     * mask is added, and minus infinity hides a key as well. A query that sees no key gives zeros. What a query does
     * not see has no influence on its result or on gradients, whatever it holds. Writes to {@code logSum [2, N, H, L]}
     * (contiguous) what the softmax's divisor consists of: each query's largest score, 0 if it sees no key, and the
     * logarithm of the sum of {@code exp(score - largest)}, infinity if it sees no key. Apart, as large scores would
     * swallow the logarithm.
     */
    void attention(View q, View k, View v, Optional<View> mask, AttentionParams params, View y, View logSum);

    /** Gradients of q, k and v, any strides, for the operands and results of {@link #attention}. */
    void attentionBackward(
            View q,
            View k,
            View v,
            Optional<View> mask,
            AttentionParams params,
            View y,
            View logSum,
            View dy,
            View dq,
            View dk,
            View dv);

    /**
     * All steps of one direction of a recurrent layer. {@code gates [T, N, G * H]} holds the product of the inputs and
     * the input weights, and receives the activated gates. {@code weight [G * H, H]}, {@code inputBias} and
     * {@code hiddenBias [G * H]}; h0, c0, hn, cn {@code [N, H]}, where only an LSTM has c; y {@code [T, N, H]}. Of
     * sequence {@code n} only the first {@code lengths[n]} steps count (I64 {@code [N]}, from 0 to T): the others give
     * zeros and leave the state alone. {@code reverse} runs from the last step to the first. {@code memory [T, N, H]}
     * receives what the gradient needs: an LSTM's cells, or a GRU's hidden part of gate n with its bias. Gates and
     * memory of steps that do not count are undefined. The last dimension of gates, memory and y is contiguous; the
     * other strides are free; all other operands are contiguous.
     */
    void recurrent(
            RecurrentCell cell,
            boolean reverse,
            View gates,
            View weight,
            Optional<View> inputBias,
            Optional<View> hiddenBias,
            View h0,
            Optional<View> c0,
            Optional<View> lengths,
            View y,
            Optional<View> memory,
            View hn,
            Optional<View> cn);

    /**
     * As {@link #recurrent}, where nothing is needed for a gradient: the inputs {@code x [T, N, F]} and
     * {@code inputWeight [G * H, F]} take the place of their product, which need not exist as a whole. The last
     * dimension of x is contiguous, the other strides are free; inputWeight has any strides.
     */
    void recurrentOutputs(
            RecurrentCell cell,
            boolean reverse,
            View x,
            View inputWeight,
            View weight,
            Optional<View> inputBias,
            Optional<View> hiddenBias,
            View h0,
            Optional<View> c0,
            Optional<View> lengths,
            View y,
            View hn,
            Optional<View> cn);

    /**
     * The gradients of {@link #recurrent} by the input part of the gates, {@code dgates [T, N, G * H]}, and by the
     * state. {@code dhidden}, of the same shape, receives the gradient by the hidden part; it is given for a GRU only,
     * as an LSTM's is the same. Both are 0 in steps that do not count. Missing gradients of results are 0. Strides as
     * there.
     */
    void recurrentBackward(
            RecurrentCell cell,
            boolean reverse,
            View gates,
            View memory,
            View y,
            View weight,
            View h0,
            Optional<View> c0,
            Optional<View> lengths,
            View dy,
            Optional<View> dhn,
            Optional<View> dcn,
            View dgates,
            Optional<View> dhidden,
            View dh0,
            Optional<View> dc0);

    // Pooling

    /**
     * {@code y} becomes the largest value of each window; {@code index} (I32, same layout as y) receives its position
     * in the image, {@code row * W + column}. The first in row order wins, NaN counts as largest, and padding never
     * wins.
     */
    void maxPool2d(View x, PoolGeometry geometry, View y, Optional<View> index);

    /** {@code dx[index[i]] += dy[i]}, from zero. */
    void maxPool2dBackward(View dy, View index, PoolGeometry geometry, View dx);

    /** {@code y} becomes the mean of each window, by the divisors of {@link PoolAxis}. */
    void avgPool2d(View x, PoolGeometry geometry, View y);

    /** Each element of a window receives {@code dy} divided by the window's divisor, from zero. */
    void avgPool2dBackward(View dy, PoolGeometry geometry, View dx);

    // Interpolation and padding

    /**
     * {@code y[n, c, i, j] = sum(rows.weight(p) * columns.weight(q) * x[n, c, rows.position(p), columns.position(q)])}
     * over the taps of row i and column j; 0 where there are none. Gradients are the same with the maps
     * {@linkplain AxisTaps#transposed transposed}.
     */
    void resample2d(View x, AxisTaps rows, AxisTaps columns, View y);

    // Rows and losses

    /**
     * Checks that each of {@code indices} (I64 {@code [N]}, of any stride) is from 0 to {@code size - 1}, or equals
     * {@code ignored} if that is given. For the first one that is not, {@code refusal} makes an exception, which is
     * thrown now or later (see <em>Errors</em> above). Kernels that take checked indices must therefore still not touch
     * memory outside their operands.
     */
    void checkIndices(View indices, long size, OptionalLong ignored, IndexRefusal refusal);

    /**
     * {@code y[.., i, ..] = x[.., index[.., i, ..], ..]} along {@code axis}: {@code index} (I64,
     * {@linkplain #checkIndices checked}, any strides) has {@code y}'s shape; so has {@code x}, but along the axis.
     * F32, I64, I32, U8 or BOOL.
     */
    void gather(View x, int axis, View index, View y);

    /**
     * {@code y[.., index[.., i, ..], ..]} becomes {@code x[.., i, ..]}, of several the last, or grows by all of them in
     * order of {@code i} if {@code add} is set. {@code index} has {@code x}'s shape; so has {@code y}, but along the
     * axis. Types as for {@link #gather}; sums of F32, I64 or I32.
     */
    void scatter(View x, int axis, View index, boolean add, View y);

    /**
     * {@code y[i] = table[rows[i]]}: table {@code [V, D]} and y {@code [R, D]} contiguous, rows I64 {@code [R]}
     * {@linkplain #checkIndices checked}, of any stride.
     */
    void gatherRows(View table, View rows, View y);

    /** {@code dtable[rows[i]] += dy[i]} in order of i, from zero; dy and rows of any strides, dtable contiguous. */
    void gatherRowsBackward(View dy, View rows, View dtable);

    /**
     * Per-row cross-entropy of logits {@code [R, C]} against class indices {@code [R]} (I64, checked;
     * {@code ignoreIndex} rows give loss 0 and weight 0), with label smoothing and optional class weights {@code [C]}.
     * Writes {@code loss[R]}, {@code rowWeight[R]} (the class weight of the target) and the log-probabilities
     * {@code [R, C]}. Contiguous. See https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
     */
    void crossEntropy(
            View logits,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View loss,
            View rowWeight,
            View logProbabilities);

    /** {@code dlogits} for {@code dloss[R]}. */
    void crossEntropyBackward(
            View logProbabilities,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View dloss,
            View dlogits);

    // Optimizer steps: one pass over dense views, in place; a weight, its gradient and its state have the same layout.

    /**
     * For each weight, its gradient and its velocity: {@code g += weightDecay * w; v = momentum * v + (1 - dampening) *
     * g; w -= lr * (nesterov ? g + momentum * v : v)}; no velocities if momentum is 0; {@code first} starts {@code v}
     * at {@code g}. What changes shares no memory. Velocities below about 1e-30 may be set to 0, because denormal
     * numbers are slow. Settings are doubles so that values derived from them, such as {@code 1 - dampening}, are
     * rounded only once.
     */
    void sgd(
            List<View> weights,
            List<View> gradients,
            List<View> velocities,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov);

    /**
     * Adam at step {@code t >= 1}, with weight decay of the weight itself if {@code decoupled} is set (AdamW,
     * Loshchilov and Hutter 2019), else as an L2 penalty, which the moments see (Kingma and Ba 2015).
     */
    void adam(
            View weight,
            View gradient,
            View m,
            View v,
            long t,
            double lr,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            boolean decoupled);

    /** {@code sum} (F64, one element) becomes the sum of squares of all elements of all views, added in double. */
    void sumOfSquares(List<View> views, View sum);
}
