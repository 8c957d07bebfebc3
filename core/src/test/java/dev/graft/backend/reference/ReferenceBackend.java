package dev.graft.backend.reference;

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
import dev.graft.type.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A device that is slow and obvious: every kernel is its formula in double precision, rounded once; memory lies outside
 * the heap and begins as NaN; kernels run later, one after the other, on a thread of the device's own. Shares nothing
 * with the CPU's backend. It holds callers to the contract too: what {@link Backend} says was checked or laid out by
 * the caller is checked here. In one file because it is the contract, method by method.
 */
public final class ReferenceBackend implements Backend {
    private final String name;
    private final Backend owner;
    private final ImageLayout layout;
    private final boolean checksLate;
    private final Worker worker;
    private final AtomicLong live = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();

    /**
     * @param layout of images
     * @param checksLate whether {@link #checkIndices} returns before it has looked
     */
    public ReferenceBackend(String name, ImageLayout layout, boolean checksLate) {
        this(name, null, layout, checksLate);
    }

    /** @param owner the backend that storages name as theirs; null for this one */
    ReferenceBackend(String name, Backend owner, ImageLayout layout, boolean checksLate) {
        this.name = name;
        this.owner = owner == null ? this : owner;
        this.layout = layout;
        this.checksLate = checksLate;
        this.worker = new Worker(name);
    }

    Backend owner() {
        return owner;
    }

    Worker worker() {
        return worker;
    }

    void givenBack(long bytes) {
        live.addAndGet(-bytes);
    }

    private static Elements on(View view) {
        return Elements.of(view);
    }

    private static Optional<Elements> on(Optional<View> view) {
        return view.map(Elements::of);
    }

