package dev.graft.io;

import java.lang.reflect.Method;

/**
 * Counts the bytes this thread allocates, so that tests can say what a refused file cost. By reflection, since the
 * module under test does not read {@code java.management}.
 */
public final class Allocations {
    private Allocations() {}

    public static long during(Runnable work) {
        try {
            Object threads = Class.forName("java.lang.management.ManagementFactory")
                    .getMethod("getThreadMXBean")
                    .invoke(null);
            Method allocated =
                    Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
            long before = (long) allocated.invoke(threads);
            work.run();
            return (long) allocated.invoke(threads) - before;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM does not count allocations", e);
        }
    }
}
