package dev.graft.nn.report.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** What holds of every page, whatever is in it. */
public final class PageChecks {
    private static final Set<String> ELEMENTS = Set.of(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "a",
            "header",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "p",
            "nav",
            "ul",
            "li",
            "main",
            "section",
            "div",
            "dl",
            "dt",
            "dd",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
            "figure",
            "figcaption",
            "svg",
            "desc",
            "path",
            "line",
            "rect",
            "circle",
            "text",
            "details",
            "summary",
            "img",
            "footer",
            "script",
            "strong",
            "label",
            "input",
            "output",
            "span");

    private static final Set<String> ATTRIBUTES = Set.of(
            "lang",
            "charset",
            "http-equiv",
            "content",
            "name",
            "class",
            "href",
            "id",
            "aria-label",
            "aria-labelledby",
            "role",
            "tabindex",
            "scope",
            "for",
            "type",
            "min",
            "max",
            "value",
            "hidden",
            "data-table",
            "viewBox",
            "focusable",
            "src",
            "alt",
            "width",
            "height",
            "x",
            "y",
            "x1",
            "x2",
            "y1",
            "y2",
            "cx",
            "cy",
            "r",
            "d",
            "transform",
            "text-anchor",
            "fill-opacity");

    private PageChecks() {}

    /**
     * Well-formed, of known elements and attributes only, no address outside, ids unique and all references to one,
     * headings nested, every chart with title, description and table, every table with headings, every picture with an
     * alternative.
     */
    public static Document check(String html) throws Exception {
        assertThat(html).startsWith("<!DOCTYPE html>");
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        Document page = factory.newDocumentBuilder().parse(new InputSource(new StringReader(html)));
        Set<String> ids = new HashSet<>();
        List<String> references = new ArrayList<>();
        int heading = 0;
        for (Element element : all(page, "*")) {
            assertThat(ELEMENTS).contains(element.getTagName());
            for (int i = 0; i < element.getAttributes().getLength(); i++) {
                String name = element.getAttributes().item(i).getNodeName();
                String value = element.getAttributes().item(i).getNodeValue();
                assertThat(ATTRIBUTES).contains(name);
                if (name.equals("id")) {
                    assertThat(ids.add(value)).as("id " + value).isTrue();
                } else if (name.equals("href")) {
                    assertThat(value).startsWith("#");
                    references.add(value.substring(1));
                } else if (name.equals("src")) {
                    assertThat(value).startsWith("data:image/");
                } else if (name.equals("aria-labelledby") || name.equals("for") || name.equals("data-table")) {
                    references.addAll(List.of(value.split(" ", -1)));
                } else if (name.startsWith("x") || name.startsWith("y") || name.equals("d")) {
                    assertThat(value)
                            .doesNotContain("NaN")
                            .doesNotContain("Inf")
                            .doesNotContain("E");
                }
            }
            if (element.getTagName().matches("h[1-6]")) {
                int level = element.getTagName().charAt(1) - '0';
                assertThat(level).as(element.getTextContent()).isBetween(1, heading + 1);
                heading = level;
            }
        }
        assertThat(ids).containsAll(references);
        assertThat(all(page, "h1")).hasSize(1);
        assertThat(all(page, "main")).hasSize(1);
        assertThat(all(page, "title").get(0).getTextContent()).isNotBlank();
        for (Element figure : all(page, "figure")) {
            assertThat(all(figure, "title").get(0).getTextContent()).isNotBlank();
            assertThat(all(figure, "desc").get(0).getTextContent()).isNotBlank();
            assertThat(all(figure, "table")).hasSize(1);
        }
        for (Element table : all(page, "table")) {
            assertThat(all(table, "caption").get(0).getTextContent()).isNotBlank();
            assertThat(all(table, "th"))
                    .allMatch(cell -> cell.getAttribute("scope").matches("row|col"));
            int columns = all(all(table, "thead").get(0), "th").size();
            for (Element row : all(all(table, "tbody").get(0), "tr")) {
                assertThat(all(row, "th").size() + all(row, "td").size()).isEqualTo(columns);
                assertThat(all(row, "th")).hasSize(1);
            }
        }
        assertThat(all(page, "img"))
                .noneMatch(image -> image.getAttribute("alt").isBlank());
        assertThat(all(page, "script")).hasSize(1);
        String policy = all(page, "meta").stream()
                .filter(meta -> meta.getAttribute("http-equiv").equals("Content-Security-Policy"))
                .findFirst()
                .orElseThrow()
                .getAttribute("content");
        assertThat(policy)
                .matches("default-src 'none'; img-src data:; style-src 'sha256-[^' ]+'; script-src 'sha256-[^' ]+';"
                        + " base-uri 'none'; form-action 'none'");
        assertThat(html.replaceAll("data:image/[a-z]+;base64,[A-Za-z0-9+/=]*", ""))
                .doesNotContain("src=\"http");
        return page;
    }

    /** The elements of a name below another. */
    public static List<Element> all(org.w3c.dom.Node below, String name) {
        NodeList found = below instanceof Document document
                ? document.getElementsByTagName(name)
                : ((Element) below).getElementsByTagName(name);
        List<Element> elements = new ArrayList<>();
        for (int i = 0; i < found.getLength(); i++) {
            elements.add((Element) found.item(i));
        }
        return elements;
    }
}
