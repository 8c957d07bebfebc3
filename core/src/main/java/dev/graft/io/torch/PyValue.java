package dev.graft.io.torch;

import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a data-only pickle can hold, besides Java's own {@code String, Long, BigInteger, Double, Boolean} and
 * {@code byte[]}. Containers are compared by identity: a pickle can share one list a million times, and comparing its
 * content would never end.
 */
sealed interface PyValue {
    enum None implements PyValue {
        NONE
    }

    final class Sequence implements PyValue {
        final List<Object> items;
        final boolean tuple;

        Sequence(List<Object> items, boolean tuple) {
            this.items = items;
            this.tuple = tuple;
        }

        static Sequence tuple(List<Object> items) {
            return new Sequence(items, true);
        }
    }

    /** A dict, in insertion order. If a key is written twice, the last value counts, as in Python. */
    final class Dict implements PyValue {
        List<Object> keys = List.of();
        List<Object> values = List.of();
        private Map<Object, Integer> index = Map.of();

        void put(Object key, Object value) {
            if (keys.isEmpty()) { // an empty dict is one byte of pickle, so it must take little memory
                keys = new ArrayList<>(2);
                values = new ArrayList<>(2);
                index = new HashMap<>(4);
            }
            Integer known = isScalar(key) ? index.putIfAbsent(key, keys.size()) : null;
            if (known == null) {
                keys.add(key);
                values.add(value);
            } else {
                values.set(known, value);
            }
        }

        Optional<Object> get(String key) {
            return Optional.ofNullable(index.get(key)).map(values::get);
        }

        int size() {
            return keys.size();
        }

        private static boolean isScalar(Object key) {
            return key instanceof String || key instanceof Long || key instanceof Boolean || key instanceof Double;
        }
    }

    /** An element type, such as {@code torch.float32}. */
    record Type(DType dtype) implements PyValue {}

    /** A type of storage, such as {@code torch.FloatStorage}; bytes if the storage is untyped. */
    record StorageType(DType dtype) implements PyValue {}

    /** A tensor that knows where its elements are but has not read them. */
    record TensorValue(StridedTensor tensor) implements PyValue {}

    /** {@code torch.nn.Parameter()} before and after its state is set, as the tar container writes it. */
    final class Parameter implements PyValue {
        Optional<StridedTensor> data = Optional.empty();
    }

    /** A storage outside any tensor. */
    record StorageValue(TorchStorage storage) implements PyValue {}

    /**
     * An object of a class or function that plain tensors do not need, such as {@code argparse.Namespace}. It was
     * neither looked up nor executed: this is only its name.
     */
    record Foreign(String name) implements PyValue {}

    /**
     * A tensor of a type or kind that this library cannot hold.
     *
     * @param reason as in {@link WeightContents#unreadable()}
     */
    record UnknownTensor(String reason) implements PyValue {}

    /** Data that no state dict needs: a device, a set, a complex number, a type's name. */
    record Opaque(String kind) implements PyValue {}
}
