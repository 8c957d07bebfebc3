package dev.graft.backend;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.List;
import java.util.Optional;

/**
 * What a new backend starts from: every kernel that is not {@linkplain Kernel#isPrimitive primitive}, composed of
 * primitive kernels and intermediate results. It is correct first and fast later: a backend overrides a kernel when it
 * has something better, such as {@link #convolve} by a library, or {@link #conv2d} if that fuses what follows.
 *
 * <p>Primitive, and therefore to be written: {@code copy, fill, unary, unaryBackward, binary, where, reduce, argmax,
 * argsort, cumsum, matmul}, {@code maxPool2d} and {@code avgPool2d} with their gradients, {@code checkIndices},
 * {@code gather}, {@code scatter}, {@code gatherRows} with its gradient, and {@code sumOfSquares}; and the methods of
 * {@link Backend} that are not kernels. {@code matmul} must accept any number of leading dimensions; {@code binary},
 * {@code where} and {@code reduce} must accept any strides.
 *
 * <p>Intermediate results are F32, so sums of many terms are as exact as the primitive {@code reduce} and
 * {@code matmul}. The promises of {@link #determinism} follow from those of the primitive kernels.
 *
 * <p>In one file because it is the contract, method by method, most of them handed to a formula's own class.
 */
public abstract class ComposedBackend implements Backend {

    /** Over N, H and W of images. */
    private static final int[] PIXELS = {0, 2, 3};

    protected ComposedBackend() {}

    private Temporaries temporaries() {
        return new Temporaries(this);
    }

    // Element-wise

    @Override
    public void addScaled(float alpha, View x, View y) {
        try (Temporaries t = temporaries()) {
            binary(BinaryOp.ADD, y, t.affine(alpha, x, 0), y);
        }
    }

    /** The mask is made on the host, where its definition is. */
    @Override
    public void dropout(float p, long seed, View x, View y) {
        DropoutMask mask = DropoutMask.of(p, seed);
        byte[] stays = new byte[y.numel()];
        for (int i = 0; i < stays.length; i++) {
            stays[i] = (byte) (mask.keeps(i) ? 1 : 0);
        }
        try (Temporaries t = temporaries()) {
            View kept = t.empty(DType.BOOL, y.shape().toArray());
            kept.storage().write(0, stays, 0, stays.length);
            View scaled = t.affine(mask.scale(), x, 0);
            where(kept, scaled, Temporaries.expand(t.constant(0), y.shape()), y);
        }
    }

    // Reductions

    /** {@code exp(x - max) / sum}, or {@code x - max - log(sum)}. */
    @Override
    public void softmax(boolean log, View x, View y) {
        try (Temporaries t = temporaries()) {
            View shifted = t.sub(x, t.reduce(Reduction.MAX, x, -1));
            View powers = t.unary(UnaryOp.EXP, shifted);
            View sum = t.sum(powers, -1);
            copy(log ? t.sub(shifted, t.unary(UnaryOp.LOG, sum)) : t.div(powers, sum), y);
        }
    }

    /** {@code y * (dy - sum(y * dy))}, or {@code dy - exp(y) * sum(dy)}. */
    @Override
    public void softmaxBackward(boolean log, View y, View dy, View dx) {
        try (Temporaries t = temporaries()) {
            copy(
                    log
                            ? t.sub(dy, t.mul(t.unary(UnaryOp.EXP, y), t.sum(dy, -1)))
                            : t.mul(y, t.sub(dy, t.sum(t.mul(y, dy), -1))),
                    dx);
        }
    }

    // Products

    @Override
    public void linear(View x, View w, Optional<View> bias, View y) {
        View turned = new View(
                w.storage(), w.offset(), Shape.of(w.dim(1), w.dim(0)), new long[] {w.strides()[1], w.strides()[0]});
        matmul(x, turned, y);
        bias.ifPresent(b -> binary(BinaryOp.ADD, y, Temporaries.expand(b, y.shape()), y));
    }

    /**
     * {@code y = x * w} and nothing else: the place to call a library. By default, one product for each position in w.
     */
    protected void convolve(View x, View w, View y, Conv2dParams params) {
        new ComposedConvolution(this, x, w, y, params).forward(x, w, y);
    }

