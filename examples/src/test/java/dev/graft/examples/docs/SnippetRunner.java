package dev.graft.examples.docs;

import dev.graft.examples.cli.Program;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs a page's snippets one after the other, in a JVM of its own whose working folder holds what they need. Each line
 * of the file is a step: {@code java}, the place in the page and a class with a main method, or {@code graft}, the
 * place and the program's arguments, with tabs between them.
 */
public final class SnippetRunner {
    private SnippetRunner() {}

    /**
     * Runs the steps that a file lists.
     *
     * @param args the file with the steps
     */
    public static void main(String[] args) throws Exception {
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            List<String> step = List.of(line.split("\t", -1));
            System.out.println("--- " + String.join(" ", step));
            if (step.get(0).equals("graft")) {
                int code = Program.run(step.subList(2, step.size()).toArray(String[]::new));
                if (code != 0) {
                    System.out.println("FAILED " + step.get(1) + ": exit code " + code);
                }
            } else {
                runJava(step);
            }
        }
        System.out.println("--- the end");
        System.exit(0); // a server that a snippet started would go on
    }

    private static void runJava(List<String> step) throws ReflectiveOperationException {
        try {
            Class.forName(step.get(2)).getMethod("main", String[].class).invoke(null, (Object)
                    step.subList(3, step.size()).toArray(String[]::new));
        } catch (InvocationTargetException e) {
            System.out.println("FAILED " + step.get(1) + ": " + e.getCause());
            e.getCause().printStackTrace(System.out);
        }
    }
}
