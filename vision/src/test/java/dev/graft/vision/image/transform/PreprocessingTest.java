package dev.graft.vision.image.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.image.Goldens;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import dev.graft.vision.image.Normalize;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PreprocessingTest {
    private static final Preprocessing SMALL = Preprocessing.imageNet(32, 40, Interpolation.BICUBIC);

    @Test
    void evalIsResizeThenCropThenNormalize() {
        Image image = Goldens.synthetic(90, 70);
        Image expected = new CenterCrop(32)
                .apply(Resize.shorterSide(40, Interpolation.BICUBIC).apply(image));
        assertThat(SMALL.eval().toFloats(image, new SplittableRandom(1)))
                .isEqualTo(Normalize.imageNet().toFloats(expected));
    }

    @Test
    void greyImagesBecomeWhatTheNetworkTakes() {
        Image grey = ImageOps.grayscale(Goldens.synthetic(50, 60), 1);
        assertThat(SMALL.eval().toFloats(grey, new SplittableRandom(1)))
                .isEqualTo(SMALL.eval().toFloats(grey.toRgb(), new SplittableRandom(1)));
        Preprocessing oneChannel = SMALL.withNormalize(new Normalize(255, List.of(0.5), List.of(0.25)));
        assertThat(oneChannel.eval().toFloats(Goldens.synthetic(50, 60), new SplittableRandom(1)))
                .isEqualTo(oneChannel.eval().toFloats(grey, new SplittableRandom(1)))
                .hasSize(32 * 32);
    }

    @ParameterizedTest
    @EnumSource(Augment.class)
    void trainingDrawsFromTheGeneratorAlone(Augment augment) {
        Image image = Goldens.synthetic(90, 70);
        ImagePipeline train = SMALL.train(augment);
        float[] first = train.toFloats(image, new SplittableRandom(7));
        assertThat(first).hasSize(32 * 32 * 3);
        assertThat(train.toFloats(image, new SplittableRandom(7))).isEqualTo(first);
        boolean same = Arrays.equals(first, train.toFloats(image, new SplittableRandom(8)));
        assertThat(same).isEqualTo(augment == Augment.NONE);
    }

    @Test
    void aMapCarriesAllOfIt() {
        Preprocessing lite = new Preprocessing(256, 224, Interpolation.BICUBIC, Normalize.efficientNetLite());
        Map<String, Object> map = lite.toMap();
        assertThat(map)
                .containsEntry("resize_size", 256)
                .containsEntry("crop_size", 224)
                .containsEntry("interpolation", "bicubic")
                .containsEntry("divisor", 1.0)
                .containsEntry("mean", List.of(127.0, 127.0, 127.0))
                .containsEntry("std", List.of(128.0, 128.0, 128.0));
        assertThat(Preprocessing.fromMap(map)).isEqualTo(lite);
        Map<String, Object> read = new HashMap<>(map);
        read.put("resize_size", 256L);
        read.put("divisor", 1);
        read.put("mean", List.of(127, 127, 127));
        assertThat(Preprocessing.fromMap(read)).isEqualTo(lite);
    }

    @Test
    void aBrokenMapIsNamed() {
        Map<String, Object> map = new HashMap<>(SMALL.toMap());
        map.remove("crop_size");
        assertThatThrownBy(() -> Preprocessing.fromMap(map))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'crop_size' is missing");
        map.put("crop_size", 3.5);
        assertThatThrownBy(() -> Preprocessing.fromMap(map)).hasMessageContaining("must be a whole number");
        map.put("crop_size", 32);
        map.put("mean", List.of("red"));
        assertThatThrownBy(() -> Preprocessing.fromMap(map)).hasMessageContaining("'mean' holds red");
    }

    @Test
    void anotherImageSizeKeepsTheProportion() {
        assertThat(Preprocessing.imageNet().withImageSize(112))
                .isEqualTo(Preprocessing.imageNet(112, 128, Interpolation.BILINEAR));
    }

    @Test
    void namesAreChecked() {
        assertThat(Augment.of("light")).isEqualTo(Augment.LIGHT);
        assertThatThrownBy(() -> Augment.of("heavy")).hasMessageContaining("one of none, light, strong");
        assertThatThrownBy(() -> Preprocessing.imageNet(0, 1, Interpolation.BILINEAR))
                .hasMessageContaining("cropSize 0");
    }
}
