package dev.graft.backend;

import static dev.graft.backend.Determinism.ANY_THREADS;
import static dev.graft.backend.Determinism.NOT_PROMISED;
import static dev.graft.backend.Determinism.SAME_DEVICE;

import java.util.Locale;

/**
 * The kernels of a {@link Backend}, one for each method. A <em>primitive</em> kernel must be written for every device.
 * The others are composed of primitive ones by {@link ComposedBackend} until the device has something faster.
 *
 * <table>
 * <caption>What a backend must promise at least, see {@link Backend#determinism}</caption>
 * <tr><th>kernels</th><th>least promise</th></tr>
 * <tr><td>moving and element-wise kernels, dropout, argmax, argsort, gather, largest values of a pooling, optimizer steps,
 * normalisation with given statistics, index checks</td><td>{@link Determinism#ANY_THREADS}</td></tr>
 * <tr><td>reductions, running sums, softmax, losses, products, convolution, normalisation with statistics and its gradients,
 * attention, recurrent layers, means of a pooling, sums of squares</td><td>{@link Determinism#SAME_DEVICE}</td></tr>
 * <tr><td>what is added in place: scatter, and gradients of convolution, pooling and rows</td>
 * <td>{@link Determinism#NOT_PROMISED}</td></tr>
 * </table>
 */
public enum Kernel {
    COPY(true, ANY_THREADS),
    FILL(true, ANY_THREADS),
    UNARY(true, ANY_THREADS),
    UNARY_BACKWARD(true, ANY_THREADS),
    BINARY(true, ANY_THREADS),
    WHERE(true, ANY_THREADS),
    ADD_SCALED(false, ANY_THREADS),
    DROPOUT(false, ANY_THREADS),
    REDUCE(true, SAME_DEVICE),
    ARGMAX(true, ANY_THREADS),
    ARGSORT(true, ANY_THREADS),
    CUMSUM(true, SAME_DEVICE),
    SOFTMAX(false, SAME_DEVICE),
    SOFTMAX_BACKWARD(false, SAME_DEVICE),
    MATMUL(true, SAME_DEVICE),
    LINEAR(false, SAME_DEVICE),
    CONV2D(false, SAME_DEVICE),
    CONV2D_BACKWARD_INPUT(false, NOT_PROMISED),
    CONV2D_BACKWARD_WEIGHT(false, NOT_PROMISED),
    BATCH_NORM_TRAIN(false, SAME_DEVICE),
    BATCH_NORM_TRAIN_BACKWARD(false, SAME_DEVICE),
    BATCH_NORM_EVAL(false, ANY_THREADS),
    BATCH_NORM_EVAL_BACKWARD(false, SAME_DEVICE),
    FOLD_BATCH_NORM(false, ANY_THREADS),
    LAYER_NORM(false, SAME_DEVICE),
    LAYER_NORM_BACKWARD(false, SAME_DEVICE),
    GROUP_NORM(false, SAME_DEVICE),
    GROUP_NORM_BACKWARD(false, SAME_DEVICE),
    RMS_NORM(false, SAME_DEVICE),
    RMS_NORM_BACKWARD(false, SAME_DEVICE),
    ATTENTION(false, SAME_DEVICE),
    ATTENTION_BACKWARD(false, SAME_DEVICE),
    RECURRENT(false, SAME_DEVICE),
    RECURRENT_OUTPUTS(false, SAME_DEVICE),
    RECURRENT_BACKWARD(false, SAME_DEVICE),
    MAX_POOL2D(true, ANY_THREADS),
    MAX_POOL2D_BACKWARD(true, NOT_PROMISED),
    AVG_POOL2D(true, SAME_DEVICE),
    AVG_POOL2D_BACKWARD(true, NOT_PROMISED),
    RESAMPLE2D(false, SAME_DEVICE),
    CHECK_INDICES(true, ANY_THREADS),
    GATHER(true, ANY_THREADS),
    SCATTER(true, NOT_PROMISED),
    GATHER_ROWS(true, ANY_THREADS),
    GATHER_ROWS_BACKWARD(true, NOT_PROMISED),
    CROSS_ENTROPY(false, SAME_DEVICE),
    CROSS_ENTROPY_BACKWARD(false, SAME_DEVICE),
    SGD(false, ANY_THREADS),
    ADAM(false, ANY_THREADS),
    SUM_OF_SQUARES(true, SAME_DEVICE);

    private final boolean primitive;
    private final Determinism least;

    Kernel(boolean primitive, Determinism least) {
        this.primitive = primitive;
        this.least = least;
    }

    /** Whether a new backend must implement it; the others come with {@link ComposedBackend}. */
    public boolean isPrimitive() {
        return primitive;
    }

    /** What every backend must promise at least. */
    public Determinism leastDeterminism() {
        return least;
    }

    /** The name of its method in {@link Backend}. */
    public String method() {
        StringBuilder name = new StringBuilder();
        for (String word : name().toLowerCase(Locale.ROOT).split("_", -1)) {
            name.append(name.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
        }
        return name.toString();
    }
}
