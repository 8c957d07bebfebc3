package dev.graft.cpu.conv;

import dev.graft.backend.View;
import dev.graft.cpu.conv.parts.PixelMap;
import dev.graft.cpu.memory.CpuStorage;
import dev.graft.cpu.memory.MatrixBuffer;
import dev.graft.cpu.memory.PackedWeightCache;
import dev.graft.cpu.run.ExecutionContext;
import dev.graft.cpu.run.Workspace;

/**
 * Packs convolution weights {@code [O, I/groups, KH, KW]} as the right matrix of a {@link BlasPixelGemm}. Forward, a
 * group's matrix is {@code [O/groups][taps][I/groups]} (transposed); backward it is {@code [taps][O/groups][I/groups]}.
 */
final class BlasConvWeights {
    private final ExecutionContext context;

    BlasConvWeights(ExecutionContext context) {
        this.context = context;
    }

    MatrixBuffer packed(View w, PixelMap map, int groups, boolean forward) {
        CpuStorage storage = CpuStorage.of(w);
        PackedWeightCache.Key key = PackedWeightCache.Key.of(
                forward ? "blas" : "blas backward",
                new int[] {CpuStorage.offset(w), groups, w.dim(0), w.dim(1)},
                CpuStorage.strides(w),
                map.kernelRows(),
                map.kernelColumns());
        int size = w.dim(0) * w.dim(1) * map.taps();
        return storage.packed()
                .get(
                        key,
                        storage.content(),
                        size,
                        context.blas()::allocate,
                        floats -> context.workspace().buffer(Workspace.Slot.SHARED_RIGHT, floats),
                        buffer -> pack(w, map, groups, forward, buffer));
    }

    private void pack(View w, PixelMap map, int groups, boolean forward, MatrixBuffer buffer) {
        float[] data = CpuStorage.floats(w);
        int inputs = w.dim(1);
        int taps = map.taps();
        int perGroup = w.dim(0) / groups;
        int[] strides = CpuStorage.strides(w);
        context.forRange(w.dim(0), Math.max(1, (1 << 14) / Math.max(1, inputs * taps)), (from, to) -> {
            float[] block = context.workspace().floats(0, inputs * taps);
            for (int o = from; o < to; o++) {
                tapMajor(data, CpuStorage.offset(w) + o * strides[0], strides, map, inputs, block);
                if (forward) {
                    buffer.put(o * taps * inputs, block, 0, taps * inputs);
                } else {
                    int group = o / perGroup * perGroup * taps * inputs;
                    for (int t = 0; t < taps; t++) {
                        buffer.put(group + (t * perGroup + o % perGroup) * inputs, block, t * inputs, inputs);
                    }
                }
            }
        });
    }

    private static void tapMajor(float[] data, int at, int[] strides, PixelMap map, int inputs, float[] block) {
        int b = 0;
        for (int kernelRow : map.kernelRows()) {
            for (int kernelColumn : map.kernelColumns()) {
                int x = at + kernelRow * strides[2] + kernelColumn * strides[3];
                if (strides[1] == 1) {
                    System.arraycopy(data, x, block, b, inputs);
                } else {
                    for (int i = 0; i < inputs; i++) {
                        block[b + i] = data[x + i * strides[1]];
                    }
                }
                b += inputs;
            }
        }
    }
}
