package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.graft.backend.BackendProvider;
import dev.graft.tensor.Device;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class CudaProviderTest {
    @Test
    void isFoundByServiceLoader() {
        assertThat(ServiceLoader.load(BackendProvider.class))
                .extracting(BackendProvider::type)
                .contains("cuda");
    }

    @Test
    void askingForTheDeviceFailsInsteadOfUsingTheCpu() {
        Optional<String> reason = new CudaProvider().unavailable();
        assumeThat(reason).as("why this machine has no GPU that Graft can use").isPresent();
        assertThat(reason.orElseThrow()).contains(" Hint: ").endsWith(".");
        assertThatThrownBy(() -> Device.of("cuda:1"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("device cuda:1 is not available: " + reason.orElseThrow());
        assertThatThrownBy(() -> new CudaProvider().backend(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("cuda:0: " + reason.orElseThrow());
    }
}
