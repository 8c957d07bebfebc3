package dev.graft.vision.image.transform;

import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import dev.graft.vision.image.file.Window;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The preprocessing that a network expects, torchvision's {@code ImageClassification} preset: the shorter side is
 * resized to {@code resizeSize}, the central square of side {@code cropSize} is cropped, and the result is normalised.
 * It can be written to and read from a plain map, so that a saved model contains it.
 *
 * @param resizeSize length of the shorter side after resizing
 * @param cropSize side of the square that the network sees
 * @param interpolation bilinear or bicubic
 * @param normalize from samples to network input; its number of channels says whether images are read as RGB or grey
 * @param window how samples of more than 8 bits become 8, and the grey values of DICOM
 * @param frame which frame of a DICOM file with several is read, from 1
 */
public record Preprocessing(
        int resizeSize, int cropSize, Interpolation interpolation, Normalize normalize, Window window, int frame) {
    /** The longest supported side: its square in three channels is the largest that an array can hold. */
    public static final int MAX_SIZE = 26_754;

    private static final double ROTATION_DEGREES = 15;

    public Preprocessing {
        if (resizeSize < 1
                || cropSize < 1
                || Math.max(resizeSize, cropSize) > MAX_SIZE
                || frame < 1
                || interpolation == Interpolation.NEAREST) {
            throw new IllegalArgumentException(
                    "Preprocessing: resizeSize " + resizeSize + ", cropSize " + cropSize + ", "
                            + interpolation.id() + ", frame " + frame
                            + ". Hint: sizes from 1 to " + MAX_SIZE + ", bilinear or bicubic, frames from 1.");
        }
    }

    /** The first frame. */
    public Preprocessing(
            int resizeSize, int cropSize, Interpolation interpolation, Normalize normalize, Window window) {
        this(resizeSize, cropSize, interpolation, normalize, window, 1);
    }

    /** The first frame, with {@link Window#full()}. */
    public Preprocessing(int resizeSize, int cropSize, Interpolation interpolation, Normalize normalize) {
        this(resizeSize, cropSize, interpolation, normalize, Window.full());
    }

    /**
     * torchvision's preset for most ImageNet weights: shorter side 256, crop 224, bilinear, ImageNet's mean and
     * deviation.
     */
    public static Preprocessing imageNet() {
        return imageNet(224, 256, Interpolation.BILINEAR);
    }

    /**
     * torchvision's {@code ImageClassification(crop_size, resize_size, interpolation)}, ImageNet's mean and deviation.
     */
    public static Preprocessing imageNet(int cropSize, int resizeSize, Interpolation interpolation) {
        return new Preprocessing(resizeSize, cropSize, interpolation, Normalize.imageNet());
    }

    /** A copy for another input size; the shorter side is scaled in proportion. */
    public Preprocessing withImageSize(int size) {
        int resized = Math.max(size, (int) Math.rint((double) resizeSize * size / cropSize));
        return new Preprocessing(resized, size, interpolation, normalize, window, frame);
    }

    /** A copy with another normalisation. */
    public Preprocessing withNormalize(Normalize value) {
        return new Preprocessing(resizeSize, cropSize, interpolation, value, window, frame);
    }

    /** A copy with another window. */
    public Preprocessing withWindow(Window value) {
        return new Preprocessing(resizeSize, cropSize, interpolation, normalize, value, frame);
    }

    /** A copy for another frame of files with several, from 1. */
    public Preprocessing withFrame(int value) {
        return new Preprocessing(resizeSize, cropSize, interpolation, normalize, window, value);
    }

    /** The pipeline for evaluation and prediction, which is not random. */
    public ImagePipeline eval() {
        Resize resize = Resize.shorterSide(resizeSize, interpolation);
        CenterCrop crop = new CenterCrop(cropSize);
        return pipeline((image, random) -> resize.applyAndCrop(image, crop), Optional.empty());
    }

    /** Where the square that the network sees lies in an image of this size. */
    public CropPlacement placement(int width, int height) {
        Resize resize = Resize.shorterSide(resizeSize, interpolation);
        return CropPlacement.of(
                width, height, resize.widthOf(width, height), resize.heightOf(width, height), cropSize, cropSize);
    }

    /** The pipeline for training images. */
    public ImagePipeline train(Augment augment) {
        RandomHorizontalFlip flip = new RandomHorizontalFlip(0.5);
        return switch (augment) {
            case NONE -> eval();
            case LIGHT -> pipeline(randomCrop(0.7).andThen(flip), Optional.empty());
            case STRONG ->
                pipeline(
                        Transforms.compose(
                                randomCrop(0.35),
                                flip,
                                RandomRotation.of(ROTATION_DEGREES).interpolation(Interpolation.BILINEAR),
                                new ColorJitter(0.2, 0.2, 0.2, 0.02)),
                        Optional.empty());
        };
    }

    private ImagePipeline pipeline(Transform transform, Optional<RandomErasing> erasing) {
        return new ImagePipeline(transform, normalize, window, frame, erasing);
    }

    /**
     * As {@link #train(Augment)}, followed by further augmentations.
     *
     * @param operations after crops, flips and colours, before the normalisation
     * @param erasing after the normalisation
     */
    public ImagePipeline train(Augment augment, Optional<RandAugment> operations, Optional<RandomErasing> erasing) {
        ImagePipeline base = train(augment);
        Transform transform =
                operations.isPresent() ? Transforms.compose(base.transform(), operations.get()) : base.transform();
        return pipeline(transform, erasing);
    }

    private RandomResizedCrop randomCrop(double minScale) {
        return RandomResizedCrop.of(cropSize, minScale, 1).interpolation(interpolation);
    }

    /** This preprocessing as strings, numbers and lists. */
    public Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("resize_size", resizeSize);
        map.put("crop_size", cropSize);
        map.put("interpolation", interpolation.id());
        map.put("divisor", normalize.divisor());
        map.put("mean", normalize.mean());
        map.put("std", normalize.std());
        map.put("window", window.toString());
        if (frame > 1) {
            map.put("frame", frame);
        }
        return map;
    }

    /**
     * The inverse of {@link #toMap}; numbers may have any type, and without a window the whole range counts, without a
     * frame the first.
     *
     * @throws IllegalArgumentException naming the entry that is missing or has a wrong type
     */
    public static Preprocessing fromMap(Map<String, ?> map) {
        return new Preprocessing(
                integer(map, "resize_size"),
                integer(map, "crop_size"),
                Interpolation.of(entry(map, "interpolation", String.class)),
                new Normalize(
                        entry(map, "divisor", Number.class).doubleValue(), numbers(map, "mean"), numbers(map, "std")),
                map.containsKey("window") ? Window.parse(entry(map, "window", String.class)) : Window.full(),
                map.containsKey("frame") ? integer(map, "frame") : 1);
    }

    private static int integer(Map<String, ?> map, String key) {
        double value = entry(map, key, Number.class).doubleValue();
        if (value != (int) value) {
            throw new IllegalArgumentException(
                    "Preprocessing: '" + key + "' is " + value + ". Hint: it must be a whole number.");
        }
        return (int) value;
    }

    private static List<Double> numbers(Map<String, ?> map, String key) {
        return ((List<?>) entry(map, key, List.class))
                .stream()
                        .map(v -> {
                            if (v instanceof Number n) {
                                return n.doubleValue();
                            }
                            throw new IllegalArgumentException("Preprocessing: '" + key + "' holds " + v
                                    + ". Hint: it must be a list of numbers.");
                        })
                        .toList();
    }

    private static <T> T entry(Map<String, ?> map, String key, Class<T> type) {
        Object value = map.get(key);
        if (!type.isInstance(value)) {
            String what = value == null ? "missing" : value instanceof String ? "\"" + value + "\"" : value.toString();
            throw new IllegalArgumentException("Preprocessing: '" + key + "' is " + what
                    + ". Hint: the map must come from Preprocessing.toMap().");
        }
        return type.cast(value);
    }
}
