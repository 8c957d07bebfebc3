package dev.graft.nn.sequence;

import dev.graft.io.file.FileException;
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

    /** The file whose hash says which weights they are. */
    static Path weights(Path place) {
        return Files.isDirectory(place) ? place.resolve(ModelCard.WEIGHTS) : place;
    }
}
