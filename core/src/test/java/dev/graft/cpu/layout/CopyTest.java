package dev.graft.cpu.layout;

import static dev.graft.cpu.Fixture.values;
import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.backend.View;
import dev.graft.cpu.Fixture;
import dev.graft.cpu.Fixture.Layout;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CopyTest {
    private final Fixture f = new Fixture();

    @Test
    void betweenAllLayouts() {
        int[][] shapes = {{2, 3, 17, 18}, {1, 40, 5, 1}, {3, 1, 2, 2}, {1, 1, 1, 1}, {0, 3, 2, 2}, {2, 70, 33, 35}};
        for (int[] dims : shapes) {
            for (Layout from : Layout.values()) {
                for (Layout to : Layout.values()) {
                    View x = f.gaussian(from, dims);
                    View y = f.empty(to, dims);
                    f.cpu.copy(x, y);
                    assertThat(values(y))
                            .as(from + " to " + to + " " + y.shape())
                            .isEqualTo(values(x));
                }
            }
        }
    }

    @Test
    void repeatsBroadcastElements() {
        View row = f.gaussian(Layout.ROW_MAJOR, 5);
        View x = Fixture.viewed(row, new int[] {3, 5, 4}, new int[] {0, 1, 0});
        View y = f.empty(Layout.ROW_MAJOR, 3, 5, 4);
        f.cpu.copy(x, y);
        assertThat(values(y)).isEqualTo(values(x));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F64", "F16", "BF16", "I64", "I32", "I16", "I8", "U8"})
    void convertsToFloatAndBack(DType dtype) {
        View x = f.of(0f, 1f, 2.5f, 100f, 7f, 64f);
        View packed = f.empty(dtype, 6);
        f.cpu.copy(x, packed);
        View back = f.empty(Layout.GAPS, 6);
        f.cpu.copy(packed, back);
        assertThat(values(back)).containsExactly(0, 1, dtype.isFloat() ? 2.5 : 2, 100, 7, 64);
    }

    @Test
    void integersConvertExactly() {
        View x = f.of((1L << 60) + 1, -3L);
        View y = f.empty(DType.I32, 2);
        f.cpu.copy(x, y);
        assertThat(values(y)).containsExactly(1, -3);
        View bool = f.empty(DType.BOOL, 2);
        f.cpu.copy(f.of(0L, -3L), bool);
        assertThat(values(bool)).containsExactly(0, 1);
        f.cpu.copy(f.of(0.25f, 0f), bool);
        assertThat(values(bool)).containsExactly(1, 0);
        View signed = f.of(DType.I8, new int[] {2}, (byte) -1, (byte) 5);
        View unsigned = f.of(DType.U8, new int[] {2}, (byte) -1, (byte) 5);
        View floats = f.empty(Layout.ROW_MAJOR, 2);
        f.cpu.copy(signed, floats);
        assertThat(values(floats)).containsExactly(-1, 5);
        f.cpu.copy(unsigned, floats);
        assertThat(values(floats)).containsExactly(255, 5);
    }

    @Test
    void rawTypesMoveTheirBytes() {
        for (DType dtype : new DType[] {DType.C128, DType.F8_E4M3, DType.U64, DType.I64, DType.BOOL}) {
            View x = f.empty(dtype, 3, 4);
            View transposed = Fixture.viewed(x, new int[] {4, 3}, new int[] {1, 4});
            View y = f.empty(dtype, 4, 3);
            byte[] pattern = new byte[12 * dtype.bytes()];
            for (int i = 0; i < pattern.length; i++) {
                pattern[i] = (byte) i;
            }
            if (dtype == DType.I64) {
                x.storage().write(0, new long[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 0, 12);
                f.cpu.copy(transposed, y);
                assertThat(values(y)).containsExactly(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11);
                continue;
            }
            x.storage().write(0, pattern, 0, 12);
            f.cpu.copy(transposed, y);
            byte[] moved = new byte[pattern.length];
            y.storage().read(0, moved, 0, 12);
            for (int i = 0; i < 12; i++) {
                for (int b = 0; b < dtype.bytes(); b++) {
                    assertThat(moved[i * dtype.bytes() + b])
                            .isEqualTo(pattern[(i % 3 * 4 + i / 3) * dtype.bytes() + b]);
                }
            }
        }
    }

    @Test
    void everyHalfSurvivesTheWayThroughFloat() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float wide = HalfPrecision.fromHalf((short) bits);
            if (Float.isNaN(wide)) {
                assertThat(Float.isNaN(HalfPrecision.fromHalf(HalfPrecision.toHalf(wide))))
                        .isTrue();
            } else {
                assertThat(HalfPrecision.toHalf(wide)).isEqualTo((short) bits);
            }
            float brain = HalfPrecision.fromBrain((short) bits);
            if (!Float.isNaN(brain)) {
                assertThat(HalfPrecision.toBrain(brain)).isEqualTo((short) bits);
            }
        }
    }

    @Test
    void halvesRoundToNearestEven() {
        assertThat(HalfPrecision.fromHalf(HalfPrecision.toHalf(1 + 0x1p-11f))).isEqualTo(1f);
        assertThat(HalfPrecision.fromHalf(HalfPrecision.toHalf(1 + 3 * 0x1p-11f)))
                .isEqualTo(1 + 0x1p-9f);
        assertThat(HalfPrecision.fromHalf(HalfPrecision.toHalf(65519f))).isEqualTo(65504f);
        assertThat(HalfPrecision.fromHalf(HalfPrecision.toHalf(65520f))).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(HalfPrecision.fromHalf(HalfPrecision.toHalf(-1e-8f))).isEqualTo(-0f);
        assertThat(HalfPrecision.fromBrain(HalfPrecision.toBrain(1 + 0x1p-8f))).isEqualTo(1f);
        assertThat(HalfPrecision.fromBrain(HalfPrecision.toBrain(1 + 3 * 0x1p-8f)))
                .isEqualTo(1 + 0x1p-6f);
        assertThat(HalfPrecision.fromBrain(HalfPrecision.toBrain(Float.MAX_VALUE)))
                .isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(HalfPrecision.fromBrain(HalfPrecision.toBrain(Float.NaN))).isNaN();
    }

    @Test
    void fillsAnyViewAndNothingElse() {
        View x = f.gaussian(Layout.GAPS, 3, 4);
        float[] before = CpuStorage.floats(x).clone();
        f.cpu.fill(x, 2.5);
        assertThat(values(x)).containsOnly(2.5);
        assertThat(CpuStorage.floats(x)[CpuStorage.offset(x) + 1]).isEqualTo(before[CpuStorage.offset(x) + 1]);
        for (DType dtype : new DType[] {DType.I64, DType.I32, DType.U8, DType.F64, DType.F16, DType.BF16}) {
            View y = f.empty(dtype, 5);
            f.cpu.fill(y, 3);
            assertThat(values(y)).containsOnly(3);
            f.cpu.fill(y, 0);
            assertThat(values(y)).containsOnly(0);
        }
    }

    @Test
    void readsLittleEndianDoubles() {
        byte[] bytes = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putDouble(Math.PI)
                .array();
        View x = new View(f.cpu.allocate(DType.F64, 1), 0, Shape.of(1), new int[] {1});
        x.storage().write(0, bytes, 0, 1);
        View y = f.empty(Layout.ROW_MAJOR, 1);
        f.cpu.copy(x, y);
        assertThat(values(y)).containsExactly((float) Math.PI);
    }
}
