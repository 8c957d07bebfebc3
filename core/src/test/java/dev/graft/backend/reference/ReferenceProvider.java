package dev.graft.backend.reference;

import dev.graft.backend.Backend;
import dev.graft.backend.BackendProvider;
import java.util.Optional;

/** Offers {@link ReferenceBackend} to tests as the device {@code "reference"}. */
public final class ReferenceProvider implements BackendProvider {
    // One backend a device: tensors of two of them would not meet.
    private static final class Holder {
        private static final ReferenceBackend BACKEND = new ReferenceBackend("reference");
    }

    @Override
    public String type() {
        return "reference";
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public Backend backend(int index) {
        if (index != 0) {
            throw new IllegalStateException("device reference:" + index + " does not exist. Hint: use reference.");
        }
        return Holder.BACKEND;
    }
}
