package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Message;
import dev.graft.message.SettingException;
import dev.graft.nn.data.FoldChoice;
import dev.graft.nn.model.DecisionRule;
import dev.graft.nn.run.Recipe;
import dev.graft.nn.run.RunFolder;
import dev.graft.nn.train.Monitor;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.image.transform.RandAugment;
import dev.graft.vision.image.transform.RandomErasing;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.zoo.ModelZoo;
import dev.graft.vision.model.zoo.PretrainedFolder;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What a fine-tuning was told, setting by setting: the one place that knows their names, defaults and limits, and which
 * of them exclude each other.
 */
final class FineTuningValues {
    private static final double ADAMW_RATE = 0.001;
    private static final double SGD_DECAY = 1e-4;
    private static final double ADAMW_DECAY = 0.01;
    private static final double HELD_FRACTION = 0.2;

    static final FineTuningSetting<Path> DATA = FineTuningSetting.path("data");
    static final FineTuningSetting<Path> VAL = FineTuningSetting.path("val");
    static final FineTuningSetting<Double> VAL_FRACTION = FineTuningSetting.number(
            "valFraction", share -> share >= 0 && share < 1, "must be at least 0 and below 1", Optional.empty());
    static final FineTuningSetting<FoldChoice> FOLD =
            FineTuningSetting.parsed("fold", FoldChoice::parse, Optional.empty());
    static final FineTuningSetting<Boolean> KEEP_DUPLICATES = FineTuningSetting.flag("keepDuplicates", false);
    static final FineTuningSetting<Boolean> ALLOW_SHARED_PATIENTS =
            FineTuningSetting.flag("allowSharedPatients", false);
    static final FineTuningSetting<String> GROUP = FineTuningSetting.word("group", Optional.empty());
    static final FineTuningSetting<Boolean> SKIP_BAD = FineTuningSetting.flag("skipBad", false);
    static final FineTuningSetting<String> MODEL = FineTuningSetting.word("model", Optional.of("resnet18"));
    static final FineTuningSetting<String> WEIGHTS = FineTuningSetting.word("weights", Optional.of("imagenet"));
    static final FineTuningSetting<String> STATE_DICT = FineTuningSetting.word("stateDict", Optional.empty());
    static final FineTuningSetting<FineTuning.Freeze> FREEZE =
            FineTuningSetting.choice("freeze", FineTuning.Freeze.BACKBONE);
    static final FineTuningSetting<Augment> AUGMENT = FineTuningSetting.choice("augment", Augment.NONE);
    static final FineTuningSetting<Integer> RAND_AUGMENT = FineTuningSetting.whole(
            "randAugment",
            magnitude -> magnitude >= 0 && magnitude < RandAugment.BINS,
            "must be from 0 to " + (RandAugment.BINS - 1),
            Optional.empty());
    static final FineTuningSetting<Double> RANDOM_ERASING = FineTuningSetting.number(
            "randomErasing", share -> share >= 0 && share <= 1, "must be in [0, 1]", Optional.empty());
    static final FineTuningSetting<Double> MIXUP = FineTuningSetting.number(
            "mixup", alpha -> alpha > 0 && Double.isFinite(alpha), "must be positive", Optional.empty());
    static final FineTuningSetting<Double> CUTMIX = FineTuningSetting.number(
            "cutmix", alpha -> alpha > 0 && Double.isFinite(alpha), "must be positive", Optional.empty());
    static final FineTuningSetting<Integer> IMAGE_SIZE = FineTuningSetting.whole(
            "imageSize",
            size -> size >= 1 && size <= Preprocessing.MAX_SIZE,
            "must be from 1 to " + Preprocessing.MAX_SIZE,
            Optional.empty());
    static final FineTuningSetting<Charset> CSV_ENCODING =
            FineTuningSetting.parsed("csvEncoding", FineTuningValues::charset, Optional.of(StandardCharsets.UTF_8));
    static final FineTuningSetting<List<String>> LABEL_COLUMNS =
            FineTuningSetting.words("labelColumns", "columns of 0 and 1, separated by commas");
    static final FineTuningSetting<Window> WINDOW = FineTuningSetting.parsed("window", Window::parse, Optional.empty());
    static final FineTuningSetting<Integer> FRAME = FineTuningSetting.whole("frame", 1, Optional.empty());
    static final FineTuningSetting<Integer> EPOCHS = FineTuningSetting.whole("epochs", 1, Optional.of(10));
    static final FineTuningSetting<Integer> BATCH = FineTuningSetting.whole("batch", 1, Optional.of(32));
    static final FineTuningSetting<Double> LR = FineTuningSetting.number(
            "lr", rate -> rate > 0 && Double.isFinite(rate), "must be positive", Optional.empty());
    static final FineTuningSetting<Recipe.Optimization> OPTIMIZER =
            FineTuningSetting.choice("optimizer", Recipe.Optimization.SGD);
    static final FineTuningSetting<Double> MOMENTUM = FineTuningSetting.number(
            "momentum", value -> value >= 0 && value < 1, "must be in [0, 1)", Optional.of(0.9));
    static final FineTuningSetting<Double> WEIGHT_DECAY = FineTuningSetting.number(
            "weightDecay", value -> value >= 0 && Double.isFinite(value), "must not be negative", Optional.empty());
    static final FineTuningSetting<Recipe.Schedule> SCHEDULE =
            FineTuningSetting.choice("schedule", Recipe.Schedule.NONE);
    static final FineTuningSetting<Double> LABEL_SMOOTHING = FineTuningSetting.number(
            "labelSmoothing", share -> share >= 0 && share <= 1, "must be in [0, 1]", Optional.of(0.0));
    static final FineTuningSetting<FineTuning.ClassWeighting> CLASS_WEIGHTS =
            FineTuningSetting.choice("classWeights", FineTuning.ClassWeighting.NONE);
    static final FineTuningSetting<Integer> ACCUMULATE = FineTuningSetting.whole("accumulate", 1, Optional.of(1));
    static final FineTuningSetting<Double> CLIP_NORM =
            FineTuningSetting.number("clipNorm", norm -> norm > 0, "must be positive", Optional.empty());
    static final FineTuningSetting<Integer> PATIENCE = FineTuningSetting.whole("patience", 1, Optional.empty());
    static final FineTuningSetting<Monitor> MONITOR = FineTuningSetting.choice("monitor", Monitor.ACCURACY);
    static final FineTuningSetting<DecisionRule.Threshold> THRESHOLD =
            FineTuningSetting.parsed("threshold", DecisionRule.Threshold::parse, Optional.empty());
    static final FineTuningSetting<Double> COVERAGE = FineTuningSetting.number(
            "coverage", share -> share > 0 && share < 1, "must be between 0 and 1", Optional.empty());
    static final FineTuningSetting<Double> ABSTAIN_BELOW = FineTuningSetting.number(
            "abstainBelow", share -> share > 0 && share < 1, "must be between 0 and 1", Optional.empty());
    static final FineTuningSetting<Averaging.Views> TTA = FineTuningSetting.choice("tta", Averaging.Views.NONE);
    static final FineTuningSetting<Path> SUBGROUPS = FineTuningSetting.path("subgroups");
    static final FineTuningSetting<Long> SEED = FineTuningSetting.seed("seed");
    static final FineTuningSetting<Integer> THREADS =
            FineTuningSetting.whole("threads", 1, Optional.empty()).notKept();
    static final FineTuningSetting<String> DEVICE =
            FineTuningSetting.word("device", Optional.of("cpu")).notKept();
    static final FineTuningSetting<Boolean> FEATURE_CACHE = FineTuningSetting.flag("featureCache", true);
    static final FineTuningSetting<Integer> CACHED_VIEWS = FineTuningSetting.whole("cachedViews", 1, Optional.empty());
    static final FineTuningSetting<Path> OUT = FineTuningSetting.path("out").notKept();
    static final FineTuningSetting<Boolean> RESUME =
            FineTuningSetting.flag("resume", false).notKept();
    static final FineTuningSetting<Boolean> OVERWRITE =
            FineTuningSetting.flag("overwrite", false).notKept();

