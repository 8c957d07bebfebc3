"""Images a second that one thread reads, resizes, crops and normalises: Pillow with NumPy, and torchvision. See Loading.java.

Run: python loading.py FOLDER SECONDS
"""
import os
import sys
import time

FOLDER, SECONDS = sys.argv[1], float(sys.argv[2])
FILES = [os.path.join(FOLDER, name) for name in sorted(os.listdir(FOLDER))]


def rate(load):
    load(FILES[0])
    start = time.perf_counter()
    done = 0
    while time.perf_counter() - start < SECONDS:
        load(FILES[done % len(FILES)])
        done += 1
    return done / (time.perf_counter() - start)


def report(name, load):
    print(f"{name:44s} {rate(load):10.1f}", flush=True)


def skip(name, reason):
    print(f"{name:44s} skipped: {reason}", flush=True)


try:
    import numpy
    from PIL import Image
    import PIL
except ImportError as error:
    skip("Pillow and NumPy", error)
    sys.exit()

MEAN = numpy.array([0.485, 0.456, 0.406], numpy.float32)
STD = numpy.array([0.229, 0.224, 0.225], numpy.float32)


def decode(file):
    with Image.open(file) as image:
        return image.convert("RGB")


def pillow(file):
    image = decode(file)
    w, h = image.size
    w, h = (256, 256 * h // w) if w < h else (256 * w // h, 256)
    image = image.resize((w, h), Image.BILINEAR)
    left, top = round((w - 224) / 2), round((h - 224) / 2)
    image = image.crop((left, top, left + 224, top + 224))
    return (numpy.asarray(image, numpy.float32) / 255 - MEAN) / STD


report(f"Pillow {PIL.__version__}, decode only", decode)
report(f"Pillow {PIL.__version__} and NumPy", pillow)
try:
    import torch
    import torchvision
    from torchvision import transforms
except Exception as error:  # a torchvision that does not fit its PyTorch fails with other errors too
    skip("torchvision", error)
    sys.exit()

torch.set_num_threads(1)
EVAL = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
                           transforms.Normalize(MEAN.tolist(), STD.tolist())])
report(f"torchvision {torchvision.__version__}", lambda file: EVAL(decode(file)))
