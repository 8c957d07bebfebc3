package dev.graft.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Products written as Einstein's sums, and batched ones. */
final class EinsumCases {
    private EinsumCases() {}

    static List<OpCase> all() {
        List<OpCase> cases = new ArrayList<>();
        for (String variant : List.of("plain", "none")) {
            cases.add(new OpCase(
                            "bmm/" + variant,
                            ProductOp.Matmul.class,
                            in -> in[0].bmm(in[1]),
                            in -> einsum("bij,bjk->bik", in))
                    .terms(20));
        }
        Map<String, String> equations = new LinkedHashMap<>();
        equations.put("matmul", "ij,jk->ik");
        equations.put("implied", "ij,jk");
        equations.put("transposed", "ij,kj->ki");
        equations.put("batched", "bij,bjk->bik");
        equations.put("attention", "bhqd,bhkd->bhqk");
        equations.put("values", "bhqk,bkhd->bqhd");
        equations.put("transpose", "ij->ji");
        equations.put("sum", "ij->");
        equations.put("rows", "ij->i");
        equations.put("trace", "ii");
        equations.put("diagonal", "ii->i");
        equations.put("batch_diagonal", "bii->ib");
        equations.put("dot", "i,i->");
        equations.put("outer", "i,j->ij");
        equations.put("elementwise", "ij,ij->ij");
        equations.put("ellipsis", "...ij,...jk->...ik");
        equations.put("ellipsis_broadcast", "...i,...i->...");
        equations.put("ellipsis_implied", "...ij");
        equations.put("ellipsis_summed", "...i->i");
        equations.put("bilinear", "bi,oij,bj->bo");
        equations.put("summed_apart", "ij,kl->ik");
        equations.put("broadcast_label", "ij,ij->i");
        equations.put("three_shared", "i,i,i->i");
        equations.put("spaces", " i j , j -> i ");
        equations.put("upper_case", "aB,cB");
        equations.put("upper_case_first", "aB,c");
        equations.put("empty", "ij,jk->ik");
        equations.put("scalar", ",ij->ij");
        equations.put("diagonal_times", "iij,j->i");
        equations.put("squared", "bi,bj->bij");
        equations.forEach((variant, equation) -> cases.add(new OpCase(
                        "einsum/" + variant,
                        "einsum",
                        in -> Tensor.einsum(equation, in),
                        in -> einsum(explicit(variant, equation), in))
                .terms(60)));
        return cases;
    }

    /** With the result, and with letters in the ellipsis's place. */
    private static String explicit(String variant, String equation) {
        return switch (variant) {
            case "implied" -> "ij,jk->ik";
            case "trace" -> "ii->";
            case "ellipsis" -> "xyij,yjk->xyik";
            case "ellipsis_broadcast" -> "xyi,yi->xy";
            case "ellipsis_implied" -> "xij->xij";
            case "ellipsis_summed" -> "xyi->i";
            case "upper_case" -> "aB,cB->ac";
            case "upper_case_first" -> "aB,c->Bac";
            default -> equation.replace(" ", "");
        };
    }

    /** The sum over all values of all labels. */
    private static Nd einsum(String equation, Nd... in) {
        String[] sides = equation.split("->", -1);
        String[] terms = sides[0].split(",", -1);
        Map<Character, Integer> sizes = new LinkedHashMap<>();
        for (int t = 0; t < terms.length; t++) {
            for (int i = 0; i < terms[t].length(); i++) {
                sizes.merge(terms[t].charAt(i), in[t].dims()[i], Math::max);
            }
        }
        // An empty label leaves no terms.
        if (sizes.containsValue(1) && Arrays.stream(in).anyMatch(x -> x.size() == 0)) {
            throw new IllegalArgumentException("not written for broadcasts of nothing");
        }
        List<Character> labels = List.copyOf(sizes.keySet());
        int[] all = labels.stream().mapToInt(sizes::get).toArray();
        int[] dims = sides[1].chars().map(c -> sizes.get((char) c)).toArray();
        Nd out = Nd.fill(dims, i -> 0);
        Nd.fill(all, index -> {
            double product = 1;
            for (int t = 0; t < terms.length; t++) {
                int[] at = new int[terms[t].length()];
                for (int i = 0; i < at.length; i++) {
                    at[i] = in[t].dims()[i] == 1 ? 0 : index[labels.indexOf(terms[t].charAt(i))];
                }
                product *= in[t].get(at);
            }
            int at = 0;
            for (int i = 0; i < dims.length; i++) {
                at = at * dims[i] + index[labels.indexOf(sides[1].charAt(i))];
            }
            out.data()[at] += product;
            return 0;
        });
        return out;
    }

    static List<OpError> errors(On on) {
        Tensor p = on.zeros(2, 3);
        Tensor q = on.zeros(4, 5);
        List<OpError> errors = new ArrayList<>();
        errors.add(new OpError(
                ProductOp.Matmul.class,
                "bmm: operands must be [B, m, k] and [B, k, n], got [2, 3] and [4, 5]. Hint: matmul broadcasts leading "
                        + "dimensions.",
                () -> p.bmm(q)));
        error(
                errors,
                "label 'j' has sizes 3 and 4 (equation \"ij,jk->ik\", operands [[2, 3], [4, 5]]). Hint: dimensions with one "
                        + "label must match or be 1.",
                () -> Tensor.einsum("ij,jk->ik", p, q));
        error(
                errors,
                "the equation has 1 terms for 2 operands (equation \"ij\", operands [[2, 3], [4, 5]]). Hint: separate terms "
                        + "by commas.",
                () -> Tensor.einsum("ij", p, q));
        error(
                errors,
                "the term \"ijk\" has 3 labels for 2 dimensions (equation \"ijk\", operands [[2, 3]]). Hint: name each "
                        + "dimension, or write \"...\" for the leading ones.",
                () -> Tensor.einsum("ijk", p));
        error(
                errors,
                "'1' is not a label (equation \"i1\", operands [[2, 3]]). Hint: labels are letters; \"...\" stands for the "
                        + "dimensions left.",
                () -> Tensor.einsum("i1", p));
        error(
                errors,
                "the result's label 'k' is in no operand (equation \"ij->ik\", operands [[2, 3]]). Hint: a result cannot "
                        + "have new labels.",
                () -> Tensor.einsum("ij->ik", p));
        error(
                errors,
                "the result has label 'i' twice (equation \"ij->ii\", operands [[2, 3]]). Hint: name each dimension of the "
                        + "result once.",
                () -> Tensor.einsum("ij->ii", p));
        error(
                errors,
                "dimensions of \"...\" have sizes 2 and 4 (equation \"...,...\", operands [[2, 3], [4, 5]]). Hint: "
                        + "dimensions with one label must match or be 1.",
                () -> Tensor.einsum("...,...", p, q));
        error(
                errors,
                "operands must be F32, got BOOL [2, 3]. Hint: call to(DType.F32).",
                () -> Tensor.einsum("ij", p.gt(0)));
        return errors;
    }

    private static void error(List<OpError> errors, String text, ThrowingCallable call) {
        errors.add(new OpError("einsum", "einsum: " + text, call));
    }
}