    private Caller check(String kernel) {
        return new Caller(this, kernel);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, String> describe() {
        return Map.of(
                "kernels", "plain loops in double precision, one after the other on one thread (a test's device)");
    }

    @Override
    public MemoryStats memory() {
        return new MemoryStats(live.get(), peak.get(), 0, 0, 0);
    }

    @Override
    public void trim() {
        peak.set(live.get());
    }

    @Override
    public Storage allocate(DType dtype, long length) {
        ReferenceStorage storage = new ReferenceStorage(this, dtype, length);
        long now = live.addAndGet(storage.size());
        peak.accumulateAndGet(now, Math::max);
        return storage;
    }

    @Override
    public void synchronize() {
        worker.await(() -> {});
    }

    @Override
    public boolean computesIn(DType dtype) {
        return dtype == DType.F32;
    }

    @Override
    public ImageLayout imageLayout(DType dtype) {
        return layout;
    }

    @Override
    public Determinism determinism(Kernel kernel) {
        return Determinism.ANY_THREADS;
    }

    @Override
    public void copy(View x, View y) {
        check("copy").reads(x).writes(y).sameShape(x, y).convertible(x, y);
        worker.submit(() -> Copying.copy(x, y));
    }

    @Override
    public void fill(View y, double value) {
        Caller caller = check("fill").writes(y);
        if (value != 0) {
            caller.convertible(y, y);
        }
        worker.submit(() -> Copying.fill(y, value));
    }

    @Override
    public void unary(UnaryOp op, float a, float b, View x, View y) {
        check("unary").floats(x, y).reads(x).writes(y).sameLayout(x, y).apartUnlessSame(y, x);
        worker.submit(() -> on(y).each(i -> on(y).set(Pointwise.unary(op, a, b, on(x).get(i)), i)));
    }

    @Override
    public void unaryBackward(UnaryOp op, float a, float b, View x, View y, View dy, View dx) {
        check("unaryBackward").floats(x, y, dy, dx).reads(x, y, dy).writes(dx);
        check("unaryBackward").sameLayout(x, y, dy, dx).apart(dx, x, y, dy);
        worker.submit(() -> on(dx).each(i ->
                on(dx).set(on(dy).get(i) * Pointwise.slope(op, a, b, () -> on(x).get(i), () -> on(y).get(i)), i)));
    }

    @Override
    public void binary(BinaryOp op, View p, View q, View y) {
        check("binary").reads(p, q).writes(y).sameShape(p, q, y).apartUnlessSame(y, p, q);
        check("binary").dtype(op.isTruth() ? DType.BOOL : p.dtype(), y).dtype(p.dtype(), q);
        check("binary").oneOf(op.isLogic() ? List.of(DType.BOOL) : List.of(DType.F32, DType.I64, DType.I32), p);
        worker.submit(() -> Pointwise.binary(op, p.dtype(), on(p), on(q), on(y)));
    }

    @Override
    public void where(View condition, View p, View q, View y) {
        check("where").dtype(DType.BOOL, condition).dtype(y.dtype(), p, q);
        check("where").reads(condition, p, q).writes(y).sameShape(condition, p, q, y);
        check("where").apart(y, condition, p, q);
        worker.submit(() -> on(y).each(i -> on(y).setRaw((on(condition).getLong(i) != 0 ? on(p) : on(q)).raw(i), i)));
    }

    @Override
    public void addScaled(float alpha, View x, View y) {
        check("addScaled").floats(x, y).reads(x).writes(y).sameShape(x, y).apartUnlessSame(y, x);
        worker.submit(() -> on(y).each(i -> on(y).set(on(y).get(i) + (double) alpha * on(x).get(i), i)));
    }

    @Override
    public void dropout(float p, long seed, View x, View y) {
        check("dropout").floats(x, y).reads(x).writes(y).sameShape(x, y).apart(y, x);
        worker.submit(() -> Pointwise.dropout(p, seed, on(x), on(y)));
    }

    @Override
    public void reduce(Reduction op, View x, View y) {
        check("reduce").oneOf(op == Reduction.MEAN ? List.of(DType.F32) : List.of(DType.F32, DType.I64), x);
        check("reduce").dtype(x.dtype(), y).reads(x).writes(y).folded(x, y).apart(y, x);
        worker.submit(() -> Folding.reduce(op, x, y));
    }

    @Override
    public void argmax(View x, int axis, View y) {
        check("argmax")
                .floats(x)
                .dtype(DType.I64, y)
                .reads(x)
                .writes(y)
                .folded(x, y)
                .apart(y, x);
        worker.submit(() -> Folding.argmax(x, axis, y));
    }

    @Override
    public void argsort(View x, int axis, boolean descending, View y) {
        check("argsort").dtype(DType.I64, y).reads(x).writes(y).apart(y, x).alongAxis(axis, x, y);
        check("argsort").oneOf(List.of(DType.F32, DType.I64, DType.I32), x);
        worker.submit(() -> Ordering.argsort(x, axis, descending, y));
    }

    @Override
    public void cumsum(View x, int axis, boolean reverse, View y) {
        check("cumsum").dtype(x.dtype(), y).reads(x).writes(y).sameShape(x, y).apart(y, x);
        check("cumsum").oneOf(List.of(DType.F32, DType.I64), x);
        worker.submit(() -> Ordering.cumsum(x, axis, reverse, y));
    }

    @Override
    public void softmax(boolean log, View x, View y) {
        check("softmax")
                .floats(x, y)
                .reads(x)
                .writes(y)
                .sameShape(x, y)
                .contiguous(x, y)
                .apart(y, x);
        worker.submit(() -> Folding.softmax(log, on(x), on(y)));
    }

    @Override
    public void softmaxBackward(boolean log, View y, View dy, View dx) {
        check("softmaxBackward").floats(y, dy, dx).reads(y, dy).writes(dx);
        check("softmaxBackward").sameShape(y, dy, dx).contiguous(y, dy, dx).apart(dx, y, dy);
        worker.submit(() -> Folding.softmaxBackward(log, on(y), on(dy), on(dx)));
    }

    @Override
    public void matmul(View p, View q, View y) {
        check("matmul")
                .floats(p, q, y)
                .reads(p, q)
                .writes(y)
                .contiguous(y)
                .product(p, q, y)
                .apart(y, p, q);
        worker.submit(() -> Images.matmul(on(p), on(q), on(y)));
    }

    @Override
    public void linear(View x, View w, Optional<View> bias, View y) {
        Caller caller = check("linear").floats(x, w, y).reads(x, w).writes(y).contiguous(y);
        bias.ifPresent(b -> caller.floats(b).reads(b).contiguous(b));
        caller.apart(y, x, w);
        worker.submit(() -> on(y).each(at -> {
            double sum = bias.isPresent() ? on(bias.get()).get(at[1]) : 0;
            for (int k = 0; k < x.dim(1); k++) {
                sum += on(x).get(at[0], k) * on(w).get(at[1], k);
            }
            on(y).set(sum, at);
        }));
    }

    @Override
    public void conv2d(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        Caller caller = check("conv2d")
                .floats(x, w, y)
                .reads(x, w)
                .writes(y)
                .images(x, y)
                .apart(y, x, w);
        epilogue.scale().ifPresent(v -> caller.floats(v).reads(v).contiguous(v).apart(y, v));
        epilogue.shift().ifPresent(v -> caller.floats(v).reads(v).contiguous(v).apart(y, v));
        epilogue.residual().ifPresent(v -> caller.floats(v).reads(v).images(v).apart(y, v));
        worker.submit(() -> {
            Images.Result result = Images.convolution(
                    on(x),
                    on(w),
                    params,
                    new Images.Finish(
                            on(epilogue.scale()),
                            on(epilogue.shift()),
                            on(epilogue.residual()),
                            epilogue.activation()));
            if (epilogue.maxPool().isPresent()) {
                PoolGeometry pool = epilogue.maxPool().get();
                int height = params.outputHeight(x.dim(2), w.dim(2));
                int width = params.outputWidth(x.dim(3), w.dim(3));
                Images.maxPool(result, pool.rows(height), pool.columns(width), on(y), Optional.empty());
            } else {
                on(y).each(i -> on(y).set(result.at(i), i));
            }
        });
    }

    @Override
    public void conv2dBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        check("conv2dBackwardInput")
                .floats(dy, w, dx)
                .reads(dy, w)
                .writes(dx)
                .images(dy, dx)
                .apart(dx, dy, w);
        worker.submit(() -> Images.conv2dBackwardInput(on(dy), on(w), on(dx), params));
    }

