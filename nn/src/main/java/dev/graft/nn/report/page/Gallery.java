package dev.graft.nn.report.page;

import java.util.List;

/** Pictures beside each other. */
public record Gallery(List<Picture> pictures) implements Block {
    public Gallery {
        pictures = List.copyOf(pictures);
    }
}
