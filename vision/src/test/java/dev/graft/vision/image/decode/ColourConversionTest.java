package dev.graft.vision.image.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vision.image.Goldens;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** All 16,777,216 colours through each conversion, against Pillow. */
class ColourConversionTest {
    @Test
    void rgbToHsv() {
        assertThat(three(v -> ColourConversion.rgbToHsv(v >> 16, v >> 8 & 0xff, v & 0xff)))
                .isEqualTo(expected("rgbToHsv"));
    }

    @Test
    void hsvToRgb() {
        assertThat(three(v -> ColourConversion.hsvToRgb(v >> 16, v >> 8 & 0xff, v & 0xff)))
                .isEqualTo(expected("hsvToRgb"));
    }

    @Test
    void luma() {
        byte[] out = new byte[1 << 24];
        for (int v = 0; v < out.length; v++) {
            out[v] = (byte) ColourConversion.luma(v >> 16, v >> 8 & 0xff, v & 0xff);
        }
        assertThat("sha256:" + Goldens.sha256(out)).isEqualTo(expected("luma"));
    }

    private static String three(IntUnaryOperator convert) {
        byte[] out = new byte[3 << 24];
        for (int v = 0, o = 0; v < 1 << 24; v++, o += 3) {
            int result = convert.applyAsInt(v);
            out[o] = (byte) (result >> 16);
            out[o + 1] = (byte) (result >> 8);
            out[o + 2] = (byte) result;
        }
        return "sha256:" + Goldens.sha256(out);
    }

    private static String expected(String name) {
        return Goldens.table("colours.tsv").stream()
                .filter(r -> r[0].equals(name))
                .findFirst()
                .orElseThrow()[1];
    }
}
