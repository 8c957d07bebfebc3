package dev.graft.examples.run;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.imageio.ImageIO;

/** Writes MedMNIST's grey images as class folders of PNGs, as npz_to_folder.py of the vision tests does. */
final class NpzImages {
    private static final int SIDE = 28;
    private static final int MAGIC_BYTES = 8;

    private NpzImages() {}

    static void write(Path npz, String split, List<String> classes, Path folder) throws IOException {
        byte[] pixels = array(npz, split + "_images");
        byte[] labels = array(npz, split + "_labels");
        int labelBytes = labels.length * SIDE * SIDE / pixels.length;
        for (String name : classes) {
            Files.createDirectories(folder.resolve(name));
        }
        for (int n = 0; n < labels.length / labelBytes; n++) {
            BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
            for (int i = 0; i < SIDE * SIDE; i++) {
                image.getRaster().setSample(i % SIDE, i / SIDE, 0, pixels[n * SIDE * SIDE + i] & 0xff);
            }
            ImageIO.write(
                    image,
                    "png",
                    folder.resolve(classes.get(labels[n * labelBytes]))
                            .resolve(String.format("%05d.png", n))
                            .toFile());
        }
    }

    /** The elements of an uncompressed or deflated .npy entry of version 1, after its header. */
    private static byte[] array(Path npz, String name) throws IOException {
        try (ZipFile zip = new ZipFile(npz.toFile())) {
            ZipEntry entry = zip.getEntry(name + ".npy");
            byte[] bytes = zip.getInputStream(entry).readAllBytes();
            int header = (bytes[MAGIC_BYTES] & 0xff) | (bytes[MAGIC_BYTES + 1] & 0xff) << 8;
            int start = MAGIC_BYTES + 2 + header;
            return java.util.Arrays.copyOfRange(bytes, start, bytes.length);
        }
    }
}