    static final List<FineTuningSetting<?>> ALL = List.of(
            DATA,
            VAL,
            VAL_FRACTION,
            FOLD,
            KEEP_DUPLICATES,
            ALLOW_SHARED_PATIENTS,
            GROUP,
            SKIP_BAD,
            MODEL,
            WEIGHTS,
            STATE_DICT,
            FREEZE,
            AUGMENT,
            RAND_AUGMENT,
            RANDOM_ERASING,
            MIXUP,
            CUTMIX,
            IMAGE_SIZE,
            CSV_ENCODING,
            LABEL_COLUMNS,
            WINDOW,
            FRAME,
            EPOCHS,
            BATCH,
            LR,
            OPTIMIZER,
            MOMENTUM,
            WEIGHT_DECAY,
            SCHEDULE,
            LABEL_SMOOTHING,
            CLASS_WEIGHTS,
            ACCUMULATE,
            CLIP_NORM,
            PATIENCE,
            MONITOR,
            THRESHOLD,
            COVERAGE,
            ABSTAIN_BELOW,
            TTA,
            SUBGROUPS,
            SEED,
            THREADS,
            DEVICE,
            FEATURE_CACHE,
            CACHED_VIEWS,
            OUT,
            RESUME,
            OVERWRITE);

    static final FineTuningValues NONE = new FineTuningValues(Map.of());

