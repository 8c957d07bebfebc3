package dev.graft.nn.uncertainty;

import dev.graft.nn.Module;
import dev.graft.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;

/** One network that answers to several views of its input, such as an image and its mirror image. */
public final class TestTimeAugmentation extends AveragedNetwork {
    private final Module network;
    private final List<UnaryOperator<Tensor>> views;

    /**
     * Takes over the network.
     *
     * @param views from the input to what the network sees; at least one, mostly with the input itself
     */
    public TestTimeAugmentation(Module network, List<? extends UnaryOperator<Tensor>> views, boolean multiLabel) {
        super(multiLabel);
        if (views.isEmpty()) {
            throw new IllegalArgumentException("testTimeAugmentation: there is no view. Hint: give at least one.");
        }
        this.network = network;
        this.views = List.copyOf(views);
    }

    @Override
    protected List<Tensor> answers(Tensor input) {
        return views.stream().map(view -> network.forward(view.apply(input))).toList();
    }
}
