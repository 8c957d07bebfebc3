package dev.graft.io.torch;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.ElementTypeNames;
import dev.graft.io.content.Unsupported;
import dev.graft.io.content.WeightContents;
import dev.graft.io.file.WeightFileException;
import dev.graft.type.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Every name in a pickle that has a meaning here. Nothing is looked up by reflection: a name that is not on the list
 * stands only for itself, as a {@link PyValue.Foreign}, and calling it returns that name again. Names that an honest
 * checkpoint never uses, such as {@code os.system}, are refused, so that a malicious file is not accepted.
 *
 * @see <a href="https://pytorch.org/docs/stable/notes/serialization.html#weights-only">PyTorch: weights_only</a>
 */
final class TorchGlobals {
    /** Functions that a pickle may call; each only builds data. */
    enum Function {
        ORDERED_DICT,
        DEFAULT_DICT,
        COUNTER,
        DICT,
        LIST,
        SET,
        COMPLEX,
        ENCODE,
        SIZE,
        DEVICE,
        REBUILD_TENSOR,
        REBUILD_TENSOR_V2,
        REBUILD_TENSOR_V3,
        REBUILD_PARAMETER,
        REBUILD_FROM_TYPE,
        PARAMETER
    }

    private static final Map<String, Function> FUNCTIONS = Map.ofEntries(
            Map.entry("collections.OrderedDict", Function.ORDERED_DICT),
            Map.entry("collections.defaultdict", Function.DEFAULT_DICT),
            Map.entry("collections.Counter", Function.COUNTER),
            Map.entry("builtins.dict", Function.DICT),
            Map.entry("__builtin__.dict", Function.DICT),
            Map.entry("builtins.list", Function.LIST),
            Map.entry("__builtin__.list", Function.LIST),
            Map.entry("builtins.set", Function.SET),
            Map.entry("__builtin__.set", Function.SET),
            Map.entry("builtins.frozenset", Function.SET),
            Map.entry("__builtin__.frozenset", Function.SET),
            Map.entry("builtins.complex", Function.COMPLEX),
            Map.entry("__builtin__.complex", Function.COMPLEX),
            Map.entry("_codecs.encode", Function.ENCODE),
            Map.entry("builtins.bytearray", Function.ENCODE),
            Map.entry("__builtin__.bytearray", Function.ENCODE),
            Map.entry("torch.Size", Function.SIZE),
            Map.entry("torch.device", Function.DEVICE),
            Map.entry("torch._utils._rebuild_tensor", Function.REBUILD_TENSOR),
            Map.entry("torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR_V2),
            Map.entry("torch._utils._rebuild_tensor_v3", Function.REBUILD_TENSOR_V3),
            Map.entry("torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER),
            Map.entry("torch._utils._rebuild_parameter_with_state", Function.REBUILD_PARAMETER),
            Map.entry("torch._tensor._rebuild_from_type_v2", Function.REBUILD_FROM_TYPE),
            Map.entry("torch.nn.parameter.Parameter", Function.PARAMETER),
            Map.entry("torch.nn.Parameter", Function.PARAMETER));

    /** Functions that make tensors other than strided ones, and the message for such a tensor. */
    private static final Map<String, Unsupported> OTHER_TENSORS = Map.of(
            "torch._utils._rebuild_qtensor", Unsupported.QUANTIZED,
            "torch._utils._rebuild_sparse_tensor", Unsupported.SPARSE,
            "torch._utils._rebuild_sparse_csr_tensor", Unsupported.SPARSE,
            "torch._utils._rebuild_nested_tensor", Unsupported.NESTED,
            "torch._utils._rebuild_meta_tensor_no_storage", Unsupported.META,
            "torch._utils._rebuild_device_tensor_from_numpy", Unsupported.DEVICE,
            "torch._utils._rebuild_device_tensor_from_cpu_tensor", Unsupported.DEVICE,
            "torch._utils._rebuild_xla_tensor", Unsupported.DEVICE,
            "torch._utils._rebuild_wrapper_subclass", Unsupported.SUBCLASS);

    /** The storages of quantized tensors. */
    private static final Map<String, DType> QUANTIZED_STORAGES = Map.of(
            "QInt8Storage", DType.I8,
            "QUInt8Storage", DType.U8,
            "QInt32Storage", DType.I32,
            "QUInt4x2Storage", DType.U8,
            "QUInt2x4Storage", DType.U8);

    private static final Set<String> STORAGE_MODULES = Set.of("torch", "torch.cuda", "torch.storage");
    private static final Set<String> TENSOR_CLASSES = Set.of(
            "Tensor",
            "FloatTensor",
            "DoubleTensor",
            "HalfTensor",
            "BFloat16Tensor",
            "LongTensor",
            "IntTensor",
            "ShortTensor",
            "CharTensor",
            "ByteTensor",
            "BoolTensor");

    /** Modules and built-in functions that execute programs, code or the loader itself. */
    private static final Set<String> HARMFUL_MODULES = Set.of(
            "os",
            "posix",
            "nt",
            "subprocess",
            "sys",
            "shutil",
            "socket",
            "pty",
            "runpy",
            "code",
            "commands",
            "ctypes",
            "importlib",
            "pickle",
            "_pickle",
            "marshal",
            "types",
            "webbrowser",
            "platform",
            "pip",
            "timeit",
            "bdb",
            "pdb",
            "io",
            "_io",
            "signal",
            "multiprocessing",
            "threading",
            "asyncio",
            "urllib",
            "http",
            "requests");

    private static final Set<String> HARMLESS_BUILTINS = Set.of(
            "int",
            "float",
            "bool",
            "str",
            "bytes",
            "tuple",
            "slice",
            "range",
            "object",
            "type",
            "NoneType",
            "long",
            "unicode",
            "Ellipsis",
            "NotImplemented",
            "property");

    private final PickleInput in;
    private final IntConsumer charge;

    /** @param charge receives every value that a call copies, so that copies count against the object budget */
    TorchGlobals(PickleInput in, IntConsumer charge) {
        this.in = in;
        this.charge = charge;
    }

    Object find(String module, String name) {
        String full = module + "." + name;
        Function function = FUNCTIONS.get(full);
        if (function != null) {
            return function;
        }
        if (STORAGE_MODULES.contains(module)) {
            if (QUANTIZED_STORAGES.containsKey(name)) {
                return new PyValue.StorageType(QUANTIZED_STORAGES.get(name));
            }
            if (name.equals("UntypedStorage")) {
                return new PyValue.StorageType(DType.U8);
            }
            Optional<DType> storage = ElementTypeNames.fromStorageClass(name);
            if (storage.isPresent()) {
                return new PyValue.StorageType(storage.get());
            }
            if (TENSOR_CLASSES.contains(name) && !module.equals("torch.storage")) {
                return new PyValue.Opaque("tensor class");
            }
        }
        if (module.equals("torch")) {
            Optional<DType> type = ElementTypeNames.fromTorchName(name);
            if (type.isPresent()) {
                return new PyValue.Type(type.get());
            }
        }
        if (isHarmful(module, name)) {
            throw refuse(in.file(), in.what() + ": ", full);
        }
        return new PyValue.Foreign(full);
    }

    private static boolean isHarmful(String module, String name) {
        int dot = module.indexOf('.');
        boolean builtin = module.equals("builtins") || module.equals("__builtin__");
        return HARMFUL_MODULES.contains(dot < 0 ? module : module.substring(0, dot))
                || (builtin && !HARMLESS_BUILTINS.contains(name));
    }

    /** @param where what to put before the sentence */
    static WeightFileException refuse(FileBytes file, String where, String full) {
        String printable = full.replaceAll("[^\\x21-\\x7e]", "?");
        return file.refused(
                where + "asks for " + printable + ", which is not plain tensor data; it was not run",
                "if you trust the file, convert it to safetensors in Python: state = torch.load(file, weights_only=False); "
                        + "safetensors.torch.save_file(state, 'model.safetensors'), "
                        + "with state.state_dict() or state['state_dict'] where it is a whole model or a checkpoint");
    }

    Object call(Object callee, List<Object> arguments) {
        if (callee instanceof PyValue.Foreign foreign) {
            return OTHER_TENSORS.containsKey(foreign.name())
                    ? new PyValue.UnknownTensor(OTHER_TENSORS.get(foreign.name()).reason)
                    : callee;
        }
        if (!(callee instanceof Function function)) {
            throw in.bad("a call of something that is not a function");
        }
        return switch (function) {
            case ORDERED_DICT, DICT -> dict(arguments);
            case DEFAULT_DICT -> defaultDict(arguments);
            case COUNTER, SET -> new PyValue.Opaque("set");
            case LIST -> list(arguments);
            case COMPLEX -> new PyValue.Opaque("complex");
            case ENCODE -> new PyValue.Opaque("bytes");
            case DEVICE -> new PyValue.Opaque("device");
            case SIZE -> PyValue.Sequence.tuple(arguments.isEmpty() ? List.of() : items(arguments.get(0)));
            case REBUILD_TENSOR -> tensor(arguments, 4, 4, Optional.empty(), -1);
            case REBUILD_TENSOR_V2 -> tensor(arguments, 6, 7, Optional.empty(), 6);
            case REBUILD_TENSOR_V3 -> tensor(arguments, 7, 8, Optional.of(6), 7);
            case REBUILD_PARAMETER -> parameter(arguments);
            case REBUILD_FROM_TYPE -> fromType(arguments);
            case PARAMETER -> newParameter(arguments);
        };
    }

    /** BUILD: the module's version notes on an OrderedDict are dropped, and an old Parameter gets its tensor. */
    void setState(Object target, Object state) {
        if (target instanceof PyValue.Foreign || target instanceof PyValue.UnknownTensor) {
            return;
        }
        if (target instanceof PyValue.Parameter parameter
                && state instanceof PyValue.Sequence s
                && !s.items.isEmpty()) {
            parameter.data = Optional.of(tensorOf(s.items.get(0)));
        } else if (!(target instanceof PyValue.Dict) || !(state instanceof PyValue.Dict)) {
            throw in.bad("BUILD of something that is not a dict or a Parameter");
        }
    }

    private PyValue.Sequence list(List<Object> arguments) {
        List<Object> source = arguments.isEmpty() ? List.of() : items(arguments.get(0));
        charge.accept(source.size());
        return new PyValue.Sequence(new ArrayList<>(source), false);
    }

    private PyValue.Dict dict(List<Object> arguments) {
        PyValue.Dict dict = new PyValue.Dict();
        if (arguments.isEmpty()) {
            return dict;
        }
        if (arguments.size() > 1) {
            throw in.bad("dict of " + arguments.size() + " arguments");
        }
        charge.accept(items(arguments.get(0)).size());
        for (Object pair : items(arguments.get(0))) {
            List<Object> keyValue = items(pair);
            if (keyValue.size() != 2) {
                throw in.bad("dict entry that is not a pair");
            }
            dict.put(keyValue.get(0), keyValue.get(1));
        }
        return dict;
    }

    private PyValue.Dict defaultDict(List<Object> arguments) {
        boolean plain = arguments.isEmpty()
                || (arguments.size() == 1
                        && (arguments.get(0) instanceof PyValue.Foreign
                                || arguments.get(0) == PyValue.None.NONE
                                || arguments.get(0) == Function.DICT
                                || arguments.get(0) == Function.LIST
                                || arguments.get(0) == Function.SET));
        if (!plain) {
            throw in.bad("defaultdict with a factory that is not dict, list or set");
        }
        return new PyValue.Dict();
    }

    private PyValue tensor(List<Object> a, int least, int most, Optional<Integer> typeAt, int metadataAt) {
        if (a.size() < least || a.size() > most) {
            throw in.bad("a tensor of " + a.size() + " arguments");
        }
        if (!(a.get(0) instanceof PyValue.StorageValue storage)) {
            throw in.bad("a tensor without a storage");
        }
        if (a.size() == metadataAt + 1) {
            checkMetadata(a.get(metadataAt));
        }
        if (typeAt.isPresent() && a.get(typeAt.get()) instanceof PyValue.Foreign unknown) {
            return new PyValue.UnknownTensor(WeightContents.unknownType(unknown.name()));
        }
        DType type = typeAt.map(i -> type(a.get(i))).orElse(storage.storage().dtype);
        return new PyValue.TensorValue(
                new StridedTensor(storage.storage(), type, integer(a.get(1)), integers(a.get(2)), integers(a.get(3))));
    }

    /** PyTorch stores a mark for lazily conjugated and negated tensors beside their bytes. */
    private void checkMetadata(Object metadata) {
        boolean lazy = metadata instanceof PyValue.Dict flags
                && (Boolean.TRUE.equals(flags.get("conj").orElse(false))
                        || Boolean.TRUE.equals(flags.get("neg").orElse(false)));
        if (lazy) {
            throw in.file()
                    .refused(
                            in.what() + ": holds a lazily conjugated or negated tensor",
                            "call resolve_conj() and resolve_neg() on it in Python before saving");
        }
    }

    private PyValue parameter(List<Object> arguments) {
        if (arguments.size() < 3 || arguments.size() > 4) {
            throw in.bad("a parameter of " + arguments.size() + " arguments");
        }
        return arguments.get(0) instanceof PyValue.UnknownTensor unknown
                ? unknown
                : new PyValue.TensorValue(tensorOf(arguments.get(0)));
    }

    private Object fromType(List<Object> arguments) {
        if (!arguments.isEmpty() && arguments.get(0) instanceof PyValue.Foreign function) {
            return call(function, List.of());
        }
        boolean tensor = arguments.size() == 4
                && (arguments.get(1) instanceof PyValue.Opaque || arguments.get(1) == Function.PARAMETER)
                && (arguments.get(0) == Function.REBUILD_TENSOR_V2
                        || arguments.get(0) == Function.REBUILD_TENSOR_V3
                        || arguments.get(0) == Function.REBUILD_PARAMETER);
        if (arguments.size() == 4 && arguments.get(1) instanceof PyValue.Foreign subclass) {
            return new PyValue.UnknownTensor(WeightContents.unknownType(subclass.name()));
        }
        if (!tensor) {
            throw in.bad("a tensor subclass that is not plain");
        }
        return call(arguments.get(0), items(arguments.get(2)));
    }

    private PyValue newParameter(List<Object> arguments) {
        PyValue.Parameter parameter = new PyValue.Parameter();
        if (!arguments.isEmpty()) {
            parameter.data = Optional.of(tensorOf(arguments.get(0)));
        }
        return parameter;
    }

    private StridedTensor tensorOf(Object value) {
        if (value instanceof PyValue.TensorValue tensor) {
            return tensor.tensor();
        }
        if (value instanceof PyValue.Parameter parameter && parameter.data.isPresent()) {
            return parameter.data.get();
        }
        throw in.bad("a parameter without a tensor");
    }

    private DType type(Object value) {
        if (value instanceof PyValue.Type type) {
            return type.dtype();
        }
        throw in.bad("a tensor whose dtype is not one");
    }

    private List<Object> items(Object value) {
        if (value instanceof PyValue.Sequence sequence) {
            return sequence.items;
        }
        throw in.bad("a list or tuple is missing");
    }

    private long integer(Object value) {
        if (value instanceof Long number) {
            return number;
        }
        throw in.bad("a whole number of 64 bits is missing");
    }

    private List<Long> integers(Object value) {
        List<Object> items = items(value);
        if (items.size() > TensorReader.MAX_RANK) {
            throw in.bad("a tensor of " + items.size() + " dimensions");
        }
        return items.stream().map(this::integer).toList();
    }
}
