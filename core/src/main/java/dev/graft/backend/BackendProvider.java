package dev.graft.backend;

import java.util.Optional;

/** Finds one kind of device; discovered with {@link java.util.ServiceLoader}. */
public interface BackendProvider {
    /** The device type, such as {@code "cuda"}. */
    String type();

    /** Why the device cannot be used on this machine, in one sentence with the mend; empty where it can. */
    Optional<String> unavailable();

    /** The backend of device {@code index}. @throws IllegalStateException with {@link #unavailable()}'s reason */
    Backend backend(int index);
}
