package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.backend.Storage;
import dev.graft.tensor.Device;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import dev.graft.tensor.Update;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
    private CudaBackend backend;

    @BeforeEach
    void open() {
        FakeDriver.load();
        backend = FakeDevice.backend();
    }

    @AfterEach
    void reset() {
        FakeDriver.total(4L << 30);
        FakeDriver.reset();
    }

    /** Random sizes taken and given back: no two live storages share a byte, and what was written is read. */
    @Test
    void storagesNeverOverlap() {
        for (int seed = 0; seed < 5; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            Map<Storage, Integer> live = new HashMap<>();
            for (int step = 0; step < 300; step++) {
                if (random.nextInt(3) > 0 || live.isEmpty()) {
                    int length = 1 + random.nextInt(1 << random.nextInt(1, 19));
                    Storage storage = backend.allocate(DType.I32, length);
                    int[] marks = new int[length];
                    Arrays.fill(marks, step);
                    storage.write(0, marks, 0, length);
                    live.put(storage, step);
                } else {
                    Storage storage = List.copyOf(live.keySet()).get(random.nextInt(live.size()));
                    int[] marks = new int[(int) storage.length()];
                    storage.read(0, marks, 0, marks.length);
                    assertThat(marks).as("seed %d, step %d", seed, step).containsOnly(live.remove(storage));
                    storage.release();
                }
            }
            live.keySet().forEach(Storage::release);
            assertThat(backend.memory().live()).as("seed %d", seed).isZero();
        }
    }

    @Test
    void usesMemoryAgain() {
        backend.allocate(DType.F32, 3 << 20).release();
        long before = FakeDriver.allocations();
        for (int i = 0; i < 50; i++) {
            Storage large = backend.allocate(DType.F32, (3 << 20) - i);
            Storage small = backend.allocate(DType.F32, 100 + i);
            large.release();
            small.release();
        }
        assertThat(FakeDriver.allocations() - before)
                .as("blocks asked from the driver")
                .isLessThanOrEqualTo(2);
        long held = FakeDriver.liveBytes();
        backend.trim();
        assertThat(FakeDriver.liveBytes()).isLessThan(held);
        assertThat(backend.memory().peak()).isZero();
    }

    @Test
    void givesUpWhatItKeepsBeforeItFails() {
        FakeDriver.total(FakeDriver.liveBytes() + (64L << 20));
        backend.allocate(DType.F32, 10 << 20).release();
        Storage other = backend.allocate(DType.F32, 15 << 20);
        assertThatThrownBy(() -> backend.allocate(DType.F32, 10 << 20))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cuda:0: no room for 40.0 MiB (tensors hold 60.0 MiB, kept for reuse 0.0 MiB")
                .hasMessageContaining("Hint: use a smaller batch");
        other.release();
        backend.allocate(DType.F32, 10 << 20).release();
    }

    /** A thousand steps of training hold as much as the tenth. */
    @Test
    void trainingHoldsNoMoreAfterAThousandSteps() {
        Device device = Device.of(backend);
        List<Long> held = new ArrayList<>();
        try (Scope scope = Scope.open()) {
            Tensor x = Tensor.of(device, new float[] {1, -2, 3, 4, 5, 6}, 2, 3);
            Tensor w = Tensor.of(device, new float[] {.1f, .2f, .3f, .4f, .5f, .6f}, 2, 3)
                    .requireGrad(true);
            Tensor labels = Tensor.of(device, new long[] {0, 1}, 2);
            for (int step = 0; step < 1000; step++) {
                w.clearGrad();
                try (Scope inner = Scope.open()) {
                    x.linear(w, Optional.empty()).relu().softmax(1).sum().backward();
                    assertThat(labels.sum().item()).isEqualTo(1);
                }
                held.add(backend.memory().live());
            }
        }
        assertThat(held.get(999)).isEqualTo(held.get(10));
        assertThat(backend.memory().live()).isZero();
    }

    /** Tensors that nobody closes are the collector's, but Java sees only small objects and no need to collect them. */
    @Test
    void whatNobodyHoldsIsCollectedBeforeAnAllocationFails() {
        FakeDriver.total(FakeDriver.liveBytes() + (64L << 20));
        for (int i = 0; i < 12; i++) {
            backend.allocate(DType.F32, 4 << 20); // 16 MiB each, dropped
        }
        assertThat(backend.memory().live()).isLessThanOrEqualTo(64L << 20);
    }

    @Test
    void slabsWithoutALivePartAreGivenBack() {
        long before = FakeDriver.liveBytes();
        List<Storage> small = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            small.add(backend.allocate(DType.F32, 100_000));
        }
        Storage kept = small.remove(50);
        small.forEach(Storage::release);
        backend.trim();
        long withOne = FakeDriver.liveBytes();
        assertThat(withOne - before).isEqualTo(8L << 20);
        kept.write(0, new float[] {1, 2}, 0, 2);
        kept.release();
        backend.trim();
        assertThat(FakeDriver.liveBytes()).isEqualTo(before);
    }

    @Test
    void moreThanTheDeviceHasIsRefusedWhateverItsSize() {
        for (long length : new long[] {1L << 33, 1L << 60, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> backend.allocate(DType.U8, length))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("cuda:0: no room for");
        }
        assertThat(backend.memory().live()).isZero();
    }

    /** An optimizer's table that finds no room leaves the one before as it was. */
    @Test
    void aStepThatFoundNoRoomCanBeTriedAgain() {
        Device device = Device.of(backend);
        try (Scope scope = Scope.open()) {
            Tensor w = Tensor.ones(device, 3);
            Tensor v = Tensor.zeros(device, 3);
            Update.sgd(w, Tensor.ones(device, 3), Optional.of(v), true, 0.5, 0.9, 0, 0, false);
            Tensor gradient = Tensor.ones(device, 3);
            List<Tensor> filling = new ArrayList<>();
            FakeDriver.total(FakeDriver.liveBytes());
            assertThatThrownBy(() -> {
                        while (filling.size() < 100_000) {
                            filling.add(Tensor.zeros(device, 100));
                        }
                    })
                    .hasMessageContaining("no room");
            assertThatThrownBy(() -> Update.sgd(w, gradient, Optional.of(v), false, 0.5, 0.9, 0, 0, false))
                    .hasMessageContaining("no room");
            filling.forEach(Tensor::close);
            Update.sgd(w, gradient, Optional.of(v), false, 0.5, 0.9, 0, 0, false);
            assertThat(w.toFloatArray()).containsExactly(-0.45f, -0.45f, -0.45f);
        }
    }
}
