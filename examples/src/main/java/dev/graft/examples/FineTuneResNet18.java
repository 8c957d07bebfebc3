package dev.graft.examples;

import dev.graft.io.Safetensors;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.image.transform.ImagePipeline;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.resnet.ResNet18Weights;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Fine-tunes an ImageNet-pretrained ResNet-18 on a folder of images, step by step: the library's main job, in plain
 * Java.
 *
 * <pre>{@code java -cp examples/target/graft.jar dev.graft.examples.FineTuneResNet18 my-images model.safetensors}</pre>
 */
public final class FineTuneResNet18 {
    private static final int EPOCHS = 25;
    private static final int BATCH = 32;
    private static final long SEED = 7;

    private FineTuneResNet18() {}

    /**
     * Trains a classifier of the images in a folder.
     *
     * @param args a folder with one sub-folder of images for each class, and the file to write
     */
    public static void main(String[] args) {
        if (args.length != 2) {
            System.err.println("usage: FineTuneResNet18 IMAGES MODEL.safetensors");
            System.exit(2);
        }
        var weights = ResNet18Weights.IMAGENET1K_V1;
        try (var model = ResNet.resnet18(weights)) { // 1. pretrained
            fineTune(model, Path.of(args[0]), weights.trainTransform(), EPOCHS, Path.of(args[1]));
        }
    }

    /** Returns the last epoch's mean training loss. */
    static double fineTune(ResNet model, Path images, ImagePipeline transform, int epochs, Path file) {
        RandomGenerator rng = new SplittableRandom(SEED);
        ImageFolder folder = ImageFolder.open(images, transform);
        model.replace("fc", new Linear(512, folder.classes().size(), rng)); // 2. a new head
        model.freezeExcept("fc"); // 3. a frozen backbone
        var criterion = new CrossEntropyLoss();
        double epochLoss = Double.NaN;
        try (var sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.001).momentum(0.9));
                var train = DataLoader.of(folder, BATCH).shuffled(rng)) {
            for (int epoch = 1; epoch <= epochs; epoch++) { // 4. train
                epochLoss = 0;
                for (Batch batch : train) { //    advancing frees the step before
                    sgd.zeroGrad();
                    Tensor loss = criterion.forward(model.forward(batch.inputs()), batch.labels());
                    loss.backward();
                    sgd.step();
                    epochLoss += loss.item() * batch.size() / folder.size();
                }
                System.out.printf(Locale.ROOT, "epoch %d: loss %.4f%n", epoch, epochLoss);
            }
        }
        Safetensors.save(model.stateDict(), file); // 5. ship
        return epochLoss;
    }
}
