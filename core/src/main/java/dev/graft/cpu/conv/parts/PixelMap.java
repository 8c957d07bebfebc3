package dev.graft.cpu.conv.parts;

import dev.graft.backend.Conv2dParams;
import dev.graft.cpu.layout.ImageArray;
import dev.graft.cpu.run.ExecutionContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which source pixels each result pixel of a convolution reads: result pixel {@code (q, r)} of the grid reads source
 * rows {@code q * stepH + rowOffsets[i]} and columns {@code r * stepW + columnOffsets[j]} (zero outside the image)
 * through the weights {@code (kernelRows[i], kernelColumns[j])}, and is at {@code (firstRow + q * placeH, firstColumn +
 * r * placeW)} in the result image.
 *
 * <p>A convolution is one such map. Its gradient for the input is one map for each remainder of the stride: every input
 * pixel gathers the output pixels that it contributed to, so nothing is scattered and no work is wasted on strides.
 * Offsets ascend.
 */
public record PixelMap(
        int rows,
        int columns,
        int stepH,
        int stepW,
        int[] rowOffsets,
        int[] columnOffsets,
        int[] kernelRows,
        int[] kernelColumns,
        int placeH,
        int placeW,
        int firstRow,
        int firstColumn) {
    private static final int CLEARED_FLOATS = 1 << 15;

    public static PixelMap forward(
            Conv2dParams params, int kernelHeight, int kernelWidth, int outputHeight, int outputWidth) {
        int[] kernelRows = new int[kernelHeight];
        int[] rowOffsets = new int[kernelHeight];
        for (int i = 0; i < kernelHeight; i++) {
            kernelRows[i] = i;
            rowOffsets[i] = i * params.dilationH() - params.padTop();
        }
        int[] kernelColumns = new int[kernelWidth];
        int[] columnOffsets = new int[kernelWidth];
        for (int j = 0; j < kernelWidth; j++) {
            kernelColumns[j] = j;
            columnOffsets[j] = j * params.dilationW() - params.padLeft();
        }
        return new PixelMap(
                outputHeight,
                outputWidth,
                params.strideH(),
                params.strideW(),
                rowOffsets,
                columnOffsets,
                kernelRows,
                kernelColumns,
                1,
                1,
                0,
                0);
    }

    /** The maps from output gradient to input gradient; together they cover every input pixel once. */
    public static List<PixelMap> backward(
            Conv2dParams params, int kernelHeight, int kernelWidth, int inputHeight, int inputWidth) {
        List<PixelMap> maps = new ArrayList<>();
        for (int row = 0; row < Math.min(params.strideH(), inputHeight); row++) {
            int[] kernelRows = taps(kernelHeight, row + params.padTop(), params.dilationH(), params.strideH());
            int[] rowOffsets = offsets(kernelRows, row + params.padTop(), params.dilationH(), params.strideH());
            for (int column = 0; column < Math.min(params.strideW(), inputWidth); column++) {
                int[] kernelColumns =
                        taps(kernelWidth, column + params.padLeft(), params.dilationW(), params.strideW());
                int[] columnOffsets =
                        offsets(kernelColumns, column + params.padLeft(), params.dilationW(), params.strideW());
                maps.add(new PixelMap(
                        (inputHeight - row - 1) / params.strideH() + 1,
                        (inputWidth - column - 1) / params.strideW() + 1,
                        1,
                        1,
                        rowOffsets,
                        columnOffsets,
                        kernelRows,
                        kernelColumns,
                        params.strideH(),
                        params.strideW(),
                        row,
                        column));
            }
        }
        return maps;
    }

    private static int[] taps(int kernel, int start, int dilation, int stride) {
        int[] found = new int[kernel];
        int count = 0;
        for (int k = kernel - 1; k >= 0; k--) {
            if (Math.floorMod(start - k * dilation, stride) == 0) {
                found[count++] = k;
            }
        }
        return Arrays.copyOf(found, count);
    }

    private static int[] offsets(int[] taps, int start, int dilation, int stride) {
        int[] offsets = new int[taps.length];
        for (int i = 0; i < taps.length; i++) {
            offsets[i] = Math.floorDiv(start - taps[i] * dilation, stride);
        }
        return offsets;
    }

    public int taps() {
        return rowOffsets.length * columnOffsets.length;
    }

    /** This map with only kernel row {@code i}. */
    public PixelMap onlyRow(int i) {
        return new PixelMap(
                rows,
                columns,
                stepH,
                stepW,
                new int[] {rowOffsets[i]},
                columnOffsets,
                new int[] {kernelRows[i]},
                kernelColumns,
                placeH,
                placeW,
                firstRow,
                firstColumn);
    }

    /** This map with only kernel column {@code j}. */
    public PixelMap onlyColumn(int j) {
        return onlyColumns(j, j + 1);
    }

    /** This map with only the kernel columns {@code [from, to)}. */
    public PixelMap onlyColumns(int from, int to) {
        return new PixelMap(
                rows,
                columns,
                stepH,
                stepW,
                rowOffsets,
                Arrays.copyOfRange(columnOffsets, from, to),
                kernelRows,
                Arrays.copyOfRange(kernelColumns, from, to),
                placeH,
                placeW,
                firstRow,
                firstColumn);
    }

    /** Whether the columns that one result pixel reads are neighbours. */
    public boolean readsRuns() {
        for (int j = 1; j < columnOffsets.length; j++) {
            if (columnOffsets[j] != columnOffsets[j - 1] + 1) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether each result pixel reads exactly the source pixel at its own position, in images of {@code height x
     * width}.
     */
    boolean isIdentity(int height, int width) {
        return taps() == 1
                && stepH == 1
                && stepW == 1
                && rowOffsets[0] == 0
                && columnOffsets[0] == 0
                && rows == height
                && columns == width;
    }

    /** Whether the grid covers the whole result image in order. */
    public boolean fillsResult() {
        return placeH == 1 && placeW == 1 && firstRow == 0 && firstColumn == 0;
    }

    /**
     * The position in {@code result}, relative to its start, of result pixel {@code pixel}, counted through the grids
     * of all images.
     */
    public int place(ImageArray result, int pixel) {
        if (fillsResult()) {
            return pixel * result.channels();
        }
        int gridSize = rows() * columns();
        int row = firstRow() + pixel % gridSize / columns() * placeH();
        int column = firstColumn() + pixel % columns() * placeW();
        return result.place(pixel / gridSize, row, column);
    }

    /** Zeroes the result pixels. */
    public void clear(ExecutionContext context, int images, ImageArray result) {
        int channels = result.channels();
        context.forRange(images * rows() * columns(), Math.max(1, CLEARED_FLOATS / channels), (from, to) -> {
            for (int pixel = from; pixel < to; pixel++) {
                int start = result.at() + place(result, pixel);
                Arrays.fill(result.data(), start, start + channels, 0f);
            }
        });
    }
}
