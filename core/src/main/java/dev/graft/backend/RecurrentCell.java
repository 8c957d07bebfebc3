package dev.graft.backend;

/** What a recurrent layer computes in each step. */
public enum RecurrentCell {
    /**
     * Gates i, f, g, o: {@code c = sigmoid(f) c' + sigmoid(i) tanh(g)}, {@code h = sigmoid(o) tanh(c)} (Hochreiter and
     * Schmidhuber 1997).
     */
    LSTM(4),
    /**
     * Gates r, z, n: {@code n = tanh(x_n + sigmoid(r) h_n)}, {@code h = (1 - z) n + sigmoid(z) h'} (Cho et al. 2014).
     */
    GRU(3);

    private final int gates;

    RecurrentCell(int gates) {
        this.gates = gates;
    }

    /** Rows of a weight for each hidden unit. */
    public int gates() {
        return gates;
    }
}
