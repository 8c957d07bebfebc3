package dev.graft.cuda;

import dev.graft.backend.MemoryStats;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/**
 * A device's memory, kept for reuse: asking the driver takes longer than most kernels, and freeing waits for the
 * device. Small blocks have sizes that are powers of two and are cut from slabs; large ones are whole pieces of the
 * driver's. A block that is given back can be used at once, because later kernels run later.
 *
 * <p>{@code -Dgraft.cuda.pool=off} asks the driver for every block, in its exact size. It is slow, and lets
 * {@code compute-sanitizer} find what writes beyond its memory.
 */
final class DeviceMemory {
    private static final long LEAST = 512;
    private static final long SMALL = 1L << 20;
    private static final long SLAB = 8L << 20;
    private static final long LARGE_STEP = 2L << 20;
    /** A large block serves a request of at least this share of its size. */
    private static final double LEAST_USE = 0.75;

    /** How long an allocation waits for the collector before it fails. */
    private static final int COLLECTIONS = 4;

    private static final int MILLIS = 50;

    private final Gpu gpu;
    private final boolean pools;
    private final TreeMap<Long, Deque<Block>> free = new TreeMap<>();
    /**
     * Blocks of storages that the garbage collector took: only enqueued by its thread, which must not call a driver.
     */
    private final ConcurrentLinkedQueue<Block> abandoned = new ConcurrentLinkedQueue<>();

    private long live;
    private long peak;
    private long pooled;
    private long fromDriver;

    DeviceMemory(Gpu gpu, boolean pools) {
        this.gpu = gpu;
        this.pools = pools;
    }

    /**
     * A block of at least {@code bytes}, of undefined content. Tensors that nobody closed are small objects for Java,
     * which sees no need to collect them: so the collector is asked before an allocation fails.
     *
     * @throws IllegalStateException if the device has no room for it
     */
    Block take(long bytes) {
        if (bytes > gpu.bytes()) {
            throw full(bytes);
        }
        Optional<Block> block = tryTake(bytes);
        for (int i = 0; block.isEmpty() && i < COLLECTIONS; i++) {
            System.gc();
            try {
                Thread.sleep(MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
            block = tryTake(bytes);
        }
        return block.orElseThrow(() -> full(bytes));
    }

    private synchronized Optional<Block> tryTake(long bytes) {
        collect();
        long size = size(bytes);
        Block block = pools ? pooledBlock(size) : null;
        if (block == null) {
            boolean isPart = pools && size <= SMALL;
            long address = ask(isPart ? SLAB : size);
            if (address == 0) {
                return Optional.empty();
            }
            block = isPart ? cut(address, size) : new Block(address, size, 0);
        }
        live += block.bytes();
        peak = Math.max(peak, live);
        return Optional.of(block);
    }

    synchronized void giveBack(Block block) {
        live -= block.bytes();
        if (pools) {
            keep(block);
        } else {
            free(block.address(), block.bytes());
        }
    }

    /** For the garbage collector's thread. */
    void abandon(Block block) {
        abandoned.add(block);
    }

    private void collect() {
        for (Block block = abandoned.poll(); block != null; block = abandoned.poll()) {
            giveBack(block);
        }
    }

    private long size(long bytes) {
        if (!pools) {
            return Math.max(1, bytes);
        }
        if (bytes <= SMALL) {
            return Math.max(LEAST, Long.highestOneBit(Math.max(1, bytes * 2 - 1)));
        }
        return (bytes + LARGE_STEP - 1) / LARGE_STEP * LARGE_STEP;
    }

    private @Nullable Block pooledBlock(long size) {
        Map.Entry<Long, Deque<Block>> entry = free.ceilingEntry(size);
        if (entry == null || (entry.getKey() != size && (size <= SMALL || size < LEAST_USE * entry.getKey()))) {
            return null;
        }
        Block block = entry.getValue().pop();
        if (entry.getValue().isEmpty()) {
            free.remove(entry.getKey());
        }
        pooled -= block.bytes();
        return block;
    }

    private void keep(Block block) {
        free.computeIfAbsent(block.bytes(), s -> new ArrayDeque<>()).push(block);
        pooled += block.bytes();
    }

    /** The first of the blocks that a new slab is cut into. */
    private Block cut(long slab, long size) {
        for (long at = SLAB - size; at > 0; at -= size) {
            keep(new Block(slab + at, size, slab));
        }
        return new Block(slab, size, slab);
    }

    /** An address, or 0 if there is no room. */
    private long ask(long bytes) {
        gpu.enter();
        long[] address = new long[1];
        int result = cudart.cuMemAlloc(address, bytes);
        if (result == Driver.OUT_OF_MEMORY) {
            releaseKept(1);
            result = cudart.cuMemAlloc(address, bytes);
        }
        if (result == Driver.OUT_OF_MEMORY) {
            return 0;
        }
        gpu.check("allocating " + mebibytes(bytes), result);
        fromDriver += bytes;
        return address[0];
    }

    private synchronized IllegalStateException full(long bytes) {
        return new IllegalStateException(
                gpu.deviceName() + ": no room for " + mebibytes(bytes) + " (" + report()
                        + "). Hint: use a smaller batch or image size, close tensors earlier, or end other programs that use the device.");
    }

    private void free(long address, long bytes) {
        gpu.enter();
        gpu.check("freeing memory", cudart.cuMemFree(address));
        fromDriver -= bytes;
    }

    /**
     * Gives whole pieces of the driver's back: large blocks, and slabs of which no part is in use.
     *
     * @param spare how many of such slabs stay, so that small results still find room on a device that is full
     */
    private void releaseKept(int spare) {
        Map<Long, Long> idle = new HashMap<>();
        free.values()
                .forEach(blocks -> blocks.stream()
                        .filter(Block::isPart)
                        .forEach(block -> idle.merge(block.slab(), block.bytes(), Long::sum)));
        idle.values().removeIf(bytes -> bytes < SLAB);
        List.copyOf(idle.keySet()).stream().limit(spare).forEach(idle::remove);
        free.values().removeIf(blocks -> {
            blocks.removeIf(block -> {
                if (block.isPart() && !idle.containsKey(block.slab())) {
                    return false;
                }
                pooled -= block.bytes();
                if (!block.isPart()) {
                    free(block.address(), block.bytes());
                }
                return true;
            });
            return blocks.isEmpty();
        });
        idle.keySet().forEach(slab -> free(slab, SLAB));
    }

    /** Gives what is kept for reuse back to the driver, but for slabs that are in use, and restarts the peak. */
    synchronized void trim() {
        collect();
        releaseKept(0);
        peak = live;
    }

    synchronized MemoryStats stats() {
        collect();
        return new MemoryStats(live, peak, pooled, 0, 0);
    }

    private String report() {
        gpu.enter();
        long[] room = new long[2];
        try (SizeTPointer unused = new SizeTPointer(1);
                SizeTPointer total = new SizeTPointer(1)) {
            if (cudart.cuMemGetInfo(unused, total) == 0) {
                room[0] = unused.get();
                room[1] = total.get();
            }
        }
        long others = Math.max(0, room[1] - room[0] - fromDriver);
        return "tensors hold " + mebibytes(live) + ", kept for reuse " + mebibytes(pooled)
                + ", other programs and CUDA " + mebibytes(others) + ", free " + mebibytes(room[0]) + " of "
                + mebibytes(room[1]) + " on " + gpu.name();
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20));
    }
}
