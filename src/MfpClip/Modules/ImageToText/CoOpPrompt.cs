using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Text;

namespace MfpClip.Modules.ImageToText;

/// <summary>CoOp (arXiv 2109.01134, section 3.2): <c>[SOT] v_1 ... v_M state [EOT]</c>, the v learned and the same for every image.</summary>
internal sealed class CoOpPrompt(LearnedContextOptions options, ModuleDimensions dimensions) : LearnedContext(options, dimensions)
{
    /// <inheritdoc/>
    public override ImageSources Reads => ImageSources.None;

    /// <inheritdoc/>
    public override Tensor EmbedStates(ITextTower text, StateSentences states, ImageContext? image, ForwardContext context)
    {
        using var scope = torch.NewDisposeScope();
        var (normal, abnormal) = Context;
        return Embed(text, states, normal.unsqueeze(0), abnormal.unsqueeze(0), context).MoveToOuterDisposeScope(); // [1, 2, C]
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => Describe("CoOp");
}
