package dev.graft.vision.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NormalizeTest {
    @ParameterizedTest
    @ValueSource(strings = {"imageNet", "efficientNetLite", "unit"})
    void everySampleEqualsPyTorchToTheBit(String name) {
        Normalize normalize = Map.of(
                        "imageNet",
                        Normalize.imageNet(),
                        "efficientNetLite",
                        Normalize.efficientNetLite(),
                        "unit",
                        Normalize.unit())
                .get(name);
        byte[] samples = new byte[256 * 3];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = (byte) (i / 3);
        }
        float[] values = normalize.toFloats(Image.of(1, 256, 3, samples));
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        String expected = Goldens.table("normalize.tsv").stream()
                .filter(r -> r[0].equals(name))
                .findFirst()
                .orElseThrow()[1];
        assertThat(Goldens.like(expected, bytes.array())).isEqualTo(expected);
    }

    @Test
    void greyHasOneChannel() {
        Normalize normalize = new Normalize(255, List.of(0.5), List.of(0.5));
        assertThat(normalize.toFloats(Image.of(2, 1, 1, new byte[] {0, (byte) 255})))
                .containsExactly(-1, 1);
        assertThatThrownBy(() -> normalize.toFloats(Goldens.synthetic(2, 2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Image[2x2 rgb] has 3 channels");
    }

    @Test
    void impossibleValuesAreRefused() {
        assertThatThrownBy(() -> new Normalize(255, List.of(0.5, 0.5), List.of(1.0, 1.0)))
                .hasMessageContaining("1 or 3 finite means");
        assertThatThrownBy(() -> new Normalize(255, List.of(0.5), List.of(0.0)))
                .hasMessageContaining("positive deviations");
        assertThatThrownBy(() -> new Normalize(0, List.of(0.5), List.of(1.0))).hasMessageContaining("divisor 0.0");
        assertThatThrownBy(() -> new Normalize(255, List.of(Double.NaN), List.of(1.0)))
                .hasMessageContaining("NaN");
    }
}
