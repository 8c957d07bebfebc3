package dev.graft.vision.data.similar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.data.similar.SimilarImages.Kind;
import dev.graft.vision.data.similar.SimilarImages.Twin;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.ImageOps;
import dev.graft.vision.image.Interpolation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Copies are found whatever was done to them, and other images are not. */
class SimilarImagesTest {
    private static final int SIDE = 64;

    /** A smooth random picture, as images of the real world are: a sum of waves, of which low ones are strong. */
    static Image picture(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] field = new double[SIDE * SIDE];
        for (int wave = 0; wave < 12; wave++) {
            double fx = random.nextDouble(-3, 3);
            double fy = random.nextDouble(-3, 3);
            double phase = random.nextDouble(2 * Math.PI);
            double strength = random.nextDouble() / (0.5 + Math.hypot(fx, fy));
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) {
                    field[y * SIDE + x] += strength * Math.sin(2 * Math.PI * (fx * x + fy * y) / SIDE + phase);
                }
            }
        }
        byte[] grey = new byte[field.length];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = (byte) Math.max(0, Math.min(255, Math.round(128 + 40 * field[i])));
        }
        return Image.of(SIDE, SIDE, 1, grey);
    }

    private static Fingerprint print(String bytes, Image image) {
        return Fingerprint.of(bytes, image);
    }

    @Test
    void theSameBytesThenTheSamePixelsThenTheNearestLookCount() {
        Image one = picture(1);
        Image two = picture(2);
        Image altered = ImageOps.adjustBrightness(ImageOps.resize(one, 60, 60, Interpolation.BILINEAR), 1.1);
        SimilarImages found = SimilarImages.among(
                List.of(
                        print("a", one),
                        print("b", two),
                        print("a", one),
                        print("c", one.toRgb()),
                        print("d", altered),
                        print("e", picture(3))),
                new int[] {0, 0, 1, 1, 1, 1});
        assertThat(found.isComplete()).isTrue();
        assertThat(found.twins()).hasSize(3);
        assertThat(found.twins().get(0)).isEqualTo(new Twin(Kind.BYTES, 2, 0, 0));
        assertThat(found.twins().get(1)).isEqualTo(new Twin(Kind.PIXELS, 3, 0, 0));
        Twin near = found.twins().get(2);
        assertThat(near.kind()).isEqualTo(Kind.NEAR);
        assertThat(near.index()).isEqualTo(4);
        assertThat(near.other()).isZero();
        assertThat(near.isCopy()).isTrue();
    }

    /** An image of another set counts more than a nearer one of the same set. */
    @Test
    void anEarlierSideComesFirst() {
        Image image = picture(1);
        Image darker = ImageOps.adjustBrightness(image, 0.9);
        SimilarImages found = SimilarImages.among(
                List.of(print("a", darker), print("b", image), print("c", ImageOps.adjustBrightness(image, 0.999))),
                new int[] {0, 1, 1});
        assertThat(found.twins()).extracting(Twin::index).containsExactly(1, 2);
        assertThat(found.twins()).extracting(Twin::other).containsExactly(0, 0);
    }

    @Test
    void alteredCopiesAreFoundAndOtherPicturesAreNot() {
        List<UnaryOperator<Image>> alterations = List.of(
                image -> ImageOps.resize(image, 40, 40, Interpolation.BILINEAR),
                image -> ImageOps.resize(image, 200, 150, Interpolation.BICUBIC),
                image -> ImageOps.crop(image, 1, 1, SIDE - 2, SIDE - 1),
                image -> ImageOps.adjustBrightness(image, 1.15),
                image -> ImageOps.adjustContrast(image, 0.8),
                Image::toRgb);
        int found = 0;
        int all = 0;
        for (long seed = 0; seed < 50; seed++) {
            Fingerprint original = print("a", picture(seed));
            for (UnaryOperator<Image> alteration : alterations) {
                Fingerprint copy = print("b", alteration.apply(picture(seed)));
                all++;
                found += original.hashDistance(copy).orElseThrow() <= HammingIndex.RADIUS
                                && original.distance(copy) <= SimilarImages.COPY
                        ? 1
                        : 0;
                assertThat(copy.distance(original)).isEqualTo(original.distance(copy));
            }
            assertThat(original.distance(print("c", picture(seed + 1000))))
                    .as("seed %d", seed)
                    .isGreaterThan(10 * SimilarImages.LISTED);
            assertThat(original.distance(print("c", ImageOps.invert(picture(seed)))))
                    .isGreaterThan(1.9);
        }
        assertThat(found).as("of %d", all).isGreaterThanOrEqualTo(all * 98 / 100);
    }

    @Test
    void imagesWithoutContrastLookLikeNone() {
        Image black = Image.of(50, 50, 1, new byte[2500]);
        Image smaller = Image.of(40, 40, 1, new byte[1600]);
        Fingerprint one = print("a", black);
        assertThat(one.hasLook()).isFalse();
        assertThat(one.distance(print("b", smaller))).isNaN();
        assertThat(one.hashDistance(print("b", picture(1)))).isEmpty();
        assertThat(SimilarImages.among(List.of(one, print("b", smaller), print("c", black)), new int[3])
                        .twins())
                .as("the same pixels are still found")
                .containsExactly(new Twin(Kind.PIXELS, 2, 0, 0));
    }

    /** Without collapsing equal thumbnails, this would be 200 million pairs. */
    @Test
    void manyCopiesOfOneImageAreQuick() {
        Image image = picture(5);
        List<Fingerprint> prints = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            // one pixel more or less makes other pixels, but the same thumbnail up to rounding
            prints.add(
                    i < 3
                            ? print("x" + i, ImageOps.resize(image, 90 + i, 90, Interpolation.BILINEAR))
                            : prints.get(i % 3));
        }
        SimilarImages found = SimilarImages.among(prints, new int[prints.size()]);
        assertThat(found.twins()).hasSize(19_999);
    }

    @Test
    void sidesMustBeSorted() {
        assertThatThrownBy(() ->
                        SimilarImages.among(List.of(print("a", picture(1)), print("b", picture(2))), new int[] {1, 0}))
                .hasMessage(
                        "similar images: image 1 is of side 0, after one of side 1. Hint: sort images by their sides.");
        assertThatThrownBy(() -> SimilarImages.among(List.of(), new int[1]))
                .hasMessage("similar images: 0 images, and sides of 1");
        assertThat(SimilarImages.among(List.of(), new int[0]).twins()).isEmpty();
    }

    /** Blends of some pictures, so that many look a little alike. */
    @Test
    @Tag("slow")
    void aHundredThousandImagesTakeSecondsBesideDecoding() {
        List<Image> pictures =
                IntStream.range(0, 500).mapToObj(SimilarImagesTest::picture).toList();
        List<Fingerprint> prints = IntStream.range(0, 100_000)
                .parallel()
                .mapToObj(i -> {
                    byte[] one = pictures.get(i % 500).toBytes();
                    byte[] other = pictures.get(i / 500).toBytes();
                    for (int k = 0; k < one.length; k++) {
                        one[k] = (byte) (((one[k] & 0xff) + (other[k] & 0xff)) / 2);
                    }
                    return print("image " + i, Image.of(SIDE, SIDE, 1, one));
                })
                .toList();
        long begin = System.nanoTime();
        SimilarImages found = SimilarImages.among(prints, new int[prints.size()]);
        double seconds = (System.nanoTime() - begin) / 1e9;
        System.out.printf(
                "100,000 images: %.1f s, %d twins, complete %b%n",
                seconds, found.twins().size(), found.isComplete());
        assertThat(seconds).isLessThan(600);
    }
}
