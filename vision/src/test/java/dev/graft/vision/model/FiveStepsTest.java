package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.io.file.Sha256;
import dev.graft.nn.data.Batch;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import dev.graft.tensor.Tensor;
import dev.graft.vision.data.ImageFolder;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.weights.ClassNames;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The main job, as the first page of the documentation writes it: load, replace the head, freeze, train, save. */
class FiveStepsTest {
    private static final String HOME = "graft.home";

    @TempDir
    private Path folder;

    @Test
    void pretrainedNetworkLearnsANewTask() throws IOException {
        Path dir = images(folder.resolve("images"));
        String before = System.getProperty(HOME);
        System.setProperty(HOME, folder.resolve("home").toString());
        try {
            Weights published = publish(folder.resolve("home/checkpoints/resnet18-test.pth"));
            List<Float> losses = fineTune(published, dir, folder.resolve("model.safetensors"));
            assertThat(losses.get(losses.size() - 1)).isLessThan(losses.get(0) / 2);
            onlyTheHeadChanged(published);
        } finally {
            if (before == null) {
                System.clearProperty(HOME);
            } else {
                System.setProperty(HOME, before);
            }
        }
    }

    private static List<Float> fineTune(Weights weights, Path dir, Path file) {
        RandomGenerator rng = new SplittableRandom(42);
        List<Float> losses = new ArrayList<>();
        try (var model = ResNet.resnet18(weights)) { // pretrained
            model.replace("fc", new Linear(512, 2, rng)); // new head
            model.freezeExcept("fc"); // frozen backbone
            var criterion = new CrossEntropyLoss();
            var sgd = new Sgd(model.trainableParameters(), Sgd.lr(0.001).momentum(0.9));
            try (var train = DataLoader.of(ImageFolder.open(dir, weights.trainTransform()), 8)
                    .shuffled(rng)) {
                for (int epoch = 1; epoch <= 25; epoch++) {
                    for (Batch batch : train) { // advancing frees the step before
                        sgd.zeroGrad();
                        Tensor loss = criterion.forward(model.forward(batch.inputs()), batch.labels());
                        loss.backward();
                        sgd.step();
                        losses.add(loss.item());
                    }
                }
            }
            Safetensors.save(model.stateDict(), file);
        }
        return losses;
    }

    private void onlyTheHeadChanged(Weights weights) {
        try (StateDict saved = Safetensors.load(folder.resolve("model.safetensors"));
                ResNet original = ResNet.resnet18(weights);
                StateDict state = original.stateDict()) {
            assertThat(saved.names()).isEqualTo(state.names());
            assertThat(saved.get("fc.weight").shape().toArray()).containsExactly(2, 512);
            for (String name : saved.names()) {
                if (!name.startsWith("fc.")) {
                    assertThat(saved.sha256(name)).as(name).isEqualTo(state.sha256(name));
                }
            }
        }
    }

    /**
     * Weights in a file of PyTorch's format, known by name and hash like any published ones; small images, to be quick.
     */
    private static Weights publish(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        try (ResNet random = ResNet.resnet18(1000, new SplittableRandom(7));
                StateDict state = random.stateDict()) {
            TorchCheckpoint.save(state, file);
        }
        WeightsFacts facts = WeightsFacts.of(
                "resnet18",
                file.getFileName().toString(),
                Sha256.of(file),
                ClassNames.imageNet(),
                Preprocessing.imageNet().withImageSize(32));
        return new TestWeights(facts);
    }

    /** Discs against squares, in any colour and place. */
    private static Path images(Path dir) throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        for (String shape : List.of("disc", "square")) {
            Path target = Files.createDirectories(dir.resolve(shape));
            for (int i = 0; i < 12; i++) {
                BufferedImage image = new BufferedImage(48, 40, BufferedImage.TYPE_INT_RGB);
                Graphics2D graphics = image.createGraphics();
                graphics.setColor(
                        shape.equals("disc")
                                ? new Color(200, random.nextInt(120), 40)
                                : new Color(30, random.nextInt(120), 210));
                int x = 8 + random.nextInt(8);
                int y = 6 + random.nextInt(6);
                if (shape.equals("disc")) {
                    graphics.fillOval(x, y, 24, 24);
                } else {
                    graphics.fillRect(x, y, 24, 24);
                }
                graphics.dispose();
                ImageIO.write(image, "png", target.resolve(i + ".png").toFile());
            }
        }
        return dir;
    }
}
