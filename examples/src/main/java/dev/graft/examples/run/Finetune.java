package dev.graft.examples.run;

import dev.graft.io.Safetensors;
import dev.graft.io.StateDict;
import dev.graft.nn.Module;
import dev.graft.nn.data.DataLoader;
import dev.graft.nn.data.Dataset;
import dev.graft.nn.data.Example;
import dev.graft.nn.data.LabelledDataset;
import dev.graft.nn.data.LastBatch;
import dev.graft.nn.optim.Optimizer;
import dev.graft.nn.train.History;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.nn.train.Trainer;
import dev.graft.random.RandomStream;
import dev.graft.tensor.Device;
import dev.graft.vision.image.Augment;
import dev.graft.vision.image.ImageNotes;
import dev.graft.vision.image.Preprocessing;
import dev.graft.vision.model.Backbone;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** One fine-tuning from the start weights to the run's folder. */
public final class Finetune {
    private final FinetuneSettings settings;
    private final Recipe recipe;
    private final PrintWriter log;
    private final Progress progress;
    private final StopSignal stop;
    private final ImageNotes notes = new ImageNotes();

    /**
     * @param log      where people read what is done
     * @param progress told about each epoch
     * @param stop     what may ask for a clean stop
     */
    public Finetune(FinetuneSettings settings, PrintWriter log, Progress progress, StopSignal stop) {
        this.settings = settings;
        this.recipe = settings.recipe();
        this.log = log;
        this.progress = progress;
        this.stop = stop;
    }

    /**
     * Trains and writes the folder.
     *
     * @return what {@code metrics.json} holds; empty where the run was stopped and can be resumed
     */
    public Optional<Map<String, Object>> run() {
        RunFolder folder = RunFolder.create(settings.out());
        folder.check(settings.existing());
        settings.source().checkExists();
        Device device = Device.of(settings.device());
        StartingPoint start = StartingPoint.of(settings.model(), settings.weights());
        Preprocessing preprocessing = settings.preprocessing(start);
        ImageData data = ImageData.open(settings.source(), preprocessing.eval(), recipe.seed()).withImageNotes(notes);
        data.describe().forEach(log::println);
        Map<String, Object> dataFacts = data.toMap();
        Map<String, Object> identity = settings.toMap();
        dataFacts.forEach((name, value) -> identity.put("data " + name, value));
        Optional<String> weightsHash = start.sha256();
        identity.put("start weights sha256", weightsHash.orElse("none"));
        folder.take(settings.existing(), identity, recipe.mayGrow());
        try (Backbone model = prepare(start, data, device)) {
            Optional<Map<String, Object>> metrics = train(model, data, preprocessing, folder);
            sayNotes();
            metrics.ifPresent(result -> {
                Map<String, Object> facts = new LinkedHashMap<>();
                facts.put("settings", settings.toMap());
                facts.put("seed", recipe.seed());
                facts.put("versions", Versions.asMap());
                facts.put("start_weights", settings.weights());
                facts.put("start_weights_sha256", weightsHash.orElse("none"));
                facts.put("weights_sha256", saveWeights(model, folder));
                facts.put("data", dataFacts);
                new ModelCard(settings.model(), data.classes(), preprocessing, facts).write(folder.path());
                folder.writeMetrics(result);
            });
            return metrics;
        }
    }

    private Backbone prepare(StartingPoint start, ImageData data, Device device) {
        StartingPoint.Start built = start.build(data.classes(), RandomStream.of(recipe.seed(), "finetune.weights"));
        Backbone model = built.model();
        if (settings.freezeBackbone()) {
            model.freezeBackbone();
        }
        model.to(device);
        long trained = model.trainableParameters().stream().mapToLong(p -> p.shape().numel()).sum();
        start.notes().forEach(log::println);
        log.printf(Locale.ROOT, "model: %s from %s; %,d of %,d parameters are trained%s%n", settings.model(), built.description(), trained,
                model.parameterCount(), settings.freezeBackbone() ? ", the backbone is frozen" : "");
        log.flush();
        return model;
    }

    private Optional<Map<String, Object>> train(Backbone model, ImageData data, Preprocessing preprocessing, RunFolder folder) {
        LabelledDataset validation = data.validation(preprocessing.eval());
        recipe.monitor().check(validation, Recipe.validationLoss());
        if (settings.usesFeatureCache()) {
            LabelledDataset train = data.train(preprocessing.train(settings.augment()));
            int views = settings.views();
            long begin = System.nanoTime();
            try (FeatureCache trainFeatures = features(model, train, views, "training", folder.path());
                 FeatureCache heldFeatures = features(model, validation, 1, "validation", folder.path())) {
                double seconds = (System.nanoTime() - begin) / 1e9;
                int images = train.size() + validation.size();
                boolean augmented = settings.augment() != Augment.NONE;
                log.printf(Locale.ROOT, "feature cache: the frozen backbone ran once for each of %,d images%s (%.0f images/s, kept %s); "
                        + "only the head is trained now%s%n", images, augmented ? " and " + views + " views of each training image" : "",
                        (images + (views - 1) * train.size()) / seconds, trainFeatures.isInMemory() ? "in memory" : "in a temporary file",
                        augmented ? ", on a view drawn anew in every epoch" : ", which gives the same numbers");
                sayNotes();
                return fit(model.headNetwork(), trainFeatures, heldFeatures, folder, seconds);
            } catch (FeatureCache.Stopped e) {
                return Optional.empty();
            } catch (IOException e) {
                log.println("feature cache: not used, the backbone runs in every epoch (" + e.getMessage() + ")");
            }
        }
        return fit(model, data.train(preprocessing.train(settings.augment())), validation, folder, 0);
    }

    private FeatureCache features(Backbone model, LabelledDataset images, int views, String name, Path spill) throws IOException {
        return FeatureCache.compute(model, images, loader(images).seed(RandomStream.seed(recipe.seed(), "finetune.views." + name)), views, name, spill, stop, log);
    }

    private Optional<Map<String, Object>> fit(Module model, LabelledDataset train, LabelledDataset held, RunFolder folder, double secondsBefore) {
        try (DataLoader trainLoader = loader(train).shuffled(recipe.seed()).lastBatch(LastBatch.MERGE_SINGLE);
             DataLoader heldLoader = loader(held);
             Optimizer optimizer = recipe.optimizer(model.trainableParameters())) {
            Trainer trainer = recipe.configure(Trainer.builder(model, recipe.loss(train.labels(), train.classes().size()), optimizer), trainLoader)
                    .directory(folder.path()).resume(settings.resume()).progress(new NotesAfterEpoch(progress, this::sayNotes)).stop(stop).build();
            History history = trainer.fit(trainLoader, heldLoader);
            return history.ending() == History.Ending.INTERRUPTED ? Optional.empty() : Optional.of(Metrics.of(history, train.size(), secondsBefore));
        }
    }

    /** What is odd about the images: after the first pass over them all, so that the counts are whole. */
    private void sayNotes() {
        notes.takeLines().forEach(log::println);
        log.flush();
    }

    private DataLoader loader(Dataset<Example> data) {
        DataLoader loader = DataLoader.of(data, recipe.batch()).on(Device.of(settings.device()));
        return settings.workers().isPresent() ? loader.workers(settings.workers().getAsInt()) : loader;
    }

    /** Returns the file's SHA-256. */
    private static String saveWeights(Backbone model, RunFolder folder) {
        Path file = folder.path().resolve(ModelCard.WEIGHTS);
        try (StateDict weights = model.stateDict()) {
            Safetensors.save(weights, file, Map.of("architecture", model.architecture()));
        }
        return FileSha256.of(file);
    }
}
