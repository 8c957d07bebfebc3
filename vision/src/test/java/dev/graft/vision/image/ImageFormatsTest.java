package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A tiny file of each kind, decoded as Pillow decodes it: to the bit, lossy WebP within the tolerance stated below. */
class ImageFormatsTest {
    @TestFactory
    List<DynamicTest> equalsPillow() {
        return Goldens.table("formats.tsv").stream()
                .map(row -> DynamicTest.dynamicTest(row[0], () -> {
                    Image image = Image.read(Goldens.resource("formats/" + row[0]), row[0])
                            .toRgb();
                    assertThat(image.width() + "x" + image.height()).isEqualTo(row[1] + "x" + row[2]);
                    if (row[3].startsWith("base64:")) {
                        assertNear(image.toBytes(), Base64.getDecoder().decode(row[3].substring(7)));
                    } else {
                        assertThat(Goldens.like(row[3], image.toBytes())).isEqualTo(row[3]);
                    }
                }))
                .toList();
    }

    /**
     * Mean difference at most 5 levels on a scene of hard colour edges (about 1 on photos): TwelveMonkeys repeats the
     * halved colour samples of lossy WebP where Pillow's libwebp interpolates them.
     */
    private static void assertNear(byte[] actual, byte[] expected) {
        long sum = 0;
        for (int i = 0; i < actual.length; i++) {
            sum += Math.abs((actual[i] & 0xff) - (expected[i] & 0xff));
        }
        assertThat((double) sum / actual.length).isLessThan(5.0);
    }
}
