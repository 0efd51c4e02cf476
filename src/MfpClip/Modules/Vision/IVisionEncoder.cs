using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Modules.Self;

namespace MfpClip.Modules.Vision;

/// <summary>
/// How the frozen vision tower is run and where it is read: plainly, with prompts between its blocks, along a second path, on windows.
/// The default runs it in stages with the self prompt (SP).
/// </summary>
public interface IVisionEncoder : IDetectorModule
{
    /// <summary>What is read of the image besides its patches; all of it is at <see cref="VisionRun.Image"/>.</summary>
    ImageSources Reads { get; }

    /// <summary>Whether <see cref="VisionRun.Self"/> is put in. Where it is not, the detector refuses a self prompt.</summary>
    bool TakesSelfPrompts { get; }

    /// <summary>What this tower lacks for it; unless implemented, nothing.</summary>
    /// <param name="tower">The detector's vision tower.</param>
    IEnumerable<string> Faults(IVisionTower tower) => [];

    /// <summary>Runs the tower.</summary>
    /// <param name="run">Tower, images, stages, self prompt.</param>
    VisionEncoding Encode(VisionRun run);
}

/// <summary>What a vision encoder works with in one forward pass.</summary>
public sealed class VisionRun
{
    /// <summary>Frozen vision tower. It may offer more than <see cref="IVisionTower"/>: ask with <c>GetService</c>.</summary>
    public required IVisionTower Tower { get; init; }

    /// <summary>The images: <see cref="ImageContext.Embedded"/> is the input of block 0.</summary>
    public required ImageContext Image { get; init; }

    /// <summary>Where the tower is tapped.</summary>
    public required StagePlan Stages { get; init; }

    /// <summary>Self prompt, SP; without stages where it is off.</summary>
    public required ISelfPrompt Self { get; init; }

    /// <summary>What the forward pass runs under: cancellation to be checked between stages, a trace for intermediates of one's own.</summary>
    public ForwardContext Context => Image.Context;
}

/// <summary>What a vision encoder gives; tensors belong to the caller's dispose scope.</summary>
/// <param name="Stages">One entry for each stage, in order.</param>
/// <param name="ClassEmbedding">The image in the joint space, not normalised, <c>[B, C]</c>.</param>
public sealed record VisionEncoding(IReadOnlyList<VisionStage> Stages, Tensor ClassEmbedding);

/// <summary>Tokens of one stage.</summary>
/// <param name="Tokens">
/// E_i, <c>[B, T, D]</c> in the tower's precision. The last <c>Rows * Columns</c> are the grid, row by row; what stands before them
/// (the class token) is ignored by the aggregation.
/// </param>
/// <param name="Rows">Grid cells down: patches, or windows where the encoder looks through windows.</param>
/// <param name="Columns">Grid cells across.</param>
public sealed record VisionStage(Tensor Tokens, int Rows, int Columns)
{
    /// <summary>The grid's tokens, <c>[B, Rows * Columns, D]</c>.</summary>
    public Tensor Grid() => Tokens.narrow(1, Tokens.shape[1] - ((long)Rows * Columns), (long)Rows * Columns);
}

/// <summary>A vision encoder around another one, which it owns; override what is to change.</summary>
/// <param name="inner">The wrapped module.</param>
public abstract class DelegatingVisionEncoder(IVisionEncoder inner) : DelegatingModule<IVisionEncoder>(inner), IVisionEncoder
{
    /// <inheritdoc/>
    public virtual ImageSources Reads => Inner.Reads;

    /// <inheritdoc/>
    public virtual bool TakesSelfPrompts => Inner.TakesSelfPrompts;

    /// <inheritdoc/>
    public virtual IEnumerable<string> Faults(IVisionTower tower) => Inner.Faults(tower);

    /// <inheritdoc/>
    public virtual VisionEncoding Encode(VisionRun run) => Inner.Encode(run);
}
