package dev.graft.benchmarks;

import dev.graft.vision.image.Image;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.image.transform.Preprocessing;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Images a second that one thread decodes, resizes to 256, crops to 224 and normalises, against Pillow and torchvision
 * on the same files: those of a folder, or else made here, JPEGs of 500x375 pixels.
 *
 * <p>Run: {@code java -cp benchmarks/target/benchmarks.jar dev.graft.benchmarks.Loading [python=python3] [seconds=5]
 * [folder=DIR]}
 */
public final class Loading {
    private static final int FILES = 32;
    private static final int WIDTH = 500;
    private static final int HEIGHT = 375;
    private static final Path PYTHON = Path.of("benchmarks/src/peers/python/loading.py");

    private Loading() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        String python = option(args, "python", "python3");
        double seconds = Double.parseDouble(option(args, "seconds", "5"));
        String given = option(args, "folder", "");
        Path folder = given.isEmpty() ? generated() : Path.of(given);
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.sorted().toList();
        }
        System.out.printf(Locale.ROOT, "%-44s %10s%n", "one thread, " + files.size() + " files", "images/s");
        ImagePipeline pipeline = Preprocessing.imageNet().eval();
        report(
                "Graft, decode only",
                files,
                seconds,
                file -> Image.read(file).toRgb().width());
        report(
                "Graft",
                files,
                seconds,
                file -> pipeline.toFloats(Image.read(file).toRgb(), new SplittableRandom(1)).length);
        python(python, folder, seconds);
    }

    private static void report(String name, List<Path> files, double seconds, ToIntFunction<Path> load) {
        rate(files, seconds, load);
        System.out.printf(Locale.ROOT, "%-44s %10.1f%n", name, rate(files, seconds, load));
    }

    private static double rate(List<Path> files, double seconds, ToIntFunction<Path> load) {
        long start = System.nanoTime();
        int done = 0;
        while (System.nanoTime() - start < seconds * 1e9) {
            if (load.applyAsInt(files.get(done % files.size())) <= 0) {
                throw new IllegalStateException(files.get(done % files.size()) + " is empty");
            }
            done++;
        }
        return done / ((System.nanoTime() - start) / 1e9);
    }

    private static void python(String python, Path folder, double seconds) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(python, PYTHON.toString(), folder.toString(), "" + seconds)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            System.out.print(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            if (process.waitFor() != 0) {
                System.out.println(
                        "Pillow, torchvision: " + python + " " + PYTHON + " fails. Hint: run from the project's root.");
            }
        } catch (IOException e) {
            System.out.println("Pillow, torchvision: skipped, there is no " + python + "; say python=PATH");
        }
    }

    /** Photograph-like: broad waves, edges and some noise, so that decoding has coefficients to read. */
    private static Path generated() throws IOException {
        Path folder = Files.createTempDirectory("graft-loading");
        SplittableRandom random = new SplittableRandom(1);
        for (int n = 0; n < FILES; n++) {
            BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
            double[] wave = random.doubles(6, 0.01, 0.2).toArray();
            for (int y = 0; y < HEIGHT; y++) {
                for (int x = 0; x < WIDTH; x++) {
                    int rgb = 0;
                    for (int c = 0; c < 3; c++) {
                        double value = 128
                                + 70 * Math.sin(x * wave[c]) * Math.cos(y * wave[c + 3])
                                + (x * (n + 3) / 97 + y / 31) % 2 * 40
                                + random.nextGaussian() * 8;
                        rgb = rgb << 8 | (int) Math.max(0, Math.min(255, value));
                    }
                    image.setRGB(x, y, rgb);
                }
            }
            Path file = folder.resolve(String.format(Locale.ROOT, "%02d.jpg", n));
            ImageIO.write(image, "jpg", file.toFile());
            file.toFile().deleteOnExit();
        }
        folder.toFile().deleteOnExit();
        return folder;
    }

    private static String option(String[] args, String name, String otherwise) {
        return Stream.of(args)
                .filter(arg -> arg.startsWith(name + "="))
                .map(arg -> arg.substring(name.length() + 1))
                .findFirst()
                .orElse(otherwise);
    }
}
