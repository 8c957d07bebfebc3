package dev.graft.vision.model.zoo;

import static dev.graft.vision.model.resnet.ResNetParts.basic;
import static dev.graft.vision.model.resnet.ResNetParts.bottleneck;

import dev.graft.vision.model.resnet.ResNetParts;
import dev.graft.vision.model.resnet.ResNetParts.Block;
import dev.graft.vision.model.resnet.ResNetParts.Stem;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * timm's residual networks as {@link ResNetParts}: its names, and the arguments of its constructor.
 *
 * @see <a href="https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/resnet.py">timm's
 *     resnet.py</a>
 */
final class TimmResNets {
    private static final Map<String, ResNetParts> NAMED = named();

    private TimmResNets() {}

    private static Map<String, ResNetParts> named() {
        Map<String, ResNetParts> map = new TreeMap<>();
        ResNetParts.names().forEach(name -> map.put(name, ResNetParts.parse(name)));
        ResNetParts thin = basic(1, 1, 1, 1);
        ResNetParts fourteen = bottleneck(1, 1, 1, 1);
        ResNetParts twentySix = bottleneck(2, 2, 2, 2);
        ResNetParts fifty = bottleneck(3, 4, 6, 3);
        ResNetParts hundred = bottleneck(3, 4, 23, 3);
        ResNetParts large = bottleneck(3, 8, 36, 3);
        ResNetParts largest = bottleneck(3, 24, 36, 3);
        map.put("resnet10t", tiered(thin).avgDown(true));
        map.put("resnet14t", tiered(fourteen).avgDown(true));
        map.put("resnet18d", d(basic(2, 2, 2, 2)));
        map.put("resnet26", twentySix);
        map.put("resnet26d", d(twentySix));
        map.put("resnet26t", tiered(twentySix).avgDown(true));
        map.put("resnet34d", d(basic(3, 4, 6, 3)));
        map.put("resnet50t", tiered(fifty).avgDown(true));
        map.put("resnet200", largest);
        map.put("resnet200d", d(largest));
        Map.of("resnet50", fifty, "resnet101", hundred, "resnet152", large).forEach((name, parts) -> {
            map.put(name + "c", parts.stem(Stem.DEEP));
            map.put(name + "d", d(parts));
            map.put(name + "s", parts.stem(Stem.DEEP, 64));
        });
        map.put("resnext50d_32x4d", d(fifty.groups(32).widthPerGroup(4)));
        map.put("resnext101_32x4d", hundred.groups(32).widthPerGroup(4));
        map.put("resnext101_32x16d", hundred.groups(32).widthPerGroup(16));
        map.put("resnext101_32x32d", hundred.groups(32).widthPerGroup(32));
        return map;
    }

    private static ResNetParts tiered(ResNetParts parts) {
        return parts.stem(Stem.DEEP_TIERED);
    }

    private static ResNetParts d(ResNetParts parts) {
        return parts.stem(Stem.DEEP).avgDown(true);
    }

    static Optional<ResNetParts> of(String architecture) {
        return Optional.ofNullable(NAMED.get(architecture));
    }

    static List<String> names() {
        return List.copyOf(NAMED.keySet());
    }

    /**
     * A named network with other arguments. Those that only matter in training are left out.
     *
     * @throws dev.graft.nn.model.ModelException for an argument that {@link ResNetParts} do not have
     */
    static ResNetParts with(ResNetParts named, JsonEntries arguments) {
        Block block = arguments
                .text("block")
                .map(text -> switch (text.toLowerCase(Locale.ROOT)) {
                    case "basic", "basicblock" -> Block.BASIC;
                    case "bottleneck" -> Block.BOTTLENECK;
                    default -> throw arguments.wrong("block", text, "basic or bottleneck");
                })
                .orElse(named.block());
        Stem stem = arguments
                .text("stem_type")
                .map(text -> switch (text) {
                    case "" -> Stem.PLAIN;
                    case "deep" -> Stem.DEEP;
                    case "deep_tiered" -> Stem.DEEP_TIERED;
                    default -> throw arguments.wrong("stem_type", text, "empty, deep or deep_tiered");
                })
                .orElse(named.stem());
        int stemWidth = arguments.whole("stem_width").orElse(stem == Stem.PLAIN ? 32 : named.stemWidth());
        boolean deep = stem != Stem.PLAIN;
        List<Boolean> dilations = dilations(arguments, named);
        boolean avgDown = arguments.truth("avg_down").orElse(named.avgDown());
        List<Integer> layers = arguments.wholes("layers").orElse(named.layers());
        int groups = arguments
                .whole("cardinality")
                .or(() -> arguments.whole("groups"))
                .orElse(named.groups());
        int width = arguments
                .whole("base_width")
                .or(() -> arguments.whole("width_per_group"))
                .orElse(named.widthPerGroup());
        int channels = arguments.whole("in_chans").orElse(named.channels());
        arguments.only("act_layer", "relu");
        arguments.only("global_pool", "avg", "");
        arguments.only("norm_layer", "batchnorm2d", "batchnorm");
        for (String training : List.of(
                "num_classes", "drop_rate", "drop_path_rate", "drop_block_rate", "zero_init_last", "num_features")) {
            arguments.ignore(training);
        }
        arguments.checkAllRead();
        try {
            return new ResNetParts(
                    block, layers, groups, width, dilations, false, stem, deep ? stemWidth : 32, avgDown, channels);
        } catch (IllegalArgumentException e) {
            throw arguments.wrong(e);
        }
    }

    private static List<Boolean> dilations(JsonEntries arguments, ResNetParts named) {
        return arguments
                .whole("output_stride")
                .map(stride -> switch (stride) {
                    case 32 -> List.of(false, false, false);
                    case 16 -> List.of(false, false, true);
                    case 8 -> List.of(false, true, true);
                    default -> throw arguments.wrong("output_stride", stride, "8, 16 or 32");
                })
                .orElse(named.replaceStrideWithDilation());
    }
}
