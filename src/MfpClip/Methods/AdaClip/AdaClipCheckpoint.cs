using System.Text.RegularExpressions;
using MfpClip.Pipeline;
using MfpClip.Weights;

namespace MfpClip.Methods.AdaClip;

/// <summary>The authors' checkpoint: a flat dictionary of <c>clip_model.*</c>, the trained tensors only.</summary>
internal sealed partial class AdaClipCheckpoint : ICheckpointLayout
{
    private const string Root = "clip_model.";

    /// <inheritdoc/>
    public string Name => "AdaCLIP";

    /// <inheritdoc/>
    public bool Matches(IReadOnlyDictionary<string, WeightTensorInfo> tensors) =>
        tensors.ContainsKey($"{Root}patch_token_layer.head.0.weight") && tensors.ContainsKey($"{Root}cls_token_layer.head.0.weight");

    /// <inheritdoc/>
    public string? Rename(string name)
    {
        var match = Layout().Match(name);
        if (!match.Success)
        {
            return name; // named as unexpected
        }

        string rest = match.Groups["rest"].Value;
        int index = match.Groups["index"].Success ? int.Parse(match.Groups["index"].Value, System.Globalization.CultureInfo.InvariantCulture) : 0;
        return match.Groups["part"].Value switch
        {
            "text_prompter.static_prompts" => $"i2tp.static_prompts.{index}",
            "visual_prompter.static_prompts" => $"vision.static_prompts.{index}",
            "dynamic_text_prompt_generator.head" => $"i2tp.dynamic.{index}{rest}",
            "dynamic_visual_prompt_generator.head" => $"vision.dynamic.{index}{rest}",
            "patch_token_layer.head" => $"mpfa.linear{index + 1}{rest}",
            _ => $"score.proj{rest}",
        };
    }

    [GeneratedRegex(
        @"^clip_model\.(?<part>(text|visual)_prompter\.static_prompts|dynamic_(text|visual)_prompt_generator\.head|patch_token_layer\.head)"
        + @"\.(?<index>\d{1,4})(?<rest>\.weight|\.bias|)$|^clip_model\.(?<part>cls_token_layer\.head)\.0(?<rest>\.weight|\.bias)$")]
    private static partial Regex Layout();
}
