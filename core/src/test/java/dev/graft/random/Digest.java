package dev.graft.random;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The SHA-256 of numbers' exact bits: what a test commits that must hold on every JDK. */
public final class Digest {
    private final MessageDigest sha;

    public Digest() {
        try {
            sha = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    public Digest add(long bits) {
        for (int i = 0; i < 8; i++) {
            sha.update((byte) (bits >>> (8 * i)));
        }
        return this;
    }

    public Digest add(double value) {
        return add(Double.doubleToRawLongBits(value));
    }

    public Digest add(float[] values) {
        for (float value : values) {
            add((long) Float.floatToRawIntBits(value));
        }
        return this;
    }

    public Digest add(int[] values) {
        for (int value : values) {
            add((long) value);
        }
        return this;
    }

    /** The first 16 digits. */
    public String hex() {
        return HexFormat.of().formatHex(sha.digest()).substring(0, 16);
    }
}
