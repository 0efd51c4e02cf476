using MfpClip.Modules;
using MfpClip.Tensors;

namespace MfpClip.Methods.AdaClip;

/// <summary>
/// The hybrid prompts of one tower (arXiv 2407.15795, sections 4.2 and 4.3; method/custom_clip.py): before block i the tokens
/// <c>[A_1 f0 + a_1; ..; A_P f0 + a_P] + s_i</c>, dynamic plus static, rounded to float16 as released. f0 is the image's plain CLIP embedding.
/// </summary>
internal sealed class AdaClipPrompts
{
    private const double StartDeviation = 0.02;

    private readonly AdaClipOptions _options;
    private readonly ModuleWeights _weights;

    public AdaClipPrompts(AdaClipOptions options, ModuleWeights weights, string prefix, int layers, int width, int embedDim)
    {
        (_options, _weights, Depth, Length) = (options, weights, Math.Min(options.PromptDepth, layers), options.PromptLength);
        var start = new ParameterInitializer(options.Seed);
        for (var i = 0; options.StaticPrompts && i < Depth; i++)
        {
            weights.Add($"static_prompts.{i}", start.Normal($"{prefix}.static_prompts.{i}", StartDeviation, Length, width));
        }

        for (var j = 0; options.DynamicPrompts && j < Length; j++)
        {
            weights.AddLinear(start, prefix, $"dynamic.{j}", embedDim, width);
        }
    }

    /// <summary>Blocks that take prompts.</summary>
    public int Depth { get; }

    /// <summary>Prompt tokens of a block.</summary>
    public int Length { get; }

    /// <summary>What is read of the image.</summary>
    public ImageSources Reads => _options.DynamicPrompts ? ImageSources.ClipEmbedding : ImageSources.None;

    /// <summary>The dynamic part, the same before every block, <c>[B, P, width]</c>; <see langword="null"/> where there is none.</summary>
    /// <param name="f0">Plain CLIP embedding in the weights' format, <c>[B, C]</c>.</param>
    public Tensor? Dynamic(Tensor? f0)
    {
        if (!_options.DynamicPrompts)
        {
            return null;
        }

        using var scope = torch.NewDisposeScope();
        return torch.stack(Enumerable.Range(0, Length).Select(j => _weights.Linear($"dynamic.{j}", f0!)), 1).MoveToOuterDisposeScope();
    }

    /// <summary>The prompts before a block, <c>[B, P, width]</c> (B is 1 without dynamic part).</summary>
    /// <param name="block">0-based, below <see cref="Depth"/>.</param>
    /// <param name="dynamic">From <see cref="Dynamic"/>.</param>
    /// <param name="precision">The tower's.</param>
    public Tensor Before(int block, Tensor? dynamic, ScalarType precision)
    {
        using var scope = torch.NewDisposeScope();
        var fixedPart = _options.StaticPrompts ? _weights[$"static_prompts.{block}"].unsqueeze(0) : null;
        var prompt = dynamic is null ? fixedPart! : fixedPart is null ? dynamic : dynamic + fixedPart;
        prompt = _options.RoundPrompts ? prompt.to_type(ScalarType.Float16) : prompt;
        return prompt.to_type(precision).alias().MoveToOuterDisposeScope();
    }

    /// <summary>For descriptions.</summary>
    public Dictionary<string, string> Describe() => new()
    {
        ["tokens"] = FormattableString.Invariant($"{Length}"),
        ["blocks"] = FormattableString.Invariant($"the first {Depth}"),
        ["parts"] = string.Join(" + ", new[] { _options.StaticPrompts ? "static" : null, _options.DynamicPrompts ? "dynamic" : null }.OfType<string>()),
        ["float16 rounding"] = _options.RoundPrompts ? "as released" : "off",
    };
}
