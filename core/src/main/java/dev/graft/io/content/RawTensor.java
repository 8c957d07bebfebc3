package dev.graft.io.content;

import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A tensor as files carry it: {@code bytes} are its elements in row-major order, little-endian, without gaps. */
public record RawTensor(DType dtype, Shape shape, byte[] bytes) {
    public String sha256() {
        return sha256(bytes);
    }

    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
