module consumer {
    requires dev.graft.vision;
    requires java.desktop;
}
