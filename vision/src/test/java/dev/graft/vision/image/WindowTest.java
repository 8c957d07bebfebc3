package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.file.ImageNotes;
import dev.graft.vision.image.file.Window;
import dev.graft.vision.image.transform.Augment;
import dev.graft.vision.image.transform.Preprocessing;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WindowTest {
    private final ImageNotes notes = new ImageNotes();

    /** A 16-bit grey PNG of one row. */
    static byte[] png16(int... samples) {
        BufferedImage image = new BufferedImage(samples.length, 1, BufferedImage.TYPE_USHORT_GRAY);
        WritableRaster raster = image.getRaster();
        for (int x = 0; x < samples.length; x++) {
            raster.setSample(x, 0, 0, samples[x]);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private int[] read(Window window, int... samples) {
        return values(Image.read(
                png16(samples), "scan.png", Decoding.defaults().window(window).notes(notes)));
    }

    private static int[] values(Image image) {
        byte[] bytes = image.toBytes();
        int[] values = new int[bytes.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = bytes[i] & 0xff;
        }
        return values;
    }

    @Test
    void theFullRangeKeepsTheHighByte() {
        assertThat(read(Window.full(), 0, 255, 256, 0x7fff, 0x8000, 0xfeff, 0xffff))
                .containsExactly(0, 0, 1, 127, 128, 254, 255);
    }

    @Test
    void centreAndWidthAreDicomsLinearFunction() {
        // PS3.3 C.11.2.1.2.1 with c = 2048, w = 4096: 0 up to 0, 255 from 4096 on (x > 2047.5 + 2047.5 = 4095), the
        // identity over 16 between
        assertThat(read(Window.of(2048, 4096), 0, 1, 9, 2048, 4095, 4096, 65535))
                .containsExactly(0, 0, 1, 128, 255, 255, 255);
        // c = 100, w = 2: 0 up to 99, 255 above 100, and half-way between at 100: ((100 - 99.5) / 1 + 0.5) * 255
        assertThat(read(Window.of(100, 2), 98, 99, 100, 101, 102)).containsExactly(0, 0, 255, 255, 255);
        assertThat(read(Window.of(100, 1), 98, 99, 100, 101)).as("a threshold").containsExactly(0, 0, 255, 255);
        assertThat(read(Window.of(100.5, 3), 98, 99, 100, 101, 102)).containsExactly(0, 0, 128, 255, 255);
        assertThat(read(Window.of(-50, 60), 0, 5))
                .as("a window below all samples")
                .containsExactly(255, 255);
    }

    @Test
    void percentilesAreThoseOfTheImageItself() {
        int[] samples = new int[1000];
        Arrays.setAll(samples, i -> 1000 + i);
        samples[0] = 0;
        samples[999] = 65535;
        // 0.005 n = 5 samples do not exceed 1004, 0.995 n = 995 do not exceed 1994
        int[] expected = Arrays.stream(samples)
                .map(v -> (int) Math.max(0, Math.min(255, Math.floor(255.0 * (v - 1004) / 990 + 0.5))))
                .toArray();
        assertThat(read(Window.percentile(), samples)).containsExactly(expected);
    }

    @Test
    void percentilesOfFewDifferentValues() {
        assertThat(read(Window.percentile(), 700, 700, 700)).as("one value").containsOnly(0);
        int[] speck = new int[1000];
        Arrays.fill(speck, 300);
        speck[500] = 900;
        assertThat(read(Window.percentile(), speck))
                .as("one bright pixel of a thousand")
                .contains(0, 255);
        assertThat(read(Window.percentile(), 10, 20)).containsExactly(0, 255);
        assertThat(read(Window.percentile(), 65535)).containsExactly(0);
    }

    @Test
    void percentilesEqualSortingOnRandomImages() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < 50; round++) {
            int n = 1 + random.nextInt(3000);
            int spread = 1 << (1 + random.nextInt(16));
            int[] samples = random.ints(n, 0, spread).toArray();
            int[] sorted = samples.clone();
            Arrays.sort(sorted);
            int lo = sorted[Math.max(1, (int) Math.ceil(0.005 * n)) - 1];
            int hi = sorted[Math.max(1, (int) Math.ceil(0.995 * n)) - 1];
            int from = lo == hi ? sorted[0] : lo;
            int to = lo == hi ? sorted[n - 1] : hi;
            int[] expected = Arrays.stream(samples)
                    .map(v -> from == to
                            ? 0
                            : (int) Math.max(0, Math.min(255, Math.floor((v - from) * 255.0 / (to - from) + 0.5))))
                    .toArray();
            assertThat(read(Window.percentile(), samples))
                    .as("seed %d, round %d, %d samples below %d", seed, round, n, spread)
                    .containsExactly(expected);
        }
    }

    @Test
    void imagesOfEightBitsHaveNoWindow() {
        byte[] encoded = Goldens.resource("formats/grey8.png");
        Image plain = Image.read(encoded, "grey8.png");
        assertThat(Image.read(
                        encoded,
                        "grey8.png",
                        Decoding.defaults().window(Window.of(10, 5)).notes(notes)))
                .isEqualTo(plain);
        assertThat(notes.count(ImageNote.Kind.WINDOWED)).isZero();
    }

    @Test
    void colourIsWindowedByAllChannelsTogether() {
        byte[] encoded = Goldens.resource("formats/rgb16.png");
        Image full = Image.read(encoded, "rgb16.png");
        Image windowed = Image.read(encoded, "rgb16.png", Decoding.defaults().window(Window.of(32768, 65536)));
        assertThat(windowed.channels()).isEqualTo(3);
        for (int i = 0; i < full.data().length; i++) {
            assertThat(Math.abs((full.data()[i] & 0xff) - (windowed.data()[i] & 0xff)))
                    .as("sample %d", i)
                    .isLessThanOrEqualTo(1);
        }
    }

    @Test
    void interlacedAndTransparentFilesGoTheSameWay() {
        for (String name : List.of("rgb16", "rgba16", "la16", "grey16")) {
            Decoding decoding = Decoding.defaults().window(Window.percentile()).notes(notes);
            assertThat(Image.read(Goldens.resource("formats/" + name + ".png"), name, decoding))
                    .isEqualTo(Image.read(Goldens.resource("formats/" + name + "_interlaced.png"), name, decoding));
        }
    }

    @Test
    void twelveBitsInSixteenAreNotedOnceWithACount() {
        for (int epoch = 0; epoch < 3; epoch++) {
            for (int i = 0; i < 5; i++) {
                Image.read(
                        png16(0, 100 + i, 4095),
                        "scan" + i + ".png",
                        Decoding.defaults().notes(notes));
            }
        }
        Image.read(png16(0, 100, 40000), "bright.png", Decoding.defaults().notes(notes));
        Image.read(png16(0, 0), "black.png", Decoding.defaults().notes(notes));
        assertThat(notes.count(ImageNote.Kind.FEW_BITS)).isEqualTo(5);
        assertThat(notes.takeLines())
                .singleElement()
                .asString()
                .contains(
                        ": 5 (first scan0.png: 12 of its 16 bits)",
                        "Hint: window(Window.percentile()) or window(Window.of(");
        assertThat(notes.takeLines()).isEmpty();
        read(Window.percentile(), 0, 4095);
        assertThat(notes.count(ImageNote.Kind.FEW_BITS))
                .as("a window was chosen")
                .isEqualTo(5);
    }

    @Test
    void theThresholdIsAQuarterOfTheRange() {
        read(Window.full(), 0, 16384);
        assertThat(notes.count(ImageNote.Kind.FEW_BITS)).isZero();
        read(Window.full(), 0, 16383);
        assertThat(notes.count(ImageNote.Kind.FEW_BITS)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"full", "percentile", "600:1500", "-40.5:400", "0:1", "2048:4096.25", "123456789:1"})
    void textComesBack(String text) {
        assertThat(Window.parse(text))
                .hasToString(text)
                .isEqualTo(Window.parse(text))
                .hasSameHashCodeAs(Window.parse(text));
    }

    @Test
    void otherWaysToWriteAWindow() {
        assertThat(Window.parse("FULL")).isEqualTo(Window.full());
        assertThat(Window.parse("Percentile")).isEqualTo(Window.percentile());
        assertThat(Window.parse("+40.0:400.50")).isEqualTo(Window.of(40, 400.5)).hasToString("40:400.5");
        assertThat(Window.parse("-0:5")).isEqualTo(Window.of(0, 5));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "all",
                "600",
                "600:",
                ":1500",
                "600:0.5",
                "600:-3",
                "a:b",
                "600;1500",
                "1e3:5",
                "NaN:5",
                "5:Infinity",
                " 5:5"
            })
    void otherTextIsRefused(String text) {
        assertThatThrownBy(() -> Window.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("window: ")
                .hasMessageContaining("Hint: ");
    }

    @Test
    void aPreprocessingCarriesItsWindow() {
        Preprocessing windowed = Preprocessing.imageNet().withWindow(Window.of(600, 1500));
        List<Preprocessing> all = new ArrayList<>(
                List.of(windowed, windowed.withImageSize(64), windowed.withNormalize(Normalize.unit())));
        all.forEach(p -> assertThat(p.window()).isEqualTo(Window.of(600, 1500)));
        assertThat(windowed.toMap()).containsEntry("window", "600:1500");
        assertThat(Preprocessing.fromMap(windowed.toMap())).isEqualTo(windowed);
        var older = new java.util.HashMap<>(windowed.toMap());
        older.remove("window");
        assertThat(Preprocessing.fromMap(older))
                .as("a card from before there were windows")
                .isEqualTo(Preprocessing.imageNet());
        older.put("window", "wide");
        assertThatThrownBy(() -> Preprocessing.fromMap(older)).hasMessageContaining("'wide' is not a window");
        for (Augment augment : Augment.values()) {
            assertThat(windowed.train(augment).window()).isEqualTo(windowed.window());
        }
        assertThat(windowed.eval().window()).isEqualTo(windowed.window());
    }
}
