global using TorchSharp;
global using Device = TorchSharp.torch.Device;
global using F = TorchSharp.torch.nn.functional;
global using ScalarType = TorchSharp.torch.ScalarType;
global using Tensor = TorchSharp.torch.Tensor;
