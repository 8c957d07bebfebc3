package dev.graft.tensor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Owns the tensors made on one thread while it is open, and closes them with itself.
 *
 * <pre>{@code
 * try (Scope scope = Scope.open()) {
 *     Tensor hidden = x.matmul(w).relu();      // closed with the scope
 *     return scope.keep(hidden.softmax(1));    // moves to the scope around, or to the garbage collector
 * }
 * }</pre>
 *
 * <p>Scopes nest. With none open, the garbage collector owns a result. Modules and data loaders open scopes by themselves, so a
 * training loop closes nothing.
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<Deque<Scope>> STACK = ThreadLocal.withInitial(ArrayDeque::new);

    private final Deque<Scope> stack;
    private final List<Tensor> owned = new ArrayList<>();
    private boolean closed;

    private Scope(Deque<Scope> stack) {
        this.stack = stack;
    }

    public static Scope open() {
        Deque<Scope> stack = STACK.get();
        Scope scope = new Scope(stack);
        stack.push(scope);
        return scope;
    }

    /** Moves a tensor of this scope to the scope around it, or to the garbage collector; returns it. */
    public Tensor keep(Tensor tensor) {
        if (tensor.scope() == this) {
            tensor.leaveScope();
            Scope around = around();
            if (around != null) {
                around.adopt(tensor);
            }
        }
        return tensor;
    }

    /** Closes the scope, every scope opened inside it and still open, and every tensor they own. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (stack != STACK.get()) {
            throw new IllegalStateException("scope: closed on another thread than the one that opened it. Hint: open and close it on one thread.");
        }
        while (!closed) {
            stack.pop().closeOwned();
        }
    }

    private void closeOwned() {
        closed = true;
        for (int i = owned.size() - 1; i >= 0; i--) {
            Tensor tensor = owned.get(i);
            if (tensor != null) {
                tensor.closeFromScope();
            }
        }
        owned.clear();
    }

    static void register(Tensor tensor) {
        Scope current = STACK.get().peek();
        if (current != null) {
            current.adopt(tensor);
        }
    }

    private void adopt(Tensor tensor) {
        tensor.enterScope(this, owned.size());
        owned.add(tensor);
    }

    /** The slot stays empty: closing one tensor early must not cost a search. */
    void forget(int slot) {
        owned.set(slot, null);
    }

    private Scope around() {
        boolean found = false;
        for (Scope scope : stack) {
            if (found) {
                return scope;
            }
            found = scope == this;
        }
        return null;
    }
}
