package dev.graft.vision.model.resnet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What a {@link ResNet} is made of: the arguments of torchvision's constructor, and timm's for stem and shortcuts.
 *
 * <pre>{@code
 * ResNetParts wide = ResNetParts.bottleneck(3, 4, 6, 3).widthPerGroup(128);
 * ResNet model = ResNet.of(wide, 1000, random);
 * }</pre>
 *
 * <p>As text it is a network's name and what differs from it, such as {@code resnet18,layers=2-2-2-3}: such names are
 * understood wherever {@link dev.graft.vision.model.zoo.ModelZoo} takes one.
 *
 * @param block the kind of residual block
 * @param layers the number of blocks in each of the four layers, each at least 1
 * @param groups of the 3x3 convolutions, at least 1; more than 1 only with bottlenecks (ResNeXt)
 * @param widthPerGroup channels of a group in the first layer, at least 1; other than 64 only with bottlenecks
 * @param replaceStrideWithDilation for each of the last three layers: whether its stride becomes a dilation; only with
 *     bottlenecks
 * @param zeroInitResidual whether the last batch norm of each block starts with weight 0, so that the block starts as
 *     the identity
 * @param stem what comes before the first layer
 * @param stemWidth channels within a deep stem, whose output has twice as many; 32 for other stems
 * @param avgDown whether a strided shortcut is an average pooling and a convolution (ResNet-D), instead of a strided
 *     convolution
 * @param channels of the images, at least 1
 * @see <a href="https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py">torchvision's ResNet</a>
 * @see <a href="https://arxiv.org/abs/1611.05431">Xie et al. 2016, ResNeXt</a>
 * @see <a href="https://arxiv.org/abs/1605.07146">Zagoruyko and Komodakis 2016, Wide ResNet</a>
 * @see <a href="https://arxiv.org/abs/1812.01187">He et al. 2018, ResNet-C and ResNet-D</a>
 */
