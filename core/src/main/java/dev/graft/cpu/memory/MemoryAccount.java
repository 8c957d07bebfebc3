package dev.graft.cpu.memory;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The CPU backend's memory: who holds how much of it, and what can be freed before an allocation fails. */
public final class MemoryAccount {
    private static final long MEBI = 1L << 20;

    private final List<MemoryHolder> holders = new CopyOnWriteArrayList<>();

    public void register(MemoryHolder holder) {
        holders.add(holder);
    }

    /** Bytes held for one use. */
    public long bytes(MemoryHolder.Use use) {
        return holders.stream()
                .filter(holder -> holder.use() == use)
                .mapToLong(MemoryHolder::bytes)
                .sum();
    }

    /**
     * Whether an optional copy of {@code bytes}, which only saves time, may be made and kept. It must leave room for
     * tensors.
     */
    boolean roomFor(long bytes) {
        long held = holders.stream().mapToLong(MemoryHolder::bytes).sum();
        return held + bytes <= Runtime.getRuntime().maxMemory() / 4 * 3;
    }

    /** Every holder frees what it can. */
    public void giveBack() {
        holders.forEach(MemoryHolder::giveBack);
    }

    /**
     * What {@code maker} makes. If there is not enough memory, all holders first free what they can.
     *
     * @param what for the message, such as {@code "a tensor"}
     * @throws IllegalStateException if there is still not enough memory, saying who holds what
     */
    public <T> T make(String what, long bytes, Supplier<T> maker) {
        try {
            return maker.get();
        } catch (OutOfMemoryError first) {
            giveBack();
            try {
                return maker.get();
            } catch (OutOfMemoryError second) {
                throw new IllegalStateException(
                        "memory: no room for " + what + " of " + bytes / MEBI + " MiB (" + report() + "; heap limit "
                                + Runtime.getRuntime().maxMemory() / MEBI
                                + " MiB). Hint: raise -Xmx (or -XX:MaxDirectMemorySize, for scratch memory), use a smaller batch or image size, or close tensors earlier.",
                        second);
            }
        }
    }

    private String report() {
        return Arrays.stream(MemoryHolder.Use.values())
                .map(use -> bytes(use) / MEBI + " MiB " + use)
                .collect(Collectors.joining(", "));
    }
}
