package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.image.transform.CenterCrop;
import dev.graft.vision.image.transform.Resize;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every deterministic step against Pillow and torchvision, to the bit. */
public class ImageOpsTest {
    @TestFactory
    List<DynamicTest> equalsPillow() {
        return Goldens.table("ops.tsv").stream()
                .map(row -> DynamicTest.dynamicTest(row[0] + " " + row[1] + " of " + row[2] + "x" + row[3], () -> {
                    Image image = Goldens.synthetic(Integer.parseInt(row[2]), Integer.parseInt(row[3]));
                    Image result = apply(row[0], row[1].split(" "), image);
                    assertThat(result.width() + "x" + result.height() + "x" + result.channels())
                            .isEqualTo(row[4] + "x" + row[5] + "x" + row[6]);
                    assertThat(Goldens.like(row[7], result.toBytes())).isEqualTo(row[7]);
                }))
                .toList();
    }

    private static Image apply(String op, String[] a, Image image) {
        return switch (op) {
            case "resize" -> ImageOps.resize(image, integer(a[0]), integer(a[1]), Interpolation.of(a[2]));
            case "resizeGrey" ->
                ImageOps.resize(ImageOps.grayscale(image, 1), integer(a[0]), integer(a[1]), Interpolation.of(a[2]));
            case "shorterSide" ->
                Resize.shorterSide(integer(a[0]), Interpolation.of(a[1])).apply(image);
            case "preset" -> preset(integer(a[0]), Interpolation.of(a[1]), integer(a[2]), image);
            case "centerCrop" -> new CenterCrop(integer(a[1]), integer(a[0])).apply(image);
            case "crop" -> ImageOps.crop(image, integer(a[0]), integer(a[1]), integer(a[2]), integer(a[3]));
            case "resizedCrop" ->
                ImageOps.resize(
                        ImageOps.crop(image, integer(a[0]), integer(a[1]), integer(a[2]), integer(a[3])),
                        integer(a[4]),
                        integer(a[4]),
                        Interpolation.of(a[5]));
            case "flipHorizontal" -> ImageOps.flipHorizontal(image);
            case "flipVertical" -> ImageOps.flipVertical(image);
            case "grayscale" -> ImageOps.grayscale(image, integer(a[0]));
            case "rotate" -> ImageOps.rotate(image, Double.parseDouble(a[0]), Interpolation.of(a[1]));
            case "brightness" -> ImageOps.adjustBrightness(image, Double.parseDouble(a[0]));
            case "contrast" -> ImageOps.adjustContrast(image, Double.parseDouble(a[0]));
            case "saturation" -> ImageOps.adjustSaturation(image, Double.parseDouble(a[0]));
            case "brightnessGrey" -> ImageOps.adjustBrightness(ImageOps.grayscale(image, 1), Double.parseDouble(a[0]));
            case "contrastGrey" -> ImageOps.adjustContrast(ImageOps.grayscale(image, 1), Double.parseDouble(a[0]));
            case "hue" -> ImageOps.adjustHue(image, Double.parseDouble(a[0]));
            default -> throw new IllegalArgumentException(op);
        };
    }

    /** Both ways to the preset's pixels: all at once, and step by step. */
    private static Image preset(int size, Interpolation interpolation, int crop, Image image) {
        Resize resize = Resize.shorterSide(size, interpolation);
        CenterCrop center = new CenterCrop(crop);
        Image fused = resize.applyAndCrop(image, center);
        assertThat(fused).isEqualTo(center.apply(resize.apply(image)));
        return fused;
    }

    private static int integer(String s) {
        return Integer.parseInt(s);
    }

    @Test
    void argumentsAreLeftAlone() {
        Image image = Goldens.synthetic(9, 7);
        byte[] before = image.toBytes();
        ImageOps.adjustHue(image, 0.3);
        ImageOps.rotate(image, 30, Interpolation.BILINEAR);
        ImageOps.resize(image, 4, 7, Interpolation.BICUBIC);
        assertThat(image.toBytes()).isEqualTo(before);
    }

    @Test
    void greyKeepsItsSaturationAndHue() {
        Image grey = ImageOps.grayscale(Goldens.synthetic(9, 7), 1);
        assertThat(ImageOps.adjustSaturation(grey, 1.7)).isEqualTo(grey);
        assertThat(ImageOps.adjustHue(grey, 0.2)).isEqualTo(grey);
    }

    @Test
    void impossibleArgumentsAreNamed() {
        Image image = Goldens.synthetic(5, 4);
        assertThatThrownBy(() -> ImageOps.resize(image, 0, 3, Interpolation.BILINEAR))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("resize: the size 0x3 is empty. Hint: width and height from 1.");
        assertThatThrownBy(() -> ImageOps.resize(image, 40_000, 40_000, Interpolation.BILINEAR))
                .hasMessageContaining("more than one array holds");
        assertThatThrownBy(() -> ImageOps.resize(image, 3, 3, Interpolation.NEAREST))
                .hasMessageContaining("use bilinear or bicubic");
        assertThatThrownBy(() -> ImageOps.adjustHue(image, 0.6)).hasMessageContaining("outside [-0.5, 0.5]");
        assertThatThrownBy(() -> ImageOps.adjustBrightness(image, Double.NaN)).hasMessageContaining("factor NaN");
        assertThatThrownBy(() -> ImageOps.rotate(image, Double.NaN, Interpolation.NEAREST))
                .hasMessageContaining("angle NaN");
        assertThatThrownBy(() -> ImageOps.grayscale(image, 2)).hasMessageContaining("2 channels");
        assertThatThrownBy(() -> Resize.shorterSide(0)).hasMessageContaining("size 0");
        assertThatThrownBy(() -> new CenterCrop(0)).hasMessageContaining("size 0x0");
        assertThatThrownBy(() -> Interpolation.of("lanczos")).hasMessageContaining("one of nearest, bilinear, bicubic");
    }
}
