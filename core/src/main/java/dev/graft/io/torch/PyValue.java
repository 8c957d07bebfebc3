package dev.graft.io.torch;

import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a data-only pickle can hold besides Java's own {@code String, Long, BigInteger, Double, Boolean} and
 * {@code byte[]}. Containers compare by identity: a pickle can share one list a million times, and walking it to
 * compare would never end.
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

    /** A dict; insertion order, and a key written twice keeps the last value, as in Python. */
    final class Dict implements PyValue {
        List<Object> keys = List.of();
        List<Object> values = List.of();
        private Map<Object, Integer> index = Map.of();

        void put(Object key, Object value) {
            if (keys.isEmpty()) { // an empty dict is one byte of pickle, so it gets little memory
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

    /** {@code torch.float32} and its kin. */
    record Type(DType dtype) implements PyValue {}

    /** {@code torch.FloatStorage} and its kin; bytes where the storage is untyped. */
    record StorageType(DType dtype) implements PyValue {}

    /** A tensor that knows where its elements lie but has not read them. */
    record TensorValue(StridedTensor tensor) implements PyValue {}

    /** {@code torch.nn.Parameter()} before and after its state is set, as the tar container writes it. */
    final class Parameter implements PyValue {
        Optional<StridedTensor> data = Optional.empty();
    }

    /** A storage of its own, outside any tensor. */
    record StorageValue(TorchStorage storage) implements PyValue {}

    /**
     * Something of a class or function that plain tensors do not need, such as {@code argparse.Namespace}. It was not
     * looked up, let alone run: this is its name and nothing else.
     */
    record Foreign(String name) implements PyValue {}

    /**
     * A tensor of a type or kind that this library cannot hold.
     *
     * @param reason as {@link WeightContents#unreadable()} tells it
     */
    record UnknownTensor(String reason) implements PyValue {}

    /** Data that no state dict needs: a device, a set, a complex number, a type's name. */
    record Opaque(String kind) implements PyValue {}
}