    @Override
    public void conv2d(View x, View w, Epilogue epilogue, View y, Conv2dParams params) {
        try (Temporaries t = temporaries()) {
            View result = t.emptyImages(DType.F32, params.outputShape(x.shape(), w.shape()));
            convolve(x, w, result, params);
            if (epilogue.scale().isPresent()) {
                result = t.mul(result, Temporaries.channels(epilogue.scale().get()));
            }
            if (epilogue.shift().isPresent()) {
                result = t.add(result, Temporaries.channels(epilogue.shift().get()));
            }
            if (epilogue.residual().isPresent()) {
                result = t.add(result, epilogue.residual().get());
            }
            result = t.activated(epilogue.activation(), result);
            if (epilogue.maxPool().isPresent()) {
                maxPool2d(result, epilogue.maxPool().get(), y, Optional.empty());
            } else {
                copy(result, y);
            }
        }
    }

    @Override
    public void conv2dBackwardInput(View dy, View w, View dx, Conv2dParams params) {
        new ComposedConvolution(this, dx, w, dy, params).backwardInput(dy, w, dx);
    }

    @Override
    public void conv2dBackwardWeight(View x, View dy, View dw, Conv2dParams params) {
        new ComposedConvolution(this, x, dw, dy, params).backwardWeight(x, dy, dw);
    }

