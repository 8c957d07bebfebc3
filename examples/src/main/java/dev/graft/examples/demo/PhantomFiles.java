package dev.graft.examples.demo;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/** Phantoms as files, so that other commands can be tried on them. */
public final class PhantomFiles {
    private static final int TRAIN_PATIENTS = 60;
    private static final int VAL_PATIENTS = 30;
    private static final long TRAIN_SEED = 11;
    private static final long VAL_SEED = 12;

    private PhantomFiles() {}

    /**
     * Writes {@code train/clear}, {@code train/opacity}, {@code val/clear} and {@code val/opacity}; no patient is in
     * both.
     */
    public static void write(Path folder) {
        write(folder.resolve("train"), new PhantomStudy(TRAIN_PATIENTS, TRAIN_SEED));
        write(folder.resolve("val"), new PhantomStudy(VAL_PATIENTS, VAL_SEED));
    }

    private static void write(Path folder, PhantomStudy study) {
        List<GreyImage> images = study.images();
        try {
            for (int i = 0; i < images.size(); i++) {
                Path to = Files.createDirectories(folder.resolve(PhantomStudy.CLASSES.get(study.label(i))));
                String name = String.format(
                        Locale.ROOT,
                        "patient%03d-image%d.png",
                        i / PhantomStudy.IMAGES_PER_PATIENT + 1,
                        i % PhantomStudy.IMAGES_PER_PATIENT + 1);
                ImageIO.write(asImage(images.get(i)), "png", to.resolve(name).toFile());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static BufferedImage asImage(GreyImage grey) {
        BufferedImage image = new BufferedImage(grey.size(), grey.size(), BufferedImage.TYPE_BYTE_GRAY);
        byte[] bytes = grey.toBytes();
        int[] row = new int[grey.size()];
        for (int y = 0; y < grey.size(); y++) {
            for (int x = 0; x < row.length; x++) {
                row[x] = bytes[y * row.length + x] & 0xff;
            }
            image.getRaster().setSamples(0, y, row.length, 1, 0, row);
        }
        return image;
    }
}
