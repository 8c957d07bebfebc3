package dev.graft.nn.report.page;

/** What can be drawn, and told in words and numbers to whoever does not see it. */
public interface Chart {
    /** Its caption. */
    String title();

    /** What it shows, for those who do not see it: one or two sentences. */
    String description();

    /** The numbers that are drawn, or as many of them as a person may want to read. */
    Table data();

    /** The height of the drawing; it is {@link Svg#WIDTH} wide. */
    double height();

    void draw(Svg svg);
}
