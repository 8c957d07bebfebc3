package dev.graft.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the running calls of a module, so that closing it frees no memory that one of them reads. */
final class RunningCalls {
    private final Module module;
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicBoolean freed = new AtomicBoolean();
    private volatile boolean closed;

    RunningCalls(Module module) {
        this.module = module;
    }

    /** @throws IllegalStateException if the module was closed */
    void begin() {
        running.incrementAndGet();
        if (closed) {
            end();
            throw new IllegalStateException(
                    "this " + module + " was closed, by its own close() or that of a network that holds it."
                            + " Hint: close a network after its last use, and shared parts after the last use of all networks.");
        }
    }

    void end() {
        if (running.decrementAndGet() == 0 && closed) {
            free();
        }
    }

    void close() {
        closed = true;
        if (running.get() == 0) {
            free();
        }
    }

    private void free() {
        if (!freed.compareAndSet(false, true)) {
            return;
        }
        Members members = Members.of(module);
        members.parameters().values().forEach(Parameter::close);
        members.buffers().values().forEach(Buffer::close);
        List<RuntimeException> failures = new ArrayList<>();
        for (Module child : members.children().values()) {
            if (!child.usage().closed) {
                try {
                    child.close();
                } catch (RuntimeException e) {
                    failures.add(e);
                }
            }
        }
        if (!failures.isEmpty()) {
            RuntimeException first = failures.remove(0);
            failures.forEach(first::addSuppressed);
            throw first;
        }
    }
}
