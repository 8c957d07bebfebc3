/**
 * PyTorch's three containers and the pickle inside them, read by a machine that can only build data. Not exported;
 * {@link dev.graft.io.TorchCheckpoint} is the entry point. {@code Pickle...} and {@code Unpickler} implement the pickle
 * language, {@code Torch...} what PyTorch writes in it. A new allowed name goes into {@code TorchGlobals}, a new form
 * of a checkpoint into {@code StateDictChooser}.
 */
package dev.graft.io.torch;
