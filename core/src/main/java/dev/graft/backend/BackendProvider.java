package dev.graft.backend;

import java.util.Optional;

/** Finds one kind of device; discovered with {@link java.util.ServiceLoader}. */
public interface BackendProvider {
    /** The device type, such as {@code "cuda"}. */
    String type();

    /** Why the device cannot be used on this machine, in one sentence with the mend; empty where it can. */
    Optional<String> unavailable();

    /**
     * Makes the backend of device {@code index}, which the library keeps: it asks once a device, whatever number of
     * threads ask for the device at once.
     *
     * @throws IllegalStateException with {@link #unavailable()}'s reason, or where there is no such device
     */
    Backend backend(int index);
}
