global using Device = TorchSharp.torch.Device;
global using F = TorchSharp.torch.nn.functional;
global using MfpClip.Tensors;
global using ScalarType = TorchSharp.torch.ScalarType;
global using Tensor = TorchSharp.torch.Tensor;
global using TorchSharp;
