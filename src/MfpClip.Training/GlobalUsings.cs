global using Device = TorchSharp.torch.Device;
global using MfpClip.Tensors;
global using ScalarType = TorchSharp.torch.ScalarType;
global using Tensor = TorchSharp.torch.Tensor;
global using TorchSharp;
