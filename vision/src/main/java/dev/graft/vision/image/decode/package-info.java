/**
 * A decoder a format, each from bytes to {@link dev.graft.vision.image.decode.Pixels} with its sizes checked first. Not
 * exported; {@link dev.graft.vision.image.Image#read(java.nio.file.Path)} is the door. The next format gets a class
 * here and a line in {@code ImageDecoder}, which tells formats by their first bytes.
 */
package dev.graft.vision.image.decode;
