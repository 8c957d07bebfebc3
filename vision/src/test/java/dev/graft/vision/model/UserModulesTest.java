package dev.graft.vision.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.graft.nn.Module;
import dev.graft.nn.layer.Conv2d;
import dev.graft.nn.layer.Dropout;
import dev.graft.nn.layer.Linear;
import dev.graft.nn.layer.Sequential;
import dev.graft.tensor.Autograd;
import dev.graft.tensor.Tensor;
import dev.graft.vision.model.efficientnet.EfficientNetLite;
import dev.graft.vision.model.resnet.ResNet;
import dev.graft.vision.model.squeezenet.SqueezeNet;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** A user's module inside a network of the zoo sees the whole batch, once, whatever is frozen or recorded. */
class UserModulesTest {
    /** The zoo's first layers would go by groups of two images of 224x224. */
    private static final int IMAGES = 3;

    private final RandomGenerator random = new SplittableRandom(21);
    private final Tensor images = Tensor.randn(random, IMAGES, 3, 224, 224);

    /** Depends on the whole batch. */
    static final class Whiten extends Module {
        private final Conv2d conv =
                new Conv2d(3, 64, 7, Conv2d.options().stride(2).padding(3).withoutBias(), new SplittableRandom(2));
        private final List<Integer> seen = new ArrayList<>();

        @Override
        protected Tensor compute(Tensor x) {
            seen.add(x.dim(0));
            return conv.forward(x.sub(x.mean(true, 0)));
        }
    }

    /** Keeps what passes through. */
    static final class Observer extends Module {
        private final Module layer;
        private final List<Tensor> kept = new ArrayList<>();

        Observer(Module layer) {
            this.layer = layer;
        }

        @Override
        protected Tensor compute(Tensor x) {
            Tensor y = layer.forward(x);
            kept.add(y.detach().keep());
            return y;
        }
    }

    private static ResNet resnet() {
        return ResNet.resnet18(4, new SplittableRandom(1));
    }

    /** The logits without a record, after the same network gave them with one. */
    private float[] checkedAgainstRecorded(Consumer<ResNet> prepare) {
        float[] recorded;
        try (ResNet model = resnet()) {
            prepare.accept(model);
            recorded = model.forward(images.copy().requireGrad(true)).toFloatArray();
        }
        try (ResNet model = resnet()) {
            prepare.accept(model);
            float[] frozen = model.forward(images).toFloatArray();
            assertClose(frozen, recorded);
            return frozen;
        }
    }

    private static void assertClose(float[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("logit %d", i).isCloseTo(expected[i], within(2e-4f * (1 + Math.abs(expected[i]))));
        }
    }

    @Test
    void aModuleThatMixesImagesInPlaceOfTheFirstConvolution() {
        List<Whiten> whitens = new ArrayList<>();
        float[] logits = checkedAgainstRecorded(model -> {
            model.eval();
            whitens.add(new Whiten());
            model.replace("conv1", whitens.get(whitens.size() - 1));
            model.freeze();
        });
        assertThat(logits).hasSize(4 * IMAGES);
        assertThat(whitens.get(1).seen).containsExactly(IMAGES);
    }

    @Test
    void aWrapperThatKeepsItsOutputIsCalledOnceWithAllImages() {
        try (ResNet model = resnet()) {
            model.eval();
            Observer observer = new Observer(model.module("layer1.1"));
            model.replace("layer1.1", observer);
            Autograd.noGrad(() -> model.forward(images));
            assertThat(observer.kept).hasSize(1);
            assertThat(observer.kept.get(0).shape().toArray()).containsExactly(IMAGES, 64, 56, 56);
            assertThat(observer.kept.get(0).isClosed()).isFalse();
            model.features(images);
            assertThat(observer.kept).hasSize(2);
            assertThat(observer.kept.get(1).dim(0)).isEqualTo(IMAGES);
        }
    }

    @Test
    void aDropoutInTheFirstLayerDrawsOnceForTheBatch() {
        checkedAgainstRecorded(model -> {
            model.freeze();
            model.replace(
                    "layer1.0", new Sequential(model.module("layer1.0"), new Dropout(0.3f, new SplittableRandom(5))));
        });
    }

