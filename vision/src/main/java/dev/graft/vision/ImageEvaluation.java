package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Message;
import dev.graft.nn.Module;
import dev.graft.nn.metric.BinaryCases;
import dev.graft.nn.metric.Cases;
import dev.graft.nn.metric.decision.Abstention;
import dev.graft.nn.metric.decision.DecisionCurve;
import dev.graft.nn.metric.interval.Comparison;
import dev.graft.nn.metric.interval.Intervals;
import dev.graft.nn.metric.interval.Subgroups;
import dev.graft.nn.metric.interval.Summary;
import dev.graft.nn.model.Decision;
import dev.graft.nn.model.InputFlag;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.SubgroupFile;
import dev.graft.nn.train.Evaluation;
import dev.graft.nn.train.Progress;
import dev.graft.tensor.Device;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.transform.ImagePipeline;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * How good a classifier is on labelled images.
 *
 * @param scores the model's answers to each image, calibrated and decided as its card says, and what follows from them
 * @param decision how the network's probabilities became these answers
 * @param flags in which ways each image is unlike the training images, in the order of {@code scores}
 * @param images what each image is called, such as its file; {@code scores.indices()} are positions in it
 * @param classes the names of the classes
 * @param patients of each image, by its position in {@code images}; empty if they are not known
 * @param summary the usual metrics with their confidence intervals, which count patients where the images' list names
 *     them
 * @param unreadable images that were left out since they cannot be read, each with the reason
 * @param duplicates what was found of images that the model was fitted on, and of copies among the images: counts by
 *     name, and under {@code list} one entry for each; those left out are not among {@code images}
 * @param seconds what it took
 */
