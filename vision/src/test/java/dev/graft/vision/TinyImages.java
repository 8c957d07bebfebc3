package dev.graft.vision;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/** Writes folders of small pictures: the class "left" is bright on its left side, "right" on its right side. */
public final class TinyImages {
    static final int SIDE = 32;

    private TinyImages() {}

    public static Path folder(Path root, int perClass, long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        for (String name : new String[] {"left", "right"}) {
            for (int i = 0; i < perClass; i++) {
                write(root.resolve(name).resolve("image" + i + ".png"), name.equals("left"), random.split());
            }
        }
        return root;
    }

    public static Path write(Path file, boolean left, SplittableRandom random) throws IOException {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < SIDE; y++) {
            for (int x = 0; x < SIDE; x++) {
                int base = (x < SIDE / 2) == left ? 130 : 90;
                int grey = base + random.nextInt(-60, 60);
                image.setRGB(x, y, grey << 16 | grey << 8 | grey);
            }
        }
        Files.createDirectories(file.getParent());
        ImageIO.write(image, "png", file.toFile());
        return file;
    }
}
