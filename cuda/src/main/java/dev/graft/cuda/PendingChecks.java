package dev.graft.cuda;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Function;
import org.bytedeco.cuda.global.cudart;
import org.jspecify.annotations.Nullable;

/**
 * What kernels found wrong with their operands: each check has a cell of two numbers on the device, which a thread
 * reads when it next waits for the device. So a bad index costs no wait, and is refused by the thread that used it.
 */
final class PendingChecks {
    static final int WORDS = 2;
    /** A thread that never reads a result waits after so many checks. */
    private static final int MOST = 256;

    private final CudaBackend backend;
    private final ThreadLocal<Deque<Check>> pending = ThreadLocal.withInitial(ArrayDeque::new);

    private record Check(CudaStorage found, Function<long[], @Nullable RuntimeException> verdict) {}

    /** A check's two numbers on the device, held until the check is added, or the call fails. */
    static final class Cell implements AutoCloseable {
        private final CudaStorage storage;
        private boolean isAdded;

        private Cell(CudaStorage storage) {
            this.storage = storage;
        }

        long address() {
            return storage.address(0);
        }

        @Override
        public void close() {
            if (!isAdded) {
                storage.release();
            }
        }
    }

    PendingChecks(CudaBackend backend) {
        this.backend = backend;
    }

    /** A cell whose bytes all begin as {@code value}. */
    Cell cell(int value) {
        if (pending.get().size() >= MOST) {
            backend.synchronize();
        }
        Cell cell = new Cell((CudaStorage) backend.allocate(dev.graft.type.DType.I64, WORDS));
        backend.gpu().enter();
        backend.gpu()
                .check(
                        "clearing a check",
                        cudart.cuMemsetD8Async(cell.address(), (byte) value, 8L * WORDS, backend.gpu().stream()));
        return cell;
    }

    /** @param verdict the exception for what the kernels found; null if all is well */
    void add(Cell cell, Function<long[], @Nullable RuntimeException> verdict) {
        cell.isAdded = true;
        pending.get().add(new Check(cell.storage, verdict));
    }

    /**
     * After a wait: throws the first refusal of the calling thread's checks; all of them are done then.
     *
     * @throws RuntimeException the refusal
     */
    void settle() {
        Deque<Check> checks = pending.get();
        RuntimeException first = null;
        for (Check check = checks.poll(); check != null; check = checks.poll()) {
            long[] found = new long[WORDS];
            backend.fetch(check.found, found);
            check.found.release();
            RuntimeException refusal = check.verdict.apply(found);
            first = first == null ? refusal : first;
        }
        if (first != null) {
            throw first;
        }
    }
}
