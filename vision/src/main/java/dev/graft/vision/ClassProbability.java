package dev.graft.vision;

/**
 * How probable a class is.
 *
 * @param index position of the class among the network's outputs
 * @param label the class's name
 * @param probability in [0, 1]
 */
public record ClassProbability(int index, String label, float probability) {}
