package dev.graft.vision;

import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.run.FeatureCache;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.train.LrFinder;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Device;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * A range test of learning rates for a fine-tuning, with its network, images, recipe and batches; nothing is written.
 */
record LearningRateTest(FineTuningSettings settings, FineTuningListeners listeners, UnaryOperator<LrFinder> how) {

    /** @throws RunException where the images or the weights cannot be used */
    LrFinder.Result run() {
        settings.source().checkExists();
        StartingPoint start =
                StartingPoint.of(settings.model(), settings.weights(), settings.stateDict(), listeners.downloads());
        Preprocessing preprocessing = settings.preprocessing(start);
        ImageData found = ImageData.open(
                settings.source(), preprocessing.eval(), settings.recipe().seed());
        ImageData data =
                settings.skipBad() ? new ImageCheck(settings.workers(), listeners.stop()).without(found) : found;
        data.describe().forEach(listeners::say);
        start.notes().forEach(listeners::say);
        StartingPoint.Start built =
                start.build(data.classes(), RandomStream.of(settings.recipe().seed(), "finetune.weights"));
        try (Backbone model = built.model()) {
            if (settings.freezeBackbone()) {
                model.freezeBackbone();
            }
            model.to(Device.of(settings.device()));
            LabelledDataset train = data.train(settings.augment().train(preprocessing));
            return settings.usesFeatureCache() ? onFeatures(model, train) : test(model, train);
        }
    }

    /** What a frozen backbone makes of each image once, as in the training. */
    private LrFinder.Result onFeatures(Backbone model, LabelledDataset train) {
        try {
            Path spill = Files.createTempDirectory("graft-features");
            try (FeatureCache features = FeatureCache.compute(
                    model,
                    model::features,
                    train,
                    loader(train).seed(RandomStream.seed(settings.recipe().seed(), "finetune.views.training")),
                    settings.views(),
                    "features of training images",
                    spill,
                    listeners.stop(),
                    listeners.progress())) {
                return test(model.headNetwork(), features);
            } finally {
                Files.deleteIfExists(spill);
            }
        } catch (IOException e) {
            listeners.say("feature cache: not used, the backbone runs in every step (" + e.getMessage() + ")");
            return test(model, train);
        }
    }

    private LrFinder.Result test(Module model, LabelledDataset train) {
        Recipe recipe = settings.recipe();
        try (DataLoader batches = loader(train)
                        .shuffled(recipe.seed())
                        .lastBatch(LastBatch.MERGE_SINGLE)
                        .collate(settings.augment().collate(train.classes().size()));
                Optimizer optimizer = recipe.optimizer(model.trainableParameters())) {
            LrFinder finder = LrFinder.of(model, recipe.loss(train), optimizer)
                    .progress(listeners.progress())
                    .stop(listeners.stop());
            return how.apply(finder).run(batches);
        }
    }

    private DataLoader loader(LabelledDataset data) {
        DataLoader loader = DataLoader.of(data, settings.recipe().batch()).on(Device.of(settings.device()));
        return settings.workers().isPresent()
                ? loader.workers(settings.workers().getAsInt())
                : loader;
    }
}
