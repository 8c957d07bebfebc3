package dev.graft.cpu.conv.winograd;

import dev.graft.cpu.conv.parts.NonFiniteWatch;
import dev.graft.cpu.conv.parts.VectorEpilogue;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.run.Workspace;
import java.util.Arrays;

/** The tiles of results of {@link WinogradTransforms}, or the patches that they are computed from, and their images. */
record WinogradTiles(WinogradTransforms transforms, ImageArray pixels, TileGrid grid) {

    /** The tiles of a result. */
    static WinogradTiles of(WinogradTransforms transforms, int images, ImageArray result) {
        return new WinogradTiles(
                transforms, result, TileGrid.covering(images, result.height(), result.width(), transforms.tile));
    }

    /** The patches of {@code source} from which those tiles are computed. */
    WinogradTiles patches(ImageArray source, int top, int left) {
        return new WinogradTiles(transforms, source, grid.at(transforms.step, top, left));
    }

    int count() {
        return grid.count();
    }

    /**
     * Where transformed tiles are stored: panels of {@code width} channels, {@code panel} floats apart, whose positions
     * are {@code position} floats apart.
     */
    record Transformed(float[] data, int width, int position, int panel) {
        /** A single panel. */
        static Transformed whole(float[] data, int width, int position) {
            return new Transformed(data, width, position, 0);
        }
    }

    /**
     * {@link WinogradTransforms#input} of a tile's patch, channels {@code [channel, channel + count)}, to {@code at} of
     * the first panel and then of the others. All panels together, because patches at the border of an image are copied
     * by whole rows, not by the channels of a panel.
     */
    void transformPatch(Workspace workspace, int tile, int channel, int count, Transformed v, int at) {
        Square square = square(workspace, tile, transforms.patch, channel, count);
        for (int c = 0, to = at; c < count; c += v.width, to += v.panel) {
            transforms.input(
                    square.data,
                    square.at + c,
                    square.row,
                    square.column,
                    v.data,
                    to,
                    v.position,
                    Math.min(v.width, count - c));
        }
    }

    /** {@link WinogradStride1#outputGradient} of a tile, as {@link #transformPatch}. */
    void transformGradient(
            WinogradStride1 stride1, Workspace workspace, int tile, int channel, int count, Transformed m, int at) {
        Square square = square(workspace, tile, stride1.tile, channel, count);
        for (int c = 0, to = at; c < count; c += m.width, to += m.panel) {
            stride1.outputGradient(
                    square.data,
                    square.at + c,
                    square.row,
                    square.column,
                    m.data,
                    to,
                    m.position,
                    Math.min(m.width, count - c));
        }
    }

    /**
     * {@link WinogradTransforms#output} of a tile's products, through the epilogue to its pixels.
     *
     * @param strange receives which images have non-finite results, if {@code watch} detects any
     */
    void transformOutput(
            Workspace workspace,
            int tile,
            float[] m,
            int mAt,
            int mPosition,
            int channel,
            int count,
            VectorEpilogue epilogue,
            NonFiniteWatch watch,
            boolean[] strange) {
        int image = grid.image(tile);
        int top = grid.top(tile);
        int left = grid.left(tile);
        int height = Math.min(transforms.tile, pixels.height() - top);
        int width = Math.min(transforms.tile, pixels.width() - left);
        if (epilogue.isEmpty() && height == transforms.tile && width == transforms.tile) {
            transforms.output(
                    m,
                    mAt,
                    mPosition,
                    pixels.data(),
                    pixels.at() + pixels.place(image, top, left) + channel,
                    pixels.width() * pixels.channels(),
                    pixels.channels(),
                    count,
                    watch.sums());
            tell(watch, image, strange);
            return;
        }
        float[] block = workspace.floats(0, transforms.tile * transforms.tile * count);
        transforms.output(m, mAt, mPosition, block, 0, transforms.tile * count, count, count, watch.sums());
        tell(watch, image, strange);
        int place = pixels.place(image, top, left) + channel;
        int row = pixels.width() * pixels.channels();
        for (int i = 0; i < height; i++) {
            epilogue.store(
                    workspace,
                    block,
                    i * transforms.tile * count,
                    count,
                    width,
                    channel,
                    count,
                    pixels.data(),
                    pixels.at(),
                    place + i * row,
                    pixels.channels());
        }
    }

    // Written only if it changes, so that threads do not compete for the cache line of the flags.
    private static void tell(NonFiniteWatch watch, int image, boolean[] strange) {
        if (!watch.isFinite()) {
            strange[image] = true;
            watch.restart();
        }
    }

    /** The location of a square of pixels: in the image, or in a copy with zeros around the image. */
    private record Square(float[] data, int at, int row, int column) {}

    private Square square(Workspace workspace, int tile, int size, int channel, int count) {
        int image = grid.image(tile);
        int top = grid.top(tile);
        int left = grid.left(tile);
        int channels = pixels.channels();
        if (top >= 0 && left >= 0 && top + size <= pixels.height() && left + size <= pixels.width()) {
            return new Square(
                    pixels.data(),
                    pixels.at() + pixels.place(image, top, left) + channel,
                    pixels.width() * channels,
                    channels);
        }
        float[] copy = workspace.floats(0, size * size * count);
        int first = Math.min(size, Math.max(0, -left));
        int last = Math.max(first, Math.min(size, pixels.width() - left));
        for (int i = 0; i < size; i++) {
            int to = i * size * count;
            int row = top + i;
            if (row < 0 || row >= pixels.height()) {
                Arrays.fill(copy, to, to + size * count, 0f);
                continue;
            }
            Arrays.fill(copy, to, to + first * count, 0f);
            int from = pixels.at() + pixels.place(image, row, left + first) + channel;
            if (count == channels) {
                System.arraycopy(pixels.data(), from, copy, to + first * count, (last - first) * count);
            } else {
                for (int j = first; j < last; j++) {
                    System.arraycopy(pixels.data(), from + (j - first) * channels, copy, to + j * count, count);
                }
            }
            Arrays.fill(copy, to + last * count, to + size * count, 0f);
        }
        return new Square(copy, 0, size * count, count);
    }
}
