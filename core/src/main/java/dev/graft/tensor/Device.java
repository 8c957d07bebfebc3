package dev.graft.tensor;

import dev.graft.backend.Backend;
import dev.graft.backend.BackendProvider;
import dev.graft.backend.MemoryStats;
import dev.graft.cpu.CpuBackend;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.StringJoiner;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where tensors live and operators run: the CPU, or an accelerator that a provider on the class path offers.
 *
 * <p>Any number of threads may use a device at once. They share its worker threads evenly, and a result has the same
 * bits whatever else is being computed. Several threads may read a tensor while none changes it in place.
 */
public final class Device {
    /** The devices made so far, by the class of their provider, so that a dropped class loader can be collected. */
    private static final ClassValue<Map<Integer, Device>> MADE = new ClassValue<>() {
        @Override
        protected Map<Integer, Device> computeValue(Class<?> provider) {
            return new ConcurrentHashMap<>();
        }
    };

    private final Backend backend;

    private Device(Backend backend) {
        this.backend = backend;
    }

    /**
     * The device of a backend that no provider offers, such as one in a test. Two are equal if the backend is the same.
     */
    public static Device of(Backend backend) {
        return new Device(backend);
    }

    /**
     * The machine's CPU.
     *
     * @throws IllegalArgumentException if a setting cannot be read, saying what to change
     */
    public static Device cpu() {
        return new Device(CpuBackend.instance());
    }

    /**
     * The device of a name such as {@code "cpu"}, {@code "cuda"}, which is {@code "cuda:0"}, or {@code "cuda:1"}. A
     * device has one backend, which is made on first use: equal names give equal devices, on any thread.
     *
     * @throws IllegalArgumentException if the name does not have that form
     * @throws IllegalStateException with the reason and the fix if the device cannot be used; there is no silent
     *     fallback
     */
    public static Device of(String name) {
        int colon = name.indexOf(':');
        String type = colon < 0 ? name : name.substring(0, colon);
        int index = index(name, colon);
        if (type.equals("cpu")) {
            if (index != 0) {
                throw new IllegalArgumentException("device " + name + ": there is one CPU device. Hint: use cpu.");
            }
            return cpu();
        }
        StringJoiner known = new StringJoiner(", ").add("cpu");
        for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
            known.add(provider.type());
            if (provider.type().equals(type)) {
                provider.unavailable().ifPresent(reason -> {
                    throw new IllegalStateException("device " + name + " is not available: " + reason);
                });
                return MADE.get(provider.getClass()).computeIfAbsent(index, i -> new Device(provider.backend(i)));
            }
        }
        throw new IllegalStateException("device " + name + " is not known (known: " + known
                + "). Hint: put the module that provides it, such as graft-cuda, on the class path.");
    }

    private static int index(String name, int colon) {
        if (colon < 0) {
            return 0;
        }
        try {
            return Integer.parseUnsignedInt(name.substring(colon + 1));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "device " + name + ": the part after ':' must be a device number, such as cuda:0", e);
        }
    }

    public String name() {
        return backend.name();
    }

    /**
     * The bytes held by tensors, their peak, and what is held only to save time: the pool, packed weights and scratch
     * memory. These are freed before an allocation of the library or of the application fails.
     */
    public MemoryStats memory() {
        return backend.memory();
    }

    /**
     * Waits until the device has finished all its work. Reading a tensor's values waits automatically; this method is
     * for measuring time, and for errors that only the device detects.
     */
    public void synchronize() {
        backend.synchronize();
    }

    public Backend backend() {
        return backend;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Device d && d.backend == backend;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(backend);
    }

    @Override
    public String toString() {
        return name();
    }
}
