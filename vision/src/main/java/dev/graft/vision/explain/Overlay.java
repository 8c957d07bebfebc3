package dev.graft.vision.explain;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.transform.CropPlacement;
import java.awt.image.BufferedImage;

/**
 * Draws a map over the image that it explains. What the network did not see is darkened. Below the image is the scale:
 * from 0 at the left, where nothing is drawn over the image, to the map's peak at the right.
 */
final class Overlay {
    /** How much of the colour shows at the map's peak; the image must still be seen there. */
    private static final double MOST = 0.65;

    private static final double UNSEEN = 0.45;
    private static final int BACKGROUND = 0x101010;
    private static final int LEGEND = 8;
    private static final int MARGIN = 4;

    private Overlay() {}

    /** @param side the longest side of the drawn image in pixels */
    static BufferedImage draw(Image image, float[][] map, CropPlacement placement, int side) {
        double scale = (double) side / Math.max(image.width(), image.height());
        int width = Math.max(1, (int) Math.rint(image.width() * scale));
        int height = Math.max(1, (int) Math.rint(image.height() * scale));
        Image shown = width == image.width() && height == image.height()
                ? image
                : dev.graft.vision.image.ImageOps.resize(
                        image, width, height, dev.graft.vision.image.Interpolation.BILINEAR);
        BufferedImage drawn = new BufferedImage(width, height + LEGEND + 2 * MARGIN, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            double cropY = ((y + 0.5) * image.height() / height - placement.top()) / placement.height();
            for (int x = 0; x < width; x++) {
                double cropX = ((x + 0.5) * image.width() / width - placement.left()) / placement.width();
                drawn.setRGB(x, y, pixel(shown, x, y, map, cropX, cropY));
            }
        }
        legend(drawn, width, height);
        return drawn;
    }

    /** @param cropX from 0 to 1 over what the network saw */
    private static int pixel(Image image, int x, int y, float[][] map, double cropX, double cropY) {
        boolean seen = cropX >= 0 && cropX < 1 && cropY >= 0 && cropY < 1;
        double value = seen ? Math.max(0, Heatmap.at(map, cropX * map[0].length - 0.5, cropY * map.length - 0.5)) : 0;
        double share = MOST * value;
        int rgb = 0;
        for (int channel = 0; channel < 3; channel++) {
            int own = image.pixel(x, y, image.channels() == 1 ? 0 : channel);
            double mixed = seen ? own + (Inferno.sample(value, channel) - own) * share : own * UNSEEN;
            rgb = rgb << 8 | (int) Math.rint(mixed);
        }
        return rgb;
    }

    /** On middle grey, with the shares of colour that the map has. */
    private static void legend(BufferedImage drawn, int width, int top) {
        for (int y = top; y < drawn.getHeight(); y++) {
            boolean bar = y >= top + MARGIN && y < top + MARGIN + LEGEND;
            for (int x = 0; x < width; x++) {
                int from = Math.min(MARGIN, width / 4);
                boolean inside = bar && x >= from && x < width - from;
                double value = width - 2 * from <= 1 ? 1 : (double) (x - from) / (width - 2 * from - 1);
                int rgb = 0;
                for (int channel = 0; channel < 3; channel++) {
                    double mixed = 128 + (Inferno.sample(value, channel) - 128) * MOST * value;
                    rgb = rgb << 8 | (int) Math.rint(mixed);
                }
                drawn.setRGB(x, y, inside ? rgb : BACKGROUND);
            }
        }
    }
}