    @Test
    void aSubclassOfSequentialInTheFirstLayerIsCalledOnce() {
        List<Integer> seen = new ArrayList<>();
        class Counting extends Sequential {
            Counting(Module... layers) {
                super(layers);
            }

            @Override
            protected Tensor compute(Tensor x) {
                seen.add(x.dim(0));
                return super.compute(x.sub(x.mean(true, 0)));
            }
        }
        checkedAgainstRecorded(model -> {
            model.eval();
            model.replace("layer1.1", new Counting(model.module("layer1.1")));
            model.freeze();
        });
        assertThat(seen).containsExactly(IMAGES, IMAGES);
    }

    @Test
    void batchNormThatIsAskedForBatchStatisticsWithoutGradientsCountsOnce() {
        try (ResNet model = resnet()) {
            Autograd.noGrad(() -> model.forward(images));
            assertThat(model.stateDict().get("bn1.num_batches_tracked").itemLong())
                    .isEqualTo(1);
            assertThat(model.stateDict().get("layer1.1.bn2.num_batches_tracked").itemLong())
                    .isEqualTo(1);
        }
        try (EfficientNetLite model = EfficientNetLite.lite0(4, random)) {
            Autograd.noGrad(() -> model.forward(images));
            assertThat(model.stateDict()
                            .get("_blocks.1._bn0.num_batches_tracked")
                            .itemLong())
                    .isEqualTo(1);
        }
    }

    @Test
    void aUsersBlockAmongInvertedResidualsAndFiresIsCalledOnce() {
        try (EfficientNetLite model = EfficientNetLite.lite0(4, random)) {
            model.eval();
            Observer observer = new Observer(model.module("_blocks.1"));
            model.replace("_blocks.1", observer);
            Autograd.noGrad(() -> model.forward(images));
            assertThat(observer.kept).hasSize(1);
            assertThat(observer.kept.get(0).dim(0)).isEqualTo(IMAGES);
        }
        try (SqueezeNet model = SqueezeNet.squeezenet1_1(4, random)) {
            model.eval();
            Observer observer = new Observer(model.module("features.1"));
            model.replace("features.1", observer);
            float[] observed = Autograd.noGrad(() -> model.forward(images)).toFloatArray();
            assertThat(observer.kept).hasSize(1);
            model.replace("features.1", observer.layer);
            assertClose(Autograd.noGrad(() -> model.forward(images)).toFloatArray(), observed);
        }
    }

    @Test
    void groupsOfKnownLayersGiveWhatEachImageGivesAlone() {
        try (ResNet model = resnet()) {
            model.eval();
            float[] all = Autograd.noGrad(() -> model.forward(images)).toFloatArray();
            for (int i = 0; i < IMAGES; i++) {
                int image = i;
                float[] one = Autograd.noGrad(() -> model.forward(images.slice(0, image, image + 1)))
                        .toFloatArray();
                for (int c = 0; c < 4; c++) {
                    assertThat(one[c]).isCloseTo(all[4 * i + c], within(1e-5f * (1 + Math.abs(one[c]))));
                }
            }
        }
    }

    @Test
    void imagesWithoutABatchDimensionAreRefusedByTheLayerThatGetsThem() {
        try (ResNet model = resnet()) {
            assertThatThrownBy(() -> model.forward(Tensor.ones(3, 64, 64))).hasMessageStartingWith("conv1: conv2d: ");
        }
        try (EfficientNetLite model = EfficientNetLite.lite0(4, random)) {
            assertThatThrownBy(() -> model.module("_blocks").forward(Tensor.ones(32, 8, 8)))
                    .hasMessageStartingWith("0._depthwise_conv: conv2d: ");
        }
    }

    @Test
    void freezingAllButTheLastLayerFreezesTheDropoutBeforeItAndFreezeBackboneDoesNot() {
        try (SqueezeNet model = SqueezeNet.squeezenet1_1(4, random)) {
            model.freezeExcept("classifier.1");
            model.train();
            assertThat(model.module("classifier.0").isTraining()).isFalse();
            model.freezeBackbone();
            assertThat(model.module("classifier.0").isTraining()).isTrue();
            assertThat(model.trainableParameters())
                    .containsExactlyElementsOf(model.head().parameters());
        }
    }

    @Test
    void whatFeaturesRefuseIsReportedUnderTheLayersName() {
        try (ResNet model = resnet()) {
            model.eval();
            model.replace("layer2.0", new Linear(3, 3, random));
            assertThatThrownBy(() -> model.features(images)).hasMessageStartingWith("layer2.0: ");
            assertThatThrownBy(() -> model.classify(Tensor.ones(2, 7))).hasMessageStartingWith("fc: ");
        }
    }
}
