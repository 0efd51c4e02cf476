global using BenchmarkDotNet.Attributes;
global using TorchSharp;
global using F = TorchSharp.torch.nn.functional;
global using ScalarType = TorchSharp.torch.ScalarType;
global using Tensor = TorchSharp.torch.Tensor;
