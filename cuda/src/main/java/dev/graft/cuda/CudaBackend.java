package dev.graft.cuda;

import dev.graft.backend.Activation;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.ComposedBackend;
import dev.graft.backend.Conv2dParams;
import dev.graft.backend.Determinism;
import dev.graft.backend.Epilogue;
import dev.graft.backend.ImageLayout;
import dev.graft.backend.IndexRefusal;
import dev.graft.backend.Kernel;
import dev.graft.backend.MemoryStats;
import dev.graft.backend.PoolGeometry;
import dev.graft.backend.Reduction;
import dev.graft.backend.Storage;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.type.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One NVIDIA GPU: channels-last images, own kernels for all that is primitive, and the rest composed of these. Work is
 * queued on one stream and runs later; reading a value waits for it.
 */
final class CudaBackend extends ComposedBackend {
    /** Asks the driver for each block of memory instead of keeping blocks for reuse. */
    private static final String POOL_SETTING = "graft.cuda.pool";

    private final Gpu gpu;
    private final KernelCompiler compiler;
    private final DeviceMemory memory;
    private final Transfers transfers;
    private final PendingChecks checks = new PendingChecks(this);
    private final ThreadLocal<Launch> launches;
    private final ElementKernels elements = new ElementKernels(this);
    private final FoldKernels folds = new FoldKernels(this);
    private final OrderKernels order = new OrderKernels(this);
    private final ProductKernels products = new ProductKernels(this);
    private final PoolKernels pools = new PoolKernels(this);
    private final IndexKernels indexed = new IndexKernels(this);
    private final NormKernels norms = new NormKernels(this);
    private final SoftmaxKernels softmaxes = new SoftmaxKernels(this);
    private final OptimizerKernels optimizers = new OptimizerKernels(this);

    /** @throws IllegalStateException if there is no such device, or it cannot be used */
    CudaBackend(int index, KernelCompiler compiler) {
        this(index, compiler, !System.getProperty(POOL_SETTING, "on").equals("off"));
    }

    /** @param pools whether memory is kept for reuse */
    CudaBackend(int index, KernelCompiler compiler, boolean pools) {
        this.gpu = new Gpu(index);
        this.compiler = compiler;
        this.memory = new DeviceMemory(gpu, pools);
        this.transfers = new Transfers(gpu);
        Kernels kernels = new Kernels(gpu, compiler);
        this.launches = ThreadLocal.withInitial(() -> new Launch(this, gpu, kernels));
    }

    Gpu gpu() {
        return gpu;
    }

    DeviceMemory deviceMemory() {
        return memory;
    }

    PendingChecks checks() {
        return checks;
    }

    /** The calling thread's launch, for a kernel. */
    Launch launch(String kernel) {
        return launches.get().of(kernel);
    }

    void upload(long address, long bytes, Transfers.Part part) {
        transfers.upload(address, bytes, part);
    }

    /** @throws RuntimeException what an earlier kernel of this thread refused */
    void download(long address, long bytes, Transfers.Part part) {
        transfers.download(address, bytes, part);
        checks.settle();
    }

    /** Reads numbers that a check found, after a wait. */
    void fetch(CudaStorage storage, long[] target) {
        transfers.download(
                storage.address(0),
                8L * target.length,
                (buffer, from, bytes) -> buffer.asLongBuffer().get(target));
    }

    @Override
    public String name() {
        return gpu.deviceName();
    }

