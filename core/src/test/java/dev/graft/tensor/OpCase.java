package dev.graft.tensor;

import java.util.function.Function;

/**
 * One case of the operator catalogue. Its arguments, result and gradients by PyTorch lie in the golden file under its
 * name.
 *
 * @param name as in {@code export_operators.py}
 * @param proves the operator this case stands for, see {@link OpCases#key}
 * @param graft the function under test
 * @param naive the same function by plain loops in double precision
 * @param terms how many terms the longest sum in the result or a gradient has; 0 for element-wise functions
 * @param smooth whether the function has a derivative at the arguments, so that finite differences mean something
 */
record OpCase(
        String name,
        Object proves,
        Function<Tensor[], Tensor> graft,
        Function<Nd[], Nd> naive,
        int terms,
        boolean smooth) {

    OpCase(String name, Object proves, Function<Tensor[], Tensor> graft, Function<Nd[], Nd> naive) {
        this(name, proves, graft, naive, 0, true);
    }

    OpCase terms(int n) {
        return new OpCase(name, proves, graft, naive, n, smooth);
    }

    /** At arguments where the derivative jumps. */
    OpCase atKink() {
        return new OpCase(name, proves, graft, naive, terms, false);
    }

    Golden.Entry golden(String part) {
        return Golden.operators().get(name + "/" + part);
    }

    boolean hasGolden(String part) {
        return Golden.operators().has(name + "/" + part);
    }

    int arguments() {
        int n = 0;
        while (hasGolden("in" + n)) {
            n++;
        }
        return n;
    }

    boolean hasGradient() {
        return hasGolden("dy");
    }

    @Override
    public String toString() {
        return name;
    }
}
