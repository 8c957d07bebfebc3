package dev.graft.nn.data;

import java.util.Iterator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One pass over an epoch of a {@link DataLoader}, independent of every other loop over it. Closing it ends the pass at
 * any point and frees its batch:
 *
 * <pre>{@code
 * try (LoaderPass pass = loader.pass(1)) {
 *     for (Batch batch : pass) {
 *         ...                                   // an exception or a break leaves nothing open
 *     }
 * }
 * }</pre>
 */
public final class LoaderPass implements Iterable<Batch>, AutoCloseable {
    private final Supplier<BatchIterator> start;
    private @Nullable BatchIterator batches;
    private boolean closed;

    LoaderPass(Supplier<BatchIterator> start) {
        this.start = start;
    }

    /** @throws IllegalStateException if the pass has already begun, or is over */
    @Override
    public Iterator<Batch> iterator() {
        if (closed || batches != null) {
            throw new IllegalStateException("data loader: this pass has " + (closed ? "ended" : "begun already")
                    + ". Hint: make another one with pass(epoch).");
        }
        batches = start.get();
        return batches;
    }

    @Override
    public void close() {
        closed = true;
        if (batches != null) {
            batches.end("its pass was closed");
        }
    }
}
