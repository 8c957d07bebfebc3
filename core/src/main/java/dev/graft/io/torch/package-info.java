/**
 * PyTorch's three containers and the pickle inside them, read by a machine that can only build data. Not exported;
 * {@link dev.graft.io.TorchCheckpoint} is the door. {@code Pickle...} and {@code Unpickler} are the language,
 * {@code Torch...} what PyTorch says in it; the next allowed name goes into {@code TorchGlobals}, the next form of a
 * checkpoint into {@code StateDictChooser}.
 */
package dev.graft.io.torch;
