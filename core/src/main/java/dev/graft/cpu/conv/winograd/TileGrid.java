package dev.graft.cpu.conv.winograd;

/**
 * Images divided into {@code rows} times {@code columns} tiles each, counted through the images: tile (i, j) begins
 * {@code pad} before pixel {@code (step i, step j)}.
 */
record TileGrid(int images, int rows, int columns, int step, int padTop, int padLeft) {

    /** Tiles of {@code step} squared pixels that cover the images; the last ones may reach beyond the edge. */
    static TileGrid covering(int images, int height, int width, int step) {
        return new TileGrid(images, (height + step - 1) / step, (width + step - 1) / step, step, 0, 0);
    }

    /** The same tiles at another position. */
    TileGrid at(int newStep, int top, int left) {
        return new TileGrid(images, rows, columns, newStep, top, left);
    }

    int count() {
        return images * rows * columns;
    }

    int image(int tile) {
        return tile / (rows * columns);
    }

    /** The first pixel row, which may lie outside the image. */
    int top(int tile) {
        return tile % (rows * columns) / columns * step - padTop;
    }

    /** The first pixel column, which may lie outside the image. */
    int left(int tile) {
        return tile % columns * step - padLeft;
    }
}
