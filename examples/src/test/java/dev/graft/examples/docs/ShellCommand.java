package dev.graft.examples.docs;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One command of a shell snippet.
 *
 * @param where the snippet's page and line
 * @param words the command and its arguments, without their quotes
 */
record ShellCommand(String where, List<String> words) {
    private static final Pattern WORD = Pattern.compile("'([^']*)'|((?:[^\\s\"'|;&]|\"[^\"]*\")+)|(\\|\\||&&|[|;&])");

    /** The commands of a fence in their order; comments and prompts are left out. */
    static List<ShellCommand> of(Page.Fence fence) {
        List<ShellCommand> commands = new ArrayList<>();
        String joined = fence.text().replaceAll("\\\\\n\\s*", " ");
        joined.lines().forEach(line -> {
            List<String> words = new ArrayList<>();
            Matcher matcher =
                    WORD.matcher(line.strip().replaceFirst("(^|\\s)#.*$", "").replaceFirst("^\\((.*)\\)$", "$1"));
            while (matcher.find()) {
                if (matcher.group(3) != null) {
                    add(commands, fence, words);
                    words = new ArrayList<>();
                } else {
                    words.add(
                            matcher.group(1) != null
                                    ? matcher.group(1)
                                    : matcher.group(2).replace("\"", ""));
                }
            }
            add(commands, fence, words);
        });
        return commands;
    }

    private static void add(List<ShellCommand> commands, Page.Fence fence, List<String> words) {
        if (!words.isEmpty()) {
            commands.add(new ShellCommand(fence.where(), List.copyOf(words)));
        }
    }

    /** The program's arguments, where this is a command of the program under any of its names. */
    Optional<List<String>> graft() {
        if (words.get(0).equals("graft") || words.get(0).endsWith("bin/graft")) {
            return Optional.of(words.subList(1, words.size()));
        }
        int jar = words.indexOf("-jar");
        return words.get(0).equals("java") && jar > 0 && words.get(jar + 1).endsWith("graft.jar")
                ? Optional.of(words.subList(jar + 2, words.size()))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return where + ": " + String.join(" ", words);
    }
}
