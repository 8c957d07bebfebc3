package dev.graft.nn;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts the calls that run in a module, so that closing it frees no memory that one of them reads. */
final class Usage {
    private final Module module;
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicBoolean freed = new AtomicBoolean();
    private volatile boolean closed;
    private volatile boolean takenOut;

    Usage(Module module) {
        this.module = module;
    }

    /** @throws IllegalStateException where the module was closed */
    void begin() {
        running.incrementAndGet();
        if (closed) {
            end();
            throw new IllegalStateException("this " + module + " was closed, by its own close() or that of a network that holds it."
                    + " Hint: close a network after its last use, and what networks share after all of them.");
        }
        if (takenOut) {
            takenOut = false;
            Members.of(module).parameters().values().forEach(parameter -> parameter.takenOut(null));
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

    boolean isClosed() {
        return closed;
    }

    /** Remembers under which path the module stood in a network that no longer holds it, until it is used again. */
    void takenOut(String path) {
        Members.of(module).parameters().forEach((name, parameter) -> parameter.takenOut(ModuleTree.join(path, name)));
        takenOut = true;
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
