package dev.graft.nn.data;

/** An example that does not fit into one batch with the first. */
final class Misfit extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int row;
    private final String is;
    private final String first;
    private final String hint;

    /**
     * @param row the example's position in the batch
     * @param is what it is, after its name
     * @param first what the first example is
     */
    Misfit(int row, String is, String first, String hint) {
        super(is + ", not as the first, which " + first, null, false, false);
        this.row = row;
        this.is = is;
        this.first = first;
        this.hint = hint;
    }

    int row() {
        return row;
    }

    DataException told(String example, String firstExample) {
        return new DataException("data loader: " + example + " " + is + ", but " + firstExample + " in the same batch "
                + first + ". Hint: " + hint + ".");
    }
}
