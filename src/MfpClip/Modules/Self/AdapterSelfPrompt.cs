using MfpClip.Backbones.Cnn;
using MfpClip.Tensors;

namespace MfpClip.Modules.Self;

/// <summary>
/// SP (docs/method.md section 3). Given by the paper: K linear adapters turn CNN features into K visual prompt tokens,
/// <c>P_v = [A_1(f); ...; A_K(f)]</c>, that join the tokens before stage 1. Reconstructed: each prompted stage has its own adapters;
/// prompts carry no position, enter after <c>ln_pre</c> and are dropped after their stage; the level variant.
/// </summary>
internal sealed class AdapterSelfPrompt : WeightedModule, ISelfPrompt
{
    private readonly bool _levels;
    private readonly int _adapters;
    private readonly int _firstLevel;
    private readonly int[] _stages;

    public AdapterSelfPrompt(SelfPromptOptions options, ModuleDimensions dimensions)
    {
        _levels = options.Variant == SelfPromptVariant.Levels;
        _adapters = options.AdapterCount;
        _firstLevel = dimensions.LevelDims.Count - _adapters;
        _stages = [.. options.Stages.Order()];
        var start = new ParameterInitializer(options.Seed);
        foreach (var stage in _stages)
        {
            for (var k = 1; k <= _adapters; k++)
            {
                var inputs = _levels ? dimensions.LevelDims[_firstLevel + k - 1] : dimensions.FeatureDim;
                Parameters.AddLinear(start, CheckpointPrefix, $"stage{stage}.adapter{k}", inputs, dimensions.VisionWidth);
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<int> Stages => _stages;

    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.CnnFeatures;

    /// <inheritdoc/>
    public override string CheckpointPrefix => _levels ? "sp_levels" : "sp";

    /// <inheritdoc/>
    public Tensor CreatePrompts(int stage, ImageContext image)
    {
        if (Array.IndexOf(_stages, stage) < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(stage), stage, $"Stage is not prompted; prompted are {string.Join(", ", _stages)}.");
        }

        using var scope = torch.NewDisposeScope();
        var pooled = _levels ? null : Enter(image.Cnn.Pooled); // [B, F]
        var prompts = new Tensor[_adapters];
        for (var k = 1; k <= _adapters; k++)
        {
            var f = pooled ?? Enter(image.Cnn.Levels[_firstLevel + k - 1]); // [B, F_l]
            prompts[k - 1] = Parameters.Linear($"stage{stage}.adapter{k}", f); // [B, D]
        }

        return torch.stack(prompts, 1).MoveToOuterDisposeScope(); // [B, K, D]
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "self prompt (SP)",
        Component = _levels ? "linear adapters on CNN levels" : "linear adapters",
        Options = new Dictionary<string, string> { ["adapters"] = Text($"{_adapters}"), ["stages"] = string.Join(", ", _stages) },
    };
}
