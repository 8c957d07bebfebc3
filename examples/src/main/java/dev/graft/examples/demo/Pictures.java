package dev.graft.examples.demo;

import dev.graft.tensor.Tensor;
import java.util.List;

/** Pictures in one tensor, with their classes. */
record Pictures(Tensor inputs, int[] labels) implements AutoCloseable {
    /** The network's side length; pictures are painted at twice that and averaged, which keeps edges smooth. */
    static final int SIDE = 32;

    private static final float MEAN = 0.5f;
    private static final float STD = 0.25f;

    /** {@code [N, 3, 32, 32]}: grey in all three channels, of 8 bits as from a file, normalised. */
    static Pictures of(List<GreyImage> images, int[] labels) {
        int area = SIDE * SIDE;
        float[] values = new float[images.size() * 3 * area];
        for (int n = 0; n < images.size(); n++) {
            byte[] grey = images.get(n).halved().toBytes();
            for (int i = 0; i < area; i++) {
                float value = ((grey[i] & 0xff) / 255f - MEAN) / STD;
                for (int c = 0; c < 3; c++) {
                    values[(n * 3 + c) * area + i] = value;
                }
            }
        }
        return new Pictures(Tensor.of(values, images.size(), 3, SIDE, SIDE).keep(), labels.clone());
    }

    int size() {
        return labels.length;
    }

    Tensor targets() {
        long[] classes = new long[labels.length];
        for (int i = 0; i < classes.length; i++) {
            classes[i] = labels[i];
        }
        return Tensor.of(classes, classes.length).keep();
    }

    @Override
    public void close() {
        inputs.close();
    }
}
