/**
 * The safetensors format: its header, its JSON, its writer. Not exported; {@link dev.graft.io.Safetensors} is the entry
 * point. A new format gets a package like this one, a constant in {@code WeightFormat} and a line in
 * {@code WeightReader}.
 */
package dev.graft.io.safetensors;
