package dev.graft.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.tensor.Device;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class KernelTest {
    /** What a backend does beside running kernels. */
    private static final Set<String> NO_KERNELS = Set.of(
            "name",
            "describe",
            "memory",
            "trim",
            "allocate",
            "synchronize",
            "computesIn",
            "imageLayout",
            "determinism");

    @Test
    void everyKernelOfABackendHasItsConstant() {
        Set<String> methods = Arrays.stream(Backend.class.getDeclaredMethods())
                .filter(m -> !m.isSynthetic())
                .map(Method::getName)
                .collect(Collectors.toSet());
        methods.removeAll(NO_KERNELS);
        assertThat(Arrays.stream(Kernel.values()).map(Kernel::method)).containsExactlyInAnyOrderElementsOf(methods);
    }

    @Test
    void theCpuPromisesTheSameBitsForAnyNumberOfThreads() {
        Backend cpu = Device.cpu().backend();
        for (Kernel kernel : Kernel.values()) {
            assertThat(cpu.determinism(kernel)).isEqualTo(Determinism.ANY_THREADS);
            assertThat(cpu.determinism(kernel).includes(kernel.leastDeterminism()))
                    .isTrue();
        }
        assertThat(Determinism.SAME_DEVICE.includes(Determinism.ANY_THREADS)).isFalse();
        assertThat(Determinism.SAME_DEVICE.includes(Determinism.SAME_DEVICE)).isTrue();
        assertThat(Determinism.NOT_PROMISED.includes(Determinism.SAME_DEVICE)).isFalse();
    }

    @Test
    void aNewBackendWritesThePrimitiveKernelsOnly() {
        Set<String> composed = Arrays.stream(ComposedBackend.class.getDeclaredMethods())
                .map(Method::getName)
                .collect(Collectors.toSet());
        for (Kernel kernel : Kernel.values()) {
            assertThat(composed.contains(kernel.method())).as(kernel.method()).isNotEqualTo(kernel.isPrimitive());
        }
    }
}
