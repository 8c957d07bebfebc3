package dev.graft.cpu;

import dev.graft.backend.Activation;
import dev.graft.backend.AttentionParams;
import dev.graft.backend.AxisTaps;
import dev.graft.backend.Backend;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Determinism;
import dev.graft.backend.Epilogue;
import dev.graft.backend.ImageLayout;
import dev.graft.backend.IndexRefusal;
import dev.graft.backend.Kernel;
import dev.graft.backend.MemoryStats;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.RecurrentCell;
import dev.graft.backend.Reduction;
import dev.graft.backend.Storage;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.cpu.conv.Convolution;
import dev.graft.cpu.elementwise.OptimizerSteps;
import dev.graft.cpu.elementwise.Pointwise;
import dev.graft.cpu.gemm.Gemm;
import dev.graft.cpu.gemm.LargeProducts;
import dev.graft.cpu.layout.ChannelsLast;
import dev.graft.cpu.layout.Copy;
import dev.graft.cpu.layout.EmbeddingRows;
import dev.graft.cpu.layout.IndexedElements;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MemoryAccount;
import dev.graft.cpu.memory.MemoryHolder;
import dev.graft.cpu.memory.MemoryPool;
import dev.graft.cpu.memory.PackedWeightMemory;
import dev.graft.cpu.norm.BatchNorm;
import dev.graft.cpu.norm.GroupNorm;
import dev.graft.cpu.norm.LayerNorm;
import dev.graft.cpu.norm.RmsNorm;
import dev.graft.cpu.pool.AvgPooling;
import dev.graft.cpu.pool.MaxPooling;
import dev.graft.cpu.pool.Resampling;
import dev.graft.cpu.pool.TapLoops;
import dev.graft.cpu.reduce.CrossEntropy;
import dev.graft.cpu.reduce.Reductions;
import dev.graft.cpu.reduce.RunningSums;
import dev.graft.cpu.reduce.Softmax;
import dev.graft.cpu.reduce.Sorting;
import dev.graft.cpu.run.Blas;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Settings;
import dev.graft.cpu.sequence.Attention;
import dev.graft.cpu.sequence.AttentionGradient;
import dev.graft.cpu.sequence.BlockProducts;
import dev.graft.cpu.sequence.Recurrence;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * The CPU: pooled heap arrays, channels-last images, and kernels on the Vector API, or else plain loops and OpenBLAS.
 * In one file because it is the contract, method by method, each handed to its room.
 *
 * <table>
 * <caption>Settings</caption>
 * <tr><td>{@code graft.threads}, else the environment's {@code GRAFT_THREADS}</td>
 * <td>threads; default: all processors; changed by {@link #setThreads}</td></tr>
 * <tr><td>{@code graft.pool.bytes}</td><td>the most bytes kept for reuse; default: half of {@code -Xmx}</td></tr>
 * <tr><td>{@code graft.kernels}</td><td>{@code vector} or {@code plain}; default: vectors where the JVM compiles them to instructions, which needs
 * {@code --add-modules jdk.incubator.vector}</td></tr>
 * <tr><td>{@code graft.winograd}</td><td>3x3 convolutions: {@code 4} of stride 1 by F(4x4, 3x3) (default; error up to about 2e-5 of the
 * largest result), and with vectors some of stride 2 by F(4x4) too; {@code 2} of stride 1 by F(2x2, 3x3); {@code off} directly</td></tr>
 * <tr><td>{@code graft.blas}</td><td>without vectors: {@code openblas} or {@code java}</td></tr>
 * </table>
 */
public final class CpuBackend implements Backend {

    // Not made by a static initialiser, whose failure would leave a class that cannot be used again.
    private static volatile CpuBackend instance;

    private final ExecutionContext context;
    private final MemoryPool pool;
    private final PackedWeightMemory packed;
    private final Pointwise pointwise;
    private final Copy copy;
    private final Reductions reductions;
    private final Sorting sorting;
    private final RunningSums runningSums;
    private final Softmax softmax;
    private final LargeProducts products;
    private final Gemm gemm;
    private final MaxPooling maxPooling;
    private final AvgPooling avgPooling;
    private final Resampling resampling;
    private final Convolution convolution;
    private final BatchNorm batchNorm;
    private final LayerNorm layerNorm;
    private final IndexedElements indexed;
    private final GroupNorm groupNorm;
    private final RmsNorm rmsNorm;
    private final Attention attention;
    private final AttentionGradient attentionGradient;
    private final Recurrence recurrence;
    private final EmbeddingRows rows;
    private final CrossEntropy losses;
    private final OptimizerSteps optimizers;

    /** @param context of {@code kernels} */
    public CpuBackend(KernelProvider kernels, ExecutionContext context, MemoryPool pool) {
        this.context = context;
        this.pool = pool;
        this.packed = new PackedWeightMemory(Settings.packedBytes(), context.memory());
        pool.holders().forEach(context.memory()::register);
        context.memory().register(packed);
        this.pointwise = new Pointwise(context);
        this.copy = new Copy(context);
        this.reductions = new Reductions(context);
        this.sorting = new Sorting(context);
        this.runningSums = new RunningSums(context);
        this.softmax = new Softmax(context);
        this.products = kernels.products(context);
        this.gemm = new Gemm(context, products);
        ChannelsLast layout = new ChannelsLast(this, copy);
        this.maxPooling = kernels.maxPooling(context, layout);
        TapLoops taps = kernels.tapLoops();
        this.resampling = new Resampling(context, layout, taps);
        this.avgPooling = new AvgPooling(context, layout, reductions, resampling, taps);
        this.convolution = new Convolution(
                context,
                layout,
                maxPooling,
                kernels.depthwiseConvolution(context),
                kernels.denseConvolution(context),
                kernels.groupedConvolution(context, layout));
        this.batchNorm = new BatchNorm(context, layout, kernels.normLoops(context));
        this.layerNorm = new LayerNorm(context);
        this.indexed = new IndexedElements(context);
        this.groupNorm = new GroupNorm(context, layout, kernels.normLoops(context));
        this.rmsNorm = new RmsNorm(context);
        BlockProducts blockProducts = kernels.blockProducts();
        this.attention = new Attention(context, blockProducts);
        this.attentionGradient = new AttentionGradient(context, blockProducts);
        this.recurrence = new Recurrence(context, blockProducts, kernels.cellLoops());
        this.rows = new EmbeddingRows(context);
        this.losses = new CrossEntropy(context);
        this.optimizers = new OptimizerSteps(context);
    }

    /** A separate backend, with the kernels chosen for this machine. */
    public static CpuBackend of(int threads, MemoryPool pool) {
        KernelProvider kernels = KernelProvider.chosen();
        return new CpuBackend(kernels, kernels.context(threads), pool);
    }

    /** A separate backend, with the given kernels and library for matrix products. */
    public static CpuBackend of(KernelProvider kernels, int threads, Supplier<Blas> blas, MemoryPool pool) {
        return new CpuBackend(kernels, kernels.context(threads, blas), pool);
    }

    /**
     * The machine's CPU.
     *
     * @throws IllegalArgumentException if a setting cannot be read, saying what to change
     */
    public static CpuBackend instance() {
        CpuBackend cpu = instance;
        return cpu == null ? make() : cpu;
    }

    private static synchronized CpuBackend make() {
        if (instance == null) {
            Settings settings = Settings.ofJvm();
            settings.check();
            instance = of(settings.threads(), new MemoryPool(settings.poolBytes()));
        }
        return instance;
    }

    /** The number of threads that kernels use, the calling thread included. */
    public int threads() {
        return context.threads();
    }

    /**
     * Changes the number of threads; the bits of results stay the same. @throws IllegalArgumentException for less than
     * 1
     */
    public void setThreads(int threads) {
        context.setThreads(threads);
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public Map<String, String> describe() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "threads",
                context.threads() + " of " + Runtime.getRuntime().availableProcessors()
                        + " processors (graft.threads, GRAFT_THREADS)");
        facts.put("element kernels", context.elementLoops().description());
        facts.put("matrix products", products.description());
        facts.put("memory pool", "at most " + (pool.limit() >> 20) + " MiB kept for reuse (graft.pool.bytes)");
        facts.put("heap limit", (Runtime.getRuntime().maxMemory() >> 20) + " MiB (-Xmx)");
        return facts;
    }

    /** Who holds this backend's memory. */
    public MemoryAccount account() {
        return context.memory();
    }

    @Override
    public MemoryStats memory() {
        return pool.stats()
                .with(
                        account().bytes(MemoryHolder.Use.PACKED_WEIGHTS),
                        account().bytes(MemoryHolder.Use.SCRATCH));
    }

    @Override
    public void trim() {
        account().giveBack();
        pool.trim();
    }

    @Override
    public Storage allocate(DType dtype, long length) {
        return new CpuStorage(this, account(), pool, packed, dtype, length);
    }

    /** There is nothing to wait for: a kernel has run when its call returns. */
    @Override
    public void synchronize() {}

    @Override
    public boolean computesIn(DType dtype) {
        return dtype == DType.F32;
    }

    @Override
    public ImageLayout imageLayout(DType dtype) {
        return ImageLayout.CHANNELS_LAST;
    }

    /** Work is divided by its size, never by the number of threads, and partial sums are added in a fixed order. */
    @Override
    public Determinism determinism(Kernel kernel) {
        return Determinism.ANY_THREADS;
    }

    @Override
    public void copy(View x, View y) {
        copy.copy(x, y);
    }

    @Override
    public void fill(View y, double value) {
        copy.fill(y, value);
    }

    @Override
    public void unary(UnaryOp op, float a, float b, View x, View y) {
        pointwise.unary(op, a, b, x, y);
    }

    @Override
    public void unaryBackward(UnaryOp op, float a, float b, View x, View y, View dy, View dx) {
        pointwise.unaryBackward(op, a, b, x, y, dy, dx);
    }

    @Override
    public void binary(BinaryOp op, View p, View q, View y) {
        pointwise.binary(op, p, q, y);
    }

    @Override
    public void where(View condition, View p, View q, View y) {
        pointwise.where(condition, p, q, y);
    }

    @Override
    public void addScaled(float alpha, View x, View y) {
        pointwise.addScaled(alpha, x, y);
    }

    @Override
    public void dropout(float p, long seed, View x, View y) {
        pointwise.dropout(p, seed, x, y);
    }

    @Override
    public void reduce(Reduction op, View x, View y) {
        reductions.reduce(op, x, y);
    }

    @Override
    public void argmax(View x, int axis, View y) {
        reductions.argmax(x, axis, y);
    }

    @Override
    public void argsort(View x, int axis, boolean descending, View y) {
        sorting.argsort(x, axis, descending, y);
    }

    @Override
    public void cumsum(View x, int axis, boolean reverse, View y) {
        runningSums.cumsum(x, axis, reverse, y);
    }

    @Override
    public void softmax(boolean log, View x, View y) {
        softmax.softmax(log, x, y);
    }

    @Override
    public void softmaxBackward(boolean log, View y, View dy, View dx) {
        softmax.softmaxBackward(log, y, dy, dx);
    }

    @Override
    public void matmul(View p, View q, View y) {
        gemm.matmul(p, q, y);
    }

    @Override
    public void linear(View x, View w, Optional<View> bias, View y) {
        gemm.linear(x, w, bias, y);
    }

    @Override
    public void conv2d(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        convolution.forward(x, w, epilogue, y, params);
    }

    @Override
    public void conv2dBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        convolution.backwardInput(dy, w, dx, params);
    }

    @Override
    public void conv2dBackwardWeight(View x, View dy, View dw, Conv2dParams params) {
        convolution.backwardWeight(x, dy, dw, params);
    }

    @Override
    public void batchNormTrain(
            View x,
            View gamma,
            View beta,
            float eps,
            Optional<View> residual,
            Activation activation,
            View y,
            View mean,
            View inverseStd,
            View variance) {
        batchNorm.train(x, gamma, beta, eps, residual, activation, y, mean, inverseStd, variance);
    }

    @Override
    public void batchNormTrainBackward(
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
            Optional<View> dresidual) {
        batchNorm.trainBackward(x, y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    @Override
    public void batchNormEval(
            View x,
            View gamma,
            View beta,
            View mean,
            View inverseStd,
            Optional<View> residual,
            Activation activation,
            View y) {
        batchNorm.eval(x, gamma, beta, mean, inverseStd, residual, activation, y);
    }

    @Override
    public void batchNormEvalBackward(
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
            Optional<View> dresidual) {
        batchNorm.evalBackward(x, y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    @Override
    public void foldBatchNorm(
            View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift) {
        BatchNorm.fold(gamma, beta, mean, variance, eps, bias, scale, shift);
    }

    @Override
    public void layerNorm(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd) {
        layerNorm.forward(x, gamma, beta, eps, y, mean, inverseStd);
    }

    @Override
    public void layerNormBackward(
            View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        layerNorm.backward(x, dy, gamma, mean, inverseStd, dx, dgamma, dbeta);
    }

    @Override
    public void groupNorm(View x, View gamma, View beta, int groups, float eps, View y, View mean, View inverseStd) {
        groupNorm.forward(x, gamma, beta, groups, eps, y, mean, inverseStd);
    }

    @Override
    public void groupNormBackward(
            View x, View dy, View gamma, int groups, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        groupNorm.backward(x, dy, gamma, groups, mean, inverseStd, dx, dgamma, dbeta);
    }

    @Override
    public void rmsNorm(View x, View gamma, float eps, View y, View inverseRms) {
        rmsNorm.forward(x, gamma, eps, y, inverseRms);
    }

    @Override
    public void rmsNormBackward(View x, View dy, View gamma, View inverseRms, View dx, View dgamma) {
        rmsNorm.backward(x, dy, gamma, inverseRms, dx, dgamma);
    }

    @Override
    public void attention(View q, View k, View v, Optional<View> mask, AttentionParams params, View y, View logSum) {
        attention.forward(q, k, v, mask, params, y, logSum);
    }

    @Override
    public void attentionBackward(
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
            View dv) {
        attentionGradient.run(q, k, v, mask, params, y, logSum, dy, dq, dk, dv);
    }

    @Override
    public void recurrent(
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
            Optional<View> cn) {
        recurrence.forward(cell, reverse, gates, weight, inputBias, hiddenBias, h0, c0, lengths, y, memory, hn, cn);
    }

    @Override
    public void recurrentOutputs(
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
            Optional<View> cn) {
        if (recurrence.takesInputs(inputWeight)) {
            recurrence.outputs(
                    cell, reverse, x, inputWeight, weight, inputBias, hiddenBias, h0, c0, lengths, y, hn, cn);
            return;
        }
        boolean bySequence = x.strides()[1] > x.strides()[0];
        int width = inputWeight.dim(0);
        Storage product = allocate(DType.F32, (long) x.dim(0) * x.dim(1) * width);
        try {
            Shape shape = bySequence ? Shape.of(x.dim(1), x.dim(0), width) : Shape.of(x.dim(0), x.dim(1), width);
            View gates = new View(product, 0, shape, shape.contiguousStrides());
            View turned = new View(
                    inputWeight.storage(),
                    inputWeight.offset(),
                    Shape.of(shape.dim(0), inputWeight.dim(1), width),
                    new long[] {0, inputWeight.strides()[1], inputWeight.strides()[0]});
            matmul(bySequence ? exchanged(x) : x, turned, gates);
            recurrent(
                    cell,
                    reverse,
                    bySequence ? exchanged(gates) : gates,
                    weight,
                    inputBias,
                    hiddenBias,
                    h0,
                    c0,
                    lengths,
                    y,
                    Optional.empty(),
                    hn,
                    cn);
        } finally {
            product.release();
        }
    }

    private static View exchanged(View x) {
        long[] strides = x.strides();
        return new View(x.storage(), x.offset(), Shape.of(x.dim(1), x.dim(0), x.dim(2)), new long[] {
            strides[1], strides[0], strides[2]
        });
    }

    @Override
    public void recurrentBackward(
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
            Optional<View> dc0) {
        recurrence.backward(
                cell, reverse, gates, memory, y, weight, h0, c0, lengths, dy, dhn, dcn, dgates, dhidden, dh0, dc0);
    }

    @Override
    public void maxPool2d(View x, PoolGeometry geometry, View y, Optional<View> index) {
        maxPooling.forward(x, geometry, y, index);
    }

    @Override
    public void maxPool2dBackward(View dy, View index, PoolGeometry geometry, View dx) {
        maxPooling.backward(dy, index, geometry, dx);
    }

    @Override
    public void avgPool2d(View x, PoolGeometry geometry, View y) {
        avgPooling.forward(x, geometry, y);
    }

    @Override
    public void avgPool2dBackward(View dy, PoolGeometry geometry, View dx) {
        avgPooling.backward(dy, geometry, dx);
    }

    @Override
    public void resample2d(View x, AxisTaps rows, AxisTaps columns, View y) {
        resampling.run(x, rows, columns, y);
    }

    @Override
    public void checkIndices(View indices, long size, OptionalLong ignored, IndexRefusal refusal) {
        EmbeddingRows.check(indices, size, ignored, refusal);
    }

    @Override
    public void gather(View x, int axis, View index, View y) {
        indexed.gather(x, axis, index, y);
    }

    @Override
    public void scatter(View x, int axis, View index, boolean add, View y) {
        indexed.scatter(x, axis, index, add, y);
    }

    @Override
    public void gatherRows(View table, View rowIndices, View y) {
        rows.gather(table, rowIndices, y);
    }

    @Override
    public void gatherRowsBackward(View dy, View rowIndices, View dtable) {
        rows.gatherBackward(dy, rowIndices, dtable);
    }

    @Override
    public void crossEntropy(
            View logits,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View loss,
            View rowWeight,
            View logProbabilities) {
        losses.crossEntropy(logits, target, classWeight, smoothing, ignoreIndex, loss, rowWeight, logProbabilities);
    }

    @Override
    public void crossEntropyBackward(
            View logProbabilities,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View dloss,
            View dlogits) {
        losses.crossEntropyBackward(logProbabilities, target, classWeight, smoothing, ignoreIndex, dloss, dlogits);
    }

    @Override
    public void sgd(
            List<View> weights,
            List<View> gradients,
            List<View> velocities,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov) {
        optimizers.sgd(weights, gradients, velocities, first, lr, momentum, dampening, weightDecay, nesterov);
    }

    @Override
    public void adam(
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
            boolean decoupled) {
        optimizers.adam(weight, gradient, m, v, t, lr, beta1, beta2, eps, weightDecay, decoupled);
    }

    @Override
    public void sumOfSquares(List<View> views, View sum) {
        byte[] bytes = new byte[Double.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putDouble(reductions.sumOfSquares(views));
        sum.storage().write(sum.offset(), bytes, 0, 1);
    }
}
