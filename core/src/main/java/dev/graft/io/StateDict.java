package dev.graft.io;

import dev.graft.io.content.TensorSource;
import dev.graft.io.content.Unsupported;
import dev.graft.io.content.WeightContents;
import dev.graft.io.file.Sha256;
import dev.graft.tensor.Scope;
import dev.graft.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Named tensors in order, as {@code model.state_dict()} gives them in PyTorch, such as {@code "layer1.0.conv1.weight"}.
 *
 * <p>The dict owns its tensors: it takes them out of any {@link dev.graft.tensor.Scope}, and closes them when it is
 * closed. To list a parameter that is in use, put its {@link Tensor#detach()}, which shares the memory and can be
 * closed separately.
 *
 * <pre>{@code
 * try (StateDict weights = WeightFiles.load(Path.of("resnet18.pth"))) {
 *     Tensor w = weights.get("conv1.weight");   // [64, 3, 7, 7]
 * }
 * }</pre>
 */
public final class StateDict implements AutoCloseable {
    private static final int MAX_BYTES = Integer.MAX_VALUE - 16;

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> unreadable = new LinkedHashMap<>();

    /** An empty dict. */
    public StateDict() {}

    /**
     * Adds a tensor at the end, or replaces the one with that name, which is closed unless it has another name too.
     * Tied weights are one tensor under several names.
     */
    public StateDict put(String name, Tensor tensor) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
            throw new IllegalArgumentException(
                    "stateDict: the name " + name + " is not valid Unicode. Hint: remove the half surrogate pair.");
        }
        Tensor replaced = tensors.put(name, tensor.keep());
        if (replaced != null && !holds(replaced)) {
            replaced.close();
        }
        return this;
    }

    private boolean holds(Tensor tensor) {
        return tensors.values().stream().anyMatch(held -> held == tensor);
    }

    /**
     * The tensor of this name.
     *
     * @throws IllegalArgumentException naming the nearest key if there is no such tensor
     */
    public Tensor get(String name) {
        String reason = unreadable.get(name);
        if (reason != null) {
            throw new IllegalArgumentException(
                    "stateDict: tensor \"" + name + "\" " + reason + ". Hint: " + Unsupported.fix(reason) + ".");
        }
        return find(name)
                .orElseThrow(() -> new IllegalArgumentException("stateDict: no tensor named \"" + name + "\" among "
                        + tensors.size() + " ("
                        + tensors.keySet().stream().limit(3).toList() + "...). Hint: "
                        + NearestName.of(name, tensors.keySet())
                                .map(near -> "did you mean \"" + near + "\"?")
                                .orElse("look at names().")));
    }

    public Optional<Tensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /**
     * The tensors of the file that this library cannot hold, by name, with the reason: an unknown element type, or a
     * quantized or sparse tensor. They are not among {@link #names()}, and are an error only if they are needed.
     */
    public Map<String, String> unreadable() {
        return Collections.unmodifiableMap(unreadable);
    }

    public boolean contains(String name) {
        return tensors.containsKey(name);
    }

    /** The names in order. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** Names and tensors in order; the view cannot be changed. */
    public Set<Map.Entry<String, Tensor>> entries() {
        return Collections.unmodifiableMap(tensors).entrySet();
    }

    public int size() {
        return tensors.size();
    }

    /**
     * A dict without the tensors whose names start with {@code prefix}: {@code without("fc.")} drops a head. It shares
     * memory with this one, and each must be closed.
     */
    public StateDict without(String prefix) {
        return rename(name -> name.startsWith(prefix) ? "" : name);
    }

    /**
     * A dict with {@code prefix} removed from every name that starts with it, such as {@code "module."}. It shares
     * memory with this one.
     */
    public StateDict stripPrefix(String prefix) {
        return rename(name -> name.startsWith(prefix) ? name.substring(prefix.length()) : name);
    }

    /**
     * A dict of only the tensors whose names begin with {@code name} and a dot, with that prefix removed:
     * {@code under("ema")} selects one of several networks in a file. It shares memory with this one.
     *
     * @throws IllegalArgumentException if there are none
     */
    public StateDict under(String name) {
        String prefix = name.endsWith(".") ? name : name + ".";
        if (tensors.keySet().stream().noneMatch(key -> key.startsWith(prefix))) {
            throw new IllegalArgumentException("stateDict: no name begins with \"" + prefix
                    + "\". Hint: they begin with "
                    + tensors.keySet().stream()
                            .map(key -> key.substring(0, key.indexOf('.') + 1))
                            .distinct()
                            .limit(10)
                            .toList()
                    + ".");
        }
        return rename(key -> key.startsWith(prefix) ? key.substring(prefix.length()) : "");
    }

    /** An empty new name drops the tensor. */
    private StateDict rename(UnaryOperator<String> newName) {
        StateDict renamed = new StateDict();
        tensors.forEach((name, tensor) -> {
            String to = newName.apply(name);
            if (!to.isEmpty()) {
                if (renamed.contains(to)) {
                    renamed.close();
                    throw new IllegalArgumentException("stateDict: two tensors would be named \"" + to + "\"");
                }
                renamed.put(to, tensor.detach());
            }
        });
        unreadable.forEach((name, reason) -> {
            String to = newName.apply(name);
            if (!to.isEmpty()) {
                renamed.unreadable.put(to, reason);
            }
        });
        return renamed;
    }

    /**
     * This dict for a network with entries of the given names. The prefixes of wrappers ({@code "module."} of
     * DataParallel, {@code "_orig_mod."} of torch.compile, {@code "model."} of Lightning, in any nesting) are removed
     * if more names fit without them. Tensors outside the wrapper are left out, and the log names them. The result
     * shares memory with this dict, and each must be closed.
     *
     * @throws IllegalArgumentException if the network fits under several prefixes with different values: choose one
     *     with {@link #under}
     */
    public StateDict unwrapped(Collection<String> names) {
        WrapperPrefix prefix = WrapperPrefix.of(tensors.keySet(), names);
        prefix.checkIsOnly(tensors, names);
        prefix.log();
        return rename(prefix::strip);
    }

    /**
     * A dict of the same names with a copy of each tensor, without history and with memory of its own. Names that share
     * a tensor get a copy each.
     */
    @SuppressWarnings("try")
    public StateDict copy() {
        StateDict copy = new StateDict();
        copy.unreadable.putAll(unreadable);
        try (Scope scope = Scope.open()) {
            tensors.forEach((name, tensor) -> copy.put(name, tensor.detach().copy()));
            return copy;
        } catch (RuntimeException | Error e) {
            copy.close();
            throw e;
        }
    }

    /** The SHA-256, in lower-case hexadecimal, of a tensor's elements in row-major order, little-endian. */
    public String sha256(String name) {
        return Sha256.of(get(name).toBytes());
    }

    /** Closes every tensor and empties the dict. */
    @Override
    public void close() {
        tensors.values().forEach(Tensor::close);
        tensors.clear();
    }

    @Override
    public String toString() {
        return "StateDict of " + tensors.size() + " tensors";
    }

    /** The tensors as writers take them: read one at a time, with one source for names that share a tensor. */
    Map<String, TensorSource> sources() {
        Map<String, TensorSource> sources = new LinkedHashMap<>();
        IdentityHashMap<Tensor, TensorSource> ofTensor = new IdentityHashMap<>();
        tensors.forEach((name, tensor) -> {
            if ((long) tensor.numel() * tensor.dtype().bytes() > MAX_BYTES) {
                throw new IllegalArgumentException("stateDict: tensor \"" + name + "\" " + tensor.shape()
                        + " is larger than one Java array (2 GiB). Hint: split it before saving.");
            }
            sources.put(
                    name, ofTensor.computeIfAbsent(tensor, t -> new TensorSource(t.dtype(), t.shape(), t::toBytes)));
        });
        return sources;
    }

    static StateDict of(WeightContents contents) {
        StateDict dict = new StateDict();
        dict.unreadable.putAll(contents.unreadable());
        try {
            contents.tensors()
                    .forEach((name, source) -> dict.put(
                            name,
                            Tensor.ofBytes(
                                    source.dtype(),
                                    source.shape(),
                                    source.bytes().get())));
            return dict;
        } catch (RuntimeException | Error e) {
            dict.close();
            throw e;
        }
    }
}
