package dev.graft.cpu.layout;

/**
 * Loops between the elements of an array that are {@code step} apart and a block of longs, floats or doubles. They are
 * many, and each is a method of its own: where one method holds the loops of all types, each type that a program uses
 * throws away what was compiled for those before it, at last for good. Neighbours have a loop of their own, whose
 * indices need no check.
 *
 * <p>{@code Bytes} are unsigned. {@code Truths} are 1 for what is not 0, without branches, which would be mispredicted
 * half of the time. Numbers become unsigned bytes as the nearest byte to what is left of them without its fraction.
 */
final class TypedRuns {
    private TypedRuns() {}

    static void load(long[] x, int at, int step, int count, long[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void load(int[] x, int at, int step, int count, long[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void loadBytes(byte[] x, int at, int step, int count, long[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i] & 0xff;
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step] & 0xff;
        }
    }

    static void loadTruths(byte[] x, int at, int step, int count, long[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = truth(x[at + i]);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = truth(x[at + i * step]);
        }
    }

    static void load(float[] x, int at, int step, int count, float[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void load(long[] x, int at, int step, int count, float[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void load(int[] x, int at, int step, int count, float[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void loadBytes(byte[] x, int at, int step, int count, float[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i] & 0xff;
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step] & 0xff;
        }
    }

    static void loadTruths(byte[] x, int at, int step, int count, float[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = truth(x[at + i]);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = truth(x[at + i * step]);
        }
    }

    static void load(float[] x, int at, int step, int count, double[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void load(long[] x, int at, int step, int count, double[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void load(int[] x, int at, int step, int count, double[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step];
        }
    }

    static void loadBytes(byte[] x, int at, int step, int count, double[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = x[at + i] & 0xff;
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = x[at + i * step] & 0xff;
        }
    }

    static void loadTruths(byte[] x, int at, int step, int count, double[] block, int to) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                block[to + i] = truth(x[at + i]);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            block[to + i] = truth(x[at + i * step]);
        }
    }

    static void store(long[] block, int from, int count, long[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = block[from + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = block[from + i];
        }
    }

    static void store(long[] block, int from, int count, int[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (int) block[from + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (int) block[from + i];
        }
    }

    static void storeBytes(long[] block, int from, int count, byte[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (byte) block[from + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (byte) block[from + i];
        }
    }

    static void storeTruths(long[] block, int from, int count, byte[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = truth(block[from + i]);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = truth(block[from + i]);
        }
    }

    static void store(float[] block, int from, int count, long[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (long) block[from + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (long) block[from + i];
        }
    }

    static void store(float[] block, int from, int count, int[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (int) block[from + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (int) block[from + i];
        }
    }

    static void storeBytes(float[] block, int from, int count, byte[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (byte) Math.max(0, Math.min(0xff, (int) block[from + i]));
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (byte) Math.max(0, Math.min(0xff, (int) block[from + i]));
        }
    }

    static void storeTruths(float[] block, int from, int count, byte[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = truth(Float.floatToRawIntBits(block[from + i]) << 1);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = truth(Float.floatToRawIntBits(block[from + i]) << 1);
        }
    }

    static void store(double[] block, int from, int count, long[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (long) block[from + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (long) block[from + i];
        }
    }

    static void store(double[] block, int from, int count, int[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (int) block[from + i];
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (int) block[from + i];
        }
    }

    static void storeBytes(double[] block, int from, int count, byte[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = (byte) Math.max(0, Math.min(0xff, (int) block[from + i]));
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = (byte) Math.max(0, Math.min(0xff, (int) block[from + i]));
        }
    }

    static void storeTruths(double[] block, int from, int count, byte[] y, int at, int step) {
        if (step == 1) {
            for (int i = 0; i < count; i++) {
                y[at + i] = truth(Double.doubleToRawLongBits(block[from + i]) << 1);
            }
            return;
        }
        for (int i = 0; i < count; i++) {
            y[at + i * step] = truth(Double.doubleToRawLongBits(block[from + i]) << 1);
        }
    }

    private static byte truth(byte bits) {
        return (byte) (((bits & 0xff) + 0xff) >>> 8);
    }

    private static byte truth(int bits) {
        return (byte) ((bits | -bits) >>> 31);
    }

    private static byte truth(long bits) {
        return (byte) ((bits | -bits) >>> 63);
    }
}
