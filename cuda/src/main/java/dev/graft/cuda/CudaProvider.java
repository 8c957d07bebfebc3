package dev.graft.cuda;

import dev.graft.backend.Backend;
import dev.graft.backend.BackendProvider;
import java.util.Optional;

/** Offers NVIDIA GPUs as the devices {@code cuda}, which is {@code cuda:0}, {@code cuda:1} and so on. */
public final class CudaProvider implements BackendProvider {

    /** For {@link java.util.ServiceLoader}. */
    public CudaProvider() {}

    @Override
    public String type() {
        return "cuda";
    }

    @Override
    public Optional<String> unavailable() {
        return Availability.reason();
    }

    @Override
    public Backend backend(int index) {
        unavailable().ifPresent(reason -> {
            throw new IllegalStateException("cuda:" + index + ": " + reason);
        });
        return new CudaBackend(index, new NvrtcCompiler(NvrtcCompiler.standardCache()));
    }
}
