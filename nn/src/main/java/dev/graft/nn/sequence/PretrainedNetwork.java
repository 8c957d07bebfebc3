package dev.graft.nn.sequence;

import dev.graft.io.file.FileException;
import dev.graft.nn.data.sequence.SequenceSplit;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.model.ModelException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Networks to begin a transfer with: weight files of the OpenSpliceAI family, and folders that Graft has written. */
public final class PretrainedNetwork {
    private PretrainedNetwork() {}

    /**
     * Reads a network: a weight file (PyTorch's format or safetensors), the folder of a {@link MaskedPretraining}, or
     * that of a {@link SequenceRun}, whose body it then is.
     *
     * @throws FileException if it is none of these
     */
    public static DilatedResNet read(Path place) {
        if (!Files.isDirectory(place)) {
            return DilatedResNet.read(place);
        }
        ModelCard card = ModelCard.read(place);
        if (card.task().equals(SequenceModel.TASK)) {
            try (SequenceModel model = SequenceModel.load(place)) {
                return SequenceTransfer.copy(model.network().body());
            }
        }
        if (!card.task().equals(MaskedPretraining.TASK)) {
            throw new ModelException(
                    place.resolve(ModelCard.FILE_NAME) + " is of a model for " + card.task() + ", not of sequences",
                    "give the folder of graft genomics pretrain or transfer, or a weight file of OpenSpliceAI");
        }
        return card.load(place, () -> DilatedResNet.read(place.resolve(ModelCard.WEIGHTS)));
    }

    /** Whether this is the folder of a {@link SequenceRun}: a network that has seen labels. */
    public static boolean isTransferred(Path place) {
        return Files.isDirectory(place) && ModelCard.read(place).task().equals(SequenceModel.TASK);
    }

    /**
     * A split without judges that the network has learnt from, nor any that are near-identical to one of them in this
     * split: another seed holds other sequences back, so a network that was transferred before knows the labels of
     * some. A near copy of a sequence that is not in the split itself cannot be told.
     *
     * @throws ModelException if the folder of a transferred network does not tell what it has learnt from
     */
    public static SequenceSplit unseen(Path place, SequenceSplit split) {
        TrainingSequences learnt = TrainingSequences.of(place);
        return learnt.hashes().isEmpty() ? split : split.notJudging(learnt::has);
    }

    /** The file whose hash says which weights they are. */
    static Path weights(Path place) {
        return Files.isDirectory(place) ? place.resolve(ModelCard.WEIGHTS) : place;
    }
}
