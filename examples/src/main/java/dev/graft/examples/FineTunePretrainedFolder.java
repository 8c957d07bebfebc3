package dev.graft.examples;

import dev.graft.io.Safetensors;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * The five steps of fine-tuning from a folder as timm and the Hugging Face Hub ship one, which says by itself what its
 * network is and how images are prepared for it.
 *
 * <pre>{@code
 * java -cp examples/target/graft.jar dev.graft.examples.FineTunePretrainedFolder resnet50.a1_in1k my-images my-test-images model.safetensors
 * }</pre>
 */
public final class FineTunePretrainedFolder {
    private static final int EPOCHS = 10;
    private static final int BATCH = 32;
    private static final double LEARNING_RATE = 0.01;
    private static final long SEED = 7;

    private FineTunePretrainedFolder() {}

    /**
     * Trains a classifier of the images in a folder, and judges it.
     *
     * @param args the pretrained folder, two folders with one sub-folder of images for each class, and the file to
     *     write
     */
    public static void main(String[] args) {
        if (args.length != 4) {
            System.err.println("usage: FineTunePretrainedFolder PRETRAINED IMAGES TEST_IMAGES MODEL.safetensors");
            System.exit(2);
        }
        double accuracy = fineTune(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]), EPOCHS, Path.of(args[3]));
        System.out.printf(Locale.ROOT, "accuracy %.4f%n", accuracy);
    }

    /** Returns the accuracy on the test images. */
    static double fineTune(Path pretrained, Path images, Path testImages, int epochs, Path file) {
        var random = new SplittableRandom(SEED);
        var folder = PretrainedFolder.open(pretrained);
        var preprocessing = folder.preprocessing();
        var train = ImageFolder.open(images, preprocessing.train(Augment.NONE));
        var test = ImageFolder.open(testImages, preprocessing.eval());
        try (var model = folder.network(train.classes().size(), random)) { // 1. pretrained, 2. with a new head
            model.freezeBackbone(); // 3. a frozen backbone
            var criterion = new CrossEntropyLoss();
            try (var sgd = new Sgd(
                            model.trainableParameters(), Sgd.lr(LEARNING_RATE).momentum(0.9));
                    var batches = DataLoader.of(train, BATCH).shuffled(random)) {
                for (int epoch = 1; epoch <= epochs; epoch++) { // 4. train
                    for (Batch batch : batches) { //    advancing frees the step before
                        sgd.zeroGrad();
                        Tensor loss = criterion.forward(model.forward(batch.inputs()), batch.labels());
                        loss.backward();
                        sgd.step();
                    }
                }
            }
            Safetensors.save(model.stateDict(), file); // 5. ship
            model.eval();
            int right = 0;
            try (var batches = DataLoader.of(test, BATCH);
                    var guard = Autograd.noGrad()) {
                for (Batch batch : batches) {
                    long[] answers = model.forward(batch.inputs()).argmax(1).toLongArray();
                    long[] labels = batch.labels().toLongArray();
                    for (int i = 0; i < labels.length; i++) {
                        right += answers[i] == labels[i] ? 1 : 0;
                    }
                }
            }
            return (double) right / test.size();
        }
    }
}
