package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ShortFloatsTest {
    /** Every float of 16 bits stands for itself, and halfway to the next it goes to the even one. */
    @Test
    void roundsToTheNearest() {
        for (int bits = 0; bits < 0x7f80; bits++) {
            double here = Float.intBitsToFloat(bits << 16);
            assertThat(ShortFloats.bf16(here)).isEqualTo(bits);
            assertThat(ShortFloats.bf16(-here)).isEqualTo(bits | 0x8000);
            if (bits + 1 < 0x7f80) {
                double next = Float.intBitsToFloat((bits + 1) << 16);
                double middle = here + (next - here) / 2;
                assertThat(ShortFloats.bf16(middle)).isEqualTo(bits + (bits & 1));
                assertThat(ShortFloats.bf16(Math.nextUp(middle))).isEqualTo(bits + 1);
                assertThat(ShortFloats.bf16(Math.nextDown(middle))).isEqualTo(bits);
            }
        }
    }

    @Test
    void knowsTheEndsOfHalfPrecision() {
        assertThat(ShortFloats.f16(1)).isEqualTo(0x3c00);
        assertThat(ShortFloats.f16(65504)).isEqualTo(0x7bff);
        assertThat(ShortFloats.f16(65520)).isEqualTo(0x7c00);
        assertThat(ShortFloats.f16(-1e300)).isEqualTo(0xfc00);
        assertThat(ShortFloats.f16(0x1p-24)).isEqualTo(1);
        assertThat(ShortFloats.f16(0x1p-25)).isZero();
        assertThat(ShortFloats.f16(-0.0)).isEqualTo(0x8000);
        assertThat(ShortFloats.f16(Double.NaN)).isEqualTo(0x7e00);
    }
}
