package consumer;

import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.model.resnet.ResNet;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Loads a model folder, predicts from 16 threads at once with what Maven resolved, and says what computed and how long one image took. */
public final class Main {
    private static final int THREADS = 16;

    private Main() {}

    /** @param args a model folder */
    public static void main(String[] args) throws Exception {
        System.out.println("java " + Runtime.version().feature() + ", "
                + (Main.class.getModule().isNamed() ? "module path" : "class path"));
        try (ImageClassifier classifier = ImageClassifier.load(Path.of(args[0]))) {
            BufferedImage image = picture();
            alike(() -> Arrays.toString(classifier.predict(image).probabilities()));
            System.out.println("a model folder: " + classifier.predict(image).label());
        }
        try (ResNet model = ResNet.resnet18(1000, new SplittableRandom(1))) {
            model.eval();
            Tensor image = Tensor.randn(new SplittableRandom(2), 1, 3, 224, 224);
            alike(() -> Arrays.toString(predict(model, image)));
            System.out.println(THREADS + " threads predict alike");
            long best = Long.MAX_VALUE;
            for (int i = 0; i < 8; i++) {
                long start = System.nanoTime();
                predict(model, image);
                best = Math.min(best, System.nanoTime() - start);
            }
            System.out.printf(Locale.ROOT, "ResNet-18, one image: %.1f ms%n", best / 1e6);
        }
        Device.cpu().backend().describe().forEach((name, value) -> System.out.println(name + ": " + value));
    }

    /** Sixteen calls at once must give what a call alone gives. */
    private static void alike(Callable<String> call) throws Exception {
        String expected = call.call();
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (Future<String> result : threads.invokeAll(Collections.nCopies(THREADS, call))) {
                if (!expected.equals(result.get())) {
                    throw new AssertionError("a call alone gives " + expected + ", one of " + THREADS + " " + result.get());
                }
            }
        } finally {
            threads.shutdown();
        }
    }

    private static BufferedImage picture() {
        BufferedImage picture = new BufferedImage(48, 40, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 40; y++) {
            for (int x = 0; x < 48; x++) {
                picture.setRGB(x, y, 5 * x << 16 | 6 * y << 8 | x * y % 251);
            }
        }
        return picture;
    }

    private static float[] predict(ResNet model, Tensor image) {
        try (Autograd.Guard guard = Autograd.noGrad();
                Tensor logits = model.forward(image)) {
            return logits.toFloatArray();
        }
    }
}
