package consumer;

import dev.graft.tensor.Autograd;
import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.resnet.ResNet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Predicts from 16 threads at once with what Maven resolved, and says what computed and how long one image took. */
public final class Main {
    private static final int THREADS = 16;

    private Main() {}

    public static void main(String[] args) throws Exception {
        System.out.println("java " + Runtime.version().feature() + ", "
                + (Main.class.getModule().isNamed() ? "module path" : "class path"));
        try (ResNet model = ResNet.resnet18(1000, new SplittableRandom(1))) {
            model.eval();
            Tensor image = Tensor.randn(new SplittableRandom(2), 1, 3, 224, 224);
            float[] expected = predict(model, image);
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            List<Future<float[]>> results = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                results.add(threads.submit(() -> predict(model, image)));
            }
            for (Future<float[]> result : results) {
                if (!Arrays.equals(expected, result.get())) {
                    throw new AssertionError("a thread got another result than a call alone");
                }
            }
            threads.shutdown();
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

    private static float[] predict(ResNet model, Tensor image) {
        try (Autograd.Guard guard = Autograd.noGrad();
                Tensor logits = model.forward(image)) {
            return logits.toFloatArray();
        }
    }
}
