using MfpClip.Backbones;
using MfpClip.Execution;
using MfpClip.Modules;
using MfpClip.Modules.Vision;

namespace MfpClip.Methods.AnomalyClip;

/// <summary>
/// AnomalyCLIP's vision pass, DPAM (arXiv 2310.18961, section 3.3; AnomalyCLIP_lib): in the last
/// blocks a second path attends from values to values with the block's own weights, <c>p = p + Out(softmax(v v^T s) v)</c>, without MLP,
/// and reads its input from the ordinary path o. Patches are read from p, the image from o.
/// </summary>
internal sealed class DualPathVisionEncoder : WeightedModule, IVisionEncoder
{
    private readonly AnomalyClipOptions _options;
    private readonly int _first;

    /// <exception cref="DetectorConfigurationException">The settings do not fit the model.</exception>
    public DualPathVisionEncoder(AnomalyClipOptions options, ModuleDimensions dimensions)
    {
        var faults = options.VisionFaults(dimensions).ToList();
        _options = faults.Count > 0 ? throw new DetectorConfigurationException(faults) : options;
        // 19 of the 24 blocks of ViT-L.
        _first = dimensions.VisionLayers - (options.DualPathBlocks ?? (int)Math.Round(dimensions.VisionLayers * 19 / 24.0, MidpointRounding.AwayFromZero));
    }

    /// <inheritdoc/>
    public ImageSources Reads => ImageSources.None;

    /// <inheritdoc/>
    public bool TakesSelfPrompts => true;

    /// <inheritdoc/>
    public override string CheckpointPrefix => "vision";

    /// <inheritdoc/>
    public IEnumerable<string> Faults(IVisionTower tower)
    {
        if (tower.GetService<IAttentionBlocks>() is null)
        {
            yield return $"AnomalyCLIP's vision encoder runs the attention of single blocks, and this backbone's vision tower does not offer "
                + $"{nameof(IAttentionBlocks)}.";
        }
    }

    /// <inheritdoc/>
    public VisionEncoding Encode(VisionRun run)
    {
        if (run.Context.Features is null || run.Self.Stages.Count > 0)
        {
            return RunTower(run);
        }

        // Nothing in it is trained: the same for an image in every epoch.
        string taps = string.Join('-', run.Stages.Taps);
        string what = Text($"v-v attention from block {_first + 1}, read after {taps}, {_options.NormalizeClassToken}, {_options.RepeatLastFeatures}");
        var kept = run.Image.Frozen(what, () =>
        {
            var made = RunTower(run);
            return [made.ClassEmbedding, .. made.Stages.Select(s => s.Tokens)];
        });
        return new([.. kept.Skip(1).Select(t => new VisionStage(t, run.Image.Rows, run.Image.Columns))], kept[0]);
    }

    private VisionEncoding RunTower(VisionRun run)
    {
        using var scope = torch.NewDisposeScope();
        var streams = new Streams(run.Image.Embedded, null);
        var read = new List<(Tensor Tokens, bool OnSecondPath)>(run.Stages.Count);
        for (var stage = 1; stage <= run.Stages.Count; stage++)
        {
            run.Context.CancellationToken.ThrowIfCancellationRequested();
            streams = RunStage(run, stage, streams);
            read.Add((streams.Local ?? streams.Ordinary, streams.Local is not null));
        }

        var last = run.Stages.Taps[^1];
        streams = Run(run, streams, last, run.Tower.Layers - last);
        var classToken = streams.Ordinary.select(1, 0);
        var embedding = _options.NormalizeClassToken ? run.Tower.Project(classToken) : Blocks(run.Tower).ProjectWithoutNorm(classToken);
        run.Context.Trace?.Keep("original_path_last", streams.Ordinary);
        var stages = read.Select(r => new VisionStage(
            (_options.RepeatLastFeatures && r.OnSecondPath ? streams.Local! : r.Tokens).alias().MoveToOuterDisposeScope(), run.Image.Rows, run.Image.Columns));
        return new([.. stages], embedding.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public override StageDescription Describe() => new()
    {
        Stage = "vision encoder",
        Component = "v-v attention beside the ordinary one (AnomalyCLIP's DPAM)",
        Options = new Dictionary<string, string>
        {
            ["from block"] = Text($"{_first + 1}"),
            ["class token"] = _options.NormalizeClassToken ? "after ln_post" : "without ln_post",
            ["local features"] = _options.RepeatLastFeatures ? "the last block's in every stage" : "each stage's own",
        },
    };

    // The self prompt's tokens (SP) join both paths before a stage and leave them after it, as in the staged encoder.
    private Streams RunStage(VisionRun run, int stage, Streams streams)
    {
        using var scope = torch.NewDisposeScope();
        var (first, count) = run.Stages.Blocks(stage);
        var P_v = SelfPromptTokens.Of(run, stage);
        return Run(run, streams.Map(x => SelfPromptTokens.Join(x, P_v)), first, count)
            .Map(x => SelfPromptTokens.Drop(x, P_v).MoveToOuterDisposeScope());
    }

    private Streams Run(VisionRun run, Streams streams, int first, int count)
    {
        using var scope = torch.NewDisposeScope();
        var plain = Math.Clamp(_first - first, 0, count);
        var (ordinary, local) = streams;
        ordinary = plain > 0 ? run.Tower.RunBlocks(ordinary, first, plain, run.Context) : ordinary;
        var blocks = Blocks(run.Tower);
        for (var block = first + plain; block < first + count; block++)
        {
            var v = blocks.ProjectAttention(block, ordinary, AttentionPart.Values); // [B, h, T, d]
            local = (local ?? ordinary) + blocks.Attend(block, v, v, v);
            ordinary = run.Tower.RunBlocks(ordinary, block, 1, run.Context);
        }

        return new Streams(ordinary, local).Map(x => x.alias().MoveToOuterDisposeScope());
    }

    private static IAttentionBlocks Blocks(IVisionTower tower) =>
        tower.GetService<IAttentionBlocks>() ?? throw new InvalidOperationException($"The vision tower does not offer {nameof(IAttentionBlocks)}.");

    /// <summary>Ordinary path o and, from the first dual block on, the v-v path p; both <c>[B, T, D]</c>.</summary>
    private readonly record struct Streams(Tensor Ordinary, Tensor? Local)
    {
        public Streams Map(Func<Tensor, Tensor> change) => new(change(Ordinary), Local is null ? null : change(Local));
    }
}
