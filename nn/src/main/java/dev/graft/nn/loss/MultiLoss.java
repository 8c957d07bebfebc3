package dev.graft.nn.loss;

import dev.graft.tensor.Tensor;
import java.util.List;

/**
 * The loss of a network with several outputs, or of examples with several targets or none. All of a {@link Loss} works
 * on it, and everything that takes a loss takes it.
 *
 * <pre>{@code
 * MultiLoss loss = (outputs, targets) -> diagnosis.forward(outputs.get(0), targets.get(0))
 *         .add(age.forward(outputs.get(1), targets.get(1)).mul(0.1f));
 * }</pre>
 *
 * <p>{@link JointLoss} is the sum of one loss for each output. An implementation whose value is not a mean over
 * examples overrides {@link #reduction()} or {@link #weight(List, List)}; one that rates classes overrides
 * {@link #probabilities(List)}.
 */
@FunctionalInterface
public interface MultiLoss extends Loss {

    @Override
    Tensor forward(List<Tensor> outputs, List<Tensor> targets);

    @Override
    default Tensor forward(Tensor outputs, Tensor targets) {
        return forward(List.of(outputs), List.of(targets));
    }
}
