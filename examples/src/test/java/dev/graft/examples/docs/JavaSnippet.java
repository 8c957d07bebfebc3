package dev.graft.examples.docs;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A Java snippet as a source file: a class as it is, statements as the main method of a class.
 *
 * @param isProgram whether it has a main method
 */
record JavaSnippet(String where, String className, String source, boolean isProgram) {
    private static final Pattern TYPE =
            Pattern.compile("(?m)^public (?:final |abstract )*(?:class|record|interface|enum) (\\w+)");

    static Optional<JavaSnippet> of(Page.Fence fence) {
        if (!fence.language().equals("java") || fence.notRun().isPresent()) {
            return Optional.empty();
        }
        String text = fence.text();
        Matcher type = TYPE.matcher(text);
        if (type.find()) {
            return Optional.of(
                    new JavaSnippet(fence.where(), type.group(1), text, text.contains("static void main(String")));
        }
        String name = "Snippet_" + fence.where().replaceAll("\\W", "_");
        String imports = text.lines().filter(JavaSnippet::isImport).collect(Collectors.joining("\n"));
        String body = text.lines().filter(line -> !isImport(line)).collect(Collectors.joining("\n"));
        String source = imports + "\npublic final class " + name
                + " {\n    public static void main(String[] args) throws Exception {\n" + body + "\n    }\n}\n";
        return Optional.of(new JavaSnippet(fence.where(), name, source, true));
    }

    private static boolean isImport(String line) {
        return line.startsWith("import ");
    }
}
