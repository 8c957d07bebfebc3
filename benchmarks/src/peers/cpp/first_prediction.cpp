// One prediction by a TorchScript file: the least a libtorch program does. See FirstPrediction.java.
#include <torch/script.h>

#include <iostream>

int main(int argc, char** argv) {
  torch::NoGradGuard guard;
  torch::jit::Module net = torch::jit::load(argv[1]);
  torch::Tensor i = torch::arange(224 * 224 * 3, torch::kLong);
  torch::Tensor picture = (i * 7 % 255).to(torch::kFloat).div(255).sub(0.5).view({1, 224, 224, 3}).permute({0, 3, 1, 2});
  std::cout << net.forward({picture}).toTensor().argmax().item<int64_t>() << std::endl;
}
