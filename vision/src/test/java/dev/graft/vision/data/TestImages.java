package dev.graft.vision.data;

import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.image.transform.Resize;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Small PNG files to make data sets of. */
final class TestImages {
    static final ImagePipeline PIPELINE =
            new ImagePipeline(Resize.exact(4, 5, Interpolation.BILINEAR), Normalize.unit());

    private TestImages() {}

    /** Writes an 8x6 image of one colour, folders included. */
    static Path write(Path file, int rgb) {
        BufferedImage image = new BufferedImage(8, 6, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 48; i++) {
            image.setRGB(i % 8, i / 8, rgb);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
            Files.createDirectories(file.getParent());
            return Files.write(file, out.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
