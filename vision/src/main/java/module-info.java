/** Images, transforms, image data sets and the model zoo. */
module dev.graft.vision {
    requires static org.jspecify;
    requires transitive dev.graft.nn;
    requires com.twelvemonkeys.imageio.bmp;
    requires com.twelvemonkeys.imageio.core;
    requires com.twelvemonkeys.imageio.jpeg;
    requires com.twelvemonkeys.imageio.tiff;
    requires com.twelvemonkeys.imageio.webp;
    requires de.siegmar.fastcsv;
    requires transitive java.desktop;
    requires java.net.http;
    requires jdk.httpserver;

    exports dev.graft.vision;
    exports dev.graft.vision.data;
    exports dev.graft.vision.data.similar;
    exports dev.graft.vision.explain;
    exports dev.graft.vision.image;
    exports dev.graft.vision.image.file;
    exports dev.graft.vision.image.transform;
    exports dev.graft.vision.model;
    exports dev.graft.vision.model.download;
    exports dev.graft.vision.model.efficientnet;
    exports dev.graft.vision.model.resnet;
    exports dev.graft.vision.model.squeezenet;
    exports dev.graft.vision.model.weights;
    exports dev.graft.vision.model.zoo;
    exports dev.graft.vision.report;
    exports dev.graft.vision.serve;

    opens dev.graft.vision.model to
            dev.graft.nn;
    opens dev.graft.vision.model.efficientnet to
            dev.graft.nn;
    opens dev.graft.vision.model.resnet to
            dev.graft.nn;
    opens dev.graft.vision.model.squeezenet to
            dev.graft.nn;
}