    private final Map<FineTuningSetting<?>, Object> given;

    private FineTuningValues(Map<FineTuningSetting<?>, Object> given) {
        this.given = given;
    }

    /** @throws SettingException for a name that no setting has */
    static FineTuningSetting<?> named(String name) {
        return ALL.stream()
                .filter(setting -> setting.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new SettingException(
                        "a fine-tuning has no setting '" + name + "'", "see FineTuning.settings()"));
    }

    /** @throws SettingException for a value that cannot be meant */
    <T> FineTuningValues with(FineTuningSetting<T> setting, Object value) {
        setting.checked(setting.cast(given(setting.name(), value)));
        Map<FineTuningSetting<?>, Object> more = new LinkedHashMap<>(given);
        more.put(setting, value);
        return new FineTuningValues(Collections.unmodifiableMap(more));
    }

    /** @throws SettingException for null, which would be taken for the default without a word */
    static <T> T given(String name, @Nullable T value) {
        if (value == null) {
            throw new SettingException(setting(name) + " is null", "give a value, or leave it out");
        }
        return value;
    }

    private <T> Optional<T> given(FineTuningSetting<T> setting) {
        return Optional.ofNullable(given.get(setting)).map(setting::cast);
    }

    /** What a setting was given. */
    <T> Optional<T> of(FineTuningSetting<T> setting) {
        return given(setting);
    }

    /** These values, with the default of a setting. */
    FineTuningValues without(FineTuningSetting<?> setting) {
        Map<FineTuningSetting<?>, Object> fewer = new LinkedHashMap<>(given);
        fewer.remove(setting);
        return new FineTuningValues(Collections.unmodifiableMap(fewer));
    }

    private <T> T get(FineTuningSetting<T> setting) {
        return given(setting).or(setting::standard).orElseThrow();
    }

    /**
     * For a resume: these values, and for settings without one those of the run in the folder.
     *
     * @throws SettingException where the folder is missing
     * @throws dev.graft.nn.run.RunException where there is no run to continue
     */
    FineTuningValues withThoseOfTheRun() {
        Path out = out();
        if (!get(RESUME)) {
            return this;
        }
        if (given(DATA).isEmpty() && !get(OVERWRITE)) {
            // with all settings given, as by a script that restarts what was stopped, a run may begin
            RunFolder.checkResumable(out);
        }
        FineTuningValues merged = this;
        Map<String, Object> kept = RunFolder.options(out);
        for (FineTuningSetting<?> setting : ALL) {
            Object text = kept.get(option(setting));
            if (text != null && setting.isKept() && given(setting).isEmpty()) {
                merged = merged.with(setting, setting.read(text.toString()));
            }
        }
        // the name that runs of before the library had settings of its own gave to its opposite
        if ("true".equals(kept.get("--no-feature-cache"))
                && given(FEATURE_CACHE).isEmpty()) {
            merged = merged.with(FEATURE_CACHE, false);
        }
        return merged;
    }

