package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real photos and scans: about a thousand JPEG files, decoded to the same bits as by Pillow. */
class PhotosTest {
    static List<String[]> folders() {
        return Goldens.table("photos.tsv");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("folders")
    void equalPillow(String folder, String count, String hash) throws NoSuchAlgorithmException {
        List<Path> files = list(TestData.require(folder));
        assertThat(files).hasSize(Integer.parseInt(count));
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (Path file : files) {
            Image image = Image.read(file).toRgb();
            digest.update(ByteBuffer.allocate(8)
                    .putInt(image.width())
                    .putInt(image.height())
                    .array());
            digest.update(image.toBytes());
        }
        assertThat("sha256:" + HexFormat.of().formatHex(digest.digest())).isEqualTo(hash);
    }

    private static List<Path> list(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(f -> f.toString().toLowerCase(Locale.ROOT).matches(".*\\.(jpg|jpeg|png)"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
