package dev.graft.nn.data.table;

import dev.graft.tensor.Tensor;

/**
 * Rows as numbers, for a model.
 *
 * @param size how many rows
 * @param codes the levels of the categorical inputs, row by row; 0 is "other"
 * @param numbers the standardised numeric inputs, row by row
 */
public record EncodedRows(int size, int[] codes, float[] numbers) {

    /** The number of categorical inputs. */
    public int categories() {
        return size == 0 ? 0 : codes.length / size;
    }

    /** The number of numeric inputs. */
    public int numerics() {
        return size == 0 ? 0 : numbers.length / size;
    }

    /** The levels as a tensor I32 {@code [N, categories]}. */
    public Tensor codesTensor() {
        return Tensor.of(codes, size, categories());
    }

    /** The numbers as a tensor F32 {@code [N, numerics]}. */
    public Tensor numbersTensor() {
        return Tensor.of(numbers, size, numerics());
    }

    /** Some of the rows, in the order given. */
    public EncodedRows only(int... rows) {
        int k = categories();
        int m = numerics();
        int[] someCodes = new int[rows.length * k];
        float[] someNumbers = new float[rows.length * m];
        for (int i = 0; i < rows.length; i++) {
            System.arraycopy(codes, rows[i] * k, someCodes, i * k, k);
            System.arraycopy(numbers, rows[i] * m, someNumbers, i * m, m);
        }
        return new EncodedRows(rows.length, someCodes, someNumbers);
    }
}