    boolean resumes() {
        return get(RESUME);
    }

    boolean overwrites() {
        return get(OVERWRITE);
    }

    boolean hasData() {
        return given(DATA).isPresent();
    }

    boolean hasFold() {
        return given(FOLD).isPresent();
    }

    /** @throws SettingException where the folder is missing */
    Path out() {
        return given(OUT).orElseThrow(() -> FineTuning.missing("out", "name a folder for the result"));
    }

    /**
     * How the run is asked for, for its folder: what is given, and the defaults, since a resume must not depend on
     * those of a later version.
     *
     * @param resolved these values
     */
    Map<String, Object> kept(FineTuningSettings resolved) {
        Recipe recipe = resolved.recipe();
        Map<FineTuningSetting<?>, Object> chosen =
                Map.of(MODEL, resolved.model(), LR, recipe.learningRate(), WEIGHT_DECAY, recipe.weightDecay());
        Map<String, Object> kept = new LinkedHashMap<>(); // in one order, whichever of them were given
        for (FineTuningSetting<?> setting : ALL) {
            Optional<?> value = setting.equals(WEIGHTS)
                    ? Optional.of(wholePath(get(WEIGHTS)))
                    : Optional.<Object>ofNullable(chosen.get(setting)).or(() -> given(setting));
            value = value.isPresent() ? value : setting.standard();
            if (setting.isKept() && value.isPresent()) {
                kept.put(option(setting), setting.written(value.get()));
            }
        }
        return kept;
    }

    private static String wholePath(String weights) {
        return Files.exists(Path.of(weights))
                ? Path.of(weights).toAbsolutePath().toString()
                : weights;
    }

    /** A setting's name in {@code run.json}, which is that of the program's option. */
    private static String option(FineTuningSetting<?> setting) {
        return Message.option(setting.name());
    }

    /**
     * All of it but the folder, checked.
     *
     * @throws SettingException where settings lack, or contradict each other
     */
    FineTuningSettings resolve() {
        boolean resume = get(RESUME);
        Path data = given(DATA)
                .orElseThrow(() -> FineTuning.missing(
                        "data",
                        given(OUT)
                                .filter(out -> resume)
                                .map(out -> "name the images: " + out + " holds no run that tells which they were")
                                .orElse("name a folder with one sub-folder of images for each class")));
        checkThat(
                given(VAL).isEmpty() || given(VAL_FRACTION).isEmpty(),
                setting("val") + " and " + setting("valFraction") + " exclude each other");
        Augmentations augment = augmentations();
        boolean cacheable = augment.variesImages() && get(FREEZE) == FineTuning.Freeze.BACKBONE && get(FEATURE_CACHE);
        checkThat(
                given(CACHED_VIEWS).isEmpty() || cacheable,
                setting("cachedViews") + " needs " + setting("augment") + " light or strong and " + setting("freeze")
                        + " backbone, and excludes " + setting("featureCache", false));
        checkThat(
                given(CACHED_VIEWS).isEmpty() || !augment.mixesImages(),
                setting("cachedViews") + " keeps what the backbone makes of each image by itself, and "
                        + setting(given(MIXUP).isPresent() ? "mixup" : "cutmix") + " mixes images");
        checkThat(
                !resume || !get(OVERWRITE), setting("resume") + " and " + setting("overwrite") + " exclude each other");
        ImageSource source = new ImageSource(
                data,
                given(VAL),
                given(VAL_FRACTION).orElse(HELD_FRACTION),
                get(KEEP_DUPLICATES),
                get(ALLOW_SHARED_PATIENTS),
                get(CSV_ENCODING),
                given(LABEL_COLUMNS).orElse(List.of()),
                given(GROUP).map(GroupRule::new),
                given(FOLD));
        checkThat(
                given(VAL_FRACTION).isEmpty() || source.resolved().validation().isEmpty(),
                setting("valFraction") + " is for data without validation images of its own, and " + data
                        + " has such");
        checkThat(given(FOLD).isEmpty() || given(VAL).isEmpty(), setting("fold") + " excludes " + setting("val"));
        checkThat(
                given(FOLD).isEmpty() || source.resolved().validation().isEmpty(),
                setting("fold") + " is for data without validation images of its own, and " + data + " has such");
        boolean validated = given(VAL_FRACTION).orElse(HELD_FRACTION) > 0;
        checkThat(
                validated || given(PATIENCE).isEmpty(),
                setting("patience") + " needs validation images, and " + setting("valFraction", 0)
                        + " holds none back");
        // a resumed run has kept the default
        checkThat(
                validated || resume || given(MONITOR).isEmpty(),
                setting("monitor") + " needs validation images, and " + setting("valFraction", 0) + " holds none back");
        checkThat(
                validated || resume || get(TTA) == Averaging.Views.NONE,
                setting("tta") + " fits a decision on validation images, and " + setting("valFraction", 0)
                        + " holds none back");
        boolean sgd = get(OPTIMIZER) == Recipe.Optimization.SGD;
        // runs of before this was refused have kept one
        checkThat(
                sgd || resume || given(MOMENTUM).isEmpty(),
                setting("momentum") + " is for " + setting("optimizer") + " sgd");
        String model = model();
        return new FineTuningSettings(
                source,
                model,
                get(WEIGHTS),
                given(STATE_DICT),
                get(FREEZE) == FineTuning.Freeze.BACKBONE,
                augment,
                whole(IMAGE_SIZE),
                given(WINDOW),
                whole(FRAME),
                recipe(model),
                decision(),
                get(DEVICE),
                whole(THREADS),
                get(FEATURE_CACHE),
                given(CACHED_VIEWS).orElse(0),
                resume,
                get(OVERWRITE),
                get(SKIP_BAD),
                given(SUBGROUPS),
                get(TTA));
    }

