module consumer {
    requires dev.graft.vision;
}
