"""The evaluation pipelines of the reference runs; decoding and resizing by Pillow."""
import numpy as np
import torch
from PIL import Image

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CIFAR_MEAN, CIFAR_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def open_rgb(path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def resize_shorter(image: Image.Image, size: int, filter_: Image.Resampling) -> Image.Image:
    """The shorter side becomes `size`, the longer int(size * long / short): torchvision's Resize."""
    width, height = image.size
    if width <= height:
        shape = (size, int(size * height / width))
    else:
        shape = (int(size * width / height), size)
    return image if shape == image.size else image.resize(shape, filter_)


def center_crop(image: Image.Image, size: int) -> Image.Image:
    """torchvision's CenterCrop: offsets round half to even."""
    width, height = image.size
    left, top = int(round((width - size) / 2.0)), int(round((height - size) / 2.0))
    return image.crop((left, top, left + size, top + size))


def to_tensor(image: Image.Image) -> torch.Tensor:
    """[3, H, W] in 0..255, float32."""
    return torch.from_numpy(np.array(image, dtype=np.uint8)).permute(2, 0, 1).to(torch.float32)


def normalize(x: torch.Tensor, mean, std) -> torch.Tensor:
    """(x / 255 - mean) / std by channel."""
    return (x / 255 - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)


def imagenet(path) -> torch.Tensor:
    """torchvision's ImageNet evaluation: Resize 256 bilinear, CenterCrop 224, mean and standard deviation."""
    image = center_crop(resize_shorter(open_rgb(path), 256, Image.Resampling.BILINEAR), 224)
    return normalize(to_tensor(image), IMAGENET_MEAN, IMAGENET_STD)


def lite(path) -> torch.Tensor:
    """EfficientNet-Lite: shorter side 256 bicubic, CenterCrop 224, (x - 127) / 128 on 0..255."""
    image = center_crop(resize_shorter(open_rgb(path), 256, Image.Resampling.BICUBIC), 224)
    return (to_tensor(image) - 127) / 128


def cifar(source) -> torch.Tensor:
    """32x32 (resized bilinear where it is not), the mean and standard deviation of the CIFAR checkpoint's own training."""
    image = open_rgb(source)
    if image.size != (32, 32):
        image = image.resize((32, 32), Image.Resampling.BILINEAR)
    return normalize(to_tensor(image), CIFAR_MEAN, CIFAR_STD)