    // Normalisation

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
        try (Temporaries t = temporaries()) {
            View center = t.mean(x, PIXELS);
            View spread = t.mean(t.unary(UnaryOp.SQUARE, t.sub(x, center)), PIXELS);
            copy(center, Temporaries.channels(mean));
            copy(spread, Temporaries.channels(variance));
            copy(inverseRoot(t, spread, eps), Temporaries.channels(inverseStd));
        }
        batchNormEval(x, gamma, beta, mean, inverseStd, residual, activation, y);
    }

    private static View inverseRoot(Temporaries t, View variance, float eps) {
        return t.unary(UnaryOp.RECIPROCAL, t.unary(UnaryOp.SQRT, t.affine(1, variance, eps)));
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
        try (Temporaries t = temporaries()) {
            View result = normalised(t, x, mean, inverseStd);
            result = t.add(t.mul(result, Temporaries.channels(gamma)), Temporaries.channels(beta));
            if (residual.isPresent()) {
                result = t.add(result, residual.get());
            }
            copy(t.activated(activation, result), y);
        }
    }

    /** {@code (x - mean) * inverseStd}. */
    private static View normalised(Temporaries t, View x, View mean, View inverseStd) {
        return t.mul(t.sub(x, Temporaries.channels(mean)), Temporaries.channels(inverseStd));
    }

    /** {@code dx = gamma * inverseStd * (d - mean(d) - xhat * mean(d * xhat))}, d before the activation. */
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
        try (Temporaries t = temporaries()) {
            View hat = normalised(t, x, mean, inverseStd);
            View d = t.beforeActivation(activation, y.orElseGet(() -> shifted(t, hat, gamma, beta, activation)), dy);
            View product = t.mul(d, hat);
            View centered = t.sub(t.sub(d, t.mean(d, PIXELS)), t.mul(hat, t.mean(product, PIXELS)));
            View slope = t.mul(Temporaries.channels(gamma), Temporaries.channels(inverseStd));
            copy(t.mul(centered, slope), dx);
            copy(t.sum(product, PIXELS), Temporaries.channels(dgamma));
            copy(t.sum(d, PIXELS), Temporaries.channels(dbeta));
            dresidual.ifPresent(r -> copy(d, r));
        }
    }

    /** The argument of the activation decides its slope, as its result does. */
    private static View shifted(Temporaries t, View hat, View gamma, View beta, Activation activation) {
        View before = t.add(t.mul(hat, Temporaries.channels(gamma)), Temporaries.channels(beta));
        return t.activated(activation, before);
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
        try (Temporaries t = temporaries()) {
            Optional<View> hat = x.map(v -> normalised(t, v, mean, inverseStd));
            View result = y.or(() -> hat.map(h -> shifted(t, h, gamma, beta, activation)))
                    .orElse(dy);
            View d = t.beforeActivation(activation, result, dy);
            copy(t.mul(d, t.mul(Temporaries.channels(gamma), Temporaries.channels(inverseStd))), dx);
            hat.ifPresent(h -> copy(t.sum(t.mul(d, h), PIXELS), Temporaries.channels(dgamma)));
            copy(t.sum(d, PIXELS), Temporaries.channels(dbeta));
            dresidual.ifPresent(r -> copy(d, r));
        }
    }

    @Override
    public void foldBatchNorm(
            View gamma, View beta, View mean, View variance, float eps, Optional<View> bias, View scale, View shift) {
        try (Temporaries t = temporaries()) {
            View factor = t.mul(gamma, inverseRoot(t, variance, eps));
            View center = bias.isPresent() ? t.sub(bias.get(), mean) : t.affine(-1, mean, 0);
            copy(t.add(beta, t.mul(center, factor)), shift);
            copy(factor, scale);
        }
    }

    @Override
    public void layerNorm(View x, View gamma, View beta, float eps, View y, View mean, View inverseStd) {
        try (Temporaries t = temporaries()) {
            View center = t.mean(x, 1);
            View centered = t.sub(x, center);
            View inverse = inverseRoot(t, t.mean(t.unary(UnaryOp.SQUARE, centered), 1), eps);
            copy(t.add(t.mul(t.mul(centered, inverse), gamma), beta), y);
            copy(center, Temporaries.column(mean));
            copy(inverse, Temporaries.column(inverseStd));
        }
    }

    @Override
    public void layerNormBackward(
            View x, View dy, View gamma, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        try (Temporaries t = temporaries()) {
            View inverse = Temporaries.column(inverseStd);
            View hat = t.mul(t.sub(x, Temporaries.column(mean)), inverse);
            View d = t.mul(dy, gamma);
            View centered = t.sub(t.sub(d, t.mean(d, 1)), t.mul(hat, t.mean(t.mul(d, hat), 1)));
            copy(t.mul(centered, inverse), dx);
            Shape row = Shape.of(1, x.dim(1));
            copy(t.sum(t.mul(dy, hat), 0), Temporaries.expand(dgamma, row));
            copy(t.sum(dy, 0), Temporaries.expand(dbeta, row));
        }
    }

    /** {@code [N, C, H, W]} as rows {@code [N * groups, D]}, a row-major copy. */
    private static View groupRows(Temporaries t, View x, int groups) {
        int rows = x.dim(0) * groups;
        return Temporaries.reshape(t.contiguousCopy(x), Shape.of(rows, rows == 0 ? 0 : x.numel() / rows));
    }

    @Override
    public void groupNorm(View x, View gamma, View beta, int groups, float eps, View y, View mean, View inverseStd) {
        try (Temporaries t = temporaries()) {
            View rows = groupRows(t, x, groups);
            View center = t.mean(rows, 1);
            View centered = t.sub(rows, center);
            View inverse = inverseRoot(t, t.mean(t.unary(UnaryOp.SQUARE, centered), 1), eps);
            View z = Temporaries.reshape(t.mul(centered, inverse), x.shape());
            copy(t.add(t.mul(z, Temporaries.channels(gamma)), Temporaries.channels(beta)), y);
            copy(Temporaries.reshape(center, mean.shape()), mean);
            copy(Temporaries.reshape(inverse, inverseStd.shape()), inverseStd);
        }
    }

    @Override
    public void groupNormBackward(
            View x, View dy, View gamma, int groups, View mean, View inverseStd, View dx, View dgamma, View dbeta) {
        try (Temporaries t = temporaries()) {
            View rows = groupRows(t, x, groups);
            Shape column = Shape.of(rows.dim(0), 1);
            View inverse = Temporaries.reshape(inverseStd, column);
            View z = t.mul(t.sub(rows, Temporaries.reshape(mean, column)), inverse);
            View given = t.contiguousCopy(dy);
            View d = Temporaries.reshape(t.mul(given, Temporaries.channels(gamma)), rows.shape());
            View centered = t.sub(t.sub(d, t.mean(d, 1)), t.mul(z, t.mean(t.mul(d, z), 1)));
            copy(Temporaries.reshape(t.mul(centered, inverse), x.shape()), dx);
            View product = t.mul(given, Temporaries.reshape(z, x.shape()));
            copy(t.sum(product, PIXELS), Temporaries.channels(dgamma));
            copy(t.sum(given, PIXELS), Temporaries.channels(dbeta));
        }
    }

    @Override
    public void rmsNorm(View x, View gamma, float eps, View y, View inverseRms) {
        try (Temporaries t = temporaries()) {
            View inverse = inverseRoot(t, t.mean(t.unary(UnaryOp.SQUARE, x), 1), eps);
            copy(t.mul(t.mul(x, inverse), gamma), y);
            copy(inverse, Temporaries.column(inverseRms));
        }
    }

    @Override
    public void rmsNormBackward(View x, View dy, View gamma, View inverseRms, View dx, View dgamma) {
        try (Temporaries t = temporaries()) {
            View inverse = Temporaries.column(inverseRms);
            View z = t.mul(x, inverse);
            View d = t.mul(dy, gamma);
            copy(t.mul(t.sub(d, t.mul(z, t.mean(t.mul(d, z), 1))), inverse), dx);
            copy(t.sum(t.mul(dy, z), 0), Temporaries.expand(dgamma, Shape.of(1, x.dim(1))));
        }
    }

    // Interpolation and padding

    @Override
    public void resample2d(View x, AxisTaps rows, AxisTaps columns, View y) {
        try (Temporaries t = temporaries()) {
            copy(resampled(t, resampled(t, x, rows, 2), columns, 3), y);
        }
    }

    /** The first taps of all results, plus the second taps of those that have two, and so on. */
    private View resampled(Temporaries t, View x, AxisTaps taps, int axis) {
        View table = t.contiguousCopy(Temporaries.inFront(x, axis));
        int width = x.dim(axis) == 0 ? 0 : x.numel() / x.dim(axis);
        View lines = Temporaries.reshape(table, Shape.of(x.dim(axis), width));
        View sum = t.zeros(DType.F32, taps.count(), width);
        for (int k = 0; k < taps.most(); k++) {
            long[] places = new long[taps.count()];
            float[] weights = new float[taps.count()];
            byte[] present = new byte[taps.count()];
            for (int i = 0; i < taps.count(); i++) {
                if (taps.from(i) + k < taps.to(i)) {
                    places[i] = taps.position(taps.from(i) + k);
                    weights[i] = taps.weight(taps.from(i) + k);
                    present[i] = 1;
                }
            }
            View gathered = t.empty(DType.F32, taps.count(), width);
            gatherRows(lines, t.longs(places), gathered);
            View term = t.mul(gathered, Temporaries.column(t.floats(weights)));
            // Selected rather than multiplied by 0: what is not a tap may be infinite.
            sum = t.where(Temporaries.column(t.truths(present)), t.add(sum, term), sum);
        }
        int[] dims = table.shape().toArray();
        dims[0] = taps.count();
        return Temporaries.inPlace(Temporaries.reshape(sum, Shape.of(dims)), axis);
    }

    // Sequences

    @Override
    public void attention(View q, View k, View v, Optional<View> mask, AttentionParams params, View y, View logSum) {
        try (Temporaries t = temporaries()) {
            new ComposedAttention(this, t, params).forward(q, k, v, mask, y, logSum);
        }
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
        try (Temporaries t = temporaries()) {
            new ComposedAttention(this, t, params).backward(q, k, v, mask, y, logSum, dy, dq, dk, dv);
        }
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
        new ComposedRecurrence(this, cell, reverse, weight, lengths)
                .forward(gates, inputBias, hiddenBias, h0, c0, y, memory, hn, cn);
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
        try (Temporaries t = temporaries()) {
            View gates = t.empty(DType.F32, x.dim(0), x.dim(1), inputWeight.dim(0));
            View turned = new View(
                    inputWeight.storage(),
                    inputWeight.offset(),
                    Shape.of(x.dim(0), inputWeight.dim(1), inputWeight.dim(0)),
                    new long[] {0, inputWeight.strides()[1], inputWeight.strides()[0]});
            matmul(x, turned, gates);
            recurrent(
                    cell, reverse, gates, weight, inputBias, hiddenBias, h0, c0, lengths, y, Optional.empty(), hn, cn);
        }
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
        new ComposedRecurrence(this, cell, reverse, weight, lengths)
                .backward(gates, memory, y, h0, c0, dy, dhn, dcn, dgates, dhidden, dh0, dc0);
    }

    // Losses

    /** The targets of the rows, as masks: of the class {@code [R, C]}, and of ignored rows {@code [R, 1]}. */
    private record Targets(View hit, View ignored) {
        static Targets of(Temporaries t, View target, long ignoreIndex, int classes) {
            long[] numbers = new long[classes];
            for (int i = 0; i < classes; i++) {
                numbers[i] = i;
            }
            View labels = Temporaries.column(target);
            return new Targets(t.equal(labels, t.longs(numbers)), t.equal(labels, t.longs(ignoreIndex)));
        }
    }

    private static View weights(Temporaries t, Optional<View> classWeight, int classes) {
        return classWeight.orElseGet(() -> Temporaries.expand(t.constant(1), Shape.of(classes)));
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
        softmax(true, logits, logProbabilities);
        int classes = logits.dim(1);
        try (Temporaries t = temporaries()) {
            Targets targets = Targets.of(t, target, ignoreIndex, classes);
            View zero = t.constant(0);
            View weights = weights(t, classWeight, classes);
            View onTarget = t.sum(t.where(targets.hit, weights, zero), 1);
            // Selected rather than multiplied by 0: a log-probability may be minus infinity.
            View chosen = t.sum(t.where(targets.hit, logProbabilities, zero), 1);
            View each = t.mul(t.affine(smoothing - 1.0, onTarget, 0), chosen);
            if (smoothing > 0) {
                View all = t.sum(t.mul(logProbabilities, weights), 1);
                each = t.add(each, t.affine(-smoothing / (double) classes, all, 0));
            }
            copy(t.where(targets.ignored, zero, each), Temporaries.column(loss));
            copy(t.where(targets.ignored, zero, onTarget), Temporaries.column(rowWeight));
        }
    }

    /** {@code dloss * ((1 - s) w[t] (p - [c = t]) + s/C (p sum(w) - w))}. */
    @Override
    public void crossEntropyBackward(
            View logProbabilities,
            View target,
            Optional<View> classWeight,
            float smoothing,
            long ignoreIndex,
            View dloss,
            View dlogits) {
        int classes = logProbabilities.dim(1);
        try (Temporaries t = temporaries()) {
            Targets targets = Targets.of(t, target, ignoreIndex, classes);
            View zero = t.constant(0);
            View weights = weights(t, classWeight, classes);
            View p = t.unary(UnaryOp.EXP, logProbabilities);
            View onTarget = t.affine(1.0 - smoothing, t.sum(t.where(targets.hit, weights, zero), 1), 0);
            double spread = smoothing / (double) classes;
            View total = t.affine(spread, t.sum(weights, 0), 0);
            View minus = t.add(t.where(targets.hit, onTarget, zero), t.affine(spread, weights, 0));
            View slope = t.sub(t.mul(p, t.add(onTarget, total)), minus);
            copy(t.where(targets.ignored, zero, t.mul(slope, Temporaries.column(dloss))), dlogits);
        }
    }

    // Optimizer steps

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
        try (Temporaries t = temporaries()) {
            View g = t.add(t.affine(weightDecay, weight, 0), gradient);
            View step = g;
            if (velocity.isPresent()) {
                View v = velocity.get();
                copy(first ? g : t.add(t.affine(momentum, v, 0), t.affine(1 - dampening, g, 0)), v);
                step = nesterov ? t.add(g, t.affine(momentum, v, 0)) : v;
            }
            binary(BinaryOp.SUB, weight, t.affine(lr, step, 0), weight);
        }
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
        try (Temporaries c = temporaries()) {
            View g = decoupled ? gradient : c.add(c.affine(weightDecay, weight, 0), gradient);
            copy(c.add(c.affine(beta1, m, 0), c.affine(1 - beta1, g, 0)), m);
            copy(c.add(c.affine(beta2, v, 0), c.affine(1 - beta2, c.unary(UnaryOp.SQUARE, g), 0)), v);
            double rootScale = 1 / Math.sqrt(1 - Math.pow(beta2, (double) t));
            View root = c.affine(rootScale, c.unary(UnaryOp.SQRT, v), eps);
            View step = c.affine(lr / (1 - Math.pow(beta1, (double) t)), c.div(m, root), 0);
            copy(c.sub(c.affine(decoupled ? 1 - lr * weightDecay : 1, weight, 0), step), weight);
        }
    }
}
