package dev.graft.cuda;

import dev.graft.backend.Backend;
import dev.graft.backend.BackendProvider;
import java.util.Optional;

/**
 * Offers NVIDIA GPUs as the devices {@code cuda}, {@code cuda:1} and so on.
 *
 * <p>This version has no GPU kernels: it always says so, so that a request for a GPU fails with the reason instead of
 * silently running on the CPU.
 */
public final class CudaProvider implements BackendProvider {
    private final NvidiaDriver driver;

    /** For {@link java.util.ServiceLoader}. */
    public CudaProvider() {
        this(NvidiaDriver.ofThisMachine());
    }

    CudaProvider(NvidiaDriver driver) {
        this.driver = driver;
    }

    @Override
    public String type() {
        return "cuda";
    }

    @Override
    public Optional<String> unavailable() {
        String machine = driver.version()
                .map(version -> "this machine has an NVIDIA driver (" + version + ")")
                .orElse("this machine has no visible NVIDIA driver");
        return Optional.of("this version of Graft has no GPU kernels yet; " + machine + ". Hint: use the device cpu");
    }

    @Override
    public Backend backend(int index) {
        throw new IllegalStateException("cuda:" + index + ": " + unavailable().orElseThrow());
    }
}
