package dev.graft.cpu;

import static dev.graft.cpu.WinogradTransforms.PATCH;
import static dev.graft.cpu.WinogradTransforms.TILE;

import java.util.Arrays;

/** Images cut into tiles for {@link WinogradTransforms}; tile (i, j) of an image begins {@code pad} before pixel (4 i, 4 j). */
record Tiles(int images, Images pixels, int rows, int columns, int padTop, int padLeft) {

    /** The tiles of a result. */
    static Tiles of(int images, Images result) {
        return new Tiles(images, result, (result.height() + TILE - 1) / TILE, (result.width() + TILE - 1) / TILE, 0, 0);
    }

    /** The patches of {@code source} from which those tiles are computed. */
    Tiles patches(Images source, int top, int left) {
        return new Tiles(images, source, rows, columns, top, left);
    }

    int count() {
        return images * rows * columns;
    }

    private int image(int tile) {
        return tile / (rows * columns);
    }

    private int top(int tile) {
        return tile % (rows * columns) / columns * TILE - padTop;
    }

    private int left(int tile) {
        return tile % columns * TILE - padLeft;
    }

    /** {@link WinogradTransforms#input} of a tile's patch, channels {@code [channel, channel + count)}. */
    void transformPatch(Workspace workspace, int tile, int channel, int count, float[] v, int vAt, int vPosition) {
        Square square = square(workspace, tile, PATCH, channel, count);
        WinogradTransforms.input(square.data, square.at, square.row, square.column, v, vAt, vPosition, count,
                workspace.floats(1, WinogradTransforms.SCRATCH));
    }

    /** {@link WinogradTransforms#outputGradient} of a tile. */
    void transformGradient(Workspace workspace, int tile, int channel, int count, float[] m, int mAt, int mPosition) {
        Square square = square(workspace, tile, TILE, channel, count);
        WinogradTransforms.outputGradient(square.data, square.at, square.row, square.column, m, mAt, mPosition, count,
                workspace.floats(1, WinogradTransforms.SCRATCH));
    }

    /** {@link WinogradTransforms#output} of a tile's products, through the epilogue to its pixels. */
    void transformOutput(Workspace workspace, int tile, float[] m, int mAt, int mPosition, int channel, int count, VectorEpilogue epilogue) {
        int image = image(tile);
        int top = top(tile);
        int left = left(tile);
        int height = Math.min(TILE, pixels.height() - top);
        int width = Math.min(TILE, pixels.width() - left);
        float[] scratch = workspace.floats(1, WinogradTransforms.SCRATCH);
        if (epilogue.isEmpty() && height == TILE && width == TILE) {
            WinogradTransforms.output(m, mAt, mPosition, pixels.data(), pixels.at() + pixels.place(image, top, left) + channel,
                    pixels.width() * pixels.channels(), pixels.channels(), count, scratch);
            return;
        }
        float[] block = workspace.floats(0, TILE * TILE * count);
        WinogradTransforms.output(m, mAt, mPosition, block, 0, TILE * count, count, count, scratch);
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                int place = pixels.place(image, top + i, left + j) + channel;
                epilogue.store(block, (i * TILE + j) * count, channel, count, pixels.data(), pixels.at(), place);
            }
        }
    }

    /** Where a square of pixels lies: in the image, or copied with zeros around the image. */
    private record Square(float[] data, int at, int row, int column) {
    }

    private Square square(Workspace workspace, int tile, int size, int channel, int count) {
        int image = image(tile);
        int top = top(tile);
        int left = left(tile);
        int channels = pixels.channels();
        if (top >= 0 && left >= 0 && top + size <= pixels.height() && left + size <= pixels.width()) {
            return new Square(pixels.data(), pixels.at() + pixels.place(image, top, left) + channel, pixels.width() * channels, channels);
        }
        float[] copy = workspace.floats(0, size * size * count);
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                int to = (i * size + j) * count;
                int row = top + i;
                int column = left + j;
                if (row < 0 || row >= pixels.height() || column < 0 || column >= pixels.width()) {
                    Arrays.fill(copy, to, to + count, 0f);
                } else {
                    System.arraycopy(pixels.data(), pixels.at() + pixels.place(image, row, column) + channel, copy, to, count);
                }
            }
        }
        return new Square(copy, 0, size * count, count);
    }
}
