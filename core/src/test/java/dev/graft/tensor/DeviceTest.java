package dev.graft.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.graft.backend.Activation;
import dev.graft.backend.Backend;
import dev.graft.backend.BackendProvider;
import dev.graft.backend.Conv2dParams;
import dev.graft.cpu.CpuBackend;
import dev.graft.cpu.memory.MemoryPool;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DeviceTest {

    /** Offers a CPU of its own as every device with an even number, and fails once for each. */
    public static final class Counted implements BackendProvider {
        private static final AtomicInteger MADE = new AtomicInteger();

        @Override
        public String type() {
            return "counted";
        }

        @Override
        public Optional<String> unavailable() {
            return Optional.empty();
        }

        @Override
        public Backend backend(int index) {
            if (index % 2 == 1) {
                throw new IllegalStateException("counted: there is no device " + index);
            }
            MADE.incrementAndGet();
            return second();
        }
    }

    private static Backend second() {
        return CpuBackend.of(1, new MemoryPool(1 << 20));
    }

    private final ClassLoader before = Thread.currentThread().getContextClassLoader();
    private URLClassLoader withProvider;

    @BeforeEach
    void offerTheProvider(@TempDir Path folder) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(BackendProvider.class.getName()), Counted.class.getName());
        withProvider = new URLClassLoader(new URL[] {folder.toUri().toURL()}, DeviceTest.class.getClassLoader());
        Thread.currentThread().setContextClassLoader(withProvider);
        Counted.MADE.set(0);
    }

    @AfterEach
    void takeItAway() throws IOException {
        Thread.currentThread().setContextClassLoader(before);
        withProvider.close();
    }

    @Test
    void oneDeviceHasOneBackendWhicheverThreadsAskForIt() throws Exception {
        int threads = 8;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Future<Device>> found = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            String name = i % 2 == 0 ? "counted:4" : "counted:04";
            found.add(pool.submit((Callable<Device>) () -> {
                Thread.currentThread().setContextClassLoader(withProvider);
                together.await();
                return Device.of(name);
            }));
        }
        Device first = Device.of("counted:4");
        for (Future<Device> device : found) {
            assertThat(device.get()).isEqualTo(first);
            assertThat(device.get().backend()).isSameAs(first.backend());
        }
        pool.shutdown();
        assertThat(Counted.MADE).hasValue(1);
        assertThat(Device.of("counted:2")).isNotEqualTo(first);
        assertThat(Device.of("counted")).isEqualTo(Device.of("counted:0"));
        assertThat(Counted.MADE).hasValue(3);
    }

    @Test
    void aDeviceThatCouldNotBeMadeIsAskedForAgain() {
        for (int i = 0; i < 2; i++) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> Device.of("counted:1"))
                    .withMessage("counted: there is no device 1");
        }
    }

    @Test
    void thereIsOneCpu() {
        assertThat(Device.of("cpu:0")).isEqualTo(Device.cpu());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Device.of("cpu:1"))
                .withMessage("device cpu:1: there is one CPU device. Hint: use cpu.");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Device.of("counted:one"))
                .withMessage("device counted:one: the part after ':' must be a device number, such as cuda:0");
    }

    static Stream<Map.Entry<String, Function<Optional<Device>, Tensor>>> factories() {
        Map<String, Function<Optional<Device>, Tensor>> all = new LinkedHashMap<>();
        float[] floats = {1, 2, 3, 4, 5, 6};
        all.put("of floats", d -> d.map(p -> Tensor.of(p, floats, 2, 3)).orElseGet(() -> Tensor.of(floats, 2, 3)));
        long[] longs = {1, -2};
        all.put("of longs", d -> d.map(p -> Tensor.of(p, longs, 2)).orElseGet(() -> Tensor.of(longs, 2)));
        int[] ints = {1, -2};
        all.put("of ints", d -> d.map(p -> Tensor.of(p, ints, 1, 2)).orElseGet(() -> Tensor.of(ints, 1, 2)));
        boolean[] bits = {true, false};
        all.put("of booleans", d -> d.map(p -> Tensor.of(p, bits, 2)).orElseGet(() -> Tensor.of(bits, 2)));
        byte[] bytes = {0, 60, 0, 64};
        all.put(
                "ofBytes",
                d -> d.map(p -> Tensor.ofBytes(p, DType.F16, Shape.of(2), bytes))
                        .orElseGet(() -> Tensor.ofBytes(DType.F16, Shape.of(2), bytes)));
        all.put("scalar", d -> d.map(p -> Tensor.scalar(p, 2)).orElseGet(() -> Tensor.scalar(2)));
        all.put("full", d -> d.map(p -> Tensor.full(p, 7, 2, 2)).orElseGet(() -> Tensor.full(7, 2, 2)));
        all.put("zeros", d -> d.map(p -> Tensor.zeros(p, 3)).orElseGet(() -> Tensor.zeros(3)));
        all.put("ones", d -> d.map(p -> Tensor.ones(p, 0, 3)).orElseGet(() -> Tensor.ones(0, 3)));
        all.put(
                "zeros of a type",
                d -> d.map(p -> Tensor.zeros(p, DType.I64, Shape.of(4)))
                        .orElseGet(() -> Tensor.zeros(DType.I64, Shape.of(4))));
        all.put("arange", d -> d.map(p -> Tensor.arange(p, 5)).orElseGet(() -> Tensor.arange(5)));
        all.put(
                "randn",
                d -> d.map(p -> Tensor.randn(p, new Random(3), 4, 5))
                        .orElseGet(() -> Tensor.randn(new Random(3), 4, 5)));
        all.put(
                "uniform",
                d -> d.map(p -> Tensor.uniform(p, new Random(3), -1, 2, 7))
                        .orElseGet(() -> Tensor.uniform(new Random(3), -1, 2, 7)));
        return all.entrySet().stream();
    }

    @ParameterizedTest
    @MethodSource("factories")
    void factoriesMakeTheSameOnAnyDevice(Map.Entry<String, Function<Optional<Device>, Tensor>> factory) {
        Device device = Device.of(second());
        Tensor there = factory.getValue().apply(Optional.of(device));
        Tensor here = factory.getValue().apply(Optional.empty());
        assertThat(there.device()).isEqualTo(device).isNotEqualTo(Device.cpu());
        assertThat(here.device()).isEqualTo(Device.cpu());
        assertThat(there.dtype()).isEqualTo(here.dtype());
        assertThat(there.shape()).isEqualTo(here.shape());
        assertThat(there.toBytes()).isEqualTo(here.toBytes());
    }

    /** Functions of a tensor here and one there, by how the message begins. */
    static Stream<Map.Entry<String, Runnable>> mixed() {
        Device device = Device.of(second());
        Tensor x = Tensor.ones(2, 3);
        Tensor y = Tensor.ones(device, 3, 3);
        Tensor c = Tensor.ones(device, 3);
        Tensor here = Tensor.ones(3);
        Tensor image = Tensor.ones(1, 3, 4, 4);
        Tensor weight = Tensor.ones(3, 3, 1, 1);
        Tensor classes = Tensor.of(device, new long[] {0, 1}, 2);
        Optional<Tensor> none = Optional.empty();
        Map<String, Runnable> all = new LinkedHashMap<>();
        all.put("add: cpu [2, 3], cpu [3]", () -> x.add(c));
        all.put("matmul: cpu [2, 3], cpu [3, 3]", () -> x.matmul(y));
        all.put("linear: cpu [2, 3], cpu [3]", () -> x.linear(Tensor.ones(3, 3), Optional.of(c)));
        all.put("concat: cpu [2, 3], cpu [3, 3]", () -> Tensor.concat(0, x, y));
        all.put("embedding: cpu [2, 3], cpu [2]", () -> x.embedding(classes));
        all.put("conv2d: cpu [1, 3, 4, 4], cpu [3]", () -> image.conv2d(weight, Optional.of(c), Conv2dParams.of(1, 0)));
        all.put(
                "conv2d: cpu [1, 3, 4, 4], cpu [1, 3, 4, 4]",
                () -> image.conv2d(
                        weight,
                        none,
                        Conv2dParams.of(1, 0),
                        Optional.empty(),
                        Optional.of(Tensor.ones(device, 1, 3, 4, 4)),
                        Activation.RELU));
        all.put("batchNormEval: cpu [1, 3, 4, 4], cpu [3]", () -> image.batchNormEval(here, here, here, c, 1e-5f));
        all.put(
                "batchNormTrain: cpu [1, 3, 4, 4], cpu [3]",
                () -> image.batchNormTrain(here, here, 1e-5f, c, Tensor.ones(3), 0.1f));
        all.put(
                "crossEntropy: cpu [2, 3], cpu [2]",
                () -> x.crossEntropy(classes, Optional.empty(), 0, -100, LossReduction.MEAN));
        all.put(
                "bceWithLogits: cpu [2, 3], cpu [2, 3]",
                () -> x.bceWithLogits(Tensor.ones(device, 2, 3), none, LossReduction.MEAN));
        all.put("addInPlace: cpu [3], cpu [3]", () -> Tensor.ones(3).addInPlace(c, 1));
        all.put("norm: cpu [2, 3], cpu [3]", () -> Update.norm(List.of(x, c)));
        all.put("sgd: cpu [3], cpu [3]", () -> Update.sgd(here, c, none, true, 0.1, 0, 0, 0, false));
        all.put(
                "backward: cpu [3], cpu [3]",
                () -> Tensor.ones(3).requireGrad(true).mul(Tensor.ones(3)).backward(c));
        return all.entrySet().stream();
    }

    @ParameterizedTest
    @MethodSource("mixed")
    void operandsOnDifferentDevicesAreRefusedWithDevicesAndShapes(Map.Entry<String, Runnable> function) {
        String[] parts = function.getKey().split(": ", -1);
        assertThatIllegalArgumentException()
                .isThrownBy(function.getValue()::run)
                .withMessage(parts[0] + ": operands are on different devices (" + parts[1]
                        + "). Hint: move one with to(Device).");
    }
}
