package dev.graft.cpu.conv.winograd;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;

/** The convolutions that Winograd's algorithms can compute. */
public final class WinogradShapes {

    /** The most channels, because their products are summed in floats. */
    private static final int DEEPEST = 4096;

    private WinogradShapes() {}

    /**
     * Whether the algorithm suits this convolution: channels fill whole vectors, and there are enough of them to make
     * up for the transforms.
     */
    public static boolean fits(View w, Conv2dParams params, int lanes) {
        return fits(w, params, 1, lanes) && params.padTop() <= 2 && params.padLeft() <= 2;
    }

    /**
     * The same for stride 2, for a result or its gradient {@code y}. The tiles at its border must leave a quarter of
     * the products to be saved. And there must be more tiles than one image of usual size has, because a first
     * prediction would have to wait for these kernels to be compiled.
     *
     * @param most the most weights of a tap, so that their transforms are small enough to be shared
     */
    public static boolean fitsStride2(View w, View y, Conv2dParams params, int lanes, int most) {
        long tiles = (y.dim(2) + 3L) / 4 * ((y.dim(3) + 3) / 4);
        return fits(w, params, 2, lanes)
                && params.padTop() == 1
                && params.padLeft() == 1
                && 81 * tiles <= 9L * y.dim(2) * y.dim(3) * 3 / 4
                && y.dim(0) * tiles >= 64
                && (long) w.dim(0) * w.dim(1) <= most;
    }

    private static boolean fits(View w, Conv2dParams params, int stride, int lanes) {
        return w.dim(2) == 3
                && w.dim(3) == 3
                && params.strideH() == stride
                && params.strideW() == stride
                && params.dilationH() == 1
                && params.dilationW() == 1
                && params.groups() == 1
                && w.dim(0) % lanes == 0
                && w.dim(1) % lanes == 0
                && w.dim(0) >= 32
                && w.dim(1) >= 32
                && w.dim(0) <= DEEPEST
                && w.dim(1) <= DEEPEST;
    }
}
