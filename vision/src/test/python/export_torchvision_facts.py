"""Writes golden/torchvision_weights.json: what torchvision's own source says about its weights, for the test of this library's table.

Run: python export_torchvision_facts.py FOLDER_OF_TORCHVISION   (site-packages/torchvision; the package need not be importable)
"""
import ast
import hashlib
import json
import pathlib
import re
import sys


def main():
    source = pathlib.Path(sys.argv[1])
    version = re.search(r"__version__ = '([^'+]+)", (source / "version.py").read_text()).group(1)
    weights = {}
    for module, classes in (("resnet.py", ["ResNet18", "ResNet34", "ResNet50", "ResNet101", "ResNet152", "ResNeXt50_32X4D", "ResNeXt101_32X8D",
                                                 "ResNeXt101_64X4D", "Wide_ResNet50_2", "Wide_ResNet101_2"]), ("squeezenet.py", ["SqueezeNet1_1"])):
        tree = ast.parse((source / "models" / module).read_text())
        for node in tree.body:
            if not isinstance(node, ast.ClassDef) or node.name.removesuffix("_Weights") not in classes or not node.name.endswith("_Weights"):
                continue
            for entry in node.body:
                if isinstance(entry, ast.Assign) and isinstance(entry.value, ast.Call):
                    arguments = {k.arg: k.value for k in entry.value.keywords}
                    transform = {k.arg: ast.literal_eval(k.value) for k in arguments["transforms"].keywords}
                    text = ast.unparse(arguments["meta"])
                    weights[node.name.removesuffix("_Weights").lower() + " " + entry.targets[0].id] = {
                        "url": ast.literal_eval(arguments["url"]),
                        "crop": transform["crop_size"],
                        "resize": transform.get("resize_size", 256),
                        "parameters": int(re.search(r"'num_params': (\d+)", text).group(1)),
                        "top1": float(re.search(r"'acc@1': ([\d.]+)", text).group(1)),
                        "top5": float(re.search(r"'acc@5': ([\d.]+)", text).group(1)),
                    }
    meta = ast.parse((source / "models" / "_meta.py").read_text())
    names = next(ast.literal_eval(n.value) for n in meta.body if isinstance(n, ast.Assign) and n.targets[0].id == "_IMAGENET_CATEGORIES")
    document = {"script": "vision/src/test/python/export_torchvision_facts.py", "torchvision": version, "classes": len(names),
                "classes_sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(), "weights": weights}
    path = pathlib.Path(__file__).resolve().parent.parent / "resources" / "golden" / "torchvision_weights.json"
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
