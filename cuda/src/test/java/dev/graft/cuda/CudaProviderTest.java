package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.backend.BackendProvider;
import dev.graft.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaProviderTest {
    @Test
    void isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(BackendProvider.class))
                .extracting(BackendProvider::type)
                .containsExactly("cuda");
    }

    @Test
    void saysWhyItIsNotAvailableWithAndWithoutDriver() {
        assertThat(new CudaProvider(new NvidiaDriver(Optional.empty()))
                        .unavailable()
                        .orElseThrow())
                .contains("no GPU kernels yet")
                .contains("has no visible NVIDIA driver")
                .contains("Hint: use the device cpu");
        assertThat(new CudaProvider(new NvidiaDriver(Optional.of("580.95")))
                        .unavailable()
                        .orElseThrow())
                .contains("no GPU kernels yet")
                .contains("NVIDIA driver (580.95)");
    }

    @Test
    void askingForTheDeviceFailsInsteadOfUsingTheCpu() {
        assertThatThrownBy(() -> Device.of("cuda:1"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("device cuda:1 is not available")
                .hasMessageContaining("no GPU kernels yet");
        assertThatThrownBy(() -> new CudaProvider().backend(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cuda:0");
    }

    @Test
    void readsTheDriversVersion(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("version"),
                "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.95.05  Tue Sep 23 10:11:16 UTC 2025\nGCC version: gcc 12.2.0\n");
        assertThat(NvidiaDriver.read(file).version()).contains("580.95.05");
        assertThat(NvidiaDriver.read(folder.resolve("absent")).version()).isEmpty();
    }
}
