package dev.graft.io.torch;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A pickle interpreter that can only build data. It knows the opcodes in {@link PickleOp} and the names in
 * {@link TorchGlobals}; anything else is refused, and there is no other mode. It does not recurse, and what it builds
 * is limited by {@link #MAX_OBJECTS}, {@link #MAX_STACK}, {@link #MAX_MARKS} and {@link #MAX_PICKLE}, far above any
 * real checkpoint: a network of a thousand layers has some 100,000 objects.
 *
 * @see <a href="https://docs.python.org/3/library/pickletools.html">pickletools</a>
 */
final class Unpickler {
    static final int MAX_OBJECTS = 2_000_000;
    static final int MAX_STACK = 100_000;
    static final int MAX_MARKS = 500;
    /** The most bytes of a pickle, without the storages. */
    static final long MAX_PICKLE = 64L << 20;

    private static final int HIGHEST_PROTOCOL = 5;
    private static final int MAX_INTEGER_BYTES = 255;

    /** Resolves a persistent identifier to what is stored outside the pickle. */
    interface PersistentLoad {
        Object load(Object id);
    }

    private final PickleInput in;
    private final TorchGlobals globals;
    private final PersistentLoad persistentLoad;
    private final long limit;
    private final List<Object> stack = new ArrayList<>();
    private final Deque<Integer> marks = new ArrayDeque<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private int objects;

    private Unpickler(PickleInput in, PersistentLoad persistentLoad) {
        this.in = in;
        this.globals = new TorchGlobals(in, this::charge);
        this.persistentLoad = persistentLoad;
        this.limit = in.position() + MAX_PICKLE;
    }

    /** Reads one pickle, up to and including its STOP. */
    static Object load(PickleInput in, PersistentLoad persistentLoad) {
        return new Unpickler(in, persistentLoad).run();
    }

    /** Reads one pickle that has no references to outside data. */
    static Object load(PickleInput in) {
        return load(in, id -> {
            throw in.bad("a reference to outside data where none belongs");
        });
    }

    private Object run() {
        while (true) {
            if (in.position() > limit) {
                throw in.bad("more than " + MAX_PICKLE + " bytes of pickle");
            }
            int op = in.readByte();
            if (op == PickleOp.STOP) {
                Object result = pop();
                if (!stack.isEmpty() || !marks.isEmpty()) {
                    throw in.bad("STOP with values left over");
                }
                return result;
            }
            step(op);
        }
    }

    private void step(int op) {
        switch (op) {
            case PickleOp.PROTO -> protocol();
            case PickleOp.FRAME -> in.int64();
            case PickleOp.MARK -> mark();
            case PickleOp.NONE -> push(PyValue.None.NONE);
            case PickleOp.NEWTRUE -> push(true);
            case PickleOp.NEWFALSE -> push(false);
            case PickleOp.BININT -> push((long) in.int32());
            case PickleOp.BININT1 -> push((long) in.readByte());
            case PickleOp.BININT2 -> push((long) in.uint16());
            case PickleOp.LONG1 -> push(integer(in.readBytes(in.readByte())));
            case PickleOp.BINFLOAT -> push(Double.longBitsToDouble(Long.reverseBytes(in.int64())));
            case PickleOp.BINSTRING -> push(new String(in.readBytes(in.int32()), StandardCharsets.ISO_8859_1));
            case PickleOp.SHORT_BINSTRING -> push(new String(in.readBytes(in.readByte()), StandardCharsets.ISO_8859_1));
            case PickleOp.BINUNICODE -> push(in.utf8(in.uint32()));
            case PickleOp.SHORT_BINUNICODE -> push(in.utf8(in.readByte()));
            case PickleOp.BINBYTES -> push(in.readBytes(in.uint32()));
            case PickleOp.SHORT_BINBYTES -> push(in.readBytes(in.readByte()));
            case PickleOp.EMPTY_LIST -> push(new PyValue.Sequence(new ArrayList<>(0), false));
            case PickleOp.EMPTY_TUPLE -> push(PyValue.Sequence.tuple(List.of()));
            case PickleOp.EMPTY_DICT -> push(new PyValue.Dict());
            case PickleOp.EMPTY_SET -> push(new PyValue.Opaque("set"));
            case PickleOp.APPEND -> append(List.of(pop()));
            case PickleOp.APPENDS -> append(popToMark());
            case PickleOp.ADDITEMS -> addItems();
            case PickleOp.FROZENSET -> frozenSet();
            case PickleOp.TUPLE -> push(PyValue.Sequence.tuple(popToMark()));
            case PickleOp.TUPLE1 -> push(PyValue.Sequence.tuple(pop(1)));
            case PickleOp.TUPLE2 -> push(PyValue.Sequence.tuple(pop(2)));
            case PickleOp.TUPLE3 -> push(PyValue.Sequence.tuple(pop(3)));
            case PickleOp.SETITEM -> setItems(pop(2));
            case PickleOp.SETITEMS -> setItems(popToMark());
            case PickleOp.BINPUT -> memoize(in.readByte());
            case PickleOp.LONG_BINPUT -> memoize(in.uint32());
            case PickleOp.MEMOIZE -> memoize(memo.size());
            case PickleOp.BINGET -> push(recall(in.readByte()));
            case PickleOp.LONG_BINGET -> push(recall(in.uint32()));
            case PickleOp.GLOBAL -> push(globals.find(in.line(), in.line()));
            case PickleOp.STACK_GLOBAL -> stackGlobal();
            case PickleOp.REDUCE -> reduce();
            case PickleOp.NEWOBJ -> newObject();
            case PickleOp.BUILD -> build();
            case PickleOp.BINPERSID -> push(persistentLoad.load(pop()));
            case PickleOp.PERSID -> push(persistentLoad.load(in.line()));
            case PickleOp.INT -> push(PickleText.integer(in, in.line()));
            case PickleOp.LONG -> push(PickleText.longInteger(in, in.line()));
            case PickleOp.FLOAT -> push(PickleText.decimal(in, in.line()));
            case PickleOp.STRING -> push(PickleText.quoted(in, in.longLine()));
            case PickleOp.UNICODE -> push(PickleText.rawUnicode(in, in.longLine()));
            case PickleOp.PUT -> memoize(PickleText.key(in, in.line()));
            case PickleOp.GET -> push(recall(PickleText.key(in, in.line())));
            case PickleOp.DICT -> dict();
            case PickleOp.LIST -> push(new PyValue.Sequence(new ArrayList<>(popToMark()), false));
            case PickleOp.INST -> instance();
            case PickleOp.OBJ -> object();
            case PickleOp.POP -> discard();
            case PickleOp.POP_MARK -> popToMark();
            case PickleOp.DUP -> push(top());
            case PickleOp.LONG4 -> push(integer(in.readBytes(Math.min(in.int32(), MAX_INTEGER_BYTES + 1))));
            case PickleOp.BINUNICODE8 -> push(in.utf8(in.int64()));
            case PickleOp.BINBYTES8, PickleOp.BYTEARRAY8 -> push(in.readBytes(in.int64()));
            case PickleOp.NEWOBJ_EX -> newObjectEx();
            default ->
                throw in.bad(String.format(Locale.ROOT, "pickle opcode 0x%02x is not one that plain tensors need", op));
        }
    }

    private void protocol() {
        int protocol = in.readByte();
        if (protocol > HIGHEST_PROTOCOL) {
            throw in.bad("pickle protocol " + protocol);
        }
    }

    private void mark() {
        if (marks.size() == MAX_MARKS) {
            throw in.bad("values nested deeper than " + MAX_MARKS);
        }
        marks.push(stack.size());
    }

    private void charge(int values) {
        objects += values;
        if (objects > MAX_OBJECTS) {
            throw in.bad("more than " + MAX_OBJECTS + " values");
        }
    }

    private void push(Object value) {
        charge(1);
        if (stack.size() == MAX_STACK) {
            throw in.bad("more than " + MAX_STACK + " values waiting on the stack");
        }
        stack.add(value);
    }

    private Object pop() {
        if (stack.size() == floor()) {
            throw in.bad("a value is missing on the stack");
        }
        return stack.remove(stack.size() - 1);
    }

    private Object top() {
        if (stack.size() == floor()) {
            throw in.bad("a value is missing on the stack");
        }
        return stack.get(stack.size() - 1);
    }

    private int floor() {
        return marks.isEmpty() ? 0 : marks.peek();
    }

    private List<Object> pop(int count) {
        return popFrom(Math.max(floor(), stack.size() - count), count);
    }

    private List<Object> popToMark() {
        if (marks.isEmpty()) {
            throw in.bad("a mark is missing on the stack");
        }
        int from = marks.pop();
        return popFrom(from, stack.size() - from);
    }

    private List<Object> popFrom(int from, int count) {
        List<Object> tail = stack.subList(from, stack.size());
        if (tail.size() != count) {
            throw in.bad("a value is missing on the stack");
        }
        List<Object> values = List.copyOf(tail);
        tail.clear();
        return values;
    }

    private void append(List<Object> values) {
        if (top() instanceof PyValue.Foreign) {
            return;
        }
        if (!(top() instanceof PyValue.Sequence list) || list.tuple) {
            throw in.bad("APPEND to something that is not a list");
        }
        list.items.addAll(values);
    }

    private void addItems() {
        popToMark();
        if (!(top() instanceof PyValue.Opaque) && !(top() instanceof PyValue.Foreign)) {
            throw in.bad("ADDITEMS to something that is not a set");
        }
    }

    private void frozenSet() {
        popToMark();
        push(new PyValue.Opaque("frozenset"));
    }

    private void setItems(List<Object> keysAndValues) {
        if (top() instanceof PyValue.Foreign) {
            return;
        }
        if (!(top() instanceof PyValue.Dict dict) || keysAndValues.size() % 2 != 0) {
            throw in.bad("SETITEMS without a dict or without a value for each key");
        }
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            dict.put(keysAndValues.get(i), keysAndValues.get(i + 1));
        }
    }

    private void memoize(long key) {
        memo.put(key, top());
        if (memo.size() > MAX_OBJECTS) {
            throw in.bad("more than " + MAX_OBJECTS + " memo entries");
        }
    }

    private Object recall(long key) {
        return Optional.ofNullable(memo.get(key)).orElseThrow(() -> in.bad("memo entry " + key + " was never stored"));
    }

    private void stackGlobal() {
        List<Object> names = pop(2);
        if (!(names.get(0) instanceof String module) || !(names.get(1) instanceof String name)) {
            throw in.bad("STACK_GLOBAL without two names");
        }
        push(globals.find(module, name));
    }

    private void reduce() {
        List<Object> call = pop(2);
        if (!(call.get(1) instanceof PyValue.Sequence arguments) || !arguments.tuple) {
            throw in.bad("REDUCE without an argument tuple");
        }
        push(globals.call(call.get(0), arguments.items));
    }

    private void dict() {
        List<Object> keysAndValues = popToMark();
        push(new PyValue.Dict());
        setItems(keysAndValues);
    }

    /** Pops a value or, as Python does, a mark with nothing above it. */
    private void discard() {
        if (!marks.isEmpty() && stack.size() == floor()) {
            marks.pop();
        } else {
            pop();
        }
    }

    /** INST: a class by name, called with the values above the mark. */
    private void instance() {
        Object callee = globals.find(in.line(), in.line());
        push(globals.call(callee, popToMark()));
    }

    /** OBJ: the class is the first value above the mark. */
    private void object() {
        List<Object> call = popToMark();
        if (call.isEmpty()) {
            throw in.bad("OBJ without a class");
        }
        push(globals.call(call.get(0), call.subList(1, call.size())));
    }

    private void newObjectEx() {
        List<Object> call = pop(3);
        if (!(call.get(0) instanceof PyValue.Foreign foreign)) {
            throw in.bad("NEWOBJ_EX of something other than a class of its own");
        }
        push(foreign);
    }

    private void newObject() {
        List<Object> call = pop(2);
        if (call.get(0) instanceof PyValue.Foreign foreign) {
            push(foreign);
            return;
        }
        if (call.get(0) != TorchGlobals.Function.PARAMETER || !(call.get(1) instanceof PyValue.Sequence arguments)) {
            throw in.bad("NEWOBJ of something other than a Parameter");
        }
        push(globals.call(TorchGlobals.Function.PARAMETER, arguments.items));
    }

    private void build() {
        Object state = pop();
        globals.setState(top(), state);
    }

    /** A little-endian two's-complement integer. */
    private Object integer(byte[] littleEndian) {
        if (littleEndian.length > MAX_INTEGER_BYTES) {
            throw in.bad("a whole number of more than " + MAX_INTEGER_BYTES + " bytes");
        }
        if (littleEndian.length == 0) {
            return 0L;
        }
        byte[] bigEndian = new byte[littleEndian.length];
        for (int i = 0; i < bigEndian.length; i++) {
            bigEndian[i] = littleEndian[littleEndian.length - 1 - i];
        }
        return PickleText.fitted(new BigInteger(bigEndian));
    }
}
