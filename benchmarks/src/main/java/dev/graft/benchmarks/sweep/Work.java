package dev.graft.benchmarks.sweep;

import dev.graft.tensor.Autograd;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * One operator at one shape, forward or one of its gradients.
 *
 * @param multiplyAdds by the operator's definition
 * @param bytes that must be read and written at least
 * @param inputs make the operands
 * @param forward the operator
 * @param differentiated the operand whose gradient is computed; -1 for the forward pass
 */
record Work(
        double multiplyAdds,
        double bytes,
        List<Function<SplittableRandom, Tensor>> inputs,
        Function<List<Tensor>, Tensor> forward,
        int differentiated) {
    /** Rates of a usual core pair, in units a second. Only their ratio matters: it tells what bounds a shape. */
    private static final double MULTIPLY_ADDS = 200e9;

    private static final double BYTES = 20e9;
    /** What a call may cost in itself, in seconds. Without it, every shape of little work would be a cliff. */
    private static final double CALL = 30e-6;

    private static final double MOST_SECONDS = 4e-3;
    static final double MOST_BYTES = 96e6;

    /** The least time that the work could take, plus that of a call, in seconds. */
    double expected() {
        return Math.max(multiplyAdds / MULTIPLY_ADDS, bytes / BYTES) + CALL;
    }

    /** Whether the shape is small enough for a sweep over many. */
    boolean isMeasurable() {
        return multiplyAdds / MULTIPLY_ADDS <= MOST_SECONDS && bytes <= MOST_BYTES;
    }

    /**
     * The seconds of the fastest of several runs; gradients without the forward pass before.
     *
     * @param clock in nanoseconds
     * @param kept whether forward passes keep what a gradient of the first operand of floats needs
     * @param most seconds that all runs together may take
     */
    double measure(LongSupplier clock, boolean kept, int runs, double most) {
        SplittableRandom random = new SplittableRandom(1);
        try (Scope operands = Scope.open()) {
            List<Tensor> made = new ArrayList<>();
            for (Function<SplittableRandom, Tensor> input : inputs) {
                Tensor tensor = input.apply(random);
                made.add(made.size() == differentiated ? tensor.requireGrad(true) : tensor);
            }
            if (kept && differentiated < 0) {
                made.stream()
                        .filter(tensor -> tensor.dtype() == DType.F32)
                        .findFirst()
                        .ifPresent(tensor -> tensor.requireGrad(true));
            }
            Tensor seed = differentiated < 0
                    ? Tensor.scalar(0)
                    : likeResult(Autograd.noGrad(() -> forward.apply(made)), random);
            double best = Double.MAX_VALUE;
            double spent = 0;
            for (int run = 0; run < runs && spent < most; run++) {
                double seconds = once(clock, kept, made, seed);
                best = Math.min(best, seconds);
                spent += seconds;
            }
            return best;
        }
    }

    /** As layers hand gradients on: with the layout of the result. */
    private static Tensor likeResult(Tensor result, SplittableRandom random) {
        Tensor seed = result.detach().copy();
        return seed.copyFrom(Tensor.uniform(random, -1, 1, result.shape().toArray()));
    }

    private double once(LongSupplier clock, boolean kept, List<Tensor> operands, Tensor seed) {
        try (Scope scope = Scope.open()) {
            if (differentiated < 0) {
                return seconds(
                        clock, () -> kept ? forward.apply(operands) : Autograd.noGrad(() -> forward.apply(operands)));
            }
            Tensor result = forward.apply(operands);
            Tensor operand = operands.get(differentiated);
            operand.clearGrad();
            return seconds(clock, () -> {
                result.backward(seed);
                return operand.grad().orElseThrow();
            });
        }
    }

    private static double seconds(LongSupplier clock, Supplier<Tensor> body) {
        long start = clock.getAsLong();
        Tensor result = body.get();
        double seconds = (clock.getAsLong() - start) / 1e9;
        if (result.isClosed()) {
            throw new IllegalStateException("the result was closed before it was used");
        }
        return seconds;
    }
}