public record ImageEvaluation(
        Evaluation scores,
        Decision decision,
        List<List<InputFlag>> flags,
        List<String> images,
        List<String> classes,
        List<String> patients,
        Summary summary,
        List<String> unreadable,
        Map<String, Object> duplicates,
        double seconds) {

    /**
     * How to evaluate.
     *
     * @param batch images at a time
     * @param csvEncoding what a CSV file without a byte-order mark is written in
     * @param threads threads that decode images; empty for one for each processor
     * @param skipBad whether to look at every image first, and leave out those that cannot be read
     * @param keepDuplicates whether copies, and images that the model was fitted on, are judged all the same
     * @param group which images belong to one patient, as {@link FineTuning#group}; empty for the column
     *     {@code patient} of a CSV file that has one
     * @param allowSharedPatients whether patients are judged that the model was fitted on
     * @param progress told how far it is
     * @param log told, as lines of text, what is odd about the images
     */
    public record Options(
            int batch,
            Charset csvEncoding,
            OptionalInt threads,
            boolean skipBad,
            boolean keepDuplicates,
            Optional<String> group,
            boolean allowSharedPatients,
            Progress progress,
            Consumer<? super Message> log) {
        private static final Options DEFAULTS = new Options(
                32,
                StandardCharsets.UTF_8,
                OptionalInt.empty(),
                false,
                false,
                Optional.empty(),
                false,
                Progress.silent(),
                FineTuningListeners.SILENT.log());

        /** 32 images at a time, CSV files in UTF-8, a thread for each processor; lines go to the log. */
        public static Options defaults() {
            return DEFAULTS;
        }

        /** This with another number of images at a time. */
        public Options batch(int images) {
            return new Options(
                    images, csvEncoding, threads, skipBad, keepDuplicates, group, allowSharedPatients, progress, log);
        }

        /** This with another encoding of CSV files. */
        public Options csvEncoding(Charset charset) {
            return new Options(
                    batch, charset, threads, skipBad, keepDuplicates, group, allowSharedPatients, progress, log);
        }

        /** This with another number of threads that decode images. */
        public Options threads(int count) {
            return new Options(
                    batch,
                    csvEncoding,
                    OptionalInt.of(count),
                    skipBad,
                    keepDuplicates,
                    group,
                    allowSharedPatients,
                    progress,
                    log);
        }

        /** This which leaves out images that cannot be read, instead of failing, or does not. */
        public Options skipBad(boolean skip) {
            return new Options(
                    batch, csvEncoding, threads, skip, keepDuplicates, group, allowSharedPatients, progress, log);
        }

        /** This which judges copies, and images that the model was fitted on, or leaves them out. */
        public Options keepDuplicates(boolean keep) {
            return new Options(batch, csvEncoding, threads, skipBad, keep, group, allowSharedPatients, progress, log);
        }

        /** This with another column, or an expression for file names, that names the patient. */
        public Options group(String columnOrExpression) {
            return new Options(
                    batch,
                    csvEncoding,
                    threads,
                    skipBad,
                    keepDuplicates,
                    Optional.of(columnOrExpression),
                    allowSharedPatients,
                    progress,
                    log);
        }

        /** This which judges images of patients that the model was fitted on, instead of failing, or does not. */
        public Options allowSharedPatients(boolean allow) {
            return new Options(batch, csvEncoding, threads, skipBad, keepDuplicates, group, allow, progress, log);
        }

        /** This with another listener for how far it is. */
        public Options progress(Progress listener) {
            return new Options(
                    batch, csvEncoding, threads, skipBad, keepDuplicates, group, allowSharedPatients, listener, log);
        }

        /** This with another listener for lines. */
        public Options log(Consumer<? super Message> listener) {
            return new Options(
                    batch,
                    csvEncoding,
                    threads,
                    skipBad,
                    keepDuplicates,
                    group,
                    allowSharedPatients,
                    progress,
                    listener);
        }
    }

    static ImageEvaluation of(
            Module model,
            List<String> classes,
            boolean multiLabel,
            Decision decision,
            InputCheck inputs,
            ImagePipeline pipeline,
            Device device,
            Optional<TrainingImages> training,
            Path data,
            Options how) {
        ImageNotes notes = new ImageNotes();
        JudgedImages judged = JudgedImages.open(classes, multiLabel, pipeline, training, data, notes, how);
        long begin = System.nanoTime();
        Optional<FeatureTap> tap = inputs.tap(model);
        Evaluation scores =
                decision.apply(judged.evaluate(tap.map(Module.class::cast).orElse(model), pipeline, device, how));
        double seconds = (System.nanoTime() - begin) / 1e9;
        notes.takeLines().forEach(how.log());
        List<String> patients = judged.patients();
        return new ImageEvaluation(
                scores,
                decision,
                inputs.flags(judged.quantities(), scores.indices(), tap),
                judged.names(),
                classes,
                patients,
                Summary.of(scores.cases(patients), classes, !patients.isEmpty(), Intervals.defaults()),
                judged.unreadable(),
                judged.overlap().toMap(),
                seconds);
    }

    /** How many images are unlike the training images, and each with its flags. */
    private Map<String, Object> unlike() {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < flags.size(); i++) {
            if (!flags.get(i).isEmpty()) {
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("file", images.get(scores.indices()[i]));
                entry.put("flags", flags.get(i).stream().map(InputFlag::toMap).toList());
                list.add(entry);
            }
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("images", list.size());
        map.put("list", list);
        return map;
    }

    /** How often the truth is in the set of classes, and how large the sets are. */
    private Map<String, Object> sets() {
        List<Prediction> predictions = predictions();
        int covered = 0;
        int size = 0;
        for (int i = 0; i < predictions.size(); i++) {
            List<String> set = predictions.get(i).set().orElseThrow();
            covered += set.contains(classes.get(scores.labels()[i])) ? 1 : 0;
            size += set.size();
        }
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("covered", (double) covered / predictions.size());
        map.put("mean_size", (double) size / predictions.size());
        return map;
    }

    /** What the model says of each image, in the order of {@link #scores}. */
    public List<Prediction> predictions() {
        return IntStream.range(0, scores.probabilities().length)
                .mapToObj(i -> new Prediction(
                        scores.probabilities()[i], classes, scores.isMultiLabel(), decision, flags.get(i)))
                .toList();
    }

    /**
     * This model less another, metric by metric, on the images that both were judged on; those that one of them was
     * fitted on are left out for both, unless {@link Options#keepDuplicates} keeps them. Each model prepares,
     * calibrates and decides as its card says. Classes are matched by their names.
     *
     * @param other of the same data
     * @throws RunException where the models have different classes, no image was judged by both, or one of them was
     *     fitted on all that it was judged on
     */
    public Comparison compare(ImageEvaluation other) {
        checkSameClasses(classes, scores.isMultiLabel(), other.classes, other.scores.isMultiLabel());
        if (isOfMemory() || other.isOfMemory()) {
            throw new RunException(
                    "the " + (isOfMemory() ? "first" : "second") + " model was fitted on every image that it was judged"
                            + " on, so no image is left to compare the models on",
                    "compare them on images that neither was fitted on, or say " + setting("keepDuplicates"));
        }
        Map<String, Integer> theirs = other.positions();
        List<Integer> mine = new ArrayList<>();
        List<Integer> same = new ArrayList<>();
        positions().forEach((name, i) -> {
            if (theirs.containsKey(name)) {
                mine.add(i);
                same.add(theirs.get(name));
            }
        });
        if (mine.isEmpty()) {
            throw new RunException(
                    "no image was judged by both models: each was fitted on what the other was judged on",
                    "compare them on images that neither was fitted on");
        }
        int[] matched = classes.stream().mapToInt(other.classes::indexOf).toArray();
        Cases first = scores.cases(patients).only(mine.stream().mapToInt(i -> i).toArray());
        Cases decided = other.scores.cases().only(same.stream().mapToInt(i -> i).toArray());
        float[][] probabilities = new float[first.size()][classes.size()];
        boolean[][] given = new boolean[first.size()][classes.size()];
        for (int c = 0; c < classes.size(); c++) {
            BinaryCases answers = decided.decisions(matched[c]);
            for (int i = 0; i < probabilities.length; i++) {
                if (first.has(i, c) != answers.isPositive(i)) {
                    throw new RunException(
                            "the models were judged by different labels", "judge both on the same images again");
                }
                probabilities[i][c] = decided.probability(i, matched[c]);
                given[i][c] = answers.probability(i) > 0;
            }
        }
        Cases plain = first.withProbabilities(probabilities);
        Cases second = scores.isMultiLabel()
                ? plain.decided(given)
                : plain.decided(
                        Arrays.stream(given).mapToInt(ImageEvaluation::chosen).toArray());
        return Comparison.of(first, second, classes, !patients.isEmpty(), Intervals.defaults());
    }

    /** Whether the model was fitted on all images, which were judged only since nothing else would have been left. */
    private boolean isOfMemory() {
        return !Boolean.TRUE.equals(duplicates.get("kept"))
                && duplicates.get("fitted_judged") instanceof Number count
                && count.intValue() > 0;
    }

    private static int chosen(boolean[] given) {
        return IntStream.range(0, given.length)
                .filter(c -> given[c])
                .findFirst()
                .orElseThrow();
    }

    /** By name, of an image that is there several times by name and number. */
    private Map<String, Integer> positions() {
        Map<String, Integer> times = new HashMap<>();
        Map<String, Integer> positions = new LinkedHashMap<>();
        for (int i = 0; i < scores.indices().length; i++) {
            String name = images.get(scores.indices()[i]);
            positions.put(name + "\n" + times.merge(name, 1, Integer::sum), i);
        }
        return positions;
    }

    static void checkSameClasses(List<String> classes, boolean labels, List<String> others, boolean otherLabels) {
        if (labels != otherLabels || !Set.copyOf(classes).equals(Set.copyOf(others))) {
            throw new RunException(
                    "the models cannot be compared: one is for the " + (labels ? "labels " : "classes ") + classes
                            + ", the other for the " + (otherLabels ? "labels " : "classes ") + others,
                    "compare models for the same classes; their order does not matter");
        }
    }

    /**
     * How good the model is in parts of the images, such as men and women: accuracy, and of two classes AUROC.
     *
     * @param file a CSV file with a column {@code file} or {@code patient}, and one for each division; of numbers, such
     *     as ages, ranges are made
     * @throws RunException for a file that divides nothing, or says two things of one image;
     *     {@link ImageClassifier#check} tells sooner
     */
    public List<Subgroups> subgroups(Path file) {
        return subgroups(file, StandardCharsets.UTF_8);
    }

    /**
     * As {@link #subgroups(Path)}.
     *
     * @param charset what a file without a byte-order mark is written in
     */
    public List<Subgroups> subgroups(Path file, Charset charset) {
        Cases cases = scores.cases(patients);
        List<String> judged =
                Arrays.stream(scores.indices()).mapToObj(images::get).toList();
        List<String> groups = patients.isEmpty()
                ? List.of()
                : Arrays.stream(scores.indices()).mapToObj(patients::get).toList();
        return Subgroups.ofEach(SubgroupFile.read(file, charset).of(judged, groups), cases, Intervals.defaults());
    }

    /** The net benefit of acting on each class, or label; of two classes on the second. */
    public Map<String, DecisionCurve> decisionCurves() {
        return DecisionCurve.ofEach(scores.cases(), classes);
    }

    /** The scores as {@code graft evaluate --json} writes them. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>(Metrics.of(scores, classes));
        map.put("metrics", summary.toMap());
        map.put("decision", decision.toMap());
        map.put("net_benefit", Metrics.netBenefit(scores.cases(), classes));
        map.put("unlike_training", unlike());
        if (decision.abstention().isPresent()) {
            Abstention.Outcome outcome = decision.abstention().get().of(scores.cases());
            map.put("answered", outcome.answered());
            map.put("accuracy_of_answers", outcome.accuracy().orNaN());
        }
        if (decision.sets().isPresent()) {
            map.put("sets", sets());
        }
        map.put("images_per_second", images.size() / seconds);
        map.put("seconds", seconds);
        if (!unreadable.isEmpty()) {
            map.put("unreadable_images", unreadable.size());
            map.put("unreadable", unreadable);
        }
        map.put("duplicates", duplicates);
        return map;
    }
}
