package dev.graft.cpu.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.cpu.CpuBackend;
import dev.graft.cpu.KernelProvider;
import dev.graft.cpu.gemm.JavaBlas;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MemoryTest {
    private final KernelProvider kernels = KernelProvider.chosen();
    private final MemoryPool pool = new MemoryPool(1 << 20);
    private final CpuBackend cpu = CpuBackend.of(1, pool);

    @Test
    void capacityWastesAtMostAnEighth() {
        assertThat(MemoryPool.capacity(0)).isEqualTo(16);
        for (int n = 17; n > 0 && n < Integer.MAX_VALUE / 2; n += n / 7 + 1) {
            int capacity = MemoryPool.capacity(n);
            assertThat(capacity).isGreaterThanOrEqualTo(n);
            assertThat((long) capacity * 8).isLessThanOrEqualTo((long) n * 9 + 8);
            assertThat(MemoryPool.capacity(capacity)).isEqualTo(capacity);
        }
        assertThat(MemoryPool.capacity(Integer.MAX_VALUE - 16)).isEqualTo(Integer.MAX_VALUE - 16);
    }

    @Test
    void releasedArraysAreReusedForTheSameSizeClassAndKind() {
        Storage first = cpu.allocate(DType.F32, 1000);
        float[] array = CpuStorage.floats(view(first));
        first.release();
        assertThat(CpuStorage.floats(view(cpu.allocate(DType.F32, 1001)))).isSameAs(array);
        assertThat(CpuStorage.floats(view(cpu.allocate(DType.F32, 1000)))).isNotSameAs(array);
    }

    private static View view(Storage storage) {
        return new View(storage, 0, Shape.of((int) storage.length()), new int[] {1});
    }

    @Test
    void countsLivePeakAndPooled() {
        long bytes = 4L * MemoryPool.capacity(5000);
        Storage a = cpu.allocate(DType.F32, 5000);
        Storage b = cpu.allocate(DType.F32, 5000);
        assertThat(cpu.memory().live()).isEqualTo(2 * bytes);
        a.release();
        b.release();
        assertThat(cpu.memory().live()).isZero();
        assertThat(cpu.memory().peak()).isEqualTo(2 * bytes);
        assertThat(cpu.memory().pooled()).isEqualTo(2 * bytes);
        Storage c = cpu.allocate(DType.F32, 5000);
        assertThat(cpu.memory().pooled()).isEqualTo(bytes);
        cpu.trim();
        assertThat(cpu.memory().pooled()).isZero();
        assertThat(cpu.memory().peak()).isEqualTo(bytes);
        c.release();
    }

    @Test
    void keepsNoMoreThanItsLimitAndDropsTheOldestSizeFirst() {
        Storage old = cpu.allocate(DType.F32, 100_000);
        Storage young = cpu.allocate(DType.F32, 180_000);
        old.release();
        young.release();
        assertThat(cpu.memory().pooled()).isEqualTo(4L * MemoryPool.capacity(180_000));
        cpu.allocate(DType.F32, 300_000).release();
        assertThat(cpu.memory().pooled()).isLessThanOrEqualTo(pool.limit());
    }

    @Test
    @Timeout(30)
    void collectedStoragesLeaveTheStatistics() throws InterruptedException {
        forget();
        while (cpu.memory().live() > 0) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(cpu.memory().pooled()).isZero();
    }

    private void forget() {
        for (int i = 0; i < 10; i++) {
            assertThat(cpu.allocate(DType.F32, 1000).length()).isEqualTo(1000);
        }
    }

    /**
     * What leaves by the collector and what is closed come at once, from several threads: nothing is counted twice or
     * lost.
     */
    @Test
    @Timeout(60)
    void closingOnManyThreadsBesideTheCollectorCountsEachStorageOnce() throws InterruptedException {
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            int seed = t;
            threads[t] = new Thread(() -> {
                SplittableRandom random = new SplittableRandom(seed);
                List<Storage> held = new ArrayList<>();
                for (int i = 0; i < 3000; i++) {
                    held.add(cpu.allocate(DType.F32, random.nextInt(1, 3000)));
                    if (random.nextInt(3) == 0) {
                        held.remove(random.nextInt(held.size()));
                    } else if (random.nextInt(2) == 0) {
                        held.remove(random.nextInt(held.size())).release();
                    }
                }
                held.forEach(Storage::release);
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        while (cpu.memory().live() > 0) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(cpu.memory().live()).isZero();
        assertThat(cpu.memory().pooled()).isLessThanOrEqualTo(pool.limit());
    }

    @Test
    void aStorageMayBeReleasedOnAnotherThread() throws InterruptedException {
        Storage storage = cpu.allocate(DType.F32, 1000);
        Thread other = new Thread(storage::release);
        other.start();
        other.join();
        assertThat(storage.isReleased()).isTrue();
        assertThat(cpu.memory().live()).isZero();
        assertThat(cpu.memory().pooled()).isEqualTo(4L * MemoryPool.capacity(1000));
    }

    @Test
    void scratchMemoryIsCountedAndGivenBackByAllThreads() throws InterruptedException {
        ExecutionContext context = kernels.context(1, () -> new JavaBlas("test"));
        CpuBackend backend = new CpuBackend(kernels, context, new MemoryPool(0));
        float[] mine = context.workspace().array(Workspace.Slot.LEFT, 100_000);
        context.workspace().buffer(Workspace.Slot.LEFT, 50_000);
        CountDownLatch made = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread other = new Thread(() -> {
            context.workspace().rows(3, 10_000);
            made.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            context.workspace().longs(0, 5000);
        });
        other.start();
        made.await();
        assertThat(backend.memory().scratch()).isBetween(4L * (150_000 + 30_000), 4L * (157_000 + 31_000));
        backend.trim();
        assertThat(backend.memory().scratch()).isZero();
        go.countDown();
        other.join();
        assertThat(backend.memory().scratch()).isEqualTo(8L * 5000);
        assertThat(context.workspace().array(Workspace.Slot.LEFT, 10))
                .isNotSameAs(mine)
                .hasSizeLessThan(2000);
    }

    @Test
    void aThreadThatEndedLeavesItsScratchMemoryToTheNext() throws InterruptedException {
        ExecutionContext context = kernels.context(1, () -> new JavaBlas("test"));
        Set<float[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int i = 0; i < 20; i++) {
            Thread thread = new Thread(() -> arrays.add(context.workspace().array(Workspace.Slot.LEFT, 100_000)));
            thread.start();
            thread.join();
        }
        assertThat(arrays).hasSize(1);
        assertThat(context.memory().bytes(MemoryHolder.Use.SCRATCH)).isBetween(400_000L, 410_000L);
    }

    @Test
    void theLastReleaseGivesBack() {
        Storage storage = cpu.allocate(DType.I64, 3);
        storage.retain();
        assertThat(storage.holders()).isEqualTo(2);
        storage.release();
        assertThat(storage.isReleased()).isFalse();
        storage.release();
        assertThat(storage.isReleased()).isTrue();
    }

    @Test
    void misuseIsDetected() {
        Storage storage = cpu.allocate(DType.F32, 3);
        assertThatThrownBy(() -> storage.read(0, new long[1], 0, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("storage: holds F32, accessed as long[]. Hint: convert with to(DType) first.");
        assertThatThrownBy(() -> storage.read(1, new float[9], 0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        storage.release();
        assertThatThrownBy(storage::release)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("released more often");
        assertThatThrownBy(storage::retain)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("after it was released");
        assertThatThrownBy(() -> storage.read(0, new float[3], 0, 3))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("used after it was released");
        assertThatThrownBy(() -> cpu.fill(view(storage), 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("used after it was released");
    }

    @Test
    void readsAndWritesEveryKindOfElement() {
        Storage longs = cpu.allocate(DType.I64, 3);
        longs.write(1, new long[] {9, 8, 7}, 1, 2);
        long[] l = new long[2];
        longs.read(1, l, 0, 2);
        assertThat(l).containsExactly(8, 7);

        Storage ints = cpu.allocate(DType.I32, 3);
        ints.write(0, new int[] {1, 2, 3}, 0, 3);
        int[] i = new int[1];
        ints.read(2, i, 0, 1);
        assertThat(i).containsExactly(3);

        Storage halves = cpu.allocate(DType.F16, 3);
        halves.write(1, new byte[] {1, 2, 3, 4}, 0, 2);
        byte[] b = new byte[2];
        halves.read(2, b, 0, 1);
        assertThat(b).containsExactly(3, 4);
        assertThat(halves.version()).isZero();
        halves.markModified();
        assertThat(halves.version()).isEqualTo(1);
    }

    @Test
    void exhaustionNamesSizesAndTheMend() {
        long heap = Runtime.getRuntime().maxMemory();
        int length = (int) Math.min(Integer.MAX_VALUE - 16, heap / 8 / 2);
        CpuBackend backend = CpuBackend.of(1, new MemoryPool(heap));
        Storage[] held = new Storage[4];
        assertThatThrownBy(() -> {
                    for (int i = 0; i < held.length; i++) {
                        held[i] = backend.allocate(DType.I64, length);
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("MiB live in tensors")
                .hasMessageContaining("-Xmx");
        Optional.ofNullable(held[0]).ifPresent(Storage::release);
    }

    @Test
    void describesItself() {
        assertThat(cpu.describe())
                .containsKeys("threads", "element kernels", "matrix products", "memory pool", "heap limit");
        String vectors = cpu.describe().get("element kernels");
        AtomicInteger loaded = new AtomicInteger();
        CpuBackend withoutNatives = CpuBackend.of(
                kernels,
                1,
                () -> {
                    loaded.incrementAndGet();
                    return new JavaBlas("no natives");
                },
                pool);
        if (vectors.startsWith("Vector API")) {
            assertThat(cpu.describe()).containsEntry("matrix products", vectors);
            assertThat(withoutNatives.describe()).containsEntry("matrix products", vectors);
            assertThat(loaded).as("libraries loaded for what vectors compute").hasValue(0);
        } else {
            assertThat(cpu.describe().get("matrix products")).contains("OpenBLAS", "1 thread a caller");
            assertThat(withoutNatives.describe().get("matrix products")).contains("no natives");
        }
    }
}
