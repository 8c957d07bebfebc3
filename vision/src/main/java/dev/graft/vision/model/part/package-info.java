/**
 * What networks of several families are built with, and no program calls. Not exported. A block that one family alone
 * uses lies with that family.
 */
package dev.graft.vision.model.part;
