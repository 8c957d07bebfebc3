package dev.graft.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Kernel files with one fault each. */
final class Mutants {
    private static final Pattern BARRIER = Pattern.compile("__syncthreads\\(\\);");

    private final List<FakeBuild.Unit> units = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    /** The mutants, numbered from 1 in the order in which they were added. */
    List<FakeBuild.Unit> units() {
        return units;
    }

    /** What was done to mutant {@code i + 1}. */
    List<String> names() {
        return names;
    }

    /** One mutant in which {@code from}, which must occur once, is {@code to}. */
    Mutants replace(FakeBuild.Unit file, String from, String to) {
        int at = file.text().indexOf(from);
        if (at < 0 || file.text().indexOf(from, at + 1) >= 0) {
            throw new IllegalArgumentException(file.name() + " has not exactly one \"" + from + "\"");
        }
        add(file, from + " is " + to, file.text().replace(from, to));
        return this;
    }

    /** One mutant for every barrier of the file, without it. */
    Mutants withoutEachBarrier(FakeBuild.Unit file) {
        Matcher barrier = BARRIER.matcher(file.text());
        while (barrier.find()) {
            long line = file.text().substring(0, barrier.start()).lines().count();
            add(
                    file,
                    "line " + line + " without its barrier",
                    file.text().substring(0, barrier.start()) + ";"
                            + file.text().substring(barrier.end()));
        }
        return this;
    }

    private void add(FakeBuild.Unit file, String what, String text) {
        units.add(new FakeBuild.Unit(file.name(), units.size() + 1, text));
        names.add("mutant " + units.size() + ", " + file.name() + ": " + what.replaceAll("\\s+", " "));
    }
}
