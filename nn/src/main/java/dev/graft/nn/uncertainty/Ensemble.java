package dev.graft.nn.uncertainty;

import dev.graft.nn.Module;
import dev.graft.nn.ModuleList;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Several networks for one task, such as one training from several seeds.
 *
 * @see <a href="https://arxiv.org/abs/1612.01474">Lakshminarayanan et al. 2017, deep ensembles</a>
 */
public final class Ensemble extends AveragedNetwork {
    private final ModuleList members;

    /**
     * Takes over the members: {@link #close()} closes them.
     *
     * @param members at least one
     */
    public Ensemble(List<? extends Module> members, boolean multiLabel) {
        super(multiLabel);
        if (members.isEmpty()) {
            throw new IllegalArgumentException("ensemble: there is no member. Hint: give at least one network.");
        }
        this.members = new ModuleList(members);
    }

    /** The networks. */
    public List<Module> members() {
        return members.list();
    }

    @Override
    protected List<Tensor> answers(Tensor input) {
        List<Tensor> answers = new ArrayList<>();
        for (Module member : members) {
            answers.add(member.forward(input));
        }
        return answers;
    }
}
