package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The BOM has no parent, so that its users inherit nothing: what it repeats of the parent's pom must stay the same. */
class BomTest {
    private static Document read(String pom) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new File("../" + pom));
    }

    /** The text of a child of the root element. */
    private static String text(Document pom, String name) {
        for (Element child : children(pom.getDocumentElement())) {
            if (child.getTagName().equals(name)) {
                return child.getTextContent().strip().replaceAll("\\s+", " ");
            }
        }
        throw new AssertionError(name + " is missing");
    }

    private static List<Element> children(Element parent) {
        List<Element> children = new ArrayList<>();
        NodeList nodes = parent.getChildNodes();
        for (int i = 0; i < nodes.getLength(); i++) {
            if (nodes.item(i) instanceof Element child) {
                children.add(child);
            }
        }
        return children;
    }

    @Test
    void repeatsTheParentsFacts() throws Exception {
        Document bom = read("bom/pom.xml");
        Document parent = read("pom.xml");
        for (String name : List.of("groupId", "version", "url", "inceptionYear", "licenses", "developers", "scm")) {
            assertThat(text(bom, name)).as(name).isEqualTo(text(parent, name));
        }
        for (String name : List.of("javacpp.version", "openblas.version")) {
            assertThat(bom.getElementsByTagName(name).item(0).getTextContent())
                    .as(name)
                    .isEqualTo(parent.getElementsByTagName(name).item(0).getTextContent());
        }
    }

    @Test
    void managesEveryModuleThatIsPublished() throws Exception {
        String managed = text(read("bom/pom.xml"), "dependencyManagement");
        NodeList modules = read("pom.xml").getElementsByTagName("module");
        List<String> published = new ArrayList<>();
        for (int i = 0; i < modules.getLength(); i++) {
            String module = modules.item(i).getTextContent();
            String pom = Files.readString(Path.of("..", module, "pom.xml"));
            if (!module.equals("bom") && !pom.contains("<maven.deploy.skip>true")) {
                published.add(module);
            }
        }
        assertThat(published).contains("core", "vision").doesNotContain("examples", "benchmarks");
        assertThat(published)
                .allSatisfy(module -> assertThat(managed).contains("graft-" + module + "${project.version}"));
    }
}
