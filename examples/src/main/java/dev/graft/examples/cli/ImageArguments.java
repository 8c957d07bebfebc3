package dev.graft.examples.cli;

import dev.graft.vision.data.ImageFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;

/** The images that a command line names. */
final class ImageArguments {
    private ImageArguments() {}

    /** Folders by what is in them; before the model is loaded, since a wrong path is the likeliest mistake. */
    static List<Path> listed(CommandSpec spec, List<Path> given) {
        List<Path> files = new ArrayList<>();
        Map<String, Integer> ignored = new TreeMap<>();
        for (Path path : given) {
            if (Files.isDirectory(path)) {
                ImageFiles found = ImageFiles.in(path);
                files.addAll(found.images());
                found.ignored().forEach((type, count) -> ignored.merge(type, count, Integer::sum));
            } else {
                files.add(path);
            }
        }
        ImageFiles.leftOut(ignored)
                .ifPresent(line -> spec.commandLine().getErr().println("graft " + spec.name() + ": " + line));
        return files;
    }
}
