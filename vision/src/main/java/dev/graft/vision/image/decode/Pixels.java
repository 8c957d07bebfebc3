package dev.graft.vision.image.decode;

/**
 * The result of a decoder: rows from top to bottom, with one channel (grey) or three interleaved channels (red, green,
 * blue).
 *
 * @param data {@code height * width * channels} unsigned bytes; whoever takes the pixels owns them
 */
public record Pixels(int width, int height, int channels, byte[] data) {
    /** These pixels on a black canvas, at {@code (left, top)}. */
    Pixels onCanvas(int left, int top, int canvasWidth, int canvasHeight) {
        if (canvasWidth == width && canvasHeight == height) {
            return this;
        }
        byte[] out = new byte[canvasWidth * canvasHeight * channels];
        for (int y = 0; y < height; y++) {
            System.arraycopy(
                    data, y * width * channels, out, ((top + y) * canvasWidth + left) * channels, width * channels);
        }
        return new Pixels(canvasWidth, canvasHeight, channels, out);
    }
}
