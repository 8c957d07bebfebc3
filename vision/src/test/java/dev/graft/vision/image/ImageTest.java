package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageTest {
    @Test
    void holdsItsSamplesByRowPixelAndChannel() {
        byte[] data = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, (byte) 250};
        Image image = Image.of(2, 2, 3, data);
        data[0] = 99;
        image.toBytes()[1] = 99;
        assertThat(image.pixel(0, 0, 0)).isEqualTo(1);
        assertThat(image.pixel(0, 0, 1)).isEqualTo(2);
        assertThat(image.pixel(1, 1, 2)).isEqualTo(250);
        assertThat(image.pixel(0, 1, 0)).isEqualTo(7);
        assertThatThrownBy(() -> image.pixel(2, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Image.of(2, 2, 3, new byte[11])).hasMessageContaining("needs 12 bytes, got 11");
        assertThatThrownBy(() -> Image.of(0, 2, 3, new byte[0])).hasMessageContaining("0x2");
    }

    @Test
    void greyFilesHaveOneChannelUntilAsked() {
        Image grey = Image.read(Goldens.resource("formats/grey8.png"), "grey8.png");
        assertThat(grey.channels()).isEqualTo(1);
        Image rgb = grey.toRgb();
        assertThat(rgb.channels()).isEqualTo(3);
        assertThat(List.of(rgb.pixel(30, 20, 0), rgb.pixel(30, 20, 1), rgb.pixel(30, 20, 2)))
                .containsOnly(grey.pixel(30, 20, 0));
        assertThat(rgb.toRgb()).isSameAs(rgb);
    }

    @Test
    void fileStreamAndArrayGiveTheSame(@TempDir Path folder) throws IOException {
        byte[] encoded = Goldens.resource("formats/rgb_420.jpg");
        Path file = Files.write(folder.resolve("named wrongly.png"), encoded);
        Image expected = Image.read(encoded, "array");
        assertThat(Image.read(file)).isEqualTo(expected);
        assertThat(Image.read(new ByteArrayInputStream(encoded), "stream"))
                .isEqualTo(expected)
                .hasSameHashCodeAs(expected);
    }

    @Test
    void manyThreadsDecodeTheSame() {
        for (String name : List.of("rgb_420.jpg", "rgb8.png", "rgb_lzw.tif", "lossy.webp", "palette.gif")) {
            byte[] encoded = Goldens.resource("formats/" + name);
            Image expected = Image.read(encoded, name);
            assertThat(IntStream.range(0, 64)
                            .parallel()
                            .mapToObj(i -> Image.read(encoded, name))
                            .distinct()
                            .toList())
                    .containsExactly(expected);
        }
    }
}
