package dev.graft.tensor;

import java.util.function.Supplier;

/** Switches the recording of operators for {@link Tensor#backward()} off, for the current thread. */
public final class Autograd {
    private static final ThreadLocal<int[]> DISABLED = ThreadLocal.withInitial(() -> new int[1]);

    private Autograd() {}

    /** Whether operators on this thread are recorded if an operand needs a gradient. */
    public static boolean isEnabled() {
        return DISABLED.get()[0] == 0;
    }

    /** Stops recording until the guard is closed: {@code try (var guard = Autograd.noGrad()) { ... }}. */
    public static Guard noGrad() {
        return new Guard();
    }

    /** Runs {@code body} without recording. */
    public static <T> T noGrad(Supplier<T> body) {
        try (Guard guard = new Guard()) {
            return body.get();
        }
    }

    /**
     * Runs {@code body} with recording, also within {@link #noGrad()}: for a function that needs gradients of its own,
     * such as an explanation of a prediction, whoever calls it.
     *
     * @see <a href="https://pytorch.org/docs/stable/generated/torch.enable_grad.html">torch.enable_grad</a>
     */
    public static <T> T enableGrad(Supplier<T> body) {
        int[] counter = DISABLED.get();
        int before = counter[0];
        counter[0] = 0;
        try {
            return body.get();
        } finally {
            counter[0] = before;
        }
    }

    /** Turns recording on again when it is closed. Only the thread that opened it may close it. */
    public static final class Guard implements AutoCloseable {
        private final int[] counter = DISABLED.get();
        private boolean closed;

        private Guard() {
            counter[0]++;
        }

        @Override
        public void close() {
            if (!closed) {
                if (counter != DISABLED.get()) {
                    throw new IllegalStateException(
                            "noGrad: the guard was closed on a different thread from the one that opened it, whose recording it"
                                    + " stops. Hint: open and close it on one thread.");
                }
                closed = true;
                counter[0]--;
            }
        }
    }
}
