using MfpClip.Backbones.Clip;
using MfpClip.Execution;
using MfpClip.Kernels;

namespace MfpClip.Benchmarks.Classes;

/// <summary>The text tower of ViT-L/14@336: two sentences cut after their end, as I2TP runs them for every image, and whole contexts.</summary>
public class TextTowerBenchmark
{
    private ClipBackbone _clip = null!;
    private ClipBackbone _plain = null!;
    private Tensor _tokens = null!;
    private Tensor _ends = null!;

    [ParamsSource(nameof(AllDevices))]
    public string Device { get; set; } = "cpu";

    [Params(ScalarType.Float32, ScalarType.BFloat16)]
    public ScalarType Precision { get; set; }

    [Params(14, 77)]
    public int Positions { get; set; }

    public static IEnumerable<string> AllDevices => Devices.All;

    [GlobalSetup]
    public void Load()
    {
        var small = ClipPresets.ViTL14At336 with { Vision = ClipPresets.ViTL14At336.Vision with { Layers = 1 } };
        _plain = Workload.Backbone(Precision, Device, KernelChoice.Plain, small);
        _clip = Workload.Backbone(Precision, Device, config: small);
        using var tokens = Workload.Random(2, Positions, 768);
        _tokens = tokens.to(Precision, _clip.Text.Device, copy: true).DetachFromDisposeScope();
        _ends = torch.full(2, Positions - 1, ScalarType.Int64, _clip.Text.Device).DetachFromDisposeScope();
    }

    [Benchmark(Baseline = true, Description = "libtorch's plain operators")]
    public void Plain() => Run(_plain);

    [Benchmark(Description = "measured kernels")]
    public void Measured() => Run(_clip);

    [GlobalCleanup]
    public void Free()
    {
        _tokens.Dispose();
        _ends.Dispose();
        _clip.Dispose();
        _plain.Dispose();
    }

    private void Run(ClipBackbone clip)
    {
        using var scope = torch.NewDisposeScope();
        using var guard = torch.no_grad();
        clip.Text.Project(clip.Text.RunBlocks(clip.Text.AddPositions(_tokens), 0, clip.Text.Layers, ForwardContext.Default), _ends);
        Devices.Finish(Device);
    }
}
