package dev.graft.nn.report.page;

import dev.graft.io.file.Sha256;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Writes one report as HTML. */
final class HtmlPage {
    private static final int SMALLEST_HEADING = 6;

    private final Markup out = new Markup();
    private final Set<String> ids = new HashSet<>();

    String of(Report report) {
        out.open("html", "lang", "en").open("head");
        out.empty("meta", "charset", "utf-8");
        out.empty("meta", "http-equiv", "Content-Security-Policy", "content", policy());
        out.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        out.empty("meta", "name", "color-scheme", "content", "light dark");
        out.empty("meta", "name", "referrer", "content", "no-referrer");
        out.element("title", report.title());
        out.open("style").own(PageStyle.CSS).close();
        out.close().open("body");
        out.element("a", "Skip to the report", "class", "skip", "href", "#main");
        ids.add("main");
        List<String> anchors =
                report.sections().stream().map(section -> id(section.title())).toList();
        out.open("header");
        out.element("h1", report.title());
        if (!report.subtitle().isEmpty()) {
            out.element("p", report.subtitle(), "class", "sub");
        }
        out.close();
        out.open("nav", "aria-label", "Contents").open("ul");
        for (int i = 0; i < anchors.size(); i++) {
            out.open("li")
                    .element("a", report.sections().get(i).title(), "href", "#" + anchors.get(i))
                    .close();
        }
        out.close().close().open("main", "id", "main");
        for (int i = 0; i < anchors.size(); i++) {
            section(report.sections().get(i), 2, anchors.get(i));
        }
        out.close();
        out.open("footer")
                .element(
                        "p", "Made by Graft. A library, not a medical device: a number here is about these cases only.")
                .close();
        out.open("script").own(PageStyle.SCRIPT).close();
        out.close().close();
        return "<!DOCTYPE html>\n" + out + "\n";
    }

    private static String policy() {
        return "default-src 'none'; img-src data:; style-src '" + hash(PageStyle.CSS) + "'; script-src '"
                + hash(PageStyle.SCRIPT) + "'; base-uri 'none'; form-action 'none'";
    }

    private static String hash(String text) {
        byte[] digest = Sha256.digest().digest(text.getBytes(StandardCharsets.UTF_8));
        return "sha256-" + Base64.getEncoder().encodeToString(digest);
    }

    /** A name that no other element of the page has. */
    private String id(String title) {
        String plain =
                title.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        String base = "s-" + plain.substring(0, Math.min(40, plain.length()));
        String id = base;
        for (int n = 2; !ids.add(id); n++) {
            id = base + "-" + n;
        }
        return id;
    }

    private void section(Section section, int level, String id) {
        out.open("section", "aria-labelledby", id);
        out.element("h" + Math.min(level, SMALLEST_HEADING), section.title(), "id", id);
        boolean figures = false;
        for (Block block : section.blocks()) {
            boolean figure = block instanceof Figure;
            if (figure != figures) {
                if (figure) {
                    out.open("div", "class", "figures");
                } else {
                    out.close();
                }
                figures = figure;
            }
            block(block, level);
        }
        if (figures) {
            out.close();
        }
        out.close();
    }

    private void block(Block block, int level) {
        if (block instanceof Section section) {
            section(section, level + 1, id(section.title()));
        } else if (block instanceof Paragraph paragraph) {
            out.element("p", paragraph.text());
        } else if (block instanceof Note note) {
            out.open("p", "class", "note " + note.kind().name().toLowerCase(Locale.ROOT));
            out.element("strong", note.kind().word() + ":")
                    .text(" " + note.text())
                    .close();
        } else if (block instanceof Bullets bullets) {
            if (!bullets.lines().isEmpty()) {
                out.open("ul");
                bullets.lines().forEach(line -> out.element("li", line));
                out.close();
            }
        } else if (block instanceof Headline headline) {
            headline(headline);
        } else if (block instanceof Table table) {
            table(table);
        } else if (block instanceof ChoiceTable choice) {
            choice(choice);
        } else if (block instanceof Figure figure) {
            figure(figure.chart());
        } else if (block instanceof Gallery gallery) {
            gallery(gallery);
        }
    }

    private void headline(Headline headline) {
        out.open("dl", "class", "headline");
        for (Headline.Entry number : headline.entries()) {
            out.open("div");
            out.element("dt", number.name());
            out.element("dd", number.value(), "class", "value");
            out.element("dd", number.detail(), "class", "detail");
            out.close();
        }
        out.close();
    }

    private void table(Table table) {
        // the box scrolls, not the page; a keyboard can scroll what can be focussed
        String caption = id("table " + table.caption());
        out.open("div", "class", "scroll", "role", "region", "tabindex", "0", "aria-labelledby", caption);
        out.open("table")
                .open("caption", "id", caption)
                .element("span", table.caption())
                .close();
        out.open("thead").open("tr");
        for (int c = 0; c < table.columns().size(); c++) {
            out.element("th", table.columns().get(c), "scope", "col", "class", kind(table, c));
        }
        out.close().close().open("tbody");
        for (List<String> row : table.rows()) {
            out.open("tr");
            for (int c = 0; c < row.size(); c++) {
                if (c == 0) {
                    out.element("th", row.get(c), "scope", "row", "class", kind(table, c));
                } else {
                    out.element("td", row.get(c), "class", kind(table, c));
                }
            }
            out.close();
        }
        out.close().close().close();
    }

    private static String kind(Table table, int column) {
        return table.numeric().get(column) ? "n" : "t";
    }

    private void choice(ChoiceTable choice) {
        String id = id("choice " + choice.table().caption());
        out.open("div", "class", "choice", "hidden", "hidden", "data-table", id);
        out.element("label", choice.table().caption(), "for", id + "-slider");
        out.empty(
                "input",
                "type",
                "range",
                "id",
                id + "-slider",
                "min",
                0,
                "max",
                choice.table().rows().size() - 1,
                "value",
                choice.chosen());
        out.element("output", "", "for", id + "-slider");
        out.close();
        out.open("div", "id", id);
        table(choice.table());
        out.close();
    }

    private void figure(Chart chart) {
        String title = id("chart " + chart.title());
        out.open("figure");
        out.element("figcaption", chart.title());
        out.open(
                "svg",
                "viewBox",
                "0 0 " + (int) Svg.WIDTH + " " + (int) Math.ceil(chart.height()),
                "role",
                "img",
                "aria-labelledby",
                title + " " + title + "-text",
                "focusable",
                "false");
        out.element("title", chart.title(), "id", title);
        out.element("desc", chart.description(), "id", title + "-text");
        chart.draw(new Svg(out));
        out.close();
        out.open("details").element("summary", "Numbers of this chart");
        table(chart.data());
        out.close().close();
    }

    private void gallery(Gallery gallery) {
        out.open("ul", "class", "gallery");
        for (Picture picture : gallery.pictures()) {
            out.open("li");
            out.empty(
                    "img",
                    "src",
                    "data:" + picture.type() + ";base64," + Base64.getEncoder().encodeToString(picture.bytes()),
                    "alt",
                    picture.alternative(),
                    "width",
                    picture.width(),
                    "height",
                    picture.height());
            picture.caption().forEach(line -> out.element("p", line));
            out.close();
        }
        out.close();
    }
}
