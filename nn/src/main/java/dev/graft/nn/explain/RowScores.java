package dev.graft.nn.explain;

import dev.graft.tensor.Tensor;
import java.util.List;

/** From a network's outputs to a score of each row. */
interface RowScores {
    /**
     * The scores, {@code [rows]}.
     *
     * @param of of each row: the row of the inputs that it was made of
     */
    Tensor of(List<Tensor> outputs, int[] of);

    /** A column of each row. */
    static Tensor column(Tensor output, int[] columns, int[] of) {
        int width = output.rank() == 2 ? output.dim(1) : output.rank() == 1 ? 1 : 0;
        if (width == 0 || (width > 1 && columns.length == 0)) {
            throw new IllegalArgumentException("integratedGradients: the network's output is " + output.shape()
                    + (width == 0
                            ? ", not [N, columns]. Hint: give a score(...) of your own."
                            : ", so a column must be chosen. Hint: give one, or one for each row."));
        }
        long[] chosen = new long[of.length];
        for (int i = 0; i < of.length; i++) {
            chosen[i] = columns.length == 0 ? 0 : columns[columns.length == 1 ? 0 : of[i]];
            if (chosen[i] < 0 || chosen[i] >= width) {
                throw new IllegalArgumentException("integratedGradients: there is no column " + chosen[i]
                        + " in the output " + output.shape() + ". Hint: columns count from 0.");
            }
        }
        Tensor rows = output.rank() == 1 ? output.unsqueeze(1) : output;
        return rows.gather(1, Tensor.of(chosen, chosen.length, 1).to(output.device()))
                .flatten(0);
    }
}
