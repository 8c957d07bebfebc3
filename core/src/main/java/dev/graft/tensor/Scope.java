package dev.graft.tensor;

import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Owns the tensors made on one thread while it is open, and closes them with itself.
 *
 * <pre>{@code
 * try (Scope scope = Scope.open()) {
 *     Tensor hidden = x.matmul(w).relu();      // closed with the scope
 *     return scope.keep(hidden.softmax(1));    // moves to the enclosing scope, or to the garbage collector
 * }
 * }</pre>
 *
 * <p>Scopes nest, and a tensor belongs to the scope that was opened last. If none is open, the garbage collector owns a
 * result. Modules and data loaders open scopes themselves, so a training loop closes nothing. The steps of loops need
 * not nest: see {@link #openWeak}.
 */
public final class Scope implements AutoCloseable {
    private static final ThreadLocal<Deque<Scope>> STACK = ThreadLocal.withInitial(ArrayDeque::new);
    private static final int FIRST_SWEEP = 256;

    private final Deque<Scope> stack;
    /** Who will close a weak scope; null for other scopes. */
    private final @Nullable WeakReference<Object> holder;
    /** Tensors, or weak references to them; null if one has left. */
    private final List<Object> owned = new ArrayList<>();

    private int nextSweep = FIRST_SWEEP;
    private boolean closed;

    private Scope(Deque<Scope> stack, @Nullable WeakReference<Object> holder) {
        this.stack = stack;
        this.holder = holder;
    }

    public static Scope open() {
        return push(STACK.get(), null);
    }

    /**
     * Opens a scope that may stay open without harm, as the scope of a loop's step does after a {@code break}. When it
     * is closed, it closes the tensors that are still in use, but it keeps nothing alive: tensors without another
     * holder are collected before.
     *
     * <p>The steps of several loops end in any order, so a weak scope closes only its own tensors: scopes opened inside
     * it stay open. An enclosing scope of {@link #open()} closes it like any other.
     *
     * @param holder who closes the scope; if the holder is collected first, the scope counts as {@linkplain #release()
     *     released}
     */
    public static Scope openWeak(Object holder) {
        Deque<Scope> stack = STACK.get();
        // Anywhere in the stack: a loop that continues around the abandoned ones would bury more with each step.
        for (Scope scope : stack.toArray(Scope[]::new)) {
            if (scope.isAbandoned()) {
                scope.release();
            }
        }
        return push(stack, new WeakReference<>(holder));
    }

    private static Scope push(Deque<Scope> stack, @Nullable WeakReference<Object> holder) {
        Scope scope = new Scope(stack, holder);
        stack.push(scope);
        return scope;
    }

    private boolean isWeak() {
        return holder != null;
    }

    private boolean isAbandoned() {
        return holder != null && holder.get() == null;
    }

    /**
     * Lets a tensor outlive this scope. A tensor of this scope, or of a scope opened inside it, moves to the enclosing
     * scope, or to the garbage collector. A tensor that belongs to an enclosing scope, or to none, outlives this scope
     * anyway. Returns the tensor.
     *
     * @throws IllegalStateException if the tensor or this scope was closed, or either belongs to another thread
     */
    public Tensor keep(Tensor tensor) {
        tensor.checkOpen("keep");
        if (closed) {
            throw new IllegalStateException(
                    "keep: the scope was closed, and its tensors with it. Hint: keep a tensor before.");
        }
        checkThread(
                "keep: called on a different thread from the one that opened the scope. Hint: keep a tensor on the thread that made it.");
        Scope owner = tensor.scope();
        if (owner == this || (owner != null && owner.isInside(this))) {
            move(tensor, around(false));
        }
        return tensor;
    }

    /**
     * For a function whose result may be one of its arguments, or a tensor that is kept elsewhere. A tensor of this
     * scope is {@linkplain #keep kept}; for any other tensor, its {@link Tensor#alias} is. The caller of the function
     * may then close the result without closing anything else.
     */
    public Tensor handOver(Tensor tensor) {
        Scope owner = tensor.scope();
        return keep(owner == this || (owner != null && owner.isInside(this)) ? tensor : tensor.alias());
    }

    private static void move(Tensor tensor, @Nullable Scope target) {
        tensor.leaveScope();
        if (target != null) {
            target.adopt(tensor);
        }
    }

    /** Whether this scope was opened while {@code outer} was open, on the same thread. */
    private boolean isInside(Scope outer) {
        if (stack != outer.stack) {
            throw new IllegalStateException(
                    "keep: the tensor belongs to a scope of another thread, which closes it. Hint: keep() it there, before "
                            + "handing it over.");
        }
        for (Scope scope : stack) {
            if (scope == outer) {
                return false;
            }
            if (scope == this) {
                return true;
            }
        }
        return false;
    }

    /**
     * Closes the scope, every scope opened inside it that is still open, and every tensor that they own. A scope of
     * {@link #openWeak} closes only itself.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        checkThread(
                "scope: closed on a different thread from the one that opened it. Hint: open and close it on one thread.");
        if (isWeak()) {
            stack.remove(this);
            closeOwned();
        }
        while (!closed) {
            stack.pop().closeOwned();
        }
    }

    /**
     * Ends the scope without closing anything: its tensors move to the enclosing scope, or to the garbage collector.
     * The tensors of a {@linkplain #openWeak weak} scope skip other weak scopes, so that no other loop's step closes
     * them. Scopes opened inside it stay open.
     */
    public void release() {
        if (closed) {
            return;
        }
        checkThread(
                "scope: released on a different thread from the one that opened it. Hint: open and close it on one thread.");
        Scope target = around(isWeak());
        for (int i = 0; i < owned.size(); i++) {
            Tensor tensor = tensor(owned.get(i));
            if (tensor != null) {
                move(tensor, target);
            }
        }
        closed = true;
        owned.clear();
        stack.remove(this);
    }

    void checkThread(String problem) {
        if (stack != STACK.get()) {
            throw new IllegalStateException(problem);
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

    private static @Nullable Tensor tensor(Object entry) {
        return entry instanceof WeakReference<?> reference ? (Tensor) reference.get() : (Tensor) entry;
    }

    static void register(Tensor tensor) {
        Scope current = STACK.get().peek();
        if (current != null) {
            current.adopt(tensor);
        }
    }

    private void adopt(Tensor tensor) {
        if (isWeak() && owned.size() >= nextSweep) {
            sweep();
        }
        tensor.enterScope(this, owned.size());
        owned.add(isWeak() ? new WeakReference<>(tensor) : tensor);
    }

    /**
     * Drops entries that were collected or have left. The next cleanup comes when there are twice as many, so that
     * adopting stays cheap.
     */
    private void sweep() {
        int live = 0;
        for (Object entry : owned) {
            Tensor tensor = tensor(entry);
            if (tensor != null && !tensor.isClosed()) {
                tensor.enterScope(this, live);
                owned.set(live++, entry);
            }
        }
        owned.subList(live, owned.size()).clear();
        nextSweep = Math.max(FIRST_SWEEP, 2 * live);
    }

    /**
     * The slot stays empty, because closing one tensor early must not cost a search. Another thread must not touch the
     * list; closed tensors in it are skipped.
     */
    void forget(int slot) {
        if (stack == STACK.get()) {
            owned.set(slot, null);
        }
    }

    /** The innermost scope around this one; null if there is none. */
    private @Nullable Scope around(boolean passWeak) {
        boolean found = false;
        for (Scope scope : stack) {
            if (found && !(passWeak && scope.isWeak())) {
                return scope;
            }
            found |= scope == this;
        }
        return null;
    }
}