public record ResNetParts(
        Block block,
        List<Integer> layers,
        int groups,
        int widthPerGroup,
        List<Boolean> replaceStrideWithDilation,
        boolean zeroInitResidual,
        Stem stem,
        int stemWidth,
        boolean avgDown,
        int channels) {
    private static final int USUAL_WIDTH = 64;
    private static final int USUAL_STEM_WIDTH = 32;
    private static final int LAYERS = 4;
    /** Far beyond any network that was ever trained; a name from a file must not exhaust the memory. */
    private static final int MOST = 1024;

    private static final List<String> KEYS = List.of(
            "block",
            "layers",
            "groups",
            "width_per_group",
            "replace_stride_with_dilation",
            "zero_init_residual",
            "stem",
            "stem_width",
            "avg_down",
            "channels");

    private static final Map<String, ResNetParts> NAMED = named();

    /** The kinds of residual blocks. */
    public enum Block {
        /** Two 3x3 convolutions. */
        BASIC(1),
        /** 1x1, 3x3 and 1x1, with four times as many channels outside as in the middle. */
        BOTTLENECK(Bottleneck.EXPANSION);

        private final int expansion;

        Block(int expansion) {
            this.expansion = expansion;
        }

        /** Channels of a block's output for each of its {@code 64, 128, 256, 512}. */
        public int expansion() {
            return expansion;
        }
    }

    /** What comes before the first layer. */
    public enum Stem {
        /** A 7x7 convolution of stride 2 and a max pooling of stride 2, as in the paper. */
        PLAIN,
        /** Three 3x3 convolutions instead of the 7x7 (ResNet-C). */
        DEEP,
        /** As DEEP, the first convolution with three quarters of the channels; timm's {@code deep_tiered}. */
        DEEP_TIERED,
        /** A 3x3 convolution of stride 1 and no pooling, for images of about 32x32. */
        SMALL
    }

    /** @throws IllegalArgumentException for parts that make no network */
    public ResNetParts {
        layers = List.copyOf(layers);
        replaceStrideWithDilation = List.copyOf(replaceStrideWithDilation);
        if (layers.size() != LAYERS || layers.stream().anyMatch(count -> count < 1 || count > MOST)) {
            throw wrong("layers must be four numbers from 1 to " + MOST + ", were " + layers, "give 2, 2, 2, 2");
        }
        if (replaceStrideWithDilation.size() != LAYERS - 1) {
            throw wrong(
                    "replaceStrideWithDilation must be three values, were " + replaceStrideWithDilation,
                    "one for each of the last three layers");
        }
        checkCount("groups", groups);
        checkCount("widthPerGroup", widthPerGroup);
        checkCount("stemWidth", stemWidth);
        checkCount("channels", channels);
        if (block == Block.BASIC
                && (groups != 1 || widthPerGroup != USUAL_WIDTH || replaceStrideWithDilation.contains(true))) {
            throw wrong(
                    "basic blocks have 1 group of width 64 and no dilation, not groups " + groups + ", width "
                            + widthPerGroup + ", dilation " + replaceStrideWithDilation,
                    "use bottlenecks");
        }
        boolean deep = stem == Stem.DEEP || stem == Stem.DEEP_TIERED;
        if (!deep && stemWidth != USUAL_STEM_WIDTH) {
            throw wrong(
                    "stemWidth " + stemWidth + " is of deep stems, not of a " + word(stem) + " one", "leave it at 32");
        }
        if (stem == Stem.DEEP_TIERED && stemWidth < 4) {
            throw wrong(
                    "stemWidth " + stemWidth + " leaves a tiered stem's first convolution no channel",
                    "use at least 4");
        }
        if (avgDown && replaceStrideWithDilation.contains(true)) {
            throw wrong("avgDown and a dilation instead of strides exclude each other", "leave one of them out");
        }
    }

    private static void checkCount(String name, int value) {
        if (value < 1 || value > MOST) {
            throw wrong(name + " must be from 1 to " + MOST + ", was " + value, "give another number");
        }
    }

    private static IllegalArgumentException wrong(String problem, String hint) {
        return new IllegalArgumentException("resnet: " + problem + ". Hint: " + hint + ".");
    }

    /** Basic blocks, this many in each of the four layers; everything else as in ResNet-18. */
    public static ResNetParts basic(int... layers) {
        return usual(Block.BASIC, layers);
    }

    /** Bottlenecks, this many in each of the four layers; everything else as in ResNet-50. */
    public static ResNetParts bottleneck(int... layers) {
        return usual(Block.BOTTLENECK, layers);
    }

    private static ResNetParts usual(Block block, int... layers) {
        return new ResNetParts(
                block,
                Arrays.stream(layers).boxed().toList(),
                1,
                USUAL_WIDTH,
                List.of(false, false, false),
                false,
                Stem.PLAIN,
                USUAL_STEM_WIDTH,
                false,
                3);
    }

    private static Map<String, ResNetParts> named() {
        Map<String, ResNetParts> map = new LinkedHashMap<>();
        ResNetParts fifty = bottleneck(3, 4, 6, 3);
        ResNetParts hundred = bottleneck(3, 4, 23, 3);
        map.put("resnet18", basic(2, 2, 2, 2));
        map.put("resnet34", basic(3, 4, 6, 3));
        map.put("resnet50", fifty);
        map.put("resnet101", hundred);
        map.put("resnet152", bottleneck(3, 8, 36, 3));
        map.put("resnext50_32x4d", fifty.groups(32).widthPerGroup(4));
        map.put("resnext101_32x8d", hundred.groups(32).widthPerGroup(8));
        map.put("resnext101_64x4d", hundred.groups(64).widthPerGroup(4));
        map.put("wide_resnet50_2", fifty.widthPerGroup(128));
        map.put("wide_resnet101_2", hundred.widthPerGroup(128));
        return map;
    }

    /** The networks that have names of their own, torchvision's. */
    public static List<String> names() {
        return List.copyOf(NAMED.keySet());
    }

    /** Whether a text begins with one of {@link #names()}, so that {@link #parse} says what it means. */
    public static boolean isOne(String text) {
        return NAMED.containsKey(text.split(",", 2)[0]);
    }

    /**
     * The parts of a named network, or of one that differs from it, such as {@code resnext50_32x4d} and
     * {@code resnet50,layers=2-2-2-2,stem=deep}.
     *
     * @throws IllegalArgumentException for another name, an unknown part, or a value that a part cannot have
     */
    public static ResNetParts parse(String text) {
        String[] words = text.split(",", -1);
        ResNetParts parts = Optional.ofNullable(NAMED.get(words[0]))
                .orElseThrow(() -> wrong("no network " + words[0], "one of " + String.join(", ", names())));
        Map<String, String> given = new LinkedHashMap<>();
        for (String word : Arrays.asList(words).subList(1, words.length)) {
            String[] pair = word.split("=", 2);
            if (pair.length < 2 || given.put(pair[0].strip(), pair[1].strip()) != null) {
                throw wrong(
                        pair.length < 2 ? "'" + word + "' is no part" : pair[0] + " is given twice",
                        "give parts once, as in " + words[0] + ",layers=2-2-2-2");
            }
        }
        // together, since not every order of them passes through networks that exist
        String block = given.getOrDefault("block", word(parts.block));
        return new ResNetParts(
                        choice("block", Block.values(), block),
                        given.containsKey("layers") ? numbers(given.get("layers")) : parts.layers,
                        number(given, "groups", parts.groups),
                        number(given, "width_per_group", parts.widthPerGroup),
                        given.containsKey("replace_stride_with_dilation")
                                ? Arrays.stream(given.get("replace_stride_with_dilation")
                                                .split("-"))
                                        .map(value -> truth("replace_stride_with_dilation", value))
                                        .toList()
                                : parts.replaceStrideWithDilation,
                        truth(given, "zero_init_residual", parts.zeroInitResidual),
                        choice("stem", Stem.values(), given.getOrDefault("stem", word(parts.stem))),
                        number(given, "stem_width", parts.stemWidth),
                        truth(given, "avg_down", parts.avgDown),
                        number(given, "channels", parts.channels))
                .checkedKeys(given);
    }

    private ResNetParts checkedKeys(Map<String, String> given) {
        given.keySet().stream().filter(key -> !KEYS.contains(key)).findFirst().ifPresent(key -> {
            throw wrong("there is no part '" + key + "'", "one of " + String.join(", ", KEYS));
        });
        return this;
    }

    private static List<Integer> numbers(String text) {
        return Arrays.stream(text.split("-", -1))
                .map(value -> number("layers", value))
                .toList();
    }

    private static int number(Map<String, String> given, String key, int standard) {
        return given.containsKey(key) ? number(key, given.get(key)) : standard;
    }

    private static int number(String key, String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw wrong(key + " takes whole numbers, not '" + text + "'", "layers are written as 2-2-2-3");
        }
    }

    private static boolean truth(Map<String, String> given, String key, boolean standard) {
        return given.containsKey(key) ? truth(key, given.get(key)) : standard;
    }

    private static boolean truth(String key, String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw wrong(key + " is true or false, not '" + text + "'", "give one of them");
        }
        return text.equals("true");
    }

    private static <E extends Enum<E>> E choice(String key, E[] values, String text) {
        return Arrays.stream(values)
                .filter(value -> word(value).equals(text))
                .findFirst()
                .orElseThrow(() -> wrong(
                        key + " is not '" + text + "'",
                        "one of " + Arrays.stream(values).map(ResNetParts::word).collect(Collectors.joining(", "))));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** What {@link #parse} reads back: a name, and what differs from that network. Equal parts have equal texts. */
    @Override
    public String toString() {
        Optional<String> own = NAMED.entrySet().stream()
                .filter(entry -> equals(entry.getValue()))
                .map(Map.Entry::getKey)
                .findFirst();
        if (own.isPresent()) {
            return own.get();
        }
        String base = block == Block.BASIC ? "resnet18" : "resnet50";
        ResNetParts usual = parse(base);
        List<String> words = new ArrayList<>(List.of(base));
        add(words, "layers", layers, usual.layers, joined(layers));
        add(words, "groups", groups, usual.groups, groups);
        add(words, "width_per_group", widthPerGroup, usual.widthPerGroup, widthPerGroup);
        add(
                words,
                "replace_stride_with_dilation",
                replaceStrideWithDilation,
                usual.replaceStrideWithDilation,
                joined(replaceStrideWithDilation));
        add(words, "zero_init_residual", zeroInitResidual, usual.zeroInitResidual, zeroInitResidual);
        add(words, "stem", stem, usual.stem, word(stem));
        add(words, "stem_width", stemWidth, usual.stemWidth, stemWidth);
        add(words, "avg_down", avgDown, usual.avgDown, avgDown);
        add(words, "channels", channels, usual.channels, channels);
        return String.join(",", words);
    }

    private static void add(List<String> words, String key, Object value, Object usual, Object text) {
        if (!value.equals(usual)) {
            words.add(key + "=" + text);
        }
    }

    private static String joined(List<?> values) {
        return values.stream().map(String::valueOf).collect(Collectors.joining("-"));
    }

    /** Channels of the last layer's output, and therefore of the features. */
    public int features() {
        return 512 * block.expansion;
    }

    /** Channels of the stem's output. */
    int stemOut() {
        return stem == Stem.DEEP || stem == Stem.DEEP_TIERED ? 2 * stemWidth : USUAL_WIDTH;
    }

    /** Channels of the 3x3 convolution of a bottleneck. */
    int middle(int planes) {
        return ((int) (planes * (widthPerGroup / (double) USUAL_WIDTH))) * groups;
    }

    /** This with so many groups in each 3x3 convolution. */
    public ResNetParts groups(int count) {
        return new ResNetParts(
                block,
                layers,
                count,
                widthPerGroup,
                replaceStrideWithDilation,
                zeroInitResidual,
                stem,
                stemWidth,
                avgDown,
                channels);
    }

    /** This with so many channels in each group of the first layer. */
    public ResNetParts widthPerGroup(int width) {
        return new ResNetParts(
                block,
                layers,
                groups,
                width,
                replaceStrideWithDilation,
                zeroInitResidual,
                stem,
                stemWidth,
                avgDown,
                channels);
    }

    /** This with dilations instead of strides in those of the last three layers. */
    public ResNetParts replaceStrideWithDilation(boolean second, boolean third, boolean fourth) {
        return new ResNetParts(
                block,
                layers,
                groups,
                widthPerGroup,
                List.of(second, third, fourth),
                zeroInitResidual,
                stem,
                stemWidth,
                avgDown,
                channels);
    }

    /** This with blocks that start as the identity, or not. */
    public ResNetParts zeroInitResidual(boolean zero) {
        return new ResNetParts(
                block,
                layers,
                groups,
                widthPerGroup,
                replaceStrideWithDilation,
                zero,
                stem,
                stemWidth,
                avgDown,
                channels);
    }

    /** This with another stem; a deep one has 32 channels within. */
    public ResNetParts stem(Stem kind) {
        return stem(kind, USUAL_STEM_WIDTH);
    }

    /** This with another stem and its width. */
    public ResNetParts stem(Stem kind, int width) {
        return new ResNetParts(
                block,
                layers,
                groups,
                widthPerGroup,
                replaceStrideWithDilation,
                zeroInitResidual,
                kind,
                width,
                avgDown,
                channels);
    }

    /** This with average pooling in strided shortcuts, or without. */
    public ResNetParts avgDown(boolean average) {
        return new ResNetParts(
                block,
                layers,
                groups,
                widthPerGroup,
                replaceStrideWithDilation,
                zeroInitResidual,
                stem,
                stemWidth,
                average,
                channels);
    }

    /** This for images of another number of channels. */
    public ResNetParts channels(int count) {
        return new ResNetParts(
                block,
                layers,
                groups,
                widthPerGroup,
                replaceStrideWithDilation,
                zeroInitResidual,
                stem,
                stemWidth,
                avgDown,
                count);
    }
}
