package dev.graft.backend.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.backend.Backend;
import dev.graft.backend.BinaryOp;
import dev.graft.backend.Determinism;
import dev.graft.backend.Kernel;
import dev.graft.backend.Storage;
import dev.graft.backend.View;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/** The kernels of a backend, called as the contract allows; the last test fails where a kernel was never called. */
final class KernelConformance {
    private final Set<String> called = new TreeSet<>();
    /** Methods called since a case began. */
    private final Set<String> recent = new TreeSet<>();

    private final Backend backend;

    KernelConformance(Backend real) {
        backend = (Backend) Proxy.newProxyInstance(
                Backend.class.getClassLoader(), new Class<?>[] {Backend.class}, (proxy, method, arguments) -> {
                    called.add(key(method));
                    recent.add(method.getName());
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static String key(Method method) {
        return method.getName()
                + Arrays.stream(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .toList();
    }

    static List<KernelCase> cases() {
        List<KernelCase> cases = new ArrayList<>(ElementCases.all());
        cases.addAll(LayerCases.all());
        cases.addAll(FoldCases.all());
        cases.addAll(SpatialKernelCases.all());
        cases.addAll(OrderCases.all());
        cases.addAll(SequenceKernelCases.all());
        return cases;
    }

    Stream<DynamicNode> tests() {
        return Stream.of(
                DynamicContainer.dynamicContainer(
                        "kernels",
                        cases().stream()
                                .map(c -> DynamicTest.dynamicTest(c.name(), () -> {
                                    for (int arrangement = 0; arrangement < KernelTrial.ARRANGEMENTS; arrangement++) {
                                        recent.clear();
                                        new KernelTrial(backend, c, arrangement, this::promisesBits).run();
                                    }
                                }))),
                DynamicTest.dynamicTest("what a backend says of itself", this::describes),
                DynamicTest.dynamicTest("promises", this::promises),
                DynamicTest.dynamicTest("indices that do not fit are refused", this::refusesIndices),
                DynamicTest.dynamicTest("integers are not divided by 0", this::refusesZero),
                DynamicTest.dynamicTest("memory is counted and given back", this::counts),
                DynamicTest.dynamicTest("every method of Backend was among them", this::isComplete));
    }

    private boolean promisesBits() {
        return Arrays.stream(Kernel.values())
                .filter(k -> recent.contains(k.method()))
                .noneMatch(k -> backend.determinism(k) == Determinism.NOT_PROMISED);
    }

    private void promises() {
        for (Kernel kernel : Kernel.values()) {
            assertThat(backend.determinism(kernel).includes(kernel.leastDeterminism()))
                    .as("%s promises %s", kernel, backend.determinism(kernel))
                    .isTrue();
        }
        assertThat(backend.computesIn(DType.F32)).isTrue();
        assertThat(backend.computesIn(DType.I64)).isFalse();
    }

    /** The first one, in its own words, at the latest when the device is waited for; then all is well again. */
    private void refusesIndices() {
        Storage storage = backend.allocate(DType.I64, 7);
        storage.write(0, new long[] {9, 0, -100, 3, 4, -1, 5}, 0, 7);
        refuses(new View(storage, 1, Shape.of(6), new int[] {1}), "3 holds 4");
        refuses(new View(storage, 1, Shape.of(2), new int[] {3}), "1 holds 4");
        backend.synchronize();
        long[] values = new long[7];
        storage.read(0, values, 0, 7);
        assertThat(values).containsExactly(9, 0, -100, 3, 4, -1, 5);
    }

    private void refuses(View indices, String message) {
        assertThatThrownBy(() -> {
                    backend.checkIndices(
                            indices,
                            4,
                            OptionalLong.of(-100),
                            (position, value) -> new IllegalArgumentException(position + " holds " + value));
                    backend.synchronize();
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    private void refusesZero() {
        Storage storage = backend.allocate(DType.I64, 5);
        storage.write(0, new long[] {7, 8, 3, 0, 9}, 0, 5);
        for (BinaryOp op : new BinaryOp[] {BinaryOp.FLOOR_DIVIDE, BinaryOp.REMAINDER}) {
            View y = new View(backend.allocate(DType.I64, 2), 0, Shape.of(2), new int[] {1});
            assertThatThrownBy(() -> {
                        backend.binary(
                                op,
                                new View(storage, 0, Shape.of(2), new int[] {1}),
                                new View(storage, 2, Shape.of(2), new int[] {1}),
                                y);
                        backend.synchronize();
                    })
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage((op == BinaryOp.REMAINDER ? "remainder" : "floorDivide")
                            + ": integers cannot be divided by 0. Hint: replace zeros with where, or convert "
                            + "with to(DType.F32).");
        }
        backend.synchronize();
    }

    private void describes() {
        assertThat(backend.name()).isNotBlank();
        assertThat(backend.describe()).isNotEmpty();
        assertThat(backend.allocate(DType.I64, 3).backend().name()).isEqualTo(backend.name());
    }

    private void counts() {
        // The garbage collector may take storages that nobody released back at any time: counted again then.
        long before = 0;
        Storage storage = null;
        for (int attempt = 0; storage == null; attempt++) {
            before = backend.memory().live();
            storage = backend.allocate(DType.F32, 1000);
            if (backend.memory().live() < before + 4000) {
                assertThat(attempt).as("allocations that were not counted").isLessThan(20);
                storage.release();
                storage = null;
            }
        }
        assertThat(storage.dtype()).isEqualTo(DType.F32);
        assertThat(storage.length()).isEqualTo(1000);
        storage.retain();
        assertThat(storage.holders()).isEqualTo(2);
        storage.release();
        assertThat(storage.isReleased()).isFalse();
        storage.release();
        assertThat(storage.isReleased()).isTrue();
        assertThat(backend.memory().live()).isLessThan(before + 4000);
        backend.trim();
        assertThat(backend.memory().peak()).isLessThan(before + 4000);
    }

    private void isComplete() {
        assertThat(called)
                .as("methods of Backend that the conformance suite called")
                .containsAll(Arrays.stream(Backend.class.getMethods())
                        .filter(m -> !Modifier.isStatic(m.getModifiers()))
                        .map(KernelConformance::key)
                        .collect(Collectors.toSet()));
    }
}
