package dev.graft.cpu.conv.winograd;

import dev.graft.backend.Conv2dParams;
import dev.graft.backend.View;

/** What a convolution must be like for any of Winograd's algorithms. */
public final class WinogradShapes {

    /** Most channels: their products are added up in floats. */
    private static final int DEEPEST = 4096;

    private WinogradShapes() {}

    /**
     * Whether the algorithm serves this convolution well: channels in whole vectors, and enough of them to repay the
     * transforms.
     */
    public static boolean fits(View w, Conv2dParams params, int lanes) {
        return fits(w, params, 1, lanes) && params.padTop() <= 2 && params.padLeft() <= 2;
    }

    /**
     * The same for stride 2, of a result or its gradient {@code y}: where the tiles at its border leave a quarter of
     * the products to be saved, and there are more tiles than one image of usual size has: a first prediction would
     * have to wait for these kernels to be compiled.
     *
     * @param most weights of a tap, whose transforms must not be too large to be shared
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
