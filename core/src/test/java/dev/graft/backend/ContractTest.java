package dev.graft.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.tensor.Device;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the contract says beside the kernels' formulas: waiting, transfers, index checks, layouts. */
class ContractTest {
    private static View view(Storage storage) {
        Shape shape = Shape.of((int) storage.length());
        return new View(storage, 0, shape, shape.contiguousStrides());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void aReadSeesAllThatWasCalledBefore(String device) {
        Backend backend = Device.of(device).backend();
        View x = view(backend.allocate(DType.F32, 5000));
        float[] source = new float[5000];
        java.util.Arrays.fill(source, 1);
        x.storage().write(0, source, 0, source.length);
        java.util.Arrays.fill(source, 99);
        for (int i = 0; i < 20; i++) {
            backend.unary(UnaryOp.AFFINE, 2, -1, x, x);
            backend.unary(UnaryOp.AFFINE, 1, 1, x, x);
        }
        backend.synchronize();
        x.storage().read(0, source, 0, source.length);
        assertThat(source).containsOnly(1 << 20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void aSumOfSquaresStaysOnTheDeviceAndServesLaterKernels(String device) {
        Backend backend = Device.of(device).backend();
        View x = view(backend.allocate(DType.F32, 2));
        x.storage().write(0, new float[] {3, 4}, 0, 2);
        View sum = new View(backend.allocate(DType.F64, 1), 0, Shape.of(), new int[0]);
        backend.sumOfSquares(List.of(x, x), sum);
        byte[] bytes = new byte[8];
        sum.storage().read(0, bytes, 0, 1);
        assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getDouble())
                .isEqualTo(50);
        View scale = new View(backend.allocate(DType.F32, 1), 0, Shape.of(), new int[0]);
        backend.copy(sum, scale);
        View repeated = new View(scale.storage(), 0, x.shape(), new int[1]);
        backend.binary(BinaryOp.DIV, x, repeated, x);
        float[] values = new float[2];
        x.storage().read(0, values, 0, 2);
        assertThat(values).containsExactly(3 / 50f, 4 / 50f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void theFirstIndexThatDoesNotFitIsRefusedAtTheLatestBySynchronize(String device) {
        Backend backend = Device.of(device).backend();
        View indices = view(backend.allocate(DType.I64, 6));
        indices.storage().write(0, new long[] {0, -100, 4, 5, -1, 3}, 0, 6);
        IndexRefusal refusal = (position, index) -> new IllegalArgumentException(position + " is " + index);
        check(backend, indices, 5, OptionalLong.of(-100), refusal, "3 is 5");
        check(backend, indices, 5, OptionalLong.empty(), refusal, "1 is -100");
        check(backend, indices, 6, OptionalLong.of(-100), refusal, "4 is -1");
        View tail = new View(indices.storage(), 2, Shape.of(2), new int[] {1});
        check(backend, tail, 5, OptionalLong.of(Long.MIN_VALUE), refusal, "1 is 5");
        backend.checkIndices(tail, 6, OptionalLong.empty(), refusal);
        View none = new View(indices.storage(), 0, Shape.of(0), new int[] {1});
        backend.checkIndices(none, 0, OptionalLong.empty(), refusal);
        backend.synchronize();
    }

    private static void check(
            Backend backend, View indices, long size, OptionalLong ignored, IndexRefusal refusal, String message) {
        assertThatThrownBy(() -> {
                    backend.checkIndices(indices, size, ignored, refusal);
                    backend.synchronize();
                })
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu", "reference"})
    void imagesOfTheLayoutABackendWantsAreDense(String device) {
        Backend backend = Device.of(device).backend();
        assertThat(backend.computesIn(DType.F32)).isTrue();
        assertThat(backend.computesIn(DType.I64)).isFalse();
        for (int[] dims : new int[][] {{2, 3, 4, 5}, {1, 1, 7, 1}, {0, 3, 2, 2}}) {
            Shape shape = Shape.of(dims);
            for (ImageLayout layout : ImageLayout.values()) {
                View images = new View(backend.allocate(DType.F32, shape.numel()), 0, shape, layout.strides(shape));
                assertThat(images.isDense()).isTrue();
                assertThat(layout.isOf(images)).isTrue();
                boolean alike = shape.numel() == 0 || dims[1] == 1;
                for (ImageLayout other : ImageLayout.values()) {
                    assertThat(other.isOf(images)).as("%s as %s", layout, other).isEqualTo(other == layout || alike);
                }
            }
        }
    }

    @Test
    void viewsCountIn64Bits() {
        Storage storage = Device.cpu().backend().allocate(DType.F32, 1);
        long far = 3L << 31;
        Shape shape = Shape.of(2, 3);
        View first = new View(storage, 0, shape, new long[] {far, 1});
        View second = new View(storage, far + 2, shape, new long[] {far, 1});
        View third = new View(storage, far + 3, Shape.of(3), new long[] {1});
        assertThat(first.overlaps(second)).isTrue();
        assertThat(first.overlaps(third)).isFalse();
        assertThat(first.isDense()).isFalse();
        assertThat(first.repeatsElements()).isFalse();
        assertThat(first.sameLayout(new View(storage, 0, shape, new long[] {0, 1})))
                .isFalse();
        assertThat(ImageLayout.CHANNELS_LAST.strides(Shape.of(1, 1 << 20, 1 << 10, 1)))
                .containsExactly(1 << 30, 1, 1 << 20, 1 << 20);
    }

    @Test
    void theCpuRefusesWhatItsArraysCannotHold() {
        Backend cpu = Device.cpu().backend();
        assertThatThrownBy(() -> cpu.allocate(DType.F32, 5_000_000_000L))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("memory: 5000000000 elements of F32 do not fit one array of 2^31 bytes."
                        + " Hint: split the tensor or convert it to F32.");
        Storage one = cpu.allocate(DType.F32, 1);
        assertThatThrownBy(() -> one.read(1L << 32, new float[1], 0, 1))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("storage: elements 4294967296 to 4294967297 of 1");
        assertThatThrownBy(() -> one.read(Long.MAX_VALUE, new float[1], 0, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