    @Override
    public void conv2dBackwardWeight(View x, View dy, View dw, Conv2dParams params) {
        check("conv2dBackwardWeight")
                .floats(x, dy, dw)
                .reads(x, dy)
                .writes(dw)
                .images(x, dy)
                .apart(dw, x, dy);
        worker.submit(() -> Images.conv2dBackwardWeight(on(x), on(dy), on(dw), params));
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
        Caller caller = check("batchNormTrain").floats(x, gamma, beta, y, mean, inverseStd, variance);
        caller.reads(x, gamma, beta)
                .writes(y, mean, inverseStd, variance)
                .images(x, y)
                .sameShape(x, y);
        caller.contiguous(gamma, beta, mean, inverseStd, variance).apart(y, x, gamma, beta);
        residual.ifPresent(
                v -> caller.floats(v).reads(v).sameShape(v, y).images(v).apart(y, v));
        worker.submit(() -> {
            Images.statistics(on(x), eps, on(mean), on(inverseStd), on(variance));
            Images.normalise(on(x), on(gamma), on(beta), on(mean), on(inverseStd), on(residual), activation, on(y));
        });
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
        batchNormBackward(
                true, Optional.of(x), y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    private void batchNormBackward(
            boolean fromBatch,
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
        Caller caller = check("batchNormBackward").floats(dy, gamma, beta, mean, inverseStd, dx, dgamma, dbeta);
        caller.reads(dy, gamma, beta, mean, inverseStd)
                .writes(dx, dgamma, dbeta)
                .images(dy, dx)
                .sameShape(dy, dx);
        caller.contiguous(gamma, beta, mean, inverseStd, dgamma, dbeta).apart(dx, dy, gamma, beta, mean, inverseStd);
        x.ifPresent(v -> caller.floats(v).reads(v).sameShape(v, dx).images(v).apart(dx, v));
        y.ifPresent(v -> caller.floats(v).reads(v).sameShape(v, dx).images(v).apart(dx, v));
        dresidual.ifPresent(
                v -> caller.floats(v).writes(v).sameShape(v, dx).images(v).apart(v, dx, dy));
        worker.submit(() -> Images.normaliseBackward(
                fromBatch,
                on(x),
                on(y),
                on(dy),
                on(gamma),
                on(beta),
                on(mean),
                on(inverseStd),
                activation,
                on(dx),
                on(dgamma),
                on(dbeta),
                on(dresidual)));
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
        Caller caller = check("batchNormEval").floats(x, gamma, beta, mean, inverseStd, y);
        caller.reads(x, gamma, beta, mean, inverseStd).writes(y).images(x, y).sameShape(x, y);
        caller.contiguous(gamma, beta, mean, inverseStd).apart(y, x, gamma, beta, mean, inverseStd);
        residual.ifPresent(
                v -> caller.floats(v).reads(v).sameShape(v, y).images(v).apart(y, v));
        worker.submit(() -> Images.normalise(
                on(x), on(gamma), on(beta), on(mean), on(inverseStd), on(residual), activation, on(y)));
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
        batchNormBackward(false, x, y, dy, gamma, beta, mean, inverseStd, activation, dx, dgamma, dbeta, dresidual);
    }

    @Override
    public void foldBatchNorm(
            View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift) {
        Caller caller = check("foldBatchNorm").floats(gamma, beta, mean, variance, scale, shift);
        caller.reads(gamma, beta, mean, variance).writes(scale, shift);
        caller.contiguous(gamma, beta, mean, variance, scale, shift);
        bias.ifPresent(v -> caller.floats(v).reads(v).contiguous(v));
        worker.submit(() -> on(scale).each(c -> {
            double factor = on(gamma).get(c) / Math.sqrt(on(variance).get(c) + eps);
            double start = bias.isPresent() ? on(bias.get()).get(c) : 0;
            on(scale).set(factor, c);
            on(shift).set(on(beta).get(c) + (start - on(mean).get(c)) * factor, c);
        }));
    }

    @Override
    public void layerNorm(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd) {
        Caller caller = check("layerNorm").floats(x, gamma, beta, y, mean, inverseStd);
        caller.reads(x, gamma, beta).writes(y, mean, inverseStd).sameShape(x, y).apart(y, x, gamma, beta);
        caller.contiguous(x, gamma, beta, y, mean, inverseStd);
        worker.submit(() -> Images.layerNorm(on(x), on(gamma), on(beta), eps, on(y), on(mean), on(inverseStd)));
    }

    @Override
    public void layerNormBackward(
            View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        Caller caller = check("layerNormBackward").floats(x, dy, gamma, mean, inverseStd, dx, dgamma, dbeta);
        caller.reads(x, dy, gamma, mean, inverseStd).writes(dx, dgamma, dbeta).sameShape(x, dy, dx);
        caller.contiguous(x, dy, gamma, mean, inverseStd, dx, dgamma, dbeta).apart(dx, x, dy, gamma);
        worker.submit(() -> Images.layerNormBackward(
                on(x), on(dy), on(gamma), on(mean), on(inverseStd), on(dx), on(dgamma), on(dbeta)));
    }

    @Override
    public void groupNorm(View x, View gamma, View beta, int groups, float eps, View y, View mean, View inverseStd) {
        Caller caller = check("groupNorm").floats(x, gamma, beta, y, mean, inverseStd);
        caller.reads(x, gamma, beta).writes(y, mean, inverseStd).images(x, y).sameShape(x, y);
        caller.contiguous(gamma, beta, mean, inverseStd)
                .sameShape(mean, inverseStd)
                .apart(y, x, gamma, beta);
        worker.submit(() -> Norms.group(on(x), on(gamma), on(beta), eps, on(y), on(mean), on(inverseStd)));
    }

    @Override
    public void groupNormBackward(
            View x, View dy, View gamma, int groups, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        Caller caller = check("groupNormBackward").floats(x, dy, gamma, mean, inverseStd, dx, dgamma, dbeta);
        caller.reads(x, dy, gamma, mean, inverseStd).writes(dx, dgamma, dbeta).images(x, dy, dx);
        caller.sameShape(x, dy, dx)
                .contiguous(gamma, mean, inverseStd, dgamma, dbeta)
                .apart(dx, x, dy, gamma);
        worker.submit(() ->
                Norms.groupBackward(on(x), on(dy), on(gamma), on(mean), on(inverseStd), on(dx), on(dgamma), on(dbeta)));
    }

    @Override
    public void rmsNorm(View x, View gamma, float eps, View y, View inverseRms) {
        Caller caller = check("rmsNorm").floats(x, gamma, y, inverseRms);
        caller.reads(x, gamma).writes(y, inverseRms).sameShape(x, y).apart(y, x, gamma);
        caller.contiguous(x, gamma, y, inverseRms);
        worker.submit(() -> Norms.rms(on(x), on(gamma), eps, on(y), on(inverseRms)));
    }

    @Override
    public void rmsNormBackward(View x, View dy, View gamma, View inverseRms, View dx, View dgamma) {
        Caller caller = check("rmsNormBackward").floats(x, dy, gamma, inverseRms, dx, dgamma);
        caller.reads(x, dy, gamma, inverseRms).writes(dx, dgamma).sameShape(x, dy, dx);
        caller.contiguous(x, dy, gamma, inverseRms, dx, dgamma).apart(dx, x, dy, gamma);
        worker.submit(() -> Norms.rmsBackward(on(x), on(dy), on(gamma), on(inverseRms), on(dx), on(dgamma)));
    }

    @Override
    public void attention(View q, View k, View v, Optional<View> mask, AttentionParams params, View y, View logSum) {
        Caller caller = check("attention").floats(q, k, v, y, logSum).reads(q, k, v);
        caller.writes(y, logSum).contiguous(logSum).apart(y, q, k, v, logSum);
        mask.ifPresent(m -> caller.reads(m).apart(y, m));
        worker.submit(() -> Sequences.attention(on(q), on(k), on(v), on(mask), params, on(y), on(logSum)));
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
        Caller caller = check("attentionBackward").floats(q, k, v, y, logSum, dy, dq, dk, dv);
        caller.reads(q, k, v, y, logSum, dy).writes(dq, dk, dv).sameShape(q, dq);
        caller.sameShape(k, dk).sameShape(v, dv).sameShape(y, dy).contiguous(logSum);
        mask.ifPresent(caller::reads);
        worker.submit(() -> Sequences.attentionBackward(
                on(q), on(k), on(v), on(mask), params, on(logSum), on(dy), on(dq), on(dk), on(dv)));
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
        Caller caller = check("recurrent").floats(gates, weight, h0, y, hn);
        caller.reads(weight, h0).writes(gates, y, hn).contiguous(weight, h0, hn);
        List.of(inputBias, hiddenBias, c0, cn)
                .forEach(o -> o.ifPresent(v -> caller.floats(v).reads(v).contiguous(v)));
        memory.ifPresent(m -> caller.floats(m).writes(m).sameShape(m, y));
        lengths.ifPresent(l -> caller.dtype(DType.I64, l).reads(l).contiguous(l));
        worker.submit(() -> Sequences.recurrent(
                cell,
                reverse,
                on(gates),
                on(weight),
                on(inputBias),
                on(hiddenBias),
                on(h0),
                on(c0),
                on(lengths),
                on(y),
                on(memory),
                on(hn),
                on(cn)));
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
        Caller caller = check("recurrentOutputs").floats(x, inputWeight, weight, h0, y, hn);
        caller.reads(x, inputWeight, weight, h0).writes(y, hn).contiguous(weight, h0, hn);
        List.of(inputBias, hiddenBias, c0, cn)
                .forEach(o -> o.ifPresent(v -> caller.floats(v).reads(v).contiguous(v)));
        lengths.ifPresent(l -> caller.dtype(DType.I64, l).reads(l).contiguous(l));
        worker.submit(() -> Sequences.recurrentOutputs(
                cell,
                reverse,
                on(x),
                on(inputWeight),
                on(weight),
                on(inputBias),
                on(hiddenBias),
                on(h0),
                on(c0),
                on(lengths),
                on(y),
                on(hn),
                on(cn)));
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
        Caller caller = check("recurrentBackward").floats(gates, memory, y, weight, h0, dy, dgates, dh0);
        caller.reads(gates, memory, y, weight, h0, dy).writes(dgates, dh0).sameShape(y, dy, memory);
        caller.contiguous(weight, h0, dh0).sameShape(gates, dgates).sameShape(h0, dh0);
        List.of(c0, dhn, dcn)
                .forEach(o -> o.ifPresent(v -> caller.floats(v).reads(v).contiguous(v)));
        List.of(dhidden, dc0).forEach(o -> o.ifPresent(v -> caller.floats(v).writes(v)));
        lengths.ifPresent(l -> caller.dtype(DType.I64, l).reads(l).contiguous(l));
        worker.submit(() -> Sequences.recurrentBackward(
                cell,
                reverse,
                on(gates),
                on(memory),
                on(y),
                on(weight),
                on(h0),
                on(c0),
                on(lengths),
                on(dy),
                on(dhn),
                on(dcn),
                on(dgates),
                on(dhidden),
                on(dh0),
                on(dc0)));
    }

    @Override
    public void maxPool2d(View x, PoolGeometry geometry, View y, Optional<View> index) {
        Caller caller =
                check("maxPool2d").floats(x, y).reads(x).writes(y).images(x, y).apart(y, x);
        index.ifPresent(
                v -> caller.dtype(DType.I32, v).writes(v).sameLayout(v, y).apart(v, x, y));
        worker.submit(() ->
                Images.maxPool(on(x)::get, geometry.rows(x.dim(2)), geometry.columns(x.dim(3)), on(y), on(index)));
    }

    @Override
    public void maxPool2dBackward(View dy, View index, PoolGeometry geometry, View dx) {
        Caller caller = check("maxPool2dBackward").floats(dy, dx).dtype(DType.I32, index);
        caller.reads(dy, index).writes(dx).images(dy, dx).sameLayout(dy, index).apart(dx, dy, index);
        worker.submit(() -> Images.maxPoolBackward(on(dy), on(index), on(dx)));
    }

    @Override
    public void avgPool2d(View x, PoolGeometry geometry, View y) {
        check("avgPool2d").floats(x, y).reads(x).writes(y).images(x, y).apart(y, x);
        worker.submit(() -> Images.avgPool(on(x), geometry, on(y)));
    }

    @Override
    public void avgPool2dBackward(View dy, PoolGeometry geometry, View dx) {
        check("avgPool2dBackward")
                .floats(dy, dx)
                .reads(dy)
                .writes(dx)
                .images(dy, dx)
                .apart(dx, dy);
        worker.submit(() -> Images.avgPoolBackward(on(dy), geometry, on(dx)));
    }

    @Override
    public void resample2d(View x, AxisTaps rows, AxisTaps columns, View y) {
        check("resample2d").floats(x, y).reads(x).writes(y).images(x, y).apart(y, x);
        worker.submit(() -> Images.resample(on(x), rows, columns, on(y)));
    }

    @Override
    public void checkIndices(View indices, long size, OptionalLong ignored, IndexRefusal refusal) {
        check("checkIndices").dtype(DType.I64, indices).reads(indices);
        long[] position = {0};
        worker.submit(() -> on(indices).each(i -> {
            long value = on(indices).getLong(i);
            boolean fits = (value >= 0 && value < size) || (ignored.isPresent() && ignored.getAsLong() == value);
            if (!fits) {
                throw refusal.of(position[0], value);
            }
            position[0]++;
        }));
        if (!checksLate) {
            synchronize();
        }
    }

    @Override
    public void gather(View x, int axis, View index, View y) {
        check("gather")
                .dtype(x.dtype(), y)
                .dtype(DType.I64, index)
                .reads(x, index)
                .writes(y);
        check("gather").sameShape(index, y).alongAxis(axis, x, y).apart(y, x, index);
        worker.submit(() -> Ordering.gather(on(x), axis, on(index), on(y)));
    }

    @Override
    public void scatter(View x, int axis, View index, boolean add, View y) {
        check("scatter")
                .dtype(x.dtype(), y)
                .dtype(DType.I64, index)
                .reads(x, index)
                .writes(y);
        check("scatter").sameShape(index, x).alongAxis(axis, x, y).apart(y, x, index);
        worker.submit(() -> Ordering.scatter(on(x), axis, on(index), add, y));
    }

    @Override
    public void gatherRows(View table, View rows, View y) {
        Caller caller = check("gatherRows")
                .floats(table, y)
                .dtype(DType.I64, rows)
                .reads(table, rows)
                .writes(y);
        caller.contiguous(table, y).apart(y, table, rows);
        worker.submit(() -> Folding.gatherRows(on(table), on(rows), on(y)));
    }

    @Override
    public void gatherRowsBackward(View dy, View rows, View dtable) {
        Caller caller = check("gatherRowsBackward").floats(dy, dtable).dtype(DType.I64, rows);
        caller.reads(dy, rows).writes(dtable).contiguous(dtable).apart(dtable, dy, rows);
        worker.submit(() -> Folding.gatherRowsBackward(on(dy), on(rows), on(dtable)));
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
        Caller caller = check("crossEntropy").floats(logits, loss, rowWeight, logProbabilities);
        caller.dtype(DType.I64, target).reads(logits, target).writes(loss, rowWeight, logProbabilities);
        caller.contiguous(logits, target, loss, rowWeight, logProbabilities).sameShape(logits, logProbabilities);
        caller.sameShape(target, loss, rowWeight).apart(logProbabilities, logits);
        classWeight.ifPresent(v -> caller.floats(v).reads(v).contiguous(v));
        worker.submit(() -> Folding.crossEntropy(
                on(logits),
                on(target),
                on(classWeight).orElse(null),
                smoothing,
                ignoreIndex,
                on(loss),
                on(rowWeight),
                on(logProbabilities)));
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
        Caller caller = check("crossEntropyBackward").floats(logProbabilities, dloss, dlogits);
        caller.dtype(DType.I64, target).reads(logProbabilities, target, dloss).writes(dlogits);
        caller.contiguous(logProbabilities, target, dloss, dlogits).sameShape(logProbabilities, dlogits);
        caller.sameShape(target, dloss).apart(dlogits, logProbabilities, dloss);
        classWeight.ifPresent(v -> caller.floats(v).reads(v).contiguous(v));
        worker.submit(() -> Folding.crossEntropyBackward(
                on(logProbabilities),
                on(target),
                on(classWeight).orElse(null),
                smoothing,
                ignoreIndex,
                on(dloss),
                on(dlogits)));
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
        for (int i = 0; i < weights.size(); i++) {
            Optional<View> velocity = momentum == 0 ? Optional.empty() : Optional.of(velocities.get(i));
            sgd(weights.get(i), gradients.get(i), velocity, first, lr, momentum, dampening, weightDecay, nesterov);
        }
    }

    private void sgd(
            View weight,
            View gradient,
            Optional<View> velocity,
            boolean first,
            double lr,
            double momentum,
            double dampening,
            double weightDecay,
            boolean nesterov) {
        Caller caller = check("sgd").floats(weight, gradient).reads(gradient).writes(weight);
        caller.sameLayout(weight, gradient).apartUnlessSame(weight, gradient);
        velocity.ifPresent(v -> caller.floats(v).writes(v).sameShape(v, weight).apart(v, weight));
        worker.submit(() -> Pointwise.sgd(
                on(weight),
                on(gradient),
                on(velocity).orElse(null),
                first,
                lr,
                momentum,
                dampening,
                weightDecay,
                nesterov));
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
        Caller caller =
                check("adam").floats(weight, gradient, m, v).reads(gradient).writes(weight, m, v);
        caller.sameLayout(weight, gradient)
                .sameShape(weight, m, v)
                .apart(m, weight, v)
                .apart(weight, v);
        worker.submit(() -> Pointwise.adam(
                on(weight), on(gradient), on(m), on(v), t, lr, beta1, beta2, eps, weightDecay, decoupled));
    }

    @Override
    public void sumOfSquares(List<View> views, View sum) {
        check("sumOfSquares").dtype(DType.F64, sum).writes(sum);
        for (View view : views) {
            check("sumOfSquares").floats(view).reads(view);
        }
        worker.submit(() -> {
            double[] total = {0};
            for (View view : views) {
                on(view).each(i -> total[0] += Math.pow(on(view).get(i), 2));
            }
            on(sum).set(total[0], new int[sum.rank()]);
        });
    }
}
