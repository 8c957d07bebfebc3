package dev.graft.backend;

import java.util.Optional;

/** Provides one kind of device; discovered by {@link java.util.ServiceLoader}. */
public interface BackendProvider {
    /** The device type, such as {@code "cuda"}. */
    String type();

    /** Why the device cannot be used on this machine, in one sentence with a hint; empty if it can. */
    Optional<String> unavailable();

    /**
     * Makes the backend of device {@code index}. The library keeps it, and asks only once for each device, even if many
     * threads ask for the device at once.
     *
     * @throws IllegalStateException with the reason from {@link #unavailable()}, or if there is no such device
     */
    Backend backend(int index);
}
