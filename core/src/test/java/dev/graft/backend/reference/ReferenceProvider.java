package dev.graft.backend.reference;

import dev.graft.backend.Backend;
import dev.graft.backend.BackendProvider;
import dev.graft.backend.ImageLayout;
import java.util.Optional;

/**
 * Offers {@link ReferenceBackend} to tests: {@code "reference"} lays images out channels-last and checks indices at
 * once, {@code "reference:1"} channels-first, and late; {@code "reference:2"} is {@link ComposedReference}.
 */
public final class ReferenceProvider implements BackendProvider {
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
        return switch (index) {
            case 0 -> new ReferenceBackend("reference", ImageLayout.CHANNELS_LAST, false);
            case 1 -> new ReferenceBackend("reference:1", ImageLayout.CHANNELS_FIRST, true);
            case 2 -> new ComposedReference("reference:2");
            default ->
                throw new IllegalStateException(
                        "device reference:" + index + " does not exist. Hint: there are reference:0 to reference:2.");
        };
    }
}
