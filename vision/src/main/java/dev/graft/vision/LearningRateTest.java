package dev.graft.vision;

import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.LabelledDataset;
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
import java.nio.file.Path;
import java.util.Optional;
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
        ImageData data = settings.skipBad()
                ? new ImageCheck(settings.workers(), listeners.stop(), listeners.progress())
                        .look(found, true)
                        .data()
                : found;
        data.describe().forEach(listeners::say);
        start.notes().forEach(listeners::say);
        StartingPoint.Start built =
                start.build(data.classes(), RandomStream.of(settings.recipe().seed(), "finetune.weights"));
        try (Backbone model = built.model()) {
            StartingPoint.checkCanDeny(model, data);
            if (settings.freezeBackbone()) {
                model.freezeBackbone();
            }
            model.to(Device.of(settings.device()));
            LabelledDataset train = data.train(settings.augment().train(preprocessing));
            return settings.usesFeatureCache() ? onFeatures(model, train) : test(model, train);
        }
    }

    private LrFinder.Result onFeatures(Backbone model, LabelledDataset train) {
        Optional<FeatureCache> computed = features(model, train);
        if (computed.isEmpty()) {
            return test(model, train);
        }
        try (FeatureCache features = computed.get()) {
            return test(model.headNetwork(), features);
        }
    }

    /** What a frozen backbone makes of each image once, as in the training; empty where there is no room for it. */
    private Optional<FeatureCache> features(Backbone model, LabelledDataset train) {
        try {
            return Optional.of(FeatureCache.compute(
                    model,
                    model::features,
                    train,
                    settings.featureLoader(train, "training"),
                    settings.views(),
                    "features of training images",
                    Path.of(System.getProperty("java.io.tmpdir")),
                    listeners.stop(),
                    listeners.progress()));
        } catch (IOException e) {
            listeners.say("feature cache: not used, the backbone runs in every step (" + e.getMessage() + ")");
            return Optional.empty();
        }
    }

    private LrFinder.Result test(Module model, LabelledDataset train) {
        Recipe recipe = settings.recipe();
        try (DataLoader batches = settings.trainLoader(train);
                Optimizer optimizer = recipe.optimizer(model.trainableParameters())) {
            LrFinder finder = LrFinder.of(model, recipe.loss(train), optimizer)
                    .progress(listeners.progress())
                    .stop(listeners.stop());
            return how.apply(finder).run(batches);
        }
    }
}
