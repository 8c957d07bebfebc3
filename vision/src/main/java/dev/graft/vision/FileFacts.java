package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.io.file.Sha256;
import dev.graft.nn.model.ModelCard;
import dev.graft.nn.run.RunException;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.Architecture;
import dev.graft.vision.model.weights.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is known about a weight file: from the card that names it, else from what graft wrote into the file itself, else
 * from the published file that it is by its SHA-256, else by its name. Where nothing is known, images are prepared as
 * its network usually wants them, which is said.
 *
 * @param preprocessing from image to input
 * @param classes names in the order of the logits; empty if unknown
 * @param sha256 of the file
 * @param notes what a user should know about how the facts were found
 */
record FileFacts(Preprocessing preprocessing, Optional<List<String>> classes, String sha256, List<String> notes) {
    FileFacts {
        notes = List.copyOf(notes);
    }

    /** @throws RunException where the file's card says that it is of another network */
    static FileFacts of(Architecture architecture, Path file) {
        String sha256 = Sha256.of(file);
        List<String> notes = new ArrayList<>();
        Optional<ModelCard> beside = ModelCard.of(file, sha256, notes::add);
        Optional<ModelCard> card = beside.or(() -> ModelCard.inside(file));
        if (card.isPresent()) {
            String own = card.get().architecture();
            if (!own.equals(architecture.name())) {
                throw new RunException(
                        file + " is a " + own + " by its " + (beside.isPresent() ? ModelCard.FILE_NAME : "metadata")
                                + ", not a " + architecture.name(),
                        "say " + setting("model", own));
            }
            Path source = beside.isPresent() ? file.resolveSibling(ModelCard.FILE_NAME) : file;
            return new FileFacts(
                    ImageModels.preprocessing(card.get(), source),
                    Optional.of(card.get().classes()),
                    sha256,
                    notes);
        }
        return published(architecture, file, sha256, notes);
    }

    static FileFacts published(Architecture architecture, Path file, String sha256, List<String> notes) {
        List<Weights> known = architecture.weights();
        Optional<Weights> byHash = known.stream()
                .filter(weights -> sha256.startsWith(weights.facts().sha256()))
                .findFirst();
        if (byHash.isPresent()) {
            return new FileFacts(
                    byHash.get().preprocessing(), Optional.of(byHash.get().classes()), sha256, notes);
        }
        List<String> more = new ArrayList<>(notes);
        Optional<Weights> byName =
                known.stream().filter(weights -> hasNameOf(file, weights)).findFirst();
        if (byName.isPresent()) {
            more.add(file + " has the name of " + byName.get().name()
                    + ", not its SHA-256; images are prepared as for that");
            return new FileFacts(
                    byName.get().preprocessing(), Optional.of(byName.get().classes()), sha256, more);
        }
        Preprocessing preprocessing = architecture.preprocessing();
        more.add("nothing tells how images are prepared for " + file + ": taken as for "
                + known.stream()
                        .findFirst()
                        .map(usual -> usual.architecture() + " " + usual.name())
                        .orElse("most networks")
                + " (resize " + preprocessing.resizeSize() + ", crop " + preprocessing.cropSize() + ")");
        return new FileFacts(preprocessing, Optional.empty(), sha256, more);
    }

    /** Other containers of a published file, and copies that a browser numbers, keep the start of its name. */
    private static boolean hasNameOf(Path file, Weights weights) {
        String published = weights.facts().fileName();
        String stem = published.contains(".") ? published.substring(0, published.lastIndexOf('.')) : published;
        return file.getFileName().toString().startsWith(stem);
    }
}
