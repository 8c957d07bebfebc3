package dev.graft.vision.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CsvEncodingTest {
    private static final String LIST = "file,label\n0.png,Grad \u00C4\n1.png,Grad \u00D6\n2.png,ok\n";

    @TempDir
    Path root;

    @BeforeEach
    void images() {
        for (int i = 0; i < 3; i++) {
            TestImages.write(root.resolve(i + ".png"), i);
        }
    }

    private Path list(byte[] bytes) throws IOException {
        return Files.write(root.resolve("list.csv"), bytes);
    }

    @Test
    void anotherEncodingIsNamedWithItsLine() throws IOException {
        Path csv = list(LIST.getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> ImageCsv.open(csv, TestImages.PIPELINE))
                .isInstanceOf(DataException.class)
                .hasMessage("image csv: " + csv
                        + " line 2 is not UTF-8 (byte C4 after \"0.png,Grad\"). Hint: name the encoding with "
                        + "csvEncoding, the charset of ImageCsv.open, such as windows-1252.");
        Path ascii = list("file,label\n0.png,a\n1.png,b\n2.png,c\u00FC\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> ImageCsv.open(ascii, TestImages.PIPELINE)).hasMessageContaining("line 4 is not UTF-8");
        Path utf8 = list(LIST.getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> ImageCsv.open(utf8, StandardCharsets.US_ASCII, TestImages.PIPELINE))
                .hasMessageContaining("line 2 is not US-ASCII");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ISO-8859-1", "windows-1252", "UTF-8", "UTF-16LE", "UTF-16BE", "UTF-16", "IBM850"})
    void theEncodingCanBeChosen(String name) throws IOException {
        Charset charset = Charset.forName(name);
        ImageCsv csv = ImageCsv.open(list(LIST.getBytes(charset)), charset, TestImages.PIPELINE);
        assertThat(csv.classes()).containsExactly("Grad \u00C4", "Grad \u00D6", "ok");
        assertThat(csv.labels()).containsExactly(0, 1, 2);
    }

    @ParameterizedTest
    @CsvSource({"UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE"})
    void aByteOrderMarkSaysIt(String name) throws IOException {
        byte[] marked = ("\uFEFF" + LIST).getBytes(Charset.forName(name));
        assertThat(ImageCsv.open(list(marked), TestImages.PIPELINE).classes())
                .containsExactly("Grad \u00C4", "Grad \u00D6", "ok");
        assertThat(ImageCsv.open(list(marked), StandardCharsets.ISO_8859_1, TestImages.PIPELINE)
                        .classes())
                .contains("Grad \u00C4");
    }

    @Test
    void utf16WithoutItsMarkIsTold() throws IOException {
        Path csv = list("file,label\n0.png,a\n".getBytes(StandardCharsets.UTF_16LE));
        assertThatThrownBy(() -> ImageCsv.open(csv, TestImages.PIPELINE))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("line 1 holds a NUL character in UTF-8")
                .hasMessageContaining("UTF-16LE");
    }

    @Test
    void labelsAreOneWhateverTheirUnicodeForm() throws IOException {
        Path csv = list("file,label\n0.png,Gr\u00F6\u00DFe\n1.png,Gro\u0308\u00DFe\n2.png,klein\n"
                .getBytes(StandardCharsets.UTF_8));
        assertThat(ImageCsv.open(csv, TestImages.PIPELINE).classes()).containsExactly("Gr\u00F6\u00DFe", "klein");
    }

    @Test
    void otherSeparatorsAreNamed() throws IOException {
        Path csv = list("file;label\n0.png;a\n".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> ImageCsv.open(csv, TestImages.PIPELINE)).hasMessageContaining("separated by commas");
    }
}
