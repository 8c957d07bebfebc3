package dev.graft.vision.model;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Writes the few pickle opcodes that old PyTorch files are made of. */
final class PickleBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    PickleBytes() {
        op(0x80).op(2);
    }

    PickleBytes op(int code) {
        out.write(code);
        return this;
    }

    PickleBytes op(char code) {
        return op((int) code);
    }

    PickleBytes text(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        op('X');
        out.writeBytes(little(4).putInt(bytes.length).array());
        out.writeBytes(bytes);
        return this;
    }

    PickleBytes integer(int value) {
        op('J');
        out.writeBytes(little(4).putInt(value).array());
        return this;
    }

    PickleBytes global(String module, String name) {
        op('c');
        out.writeBytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
        return this;
    }

    PickleBytes integers(int... values) {
        op('(');
        for (int value : values) {
            integer(value);
        }
        return op('t');
    }

    /** {@code OrderedDict()}. */
    PickleBytes emptyOrderedDict() {
        return global("collections", "OrderedDict").op(')').op('R');
    }

    PickleBytes raw(int... bytes) {
        for (int value : bytes) {
            op(value);
        }
        return this;
    }

    byte[] end() {
        return op('.').out.toByteArray();
    }

    static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