    /** What is given, else what the start weights say that they are of. */
    private String model() {
        return given(MODEL)
                .or(() -> Optional.of(get(WEIGHTS))
                        .filter(weights -> !weights.equals("none")) // even where a folder has that name
                        .flatMap(weights -> PretrainedFolder.at(Path.of(weights)))
                        .map(folder -> folder.architecture().name()))
                .orElseGet(() -> get(MODEL));
    }

    DecisionRule decision() {
        return new DecisionRule(given(THRESHOLD), number(COVERAGE), number(ABSTAIN_BELOW));
    }

    private OptionalDouble number(FineTuningSetting<Double> setting) {
        return given(setting).map(OptionalDouble::of).orElse(OptionalDouble.empty());
    }

    private Augmentations augmentations() {
        return new Augmentations(
                get(AUGMENT),
                given(RAND_AUGMENT).map(RandAugment::of),
                given(RANDOM_ERASING).filter(share -> share > 0).map(RandomErasing::of),
                given(MIXUP),
                given(CUTMIX));
    }

    private Recipe recipe(String model) {
        Architecture network = ModelZoo.architecture(model);
        boolean sgd = get(OPTIMIZER) == Recipe.Optimization.SGD;
        return new Recipe(
                get(EPOCHS),
                get(BATCH),
                get(OPTIMIZER),
                given(LR).orElse(sgd ? network.learningRate() : ADAMW_RATE),
                get(MOMENTUM),
                given(WEIGHT_DECAY).orElse(sgd ? SGD_DECAY : ADAMW_DECAY),
                get(SCHEDULE),
                get(LABEL_SMOOTHING).floatValue(),
                get(CLASS_WEIGHTS) == FineTuning.ClassWeighting.AUTO,
                get(ACCUMULATE),
                number(CLIP_NORM),
                whole(PATIENCE),
                get(MONITOR),
                get(SEED));
    }

    private OptionalInt whole(FineTuningSetting<Integer> setting) {
        return given(setting).map(OptionalInt::of).orElse(OptionalInt.empty());
    }

    private static void checkThat(boolean right, String problem) {
        if (!right) {
            throw new SettingException(problem, "leave one of them out");
        }
    }

    private static Charset charset(String name) {
        try {
            return Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            throw new IllegalArgumentException(
                    "'" + name + "' is not an encoding that this Java knows, such as UTF-8, windows-1252 or ISO-8859-1",
                    e);
        }
    }
}
