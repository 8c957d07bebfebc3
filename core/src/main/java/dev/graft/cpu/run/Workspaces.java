package dev.graft.cpu.run;

import dev.graft.cpu.memory.MemoryAccount;
import dev.graft.cpu.memory.MemoryHolder;
import java.lang.ref.Reference;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;

/**
 * The scratch memory of all threads that run kernels, with one {@link Workspace} each.
 *
 * <p>A thread of the program refers to its workspace weakly, so that it keeps nothing of this library alive after its
 * last use. This list holds workspaces softly, so that they are freed if memory runs out. A thread that has ended
 * leaves its workspace to the next new thread.
 */
final class Workspaces implements MemoryHolder {
    private record Entry(WeakReference<Thread> thread, SoftReference<Workspace> workspace) {
        private boolean isFree() {
            Thread t = thread.get();
            return t == null || !t.isAlive();
        }
    }

    private final Supplier<Blas> blas;
    private final MemoryAccount memory;
    private final List<Entry> entries = new ArrayList<>();
    // Holds only objects of the JDK's own classes, because threads outlive class loaders.
    @SuppressWarnings("ThreadLocalUsage") // one for each backend: backends have workspaces of their own
    private final ThreadLocal<Reference<Workspace>> own = new ThreadLocal<>();

    Workspaces(Supplier<Blas> blas, MemoryAccount memory) {
        this.blas = blas;
        this.memory = memory;
    }

    /** The calling thread's. */
    Workspace get() {
        Reference<Workspace> reference = own.get();
        Workspace workspace = reference == null ? null : reference.get();
        return workspace == null || workspace.isRetired() ? claim() : workspace.inUse();
    }

    private synchronized Workspace claim() {
        Workspace workspace = null;
        for (Iterator<Entry> it = entries.iterator(); it.hasNext() && workspace == null; ) {
            Entry entry = it.next();
            if (entry.workspace.refersTo(null)) {
                it.remove();
            } else if (entry.isFree()) {
                it.remove();
                workspace = entry.workspace.get();
            }
        }
        if (workspace == null) {
            workspace = new Workspace(blas, memory);
        }
        entries.add(new Entry(new WeakReference<>(Thread.currentThread()), workspace.reference()));
        own.set(new WeakReference<>(workspace));
        return workspace;
    }

    @Override
    public Use use() {
        return Use.SCRATCH;
    }

    @Override
    public synchronized long bytes() {
        long bytes = 0;
        for (Entry entry : entries) {
            Workspace workspace = entry.workspace.get();
            bytes += workspace == null ? 0 : workspace.bytes();
        }
        return bytes;
    }

    /** Threads free their scratch memory: those in a kernel when it is done, the others at once. */
    @Override
    public synchronized void giveBack() {
        for (Entry entry : entries) {
            Workspace workspace = entry.workspace.get();
            if (workspace != null) {
                workspace.retire();
            }
        }
        entries.clear();
    }
}
