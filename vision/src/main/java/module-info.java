/** Images, transforms, image data sets and the model zoo. */
module dev.graft.vision {
    requires transitive dev.graft.nn;
    requires com.twelvemonkeys.imageio.bmp;
    requires com.twelvemonkeys.imageio.core;
    requires com.twelvemonkeys.imageio.jpeg;
    requires com.twelvemonkeys.imageio.tiff;
    requires com.twelvemonkeys.imageio.webp;
    requires de.siegmar.fastcsv;
    requires java.desktop;
    requires java.net.http;

    exports dev.graft.vision;
    exports dev.graft.vision.image;
    exports dev.graft.vision.image.file;
    exports dev.graft.vision.image.transform;
    exports dev.graft.vision.model;

    opens dev.graft.vision.model to
            dev.graft.nn;
}
