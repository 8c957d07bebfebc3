package dev.graft.tensor;

import java.lang.ref.WeakReference;
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
    private static final int FIRST_SWEEP = 256;

    private final Deque<Scope> stack;
    /** Who will close a weak scope; null for others. */
    private final WeakReference<Object> holder;
    /** Tensors, or weak references to them; null where one has left. */
    private final List<Object> owned = new ArrayList<>();
    private int nextSweep = FIRST_SWEEP;
    private boolean closed;

    private Scope(Deque<Scope> stack, WeakReference<Object> holder) {
        this.stack = stack;
        this.holder = holder;
    }

    public static Scope open() {
        return push(STACK.get(), null);
    }

    /**
     * Opens a scope that may stay open without harm, as that of a loop's step does after a {@code break}: it closes what is still
     * in use when it is closed, but keeps nothing alive. What nobody else holds goes to the garbage collector before.
     *
     * @param holder who closes the scope; where it is collected before, the scope counts as {@linkplain #release() released}
     */
    public static Scope openWeak(Object holder) {
        Deque<Scope> stack = STACK.get();
        while (!stack.isEmpty() && stack.peek().isAbandoned()) {
            stack.peek().release();
        }
        return push(stack, new WeakReference<>(holder));
    }

    private static Scope push(Deque<Scope> stack, WeakReference<Object> holder) {
        Scope scope = new Scope(stack, holder);
        stack.push(scope);
        return scope;
    }

    private boolean isAbandoned() {
        return holder != null && holder.get() == null;
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
        checkThread("closed");
        while (!closed) {
            stack.pop().closeOwned();
        }
    }

    /**
     * Ends the scope without closing anything: its tensors move to the scope around it, or to the garbage collector. Scopes
     * opened inside it stay open.
     */
    public void release() {
        if (closed) {
            return;
        }
        checkThread("released");
        Scope around = around();
        for (int i = 0; i < owned.size(); i++) {
            Tensor tensor = tensor(owned.get(i));
            if (tensor != null) {
                tensor.leaveScope();
                if (around != null) {
                    around.adopt(tensor);
                }
            }
        }
        closed = true;
        owned.clear();
        stack.remove(this);
    }

    private void checkThread(String what) {
        if (stack != STACK.get()) {
            throw new IllegalStateException("scope: " + what
                    + " on another thread than the one that opened it. Hint: open and close it on one thread.");
        }
    }

    private void closeOwned() {
        closed = true;
        for (int i = owned.size() - 1; i >= 0; i--) {
            Tensor tensor = tensor(owned.get(i));
            if (tensor != null) {
                tensor.closeFromScope();
            }
        }
        owned.clear();
    }

    private static Tensor tensor(Object entry) {
        return entry instanceof WeakReference<?> reference ? (Tensor) reference.get() : (Tensor) entry;
    }

    static void register(Tensor tensor) {
        Scope current = STACK.get().peek();
        if (current != null) {
            current.adopt(tensor);
        }
    }

    private void adopt(Tensor tensor) {
        if (holder != null && owned.size() >= nextSweep) {
            sweep();
        }
        tensor.enterScope(this, owned.size());
        owned.add(holder != null ? new WeakReference<>(tensor) : tensor);
    }

    /** Drops what was collected or has left; the next one comes when twice as many are there, so that adopting stays cheap. */
    private void sweep() {
        int live = 0;
        for (Object entry : owned) {
            Tensor tensor = tensor(entry);
            if (tensor != null) {
                tensor.enterScope(this, live);
                owned.set(live++, entry);
            }
        }
        owned.subList(live, owned.size()).clear();
        nextSweep = Math.max(FIRST_SWEEP, 2 * live);
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