    @Override
    public Map<String, String> describe() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(
                "device",
                String.format(
                        Locale.ROOT,
                        "%s, compute capability %d.%d, %d multiprocessors, %.1f GiB",
                        gpu.name(),
                        gpu.architecture() / 10,
                        gpu.architecture() % 10,
                        gpu.processors(),
                        gpu.bytes() / (double) (1 << 30)));
        facts.put("kernels", compiler.description());
        facts.put("matrix products", "own kernel, F32");
        return facts;
    }

    @Override
    public MemoryStats memory() {
        return memory.stats();
    }

    @Override
    public void trim() {
        memory.trim();
    }

    @Override
    public Storage allocate(DType dtype, long length) {
        return new CudaStorage(this, dtype, length);
    }

    @Override
    public void synchronize() {
        gpu.await();
        checks.settle();
    }

    @Override
    public boolean computesIn(DType dtype) {
        return dtype == DType.F32;
    }

    @Override
    public ImageLayout imageLayout(DType dtype) {
        return ImageLayout.CHANNELS_LAST;
    }

    /** Results are gathered in a fixed order, except where several elements are added to one at the same time. */
    @Override
    public Determinism determinism(Kernel kernel) {
        return switch (kernel) {
            case SCATTER, GATHER_ROWS_BACKWARD -> Determinism.NOT_PROMISED;
            default -> Determinism.ANY_THREADS;
        };
    }

    @Override
    public void copy(View x, View y) {
        elements.copy(x, y);
    }

    @Override
    public void fill(View y, double value) {
        elements.fill(y, value);
    }

    @Override
    public void unary(UnaryOp op, float a, float b, View x, View y) {
        elements.unary(op, a, b, x, y);
    }

    @Override
    public void unaryBackward(UnaryOp op, float a, float b, View x, View y, View dy, View dx) {
        elements.unaryBackward(op, a, b, x, y, dy, dx);
    }

    @Override
    public void binary(BinaryOp op, View p, View q, View y) {
        elements.binary(op, p, q, y);
    }

    @Override
    public void where(View condition, View p, View q, View y) {
        elements.where(condition, p, q, y);
    }

    @Override
    public void addScaled(float alpha, View x, View y) {
        elements.addScaled(alpha, x, y);
    }

    @Override
    public void dropout(float p, long seed, View x, View y) {
        elements.dropout(p, seed, x, y);
    }

    @Override
    public void reduce(Reduction op, View x, View y) {
        folds.reduce(op, x, y);
    }

    @Override
    public void argmax(View x, int axis, View y) {
        folds.argmax(x, axis, y);
    }

    @Override
    public void argsort(View x, int axis, boolean descending, View y) {
        order.argsort(x, axis, descending, y);
    }

    @Override
    public void cumsum(View x, int axis, boolean reverse, View y) {
        order.cumsum(x, axis, reverse, y);
    }

    @Override
    public void matmul(View p, View q, View y) {
        products.matmul(p, q, y);
    }

    @Override
    public void linear(View x, View w, Optional<View> bias, View y) {
        products.linear(x, w, bias, y);
    }

    @Override
    public void conv2d(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        if (epilogue.maxPool().isEmpty()) {
            products.conv(x, w, epilogue, y, params);
            return;
        }
        try (Scratch scratch = new Scratch(this)) {
            View before = scratch.images(params.outputShape(x.shape(), w.shape()));
            products.conv(x, w, epilogue, before, params);
            pools.maxPool(before, epilogue.maxPool().get(), y, Optional.empty());
        }
    }

    @Override
    public void conv2dBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        products.convBackwardInput(dy, w, dx, params);
    }

    @Override
    public void conv2dBackwardWeight(View x, View dy, View dw, Conv2dParams params) {
        products.convBackwardWeight(x, dy, dw, params);
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
        norms.batchStatistics(x, eps, mean, inverseStd, variance);
        norms.batchApply(x, gamma, beta, mean, inverseStd, residual, activation, y);
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
        norms.batchBackward(
                true, Optional.of(x), y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
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
        norms.batchApply(x, gamma, beta, mean, inverseStd, residual, activation, y);
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
        norms.batchBackward(false, x, y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    @Override
    public void foldBatchNorm(
            View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift) {
        norms.foldBatchNorm(gamma, beta, mean, variance, eps, bias, scale, shift);
    }

    @Override
    public void layerNorm(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd) {
        norms.layerNorm(x, gamma, beta, eps, y, mean, inverseStd);
    }

    @Override
    public void layerNormBackward(
            View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        norms.rowsBackward(x, dy, gamma, Optional.of(mean), inverseStd, dx, dgamma, Optional.of(dbeta));
    }

    @Override
    public void rmsNorm(View x, View gamma, float eps, View y, View inverseRms) {
        norms.rmsNorm(x, gamma, eps, y, inverseRms);
    }

    @Override
    public void rmsNormBackward(View x, View dy, View gamma, View inverseRms, View dx, View dgamma) {
        norms.rowsBackward(x, dy, gamma, Optional.empty(), inverseRms, dx, dgamma, Optional.empty());
    }

    @Override
    public void softmax(boolean log, View x, View y) {
        softmaxes.softmax(log, x, y);
    }

    @Override
    public void softmaxBackward(boolean log, View y, View dy, View dx) {
        softmaxes.softmaxBackward(log, y, dy, dx);
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
        softmaxes.crossEntropy(logits, target, classWeight, smoothing, ignoreIndex, loss, rowWeight, logProbabilities);
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
        softmaxes.crossEntropyBackward(logProbabilities, target, classWeight, smoothing, ignoreIndex, dloss, dlogits);
    }

    @Override
    public void maxPool2d(View x, PoolGeometry geometry, View y, Optional<View> index) {
        pools.maxPool(x, geometry, y, index);
    }

    @Override
    public void maxPool2dBackward(View dy, View index, PoolGeometry geometry, View dx) {
        pools.maxPoolBackward(dy, index, geometry, dx);
    }

    @Override
    public void avgPool2d(View x, PoolGeometry geometry, View y) {
        pools.avgPool(x, geometry, y);
    }

    @Override
    public void avgPool2dBackward(View dy, PoolGeometry geometry, View dx) {
        pools.avgPoolBackward(dy, geometry, dx);
    }

    @Override
    public void checkIndices(View indices, long size, OptionalLong ignored, IndexRefusal refusal) {
        indexed.check(indices, size, ignored, refusal);
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
    public void gatherRows(View table, View rows, View y) {
        indexed.gatherRows(table, rows, y);
    }

    @Override
    public void gatherRowsBackward(View dy, View rows, View dtable) {
        indexed.gatherRowsBackward(dy, rows, dtable);
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
        folds.sumOfSquares(views, sum);
    }
}
