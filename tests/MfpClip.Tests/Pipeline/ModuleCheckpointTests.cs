using MfpClip.Modules;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Pipeline;
using MfpClip.Tests.Modules;
using MfpClip.Tests.Weights;

namespace MfpClip.Tests.Pipeline;

public sealed class ModuleCheckpointTests : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly IMaskPrompt _mask = MaskPrompt.Create(new() { Seed = 1 }, Sizes.Small);
    private readonly IPatchAggregator _patches = MultiPatchAggregator.Create(new() { Seed = 1 }, Sizes.Small);

    public void Dispose()
    {
        _mask.Dispose();
        _patches.Dispose();
        _scope.Dispose();
    }

    private KeyValuePair<string, IDetectorModule>[] Modules => [new("mpfa", _patches), new("mp", _mask)];

    [Fact]
    public void What_is_collected_loads_into_another_instance()
    {
        _mask.Fill();
        using var file = new MemoryWeightFile(ModuleCheckpoint.Collect(Modules));
        using var mask = MaskPrompt.Create(new() { Seed = 2 }, Sizes.Small);
        using var patches = MultiPatchAggregator.Create(new() { Seed = 2 }, Sizes.Small);

        ModuleCheckpoint.Load((KeyValuePair<string, IDetectorModule>[])[new("mpfa", patches), new("mp", mask)], file);

        Assert.Contains("mpfa.linear1.weight", file.Tensors.Keys);
        Assert.Contains("mp.gamma", file.Tensors.Keys);
        foreach (var (mine, theirs) in _mask.Weights.Concat(_patches.Weights).Zip(mask.Weights.Concat(patches.Weights)))
        {
            TensorAssert.Close(mine.Value, theirs.Value, 0);
        }
    }

    [Fact]
    public void Every_misfit_is_listed_and_nothing_changes()
    {
        var before = _mask.Get("refine.linear.weight").clone();
        var values = ModuleCheckpoint.Collect(Modules).ToDictionary(w => w.Key, w => w.Value);
        values.Remove("mp.gamma");
        values.Remove("mpfa.linear3.bias");
        values["mp.refine.linear.weight"] = torch.ones(8, 8);
        values["mpfa.linear1.weight"] = torch.ones(2, 2);
        values["mpfa.linear9.weight"] = torch.ones(1);
        using var file = new MemoryWeightFile(values);

        var e = Assert.Throws<WeightsMismatchException>(() => ModuleCheckpoint.Load(Modules, file));

        Assert.Equal(["mpfa.linear3.bias", "mp.gamma"], e.Missing);
        Assert.Equal(["mpfa.linear9.weight"], e.Unexpected);
        Assert.Contains("mpfa.linear1.weight", Assert.Single(e.WrongShape));
        TensorAssert.Close(before, _mask.Get("refine.linear.weight"), 0);
    }

    [Fact]
    public void Not_a_number_is_refused_and_nothing_changes()
    {
        var before = _patches.Get("linear1.weight").clone();
        var values = ModuleCheckpoint.Collect(Modules).ToDictionary(w => w.Key, w => w.Value + 1);
        values["mp.gamma"] = torch.full(8, float.NaN);
        using var file = new MemoryWeightFile(values);

        var e = Assert.Throws<WeightsException>(() => ModuleCheckpoint.Load(Modules, file));

        Assert.Contains("mp.gamma", e.Message);
        TensorAssert.Close(before, _patches.Get("linear1.weight"), 0);
    }

    [Fact]
    public void Loading_keeps_the_tensors_that_training_holds()
    {
        var held = _mask.Get("gamma").requires_grad_(true);
        using var file = new MemoryWeightFile(ModuleCheckpoint.Collect(Modules).Select(w => new KeyValuePair<string, Tensor>(w.Key, w.Value.detach() + 1)));

        ModuleCheckpoint.Load(Modules, file);

        Assert.True(held.requires_grad);
        TensorAssert.Close(torch.ones(8), held.detach(), 0);
    }
}
