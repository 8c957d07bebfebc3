package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Message;
import dev.graft.message.SettingException;
import dev.graft.nn.data.FoldChoice;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.train.LrFinder;
import dev.graft.nn.train.Monitor;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.model.download.DownloadListener;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Fine-tunes a pretrained network on images: all that {@code graft finetune} does, in the same words. A setting that is
 * {@code --val-fraction} there is {@link #valFraction} here. In one file because every setting is a method of it.
 *
 * <pre>{@code
 * FineTuning.Result result = FineTuning.of(Path.of("photos"))
 *         .model("resnet18")
 *         .weights("imagenet")
 *         .epochs(10)
 *         .out(Path.of("run1"))
 *         .run();
 * try (ImageClassifier classifier = ImageClassifier.load(Path.of("run1"))) {
 *     Prediction prediction = classifier.predict(Path.of("scan.jpg"));
 * }
 * }</pre>
 *
 * <p>The folder {@code out} holds {@code model.safetensors} and {@code model.json}, which are the model, and
 * {@code metrics.json}, {@code log.csv}, {@code run.json} and checkpoints, which are the run; see
 * {@code docs/model-folder.md}. A run that was stopped continues with {@link #resume(Path)}.
 *
 * <p>Immutable: every method returns another value. Values are checked when they are given, and against one another by
 * {@link #run()}.
 */
public final class FineTuning {
    private final FineTuningValues values;
    private final FineTuningListeners listeners;

    private FineTuning(FineTuningValues values, FineTuningListeners listeners) {
        this.values = values;
        this.listeners = listeners;
    }

    /** What does not learn. */
    public enum Freeze {
        /** Only the head learns: fast, and hard to overfit. */
        BACKBONE,
        /** All weights learn. */
        NONE
    }

    /** How much each class weighs in the loss. */
    public enum ClassWeighting {
        /** The same. */
        NONE,
        /** Rare classes weigh more. */
        AUTO
    }

    /** How a fine-tuning ended. */
    public enum Ending {
        /** The result is in the folder. */
        FINISHED,
        /** The result was in the folder already. */
        ALREADY_FINISHED,
        /** Stopped; a resume continues it. */
        STOPPED,
        /** Stopped before anything was trained; what was in the folder is still there. */
        STOPPED_EARLY
    }

    /**
     * What came of it.
     *
     * @param ending how it ended
     * @param out the folder
     * @param metrics what {@code metrics.json} holds; empty if the run was stopped
     */
    public record Result(Ending ending, Path out, Map<String, Object> metrics) {
        /** Whether the folder holds the result. */
        public boolean isFinished() {
            return ending == Ending.FINISHED || ending == Ending.ALREADY_FINISHED;
        }

        /**
         * The number of the best epoch, whose weights are kept; empty if the run was stopped, or the monitored score
         * was never defined.
         */
        public Optional<Integer> bestEpoch() {
            return best("epoch").map(Number::intValue);
        }

        /** Validation accuracy of the best epoch, in [0, 1]. */
        public Optional<Double> accuracy() {
            return best("accuracy").map(Number::doubleValue);
        }

        /** Validation AUROC of the best epoch, in [0, 1]; empty if it is not defined. */
        public Optional<Double> auroc() {
            return best("auroc").map(Number::doubleValue).filter(Double::isFinite);
        }

        /** Validation loss of the best epoch, in nats. */
        public Optional<Double> loss() {
            return best("loss").map(Number::doubleValue);
        }

        private Optional<Number> best(String score) {
            return metrics.get("best") instanceof Map<?, ?> best && best.get(score) instanceof Number number
                    ? Optional.of(number)
                    : Optional.empty();
        }

        /** What looks wrong about the training, one line each. */
        public List<String> warnings() {
            return metrics.get("warnings") instanceof List<?> lines
                    ? lines.stream().map(String::valueOf).toList()
                    : List.of();
        }
    }

    /**
     * A fine-tuning on these images.
     *
     * @param data a folder with one sub-folder of images for each class; a CSV file with the columns {@code file},
     *     {@code label} and perhaps {@code patient}; a folder with the parts of a split, such as {@code train},
     *     {@code val} and {@code test}; or a NumPy file ({@code .npz}) with MedMNIST's arrays
     */
    public static FineTuning of(Path data) {
        return unset().data(data);
    }

    /**
     * The run in a folder, to continue after a stop or a crash, or with more {@link #epochs}. What is not set again is
     * as the run began; the result has the same bits as an unbroken run.
     *
     * @param out the folder of the run
     */
    public static FineTuning resume(Path out) {
        return unset().out(out).resume(true);
    }

    /** With nothing set, not even the images; for front ends that {@link #set} what they were told. */
    public static FineTuning unset() {
        return new FineTuning(FineTuningValues.NONE, FineTuningListeners.SILENT);
    }

    /** The names of all settings; each is a method of this class. */
    public static List<String> settings() {
        return FineTuningValues.ALL.stream().map(FineTuningSetting::name).toList();
    }

    /**
     * The value of a setting that is not set, as text for {@link #set}; empty if there is none, or where it depends on
     * the network or on other settings.
     *
     * @throws SettingException for a name that is none of {@link #settings()}
     */
    public static Optional<String> standard(String name) {
        FineTuningSetting<?> setting = FineTuningValues.named(name);
        return setting.standard().map(setting::written);
    }

    /**
     * Sets by name and text, as a command line or a form has them.
     *
     * @param name one of {@link #settings()}
     * @param text a number, {@code true} or {@code false}, a path, or the lower-case name of a constant, such as
     *     {@code warmup-cosine}
     * @throws SettingException for another name, or text that is not a value of the setting
     */
    public FineTuning set(String name, String text) {
        FineTuningSetting<?> setting = FineTuningValues.named(name);
        return with(setting, setting.read(FineTuningValues.given(name, text)));
    }

    private <T> FineTuning with(FineTuningSetting<? extends T> setting, T value) {
        return new FineTuning(values.with(setting, value), listeners);
    }

    /** The training images; see {@link #of}. */
    public FineTuning data(Path data) {
        return with(FineTuningValues.DATA, data);
    }

    /** The validation images; their classes must be those of {@link #data}. Default: a share of the data. */
    public FineTuning val(Path val) {
        return with(FineTuningValues.VAL, val);
    }

    /**
     * The share of each class held back for validation where {@link #val} is not set, in [0, 1). Default: 0.2. With 0
     * all images are trained on: nothing is validated, and the last epoch's weights are kept.
     */
    public FineTuning valFraction(double share) {
        return with(FineTuningValues.VAL_FRACTION, share);
    }

    /**
     * Holds back one fold of a cross-validation, which only judges the finished model. Epoch, temperature and
     * thresholds are chosen on {@link #valFraction} of the other images. The other folds of the same data,
     * {@link #group} and {@link #seed} hold the other images back; {@link CrossValidation} trains them all.
     *
     * @param fold from 1
     * @param folds how many there are, at least 2
     */
    public FineTuning fold(int fold, int folds) {
        return with(FineTuningValues.FOLD, new FoldChoice(fold, folds));
    }

    /**
     * Looks at every image first, and leaves out those that cannot be read, instead of refusing them. They are listed
     * in the log and in {@code model.json}. Default: {@code false}.
     */
    public FineTuning skipBad(boolean skip) {
        return with(FineTuningValues.SKIP_BAD, skip);
    }

    /** Validates on files that were trained on, too. Default: {@code false}. */
    public FineTuning keepDuplicates(boolean keep) {
        return with(FineTuningValues.KEEP_DUPLICATES, keep);
    }

    /**
     * Validates on images of patients whose other images were trained on, where {@link #val} lists them. Default:
     * {@code false}.
     */
    public FineTuning allowSharedPatients(boolean allow) {
        return with(FineTuningValues.ALLOW_SHARED_PATIENTS, allow);
    }

    /**
     * Which images belong together, such as to one patient: all of them are then on one side of a split, and none may
     * be on both sides of a given one. Either the name of a column of a CSV file, or a regular expression with one
     * capturing group that is looked for in each file's path within the data folder, such as {@code (patient\\d+)_}.
     * Default: the column {@code patient} of a CSV file that has one.
     */
    public FineTuning group(String columnOrExpression) {
        return with(FineTuningValues.GROUP, columnOrExpression);
    }

    /**
     * The network: {@code resnet18/34/50/101/152}, {@code resnext50_32x4d}, {@code resnext101_32x8d},
     * {@code resnext101_64x4d}, {@code wide_resnet50_2}, {@code wide_resnet101_2}, {@code squeezenet1_1},
     * {@code efficientnet_lite0}, or for small images {@code resnet20/32/44/56}; a residual network by its parts is
     * {@code resnet18,layers=2-2-2-3}, see {@link dev.graft.vision.model.resnet.ResNetParts#parse}. Default: that of
     * the folder in {@link #weights}, or {@code resnet18}.
     */
    public FineTuning model(String name) {
        return with(FineTuningValues.MODEL, name);
    }

    /**
     * {@code imagenet} (downloaded once), another published name, the path of a {@code .pth}, {@code .pt} or
     * {@code .safetensors} file, {@code none}, or a folder as timm and the Hugging Face Hub ship one, which also says
     * what {@link #model} is and how images are prepared; see {@link dev.graft.vision.model.zoo.PretrainedFolder}. A
     * head of another size is replaced. Default: {@code imagenet}.
     */
    public FineTuning weights(String nameOrFile) {
        return with(FineTuningValues.WEIGHTS, nameOrFile);
    }

    /** Of a weight file with several networks, such as {@code model} and {@code ema}: which one. */
    public FineTuning stateDict(String name) {
        return with(FineTuningValues.STATE_DICT, name);
    }

    /** What does not learn. Default: the backbone. */
    public FineTuning freeze(Freeze part) {
        return with(FineTuningValues.FREEZE, part);
    }

    /** How much chance training images see. Default: none. */
    public FineTuning augment(Augment augment) {
        return with(FineTuningValues.AUGMENT, augment);
    }

    /**
     * Two random operations on each training image, of this magnitude from 0 to 30; 9 is usual. See
     * {@link dev.graft.vision.image.transform.RandAugment}. Default: none.
     */
    public FineTuning randAugment(int magnitude) {
        return with(FineTuningValues.RAND_AUGMENT, magnitude);
    }

    /**
     * The probability that a random rectangle of a training image is erased, in [0, 1]. See
     * {@link dev.graft.vision.image.transform.RandomErasing}. Default: 0.
     */
    public FineTuning randomErasing(double probability) {
        return with(FineTuningValues.RANDOM_ERASING, probability);
    }

    /**
     * Blends the training images of a batch and their labels; {@code alpha} is above 0, 0.2 is usual. See
     * {@link dev.graft.nn.data.MixUp}. A frozen backbone then runs in every epoch. Default: no blend.
     */
    public FineTuning mixup(double alpha) {
        return with(FineTuningValues.MIXUP, alpha);
    }

    /**
     * Puts a rectangle of another training image into each; {@code alpha} is above 0, 1 is usual. See
     * {@link dev.graft.nn.data.CutMix}. With {@link #mixup} too, each batch sees one of them. A frozen backbone then
     * runs in every epoch. Default: no rectangle.
     */
    public FineTuning cutmix(double alpha) {
        return with(FineTuningValues.CUTMIX, alpha);
    }

    /** Side of the network's input in pixels. Default: the weights' own, mostly 224. */
    public FineTuning imageSize(int pixels) {
        return with(FineTuningValues.IMAGE_SIZE, pixels);
    }

    /** What a CSV file without a byte-order mark is written in. Default: UTF-8. */
    public FineTuning csvEncoding(Charset charset) {
        return with(FineTuningValues.CSV_ENCODING, charset);
    }

    /**
     * Of a CSV file whose images have any number of labels: the columns of 0 and 1, one for each label, two or more.
     * Without it, a CSV file has the class in a column {@code label}, or any number of labels in a column
     * {@code labels}, separated by {@code ;} or {@code |}.
     */
    public FineTuning labelColumns(List<String> columns) {
        return with(FineTuningValues.LABEL_COLUMNS, List.copyOf(columns));
    }

    /** How samples of more than 8 bits become 8. Default: the weights' own way, at first {@link Window#full()}. */
    public FineTuning window(Window window) {
        return with(FineTuningValues.WINDOW, window);
    }

    /** Which frame of DICOM files with several is read, from 1. Default: the first. */
    public FineTuning frame(int number) {
        return with(FineTuningValues.FRAME, number);
    }

    /** Passes over the training images, at least 1. Default: 10. */
    public FineTuning epochs(int epochs) {
        return with(FineTuningValues.EPOCHS, epochs);
    }

    /** Images a batch, at least 1. Default: 32. */
    public FineTuning batch(int images) {
        return with(FineTuningValues.BATCH, images);
    }

    /**
     * Learning rate at its highest, above 0. Default: for SGD what suits the network, 0.01, or 0.001 for
     * {@code squeezenet1_1}; for AdamW 0.001.
     */
    public FineTuning lr(double rate) {
        return with(FineTuningValues.LR, rate);
    }

    /** Default: SGD. */
    public FineTuning optimizer(Recipe.Optimization optimizer) {
        return with(FineTuningValues.OPTIMIZER, optimizer);
    }

    /** Of SGD, in [0, 1). Default: 0.9. */
    public FineTuning momentum(double momentum) {
        return with(FineTuningValues.MOMENTUM, momentum);
    }

    /** Not negative. Default: 0.0001 for SGD, 0.01 for AdamW. */
    public FineTuning weightDecay(double decay) {
        return with(FineTuningValues.WEIGHT_DECAY, decay);
    }

    /** How the learning rate changes. Default: not at all. */
    public FineTuning schedule(Recipe.Schedule schedule) {
        return with(FineTuningValues.SCHEDULE, schedule);
    }

    /** Share of each label spread over all classes, in [0, 1]. Default: 0. */
    public FineTuning labelSmoothing(double share) {
        return with(FineTuningValues.LABEL_SMOOTHING, share);
    }

    /** Whether rare classes weigh more in the loss. Default: they do not. */
    public FineTuning classWeights(ClassWeighting weighting) {
        return with(FineTuningValues.CLASS_WEIGHTS, weighting);
    }

    /** Batches a step, at least 1: the effect of a larger batch in less memory. Default: 1. */
    public FineTuning accumulate(int batches) {
        return with(FineTuningValues.ACCUMULATE, batches);
    }

    /** Limit of the gradients' common norm, above 0. Default: none. */
    public FineTuning clipNorm(double norm) {
        return with(FineTuningValues.CLIP_NORM, norm);
    }

    /** Stops after this many epochs without a better validation score, at least 1. Default: never. */
    public FineTuning patience(int epochs) {
        return with(FineTuningValues.PATIENCE, epochs);
    }

    /** The validation score that names the best epoch, whose weights are kept. Default: accuracy. */
    public FineTuning monitor(Monitor score) {
        return with(FineTuningValues.MONITOR, score);
    }

    /**
     * From which calibrated probability on the second of two classes is chosen, or each label; found on the validation
     * images and stored in the model. Default: the most probable class, and labels of at least 0.5.
     */
    public FineTuning threshold(DecisionRule.Threshold rule) {
        return with(FineTuningValues.THRESHOLD, rule);
    }

    /**
     * Predictions also have a set of classes with the true one in it in this share of cases, between 0 and 1; see
     * {@link dev.graft.nn.metric.decision.ConformalSets}. Default: none.
     */
    public FineTuning coverage(double share) {
        return with(FineTuningValues.COVERAGE, share);
    }

    /**
     * Images whose most probable class has a smaller probability, between 0 and 1, are left to people. Default: none.
     */
    public FineTuning abstainBelow(double probability) {
        return with(FineTuningValues.ABSTAIN_BELOW, probability);
    }

    /**
     * Fits temperature, thresholds and the rest also for the mean over these views of an image, which is calibrated
     * otherwise than a single answer; they are applied where {@link ImageClassifierOptions#averaging} asks for the same
     * views. Default: none.
     */
    public FineTuning tta(Averaging.Views views) {
        return with(FineTuningValues.TTA, views);
    }

    /**
     * Judges parts of the validation images, or of the fold, too: a CSV file with a column {@code file} or
     * {@code patient}, and others such as age, sex and site; see {@link ImageEvaluation#subgroups}. The scores are in
     * {@code metrics.json} and the report. Default: none.
     */
    public FineTuning subgroups(Path file) {
        return with(FineTuningValues.SUBGROUPS, file);
    }

    /** Of split, new weights, order, augmentation and dropout; the same seed gives the same bits. Default: 0. */
    public FineTuning seed(long seed) {
        return with(FineTuningValues.SEED, seed);
    }

    /**
     * Threads that decode images, at least 1; results do not depend on it. Default: one for each processor. The threads
     * that compute are the JVM's: {@code -Dgraft.threads}.
     */
    public FineTuning threads(int threads) {
        return with(FineTuningValues.THREADS, threads);
    }

    /** {@code cpu} or {@code cuda}. Default: {@code cpu}. */
    public FineTuning device(String name) {
        return with(FineTuningValues.DEVICE, name);
    }

    /**
     * Whether a frozen backbone runs once for each image where nothing is random before it, and not in every epoch; the
     * result is the same. Default: {@code true}.
     */
    public FineTuning featureCache(boolean cache) {
        return with(FineTuningValues.FEATURE_CACHE, cache);
    }

    /**
     * With {@link #augment} and a frozen backbone: this many augmented views of each image are made once and drawn from
     * in all epochs, in place of a new one each time. Faster; more epochs than views bring nothing new. Default: a new
     * view in every epoch.
     */
    public FineTuning cachedViews(int views) {
        return with(FineTuningValues.CACHED_VIEWS, views);
    }

    /** Folder for the result; it is made. Required. */
    public FineTuning out(Path folder) {
        return with(FineTuningValues.OUT, folder);
    }

    /** Goes on with the run in {@link #out}; see {@link #resume(Path)}. Default: {@code false}. */
    public FineTuning resume(boolean resume) {
        return with(FineTuningValues.RESUME, resume);
    }

    /** Replaces the run in {@link #out}, once there is a new result. Default: {@code false}. */
    public FineTuning overwrite(boolean overwrite) {
        return with(FineTuningValues.OVERWRITE, overwrite);
    }

    /** Told about each epoch. Default: warnings go to the {@link System.Logger}. */
    public FineTuning progress(Progress progress) {
        return new FineTuning(values, listeners.withProgress(progress));
    }

    /** May ask for a clean stop at any time. Default: nothing does. */
    public FineTuning stop(StopSignal signal) {
        return new FineTuning(values, listeners.withStop(signal));
    }

    /**
     * Told what is done, as lines of text: the images found, where weights come from, what looks odd. Default: the
     * {@link System.Logger} of this class, as information.
     */
    public FineTuning log(Consumer<? super Message> lines) {
        return new FineTuning(values, listeners.withLog(lines));
    }

    /** Told how a download of weights proceeds. Default: the {@link System.Logger}. */
    public FineTuning downloads(DownloadListener listener) {
        return new FineTuning(values, listeners.withDownloads(listener));
    }

    /** What people say of their study, for the checklists of {@code report.html}. Default: nothing. */
    public FineTuning study(Study study) {
        return new FineTuning(values, listeners.withStudy(study));
    }

    /**
     * Trains and writes the folder; ends early where the {@link #stop} signal asks for it.
     *
     * @throws SettingException where settings lack, or contradict each other
     * @throws RunException where the folder, the images or the weights cannot be used
     */
    public Result run() {
        try (FineTuningRun run = open()) {
            return run.run();
        }
    }

    /**
     * Checks the settings, locks the folder, and finds or downloads the weights: what {@link #run()} begins with, for
     * callers that want to know before they wait. Nothing is lost where this is killed.
     *
     * @throws SettingException where settings lack, or contradict each other
     * @throws RunException where the folder, the images or the weights cannot be used
     */
    public FineTuningRun open() {
        FineTuningValues all = values.withThoseOfTheRun();
        FineTuningSettings settings = all.resolve();
        return FineTuningRun.open(settings, all.out(), all.kept(settings), listeners);
    }

    /**
     * Finds a learning rate for this fine-tuning by a range test: one step for each of some growing rates, with its
     * network, images and batches. Nothing is trained to keep, and nothing is written; {@link #out} need not be set.
     *
     * @throws SettingException where settings lack, or contradict each other
     * @throws RunException where the images or the weights cannot be used
     * @see LrFinder
     */
    public LrFinder.Result findLearningRate() {
        return findLearningRate(finder -> finder);
    }

    /**
     * As {@link #findLearningRate()}, with another range or number of rates.
     *
     * @param how changes the finder, such as {@code finder -> finder.between(1e-5, 1).steps(50)}
     */
    public LrFinder.Result findLearningRate(UnaryOperator<LrFinder> how) {
        return new LearningRateTest(values.resolve(), listeners, how).run();
    }

    /** Whether a file is one that a run in this folder writes. */
    public static boolean writes(Path out, Path file) {
        return RunFolder.isOwn(out, file);
    }

    FineTuningValues values() {
        return values;
    }

    FineTuningListeners listeners() {
        return listeners;
    }

    FineTuning with(FineTuningValues other) {
        return new FineTuning(other, listeners);
    }

    static SettingException missing(String name, String hint) {
        return new SettingException(setting(name) + " is missing", hint);
    }
}
