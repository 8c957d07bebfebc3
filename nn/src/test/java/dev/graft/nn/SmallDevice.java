package dev.graft.nn;

import dev.graft.backend.Backend;
import dev.graft.backend.Storage;
import dev.graft.tensor.Device;
import dev.graft.type.DType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;

/** Second devices that lend the CPU's memory until they have no more. */
final class SmallDevice {
    private static final Backend CPU = Device.cpu().backend();

    private SmallDevice() {}

    /** A new device with room for so many tensors. */
    static Device holding(int tensors) {
        AtomicInteger room = new AtomicInteger(tensors);
        Backend[] self = new Backend[1];
        self[0] = proxy(Backend.class, (method, arguments) -> {
            if (!method.getName().equals("allocate")) {
                return method.getName().equals("name") ? "small" : call(method, CPU, arguments);
            }
            if (room.getAndDecrement() <= 0) {
                throw new IllegalStateException("small: out of memory");
            }
            Storage storage = CPU.allocate((DType) arguments[0], (Long) arguments[1]);
            return proxy(Storage.class, (m, a) -> {
                if (m.getName().equals("backend")) {
                    return self[0];
                }
                if (m.getName().equals("release") && storage.holders() == 1) {
                    room.incrementAndGet();
                }
                return call(m, storage, a);
            });
        });
        return Device.of(self[0]);
    }

    private interface Answer {
        Object to(Method method, Object[] arguments) throws Throwable;
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> method.getName().equals("equals")
                        ? self == arguments[0]
                        : method.getName().equals("hashCode")
                                ? System.identityHashCode(self)
                                : answer.to(method, arguments)));
    }

    private static Object call(Method method, Object target, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
